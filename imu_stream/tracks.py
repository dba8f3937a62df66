"""The samples of every sensor of a session: as measured, and in segment axes."""

from collections.abc import Iterable, Sequence

import numpy as np

from imu_stream.analysis.bridging import Bridging
from imu_stream.analysis.calibration import SensorCalibration
from imu_stream.analysis.heading import FootHeading
from imu_stream.analysis.orientation import OrientationFilter
from imu_stream.datatypes import (
    MOTION,
    Array,
    CalibratedSamples,
    Calibration,
    Frame,
    Gap,
    LinkPhase,
    LinkState,
    Orientation,
    Placement,
    Samples,
    SensorSetup,
    SessionHeader,
)
from imu_stream.pipeline import Input
from imu_stream.reading import reader_of, sane
from imu_stream.sinks.export.data import SegmentTrack

NO_ROWS = np.empty((0, 3))


class SensorTracks:
    """Keeps all samples of one sensor: some 130 MB for an hour at 208 Hz."""

    def __init__(self, sensor: SensorSetup, header: SessionHeader) -> None:
        self._reader = reader_of(sensor, header)
        self._placement = sensor.placement
        self._bridging = Bridging(sensor.rate_hz)
        self._calibration = SensorCalibration(sensor.placement, sensor.rate_hz, sensor.mount)
        self._orientation = OrientationFilter(sensor.rate_hz)
        self._heading = FootHeading(sensor.rate_hz) if sensor.placement.is_foot else None
        self._raw: list[Samples] = []
        self._segment: list[Orientation] = []

    def push(self, item: Frame | LinkState) -> None:
        if isinstance(item, Frame):
            self._take(self._reader.push(item))
        elif item.phase is not LinkPhase.STREAMING:
            self._reader.link_changed()

    def finish(self) -> None:
        self._take(self._reader.finish())
        self._calibrate(self._bridging.finish())
        for item in self._calibration.finish():
            if not isinstance(item, Calibration):
                self._point(self._orientation.push(item))

    def raw(self) -> Samples:
        """As measured, before anything is taken out or laid in."""
        parts = [part for part in self._raw if len(part.t_s)]
        t_s = _rows([part.t_s for part in parts], np.empty(0))
        acc = _rows([part.acc for part in parts], NO_ROWS)
        return Samples(self._placement, t_s, acc, _rates(parts))

    def segment(self) -> SegmentTrack:
        """In segment axes; without what was laid across short gaps."""
        items = [item for item in self._segment if item.samples.measured]
        samples = [item.samples for item in items]
        lengths = [len(item.up) for item in items]
        return SegmentTrack(
            _rows([part.t_s for part in samples], np.empty(0)),
            _rows([part.acc for part in samples], NO_ROWS),
            _rates(samples),
            _rows([item.up for item in items], NO_ROWS),
            np.repeat(np.array([part.from_rest for part in samples], dtype=np.bool_), lengths),
            np.repeat(np.array([item.settled for item in items], dtype=np.bool_), lengths),
        )

    def _take(self, items: Sequence[Samples | Gap]) -> None:
        self._raw += [item for item in items if isinstance(item, Samples)]
        for item in sane(items):
            if isinstance(item, Samples) or item.end_s > item.start_s:
                self._calibrate(self._bridging.push(item))

    def _calibrate(self, items: Iterable[Samples | Gap]) -> None:
        for one in items:
            for item in self._calibration.push(one):
                if not isinstance(item, Calibration):
                    self._point(self._orientation.push(item))

    def _point(self, items: Iterable[Orientation | Gap]) -> None:
        """A foot's forward axis comes from its movement: before its first step it has none."""
        for one in items:
            pointed = [one] if self._heading is None else self._heading.push(one)
            self._segment += [item for item in pointed if isinstance(item, Orientation)]


def read_tracks(header: SessionHeader, items: Iterable[Input]) -> dict[Placement, SensorTracks]:
    """The samples of all sensors of motion in a recording.

    Raises:
        ProfileError, CalibrationError: the header cannot be used.
    """
    sensors = (sensor for sensor in header.sensors if sensor.placement in MOTION)
    tracks = {sensor.placement: SensorTracks(sensor, header) for sensor in sensors}
    for item in items:
        if isinstance(item, Frame | LinkState) and item.placement in tracks:
            tracks[item.placement].push(item)
    for track in tracks.values():
        track.finish()
    return tracks


def _rates(parts: Sequence[Samples] | Sequence[CalibratedSamples]) -> Array | None:
    """Angular rates, where the sensor has them."""
    rates = [part.gyr for part in parts if part.gyr is not None]
    return np.concatenate(rates) if rates else None


def _rows(parts: Sequence[Array], none: Array) -> Array:
    return np.concatenate(parts) if parts else none
