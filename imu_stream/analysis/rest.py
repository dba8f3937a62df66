"""Finds standing phases: spans in which a sensor does not move."""

from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.filters import angle_between
from imu_stream.datatypes import GRAVITY, Array


@dataclass(frozen=True, slots=True)
class RestParams:
    """When a sensor counts as still.

    A person who stands still sways; the limits are two to three times what good standing shows
    (gyroscope 2 deg/s RMS, accelerometer 0.03 g: design choice, biomechanics notes A5).
    """

    window_s: float = 0.5
    gyr_deviation: float = 0.06
    """rad/s, standard deviation within a window, each axis."""
    acc_deviation: float = 0.5
    """m/s², standard deviation within a window, each axis."""
    gyr_offset: float = 0.17
    """rad/s; a larger mean is a steady turn and no bias (MEMS zero-rate offsets reach 5 deg/s)."""
    acc_offset: float = 1.5
    """m/s²; how far the mean |acc| may lie from gravity."""
    vigorous: float = 3.0
    """m/s², standard deviation within a window: more than any way of standing."""
    turn: float = 0.035
    """rad; how far gravity may wander between windows of one rest."""
    windows: int = 4
    """Consecutive still windows that make a rest: 2 s."""


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """A standing phase up to now: sensor axes."""

    acc: Array
    """(3,) mean specific force, m/s²."""
    gyr: Array
    """(3,) mean rate = the gyroscope's bias, rad/s."""
    duration_s: float


class RestDetector:
    """Looks at whole windows of a fixed number of samples, counted from the start or a gap.

    `push` takes (n, 3) acc and gyr (or None) of exactly one window.
    """

    def __init__(self, params: RestParams) -> None:
        self._params = params
        self._still: list[tuple[Array, Array]] = []
        self.vigorous = False
        """Whether the last window held vigorous movement."""
        self.moving_windows = 0
        """Windows of vigorous movement since the last rest."""

    def push(self, acc: Array, gyr: Array | None) -> Rest | None:
        """The rest that this window belongs to, once it is long enough."""
        turning = np.zeros_like(acc) if gyr is None else gyr
        acc_mean, gyr_mean = acc.mean(axis=0), turning.mean(axis=0)
        acc_variation = float(acc.std(axis=0).max())
        self.vigorous = acc_variation > self._params.vigorous
        self.moving_windows += self.vigorous
        if not self._is_still(acc_mean, gyr_mean, acc_variation, float(turning.std(axis=0).max())):
            self._still = []
            return None
        if self._still and angle_between(self._still[0][0], acc_mean) > self._params.turn:
            self._still = []
        self._still.append((acc_mean, gyr_mean))
        if len(self._still) < self._params.windows:
            return None
        self.moving_windows = 0
        inner = self._still[:-1]  # the last window may hold the start of a movement
        return Rest(
            np.mean([acc for acc, _ in inner], axis=0),
            np.mean([gyr for _, gyr in inner], axis=0),
            len(self._still) * self._params.window_s,
        )

    def _is_still(
        self, acc_mean: Array, gyr_mean: Array, acc_variation: float, gyr_variation: float
    ) -> bool:
        params = self._params
        weight = float(np.sqrt(np.sum(acc_mean * acc_mean)))
        return (
            acc_variation < params.acc_deviation
            and gyr_variation < params.gyr_deviation
            and float(np.abs(gyr_mean).max()) < params.gyr_offset
            and abs(weight - GRAVITY) < params.acc_offset
        )

    def reset(self) -> None:
        """A gap: what comes next is not known to belong to the same rest."""
        self._still = []
