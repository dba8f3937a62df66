"""The recent past of one foot, as the signals from which contacts are read."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from imu_stream.analysis.filters import SmoothedHistory, dot, gaussian_taps
from imu_stream.datatypes import GRAVITY, Array, Orientation, Placement


class Signal(IntEnum):
    """Columns of the history."""

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
    MEASURED = 10
    """0 in the crossing of a gap."""
    RELEASED = 11
    """Signal time until which the sample was held back."""


SMOOTHED = 2
"""The first columns are smoothed, the others wait for them."""


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


class FootHistory(SmoothedHistory):
    """Rows of `Signal` columns at whole samples."""

    def __init__(self, axes: FootAxes, rate_hz: float, smoothing_s: float) -> None:
        taps = gaussian_taps(smoothing_s, rate_hz)
        super().__init__(taps, SMOOTHED, len(Signal) - SMOOTHED)
        self._axes = axes
        self.rate_hz = rate_hz

    def take(self, item: Orientation) -> None:
        """Take in a block of samples."""
        samples = item.samples
        assert samples.gyr is not None  # a foot sensor has a gyroscope
        smoothed = np.stack([-samples.gyr[:, 1], samples.acc[:, 2] / GRAVITY], axis=1)
        self.add(smoothed, unsmoothed(item, self._axes))

    def span(self, seconds: float) -> int:
        """Whole samples in a time."""
        return round(seconds * self.rate_hz)

    def known_s(self, index: int) -> float:
        """When a decision on samples up to `index` could be made."""
        smoothed_s = self.at(Signal.TIME, index) + self.delay / self.rate_hz
        return max(smoothed_s, float(self.column(Signal.RELEASED, index, index + 1)[0]))


def unsmoothed(item: Orientation, axes: FootAxes) -> Array:
    """The columns from PITCH on, (n, columns)."""
    samples, up = item.samples, item.up
    count = len(up)
    x, y, z = up.T
    ahead = (samples.acc[:, 0] * z - samples.acc[:, 2] * x) / np.sqrt(x * x + z * z)
    return np.stack(
        [
            np.degrees(np.arcsin(np.clip(dot(up, axes.long_axis), -1.0, 1.0))),
            np.degrees(np.arctan2(y, z)) * axes.outward,
            ahead,
            dot(samples.acc, up) - GRAVITY,
            np.sqrt(dot(samples.acc, samples.acc)) / GRAVITY,
            samples.reading / GRAVITY,
            samples.t_s,
            np.full(count, float(item.settled) * (1.0 + float(samples.from_rest))),
            np.full(count, float(samples.measured)),
            np.full(count, samples.released_s),
        ],
        axis=1,
    )
