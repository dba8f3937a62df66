"""The samples of every sensor of a session: as measured, and in segment axes."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

from imu_stream.afterwards.export.data import Flags, SegmentTrack
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

NO_TIMES, NO_ROWS, NO_FLAGS = np.empty(0), np.empty((0, 3)), np.empty(0, dtype=np.bool_)
PACKED = 512
"""Blocks of samples that are joined to one."""
_Rows = TypeVar("_Rows", Array, Flags)


class SensorTracks:
    """Keeps all samples of one sensor: some 100 MB for an hour at 208 Hz."""

    def __init__(self, sensor: SensorSetup, header: SessionHeader) -> None:
        self._reader = reader_of(sensor, header)
        self._placement = sensor.placement
        self._bridging = Bridging(sensor.rate_hz)
        self._calibration = SensorCalibration(sensor.placement, sensor.rate_hz, sensor.mount)
        self._orientation = OrientationFilter(sensor.rate_hz)
        self._heading = FootHeading(sensor.rate_hz) if sensor.placement.is_foot else None
        self._raw: list[Samples] = []
        self._segment: list[SegmentTrack] = []
        self._new_raw: list[Samples] = []
        self._new_segment: list[Orientation] = []

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
        self._pack()

    def raw(self) -> Samples:
        """As measured, before anything is taken out or laid in."""
        return joined(self._placement, self._raw)

    def segment(self) -> SegmentTrack:
        """In segment axes; without what was laid across short gaps."""
        parts = self._segment
        return SegmentTrack(
            _rows([part.t_s for part in parts], NO_TIMES),
            _rows([part.acc for part in parts], NO_ROWS),
            _rates(parts),
            _rows([part.up for part in parts], NO_ROWS),
            _rows([part.from_rest for part in parts], NO_FLAGS),
            _rows([part.settled for part in parts], NO_FLAGS),
        )

    def _pack(self) -> None:
        """Packets hold few samples, and arrays of few samples much room."""
        self._raw.append(joined(self._placement, self._new_raw))
        self._segment.append(segment_of(self._new_segment))
        self._new_raw, self._new_segment = [], []

    def _take(self, items: Sequence[Samples | Gap]) -> None:
        self._new_raw += [item for item in items if isinstance(item, Samples)]
        if len(self._new_raw) >= PACKED:
            self._pack()
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
            self._new_segment += [item for item in pointed if isinstance(item, Orientation)]


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


def joined(placement: Placement, parts: Sequence[Samples]) -> Samples:
    """Consecutive samples as one block."""
    t_s = _rows([part.t_s for part in parts], NO_TIMES)
    return Samples(placement, t_s, _rows([part.acc for part in parts], NO_ROWS), _rates(parts))


def segment_of(items: Iterable[Orientation]) -> SegmentTrack:
    """Consecutive samples in segment axes as one block; only measured ones."""
    items = [item for item in items if item.samples.measured]
    samples = [item.samples for item in items]
    lengths = [len(item.up) for item in items]
    return SegmentTrack(
        _rows([part.t_s for part in samples], NO_TIMES),
        _rows([part.acc for part in samples], NO_ROWS),
        _rates(samples),
        _rows([item.up for item in items], NO_ROWS),
        np.repeat(np.array([part.from_rest for part in samples], dtype=np.bool_), lengths),
        np.repeat(np.array([item.settled for item in items], dtype=np.bool_), lengths),
    )


def _rates(
    parts: Sequence[Samples] | Sequence[CalibratedSamples] | Sequence[SegmentTrack],
) -> Array | None:
    """Angular rates, where the sensor has them."""
    rates = [part.gyr for part in parts if part.gyr is not None]
    return np.concatenate(rates) if rates else None


def _rows(parts: Sequence[_Rows], none: _Rows) -> _Rows:
    return np.concatenate(parts) if parts else none
