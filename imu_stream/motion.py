"""Samples of one sensor to what it measures: strides of a foot, or lean of the trunk."""

from collections.abc import Iterable
from math import isfinite

from imu_stream.analysis.bridging import Bridging
from imu_stream.analysis.calibration import SensorCalibration
from imu_stream.analysis.gait import FootGait
from imu_stream.analysis.heading import FootHeading
from imu_stream.analysis.lean import TrunkLean
from imu_stream.analysis.mounting import sits_otherwise
from imu_stream.analysis.orientation import OrientationFilter
from imu_stream.analysis.touchdown import Touchdown, Touchdowns
from imu_stream.datatypes import (
    CalibratedSamples,
    Calibration,
    Gap,
    LeanState,
    Notice,
    NoticeKind,
    Orientation,
    Placement,
    Samples,
    SensorSetup,
    Stride,
    Strike,
)

Measured = Calibration | Strike | Stride | LeanState | Notice | Gap
"""What one sensor alone gives; a gap only to tell where the stream is broken."""


class FootMotion:
    """From here a foot's way parts from the chest's: heading, then strides."""

    def __init__(self, foot: Placement, rate_hz: float, stride_length_factor: float) -> None:
        self._touchdowns = Touchdowns(rate_hz)
        self._heading = FootHeading(rate_hz)
        self._gait = FootGait(foot, rate_hz, stride_length_factor=stride_length_factor)

    def push(self, item: Orientation | Gap) -> list[Strike | Stride | Notice | Gap]:
        touched = self._touched(item)
        pointed = self._heading.push(item)
        early = [one for one in touched if one.known_s < self._heading.known_s]
        return [out for one in (*early, *pointed) for out in self._gait.push(one)]

    def _touched(self, item: Orientation | Gap) -> list[Touchdown]:
        """Landings that cannot be classified in time, for what tells their type is held back."""
        return [] if isfinite(self._heading.known_s) else self._touchdowns.push(item)

    def finish(self) -> list[Strike | Stride | Notice | Gap]:
        out = [out for one in self._heading.finish() for out in self._gait.push(one)]
        return [*out, *self._gait.finish()]


class SensorMotion:
    """Samples of one sensor to strides or lean; gaps at the place where they fall."""

    def __init__(self, sensor: SensorSetup, stride_length_factor: float = 1.0) -> None:
        self._bridging = Bridging(sensor.rate_hz)
        self._mount = sensor.mount
        self._sits_otherwise = False
        self._calibration = SensorCalibration(sensor.placement, sensor.rate_hz, sensor.mount)
        self._orientation = OrientationFilter(sensor.rate_hz)
        self._measure: FootMotion | TrunkLean = (
            FootMotion(sensor.placement, sensor.rate_hz, stride_length_factor)
            if sensor.placement.is_foot
            else TrunkLean(sensor.rate_hz)
        )

    def push(self, item: Samples | Gap) -> list[Measured]:
        return self._calibrate(self._bridging.push(item))

    def finish(self) -> list[Measured]:
        out = self._calibrate(self._bridging.finish())
        out += self._orient(self._calibration.finish())
        return [*out, *self._measure.finish()]

    def _calibrate(self, items: Iterable[Samples | Gap]) -> list[Measured]:
        return [out for item in items for out in self._orient(self._calibration.push(item))]

    def _orient(self, items: Iterable[Calibration | CalibratedSamples | Gap]) -> list[Measured]:
        out: list[Measured] = []
        for item in items:
            if isinstance(item, Calibration):
                out += [item, *self._worn_otherwise(item)]
                continue
            for oriented in self._orientation.push(item):
                out += self._measure.push(oriented)
        return out

    def _worn_otherwise(self, calibration: Calibration) -> list[Notice]:
        """Said once, until it sits again as it did when it was calibrated."""
        before, now = self._sits_otherwise, sits_otherwise(self._mount, calibration)
        self._sits_otherwise = now
        if before or not now:
            return []
        return [Notice(calibration.known_s, calibration.placement, NoticeKind.WORN_OTHERWISE)]
