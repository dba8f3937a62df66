"""The recent past of one foot, as the signals from which contacts are read."""

import math
from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.filters import History, dot, gaussian_taps, running_maximum
from imu_stream.datatypes import GRAVITY, Array, Orientation, Placement


class Signal:
    """Columns of the history; plain numbers, since they are looked up many times a stride."""

    RATE = 0
    """Toe-up rate, rad/s, smoothed."""
    FORCE = 1
    """Specific force along the foot's own vertical, g, smoothed."""
    PITCH = 2
    """Elevation of the foot's long axis, deg, zero when standing."""
    ROLL = 3
    """Eversion: inner edge down, deg, zero when standing; shoes land inverted (negative)."""
    AHEAD = 4
    """Level acceleration in the direction in which the foot swings, m/s²."""
    UPWARD = 5
    """Vertical acceleration, m/s²."""
    SHOCK = 6
    """Size of the specific force, g."""
    READING = 7
    """Largest accelerometer axis as read, g."""
    TIME = 8
    TRUST = 9
    """0: the vertical is not settled; 1: guessed calibration; 2: calibrated standing."""
    RELEASED = 10
    """Signal time until which the sample was held back."""
    DROP = 11
    """How far the force lies below its largest shortly before, g, where the foot turns toe down;
    -inf elsewhere."""


COLUMNS = 12
SMOOTHED = 2
"""The first columns are smoothed, the others wait for them."""
CROSSINGS_S = 15.0
"""So long it is remembered where gaps were."""
SHORT_S = 0.025
"""Across a gap no longer than this a straight line is as good as a measurement for the vertical."""
FORCE_DROP_S = 0.03
"""How long before is shortly before."""


@dataclass(frozen=True, slots=True)
class FootAxes:
    """What makes a left foot of a foot."""

    outward: float
    """+1 left, -1 right: the side of positive y that is away from the other foot."""
    long_axis: Array
    """(3,) from heel to ball, in axes whose x is the direction of swing."""


def foot_axes(foot: Placement, long_axis_yaw_deg: float) -> FootAxes:
    """The axes of one foot; its long axis points outward of its swing by the yaw."""
    outward = 1.0 if foot is Placement.LEFT_FOOT else -1.0
    yaw = np.radians(long_axis_yaw_deg) * outward
    return FootAxes(outward, np.array([np.cos(yaw), np.sin(yaw), 0.0]))


class FootHistory(History):
    """The signals of `Signal` at whole samples."""

    def __init__(
        self, axes: FootAxes, rate_hz: float, smoothing_s: float, after_gap: bool = False
    ) -> None:
        super().__init__(COLUMNS, SMOOTHED, gaussian_taps(smoothing_s, rate_hz))
        self._axes = axes
        self.rate_hz = rate_hz
        self.drop_span = max(2, self.span(FORCE_DROP_S))
        """Samples; the drop is not known for the first so many of the stream."""
        self._crossings = [range(-1, 0)] if after_gap else []

    def take(self, item: Orientation) -> None:
        """Take in a block of samples."""
        samples, before = item.samples, self.end
        assert samples.gyr is not None  # a foot sensor has a gyroscope
        smoothed = np.array([-samples.gyr[:, 1], samples.acc[:, 2] / GRAVITY]).T
        self.add(smoothed, unsmoothed(item, self._axes))
        self._add_drop(max(before, self.start + self.drop_span))
        if not samples.measured:
            oldest = self.taken - self.span(CROSSINGS_S)
            self._crossings = [one for one in self._crossings if one.stop > oldest]
            start = self.taken - len(item.up)
            if self._crossings and self._crossings[-1].stop == start:
                start = self._crossings.pop().start
            self._crossings.append(range(start, self.taken))

    def missing(self, start: int, end: int, longer_than_s: float = 0.0) -> int:
        """How many of the samples [start, end) are not measured but cross a gap of some length."""
        if not self._crossings:
            return 0
        shortest = self.span(longer_than_s)
        crossings = [one for one in self._crossings if len(one) > shortest]
        return sum(max(0, min(one.stop, end) - max(one.start, start)) for one in crossings)

    def since_gap_s(self, index: int) -> float:
        """Time from the last such sample, or the restart, before `index` to it; inf: none."""
        if not self._crossings:
            return math.inf
        short = self.span(SHORT_S)
        ends = [
            min(one.stop, index)
            for one in self._crossings
            if one.start < index and (len(one) > short or one.start < 0)
        ]
        return (index - max(ends) + 1) / self.rate_hz if ends else math.inf

    def _add_drop(self, first: int) -> None:
        if first >= self.end:
            return
        force = self.column(Signal.FORCE, first - self.drop_span, self.end)
        drop = running_maximum(force[:-1], self.drop_span) - force[self.drop_span :]
        drop[self.column(Signal.RATE, first, self.end) >= 0.0] = -np.inf
        self.column(Signal.DROP, first, self.end)[:] = drop

    def span(self, seconds: float) -> int:
        """Whole samples in a time."""
        return round(seconds * self.rate_hz)

    def known_s(self, index: int) -> float:
        """When a decision on samples up to `index` could be made."""
        smoothed_s = self.sample(Signal.TIME, index) + self.delay / self.rate_hz
        return max(smoothed_s, self.sample(Signal.RELEASED, index))


def unsmoothed(item: Orientation, axes: FootAxes) -> list[Array | float]:
    """The columns from PITCH to RELEASED, (n,) each or the same for all samples."""
    samples, up = item.samples, item.up
    x, y, z = up.T
    ahead = (samples.acc[:, 0] * z - samples.acc[:, 2] * x) / np.sqrt(x * x + z * z)
    return [
        np.degrees(np.arcsin(np.clip(dot(up, axes.long_axis), -1.0, 1.0))),
        np.degrees(np.arctan2(y, z)) * axes.outward,
        ahead,
        dot(samples.acc, up) - GRAVITY,
        np.sqrt(dot(samples.acc, samples.acc)) / GRAVITY,
        samples.reading / GRAVITY,
        samples.t_s,
        float(item.settled) * (1.0 + float(samples.from_rest)),
        samples.released_s,
    ]
