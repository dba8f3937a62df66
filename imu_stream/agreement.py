"""Whether the sensors' clocks agree: a hop at the start is felt by all of them."""

import math

from imu_stream.analysis.tapping import Alignment, Tap, TapDetector, alignment
from imu_stream.datatypes import MOTION, TABLE, Entry, Frame, LinkPhase, LinkState, SessionHeader
from imu_stream.reading import SensorReader, profile_of, sane

WATCHED_S = 10.0
"""From when the last sensor has sent something."""
_LATE_S = 2.0
"""Packets of the same time come one after the other."""


class StartWatch:
    """Looks for a knock that all motion sensors of a session feel in its first seconds."""

    def __init__(self, header: SessionHeader) -> None:
        sensors = [s for s in header.sensors if s.placement in MOTION and s.profile != TABLE]
        self._readers = {s.placement: SensorReader(s, profile_of(s, header)) for s in sensors}
        self._detectors = {s.placement: TapDetector(s.placement, s.rate_hz) for s in sensors}
        self._silent = {sensor.placement for sensor in sensors}
        self._begun_s = math.inf
        self._taps: list[Tap] = []
        self.over = False

    def take(self, item: Entry) -> Alignment | None:
        """The agreement, once, when the time is over; None when there was no such knock."""
        if self.over:
            return None
        if isinstance(item, LinkState):
            if item.placement in self._readers and item.phase is not LinkPhase.STREAMING:
                self._readers[item.placement].link_changed()
            return None
        if not isinstance(item, Frame) or item.placement not in self._readers:
            return None
        self._feel(item)
        if item.arrival_s < self._begun_s + WATCHED_S + _LATE_S:
            return None
        self.over = True
        early = [tap for tap in self._taps if tap.t_s < self._begun_s + WATCHED_S]
        return alignment(early, self._detectors.keys())

    def _feel(self, frame: Frame) -> None:
        for item in sane(self._readers[frame.placement].push(frame)):
            self._taps += self._detectors[frame.placement].push(item)
        if self._silent:
            self._silent.discard(frame.placement)
            self._begun_s = math.inf if self._silent else frame.arrival_s
