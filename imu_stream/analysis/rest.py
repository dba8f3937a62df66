"""Finds standing phases: spans in which a sensor does not move."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.filters import angle_between, dot
from imu_stream.datatypes import GRAVITY, Array, Samples


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
    longest: int = 20
    """Windows of a long rest that count, the last ones: 10 s."""


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """A standing phase up to now: sensor axes."""

    acc: Array
    """(3,) mean specific force, m/s²."""
    gyr: Array
    """(3,) mean rate = the gyroscope's bias, rad/s."""
    duration_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What a sensor that does not move shows."""

    acc: Array
    """(3,) mean specific force, m/s²."""
    gyr: Array
    """(3,) mean rate, rad/s."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What half a second of one sensor shows."""

    end_s: float
    """Time of its last sample."""
    still: Still | None
    """None when the sensor moves."""
    vigorous: bool
    """It moves more than in any way of standing."""


def windows_of(samples: Samples, length: int, params: RestParams) -> list[Window]:
    """Whole windows of `length` samples."""
    acc, variation = moments(samples.acc, length)
    weight = np.sqrt(dot(acc, acc))
    still = (variation < params.acc_deviation) & (np.abs(weight - GRAVITY) < params.acc_offset)
    gyr = np.zeros_like(acc)
    if samples.gyr is not None and still.any():
        gyr, turning = moments(samples.gyr, length)
        steady_turn = np.abs(gyr).max(axis=1)
        still &= (turning < params.gyr_deviation) & (steady_turn < params.gyr_offset)
    ends_s = samples.t_s[length - 1 :: length].tolist()
    shown = [Still(acc[i], gyr[i]) if yes else None for i, yes in enumerate(still.tolist())]
    return list(map(Window, ends_s, shown, (variation > params.vigorous).tolist()))


def moments(values: Array, length: int) -> tuple[Array, Array]:
    """Mean (w, 3) and largest standard deviation (w,) of each whole window."""
    count = len(values) // length
    windows = values[: count * length].reshape(count, length, 3)
    columns = windows.swapaxes(0, 1).copy()  # so that long rows are added up
    mean = columns.sum(axis=0) / length
    columns -= mean
    columns *= columns
    return mean, np.sqrt(columns.sum(axis=0) / length).max(axis=1)


class RestDetector:
    """Joins still windows, one after the other, to a rest."""

    def __init__(self, params: RestParams) -> None:
        self._params = params
        self._still: deque[Still] = deque(maxlen=params.longest)
        self._count = 0

    def push(self, window: Window) -> Rest | None:
        """The rest that the next window belongs to, once it is long enough."""
        still = window.still
        if still is None:
            self.reset()
            return None
        if self._still and angle_between(self._still[0].acc, still.acc) > self._params.turn:
            self.reset()
        self._still.append(still)
        self._count += 1
        if self._count < self._params.windows:
            return None
        inner = list(self._still)[:-1]  # the last window may hold the start of a movement
        return Rest(
            np.mean([still.acc for still in inner], axis=0),
            np.mean([still.gyr for still in inner], axis=0),
            self._count * self._params.window_s,
        )

    def reset(self) -> None:
        """A gap: what comes next is not known to belong to the same rest."""
        self._still.clear()
        self._count = 0
