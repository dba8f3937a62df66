"""The recent past of the trunk, as the signals from which strides and lean are read."""

import numpy as np

from imu_stream.analysis.filters import History, dot, gaussian_taps
from imu_stream.datatypes import GRAVITY, Array, Orientation


class Signal:
    """Columns of the history; plain numbers, since they are looked up many times a stride."""

    BOUNCE = 0
    """Vertical acceleration, m/s², smoothed."""
    FORWARD = 1
    """Lean forward, rad."""
    SIDE = 2
    """Lean to the right, rad."""
    TRUST = 3
    """1: calibrated standing, settled and measured; else 0."""
    AHEAD = 4
    """Level forward acceleration, m/s²."""
    UPWARD = 5
    """Vertical acceleration, m/s²."""
    TURN = 6
    """Rate about the vertical axis of the trunk, rad/s; 0 without a gyroscope."""
    TIME = 7
    RELEASED = 8
    """Signal time until which the sample was held back."""
    ZERO = 9
    """Signal time since which the zero of the lean holds."""
    GYROSCOPE = 10
    """1 when there is one."""


COLUMNS = 11
SMOOTHED = 1


class TrunkHistory(History):
    """The signals of `Signal` at whole samples."""

    def __init__(self, rate_hz: float, smoothing_s: float) -> None:
        super().__init__(COLUMNS, SMOOTHED, gaussian_taps(smoothing_s, rate_hz))
        self.rate_hz = rate_hz

    def take(self, item: Orientation) -> None:
        """Take in a block of samples."""
        upward = dot(item.samples.acc, item.up) - GRAVITY
        self.add(upward[:, None], unsmoothed(item, upward))


def unsmoothed(item: Orientation, upward: Array) -> list[Array | float]:
    """The columns from FORWARD on, (n,) each or the same for all samples."""
    samples = item.samples
    x, y, z = item.up.T
    level = np.sqrt(x * x + z * z)
    trusted = item.settled and samples.measured and samples.from_rest
    return [
        np.arctan2(-x, np.sqrt(y * y + z * z)),
        np.arctan2(y, z),
        float(trusted),
        (samples.acc[:, 0] * z - samples.acc[:, 2] * x) / level,
        upward,
        0.0 if samples.gyr is None else samples.gyr[:, 2],
        samples.t_s,
        samples.released_s,
        samples.zero_s,
        float(samples.gyr is not None),
    ]
