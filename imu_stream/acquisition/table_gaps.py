"""Which rows of a table can be used, and what is missing between them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import Array, Gap, GapReason, Placement, Samples
from imu_stream.errors import RecordingError

RATE_LIMITS_HZ = (10.0, 4000.0)
HOLE_STEPS = 1.5
"""A longer step between two rows is a hole, …"""
CERTAIN_HOLE_STEPS = 1.7
"""… surely above this; below it may be two jittering time stamps, and the rows around decide."""

_LATEST_S = 1e15
"""No clock shows more seconds; keeps the arithmetic on times finite."""

Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class UsableRows:
    """Which rows of a table can be used."""

    finite: Flags
    """(rows,) all numbers of the row are finite."""
    kept: Indices
    """(n,) rows that are finite and later than all kept before."""
    step_s: float


def without_repeats(values: Array) -> Array:
    """The rows without exact repeats of earlier ones; some loggers write each packet twice."""
    if np.all(values[1:, 0] > values[:-1, 0]):
        return values
    _, first = np.unique(values, axis=0, return_index=True)
    return values[np.sort(first)]


def usable_rows(path: Path, values: Array) -> UsableRows:
    """Sorts out the rows of a table, (rows, 1 + 3 or 6), time first.

    Raises:
        RecordingError: too few rows, an impossible rate, or a clock that was set back for good.
    """
    t_s = values[:, 0]
    finite: Flags = np.logical_and.reduce(np.isfinite(values), axis=1) & (np.abs(t_s) < _LATEST_S)
    kept = _increasing(t_s, finite)
    if len(kept) < 2:
        problem = f"has {len(kept)} usable rows; at least 2 with finite numbers are needed"
        raise RecordingError(path, problem)
    step_s = _time_step(path, t_s[kept])
    _check_clock(path, t_s, UsableRows(finite, kept, step_s))
    return UsableRows(finite, kept, step_s)


def _increasing(t_s: Array, finite: Flags) -> Indices:
    """Row numbers of the longest run of finite rows whose time increases throughout."""
    usable = np.flatnonzero(finite)
    if np.all(np.diff(t_s[usable]) > 0.0):
        return usable
    return usable[_longest_increasing(t_s[usable].tolist())]


def _longest_increasing(times: list[float]) -> Indices:
    """Indices of a longest strictly increasing subsequence (patience sorting, n log n)."""
    ends: list[float] = []
    at: list[int] = []
    before = [-1] * len(times)
    for index, time in enumerate(times):
        length = bisect_left(ends, time)
        before[index] = at[length - 1] if length else -1
        if length == len(ends):
            ends.append(time)
            at.append(index)
        elif time < ends[length]:
            ends[length], at[length] = time, index
    chain = []
    index = at[-1]
    while index >= 0:
        chain.append(index)
        index = before[index]
    return np.array(chain[::-1], dtype=np.intp)


def _time_step(path: Path, t_s: Array) -> float:
    steps = np.diff(t_s)
    median = np.sort(steps)[(len(steps) - 1) // 2]
    # times rounded to 4 decimals put the median off by up to 1 %, but not the mean of plain steps
    step_s = float(np.mean(steps[np.abs(steps - median) <= 0.5 * median]))
    low, high = RATE_LIMITS_HZ
    if not low <= 1.0 / step_s <= high:
        problem = f"column time_s makes {1.0 / step_s:.4g} rows a second"
        raise RecordingError(path, f"{problem}; {low:g} to {high:g} and times in s are expected")
    return step_s


def _check_clock(path: Path, t_s: Array, rows: UsableRows) -> None:
    finite, kept = np.flatnonzero(rows.finite), rows.kept
    early = np.count_nonzero(finite < kept[0])
    late = np.count_nonzero(finite > kept[-1])
    if len(finite) <= 2 * len(kept) and max(early, late) * rows.step_s <= 1.0:
        return
    back = int(np.argmin(np.diff(t_s[finite])))
    before, after = finite[back : back + 2]
    raise RecordingError(
        path,
        f"column time_s goes from {t_s[before]:.4f} to {t_s[after]:.4f} s at data row {after + 1}; "
        "increasing times are expected. If the clock was set back there, split the file",
    )


_REASONS = (GapReason.NOT_A_NUMBER, GapReason.CLOCK, GapReason.LOST)


def samples_and_gaps(
    values: Array, rows: UsableRows, placement: Placement
) -> Iterator[Samples | Gap]:
    """The usable rows in unbroken blocks, and what is missing between them, in time order."""
    samples = _samples(values[rows.kept], placement)
    missing = _count_missing(samples.t_s, rows)
    first = 0
    for place in np.flatnonzero(missing.any(axis=1)).tolist():
        if place > first:
            yield samples.part(first, place)
        yield from _gaps(samples, place, missing[place].tolist(), rows.step_s)
        first = place
    if first < len(samples.t_s):
        yield samples.part(first, len(samples.t_s))


def _samples(values: Array, placement: Placement) -> Samples:
    acc = np.ascontiguousarray(values[:, 1:4])
    gyr = np.ascontiguousarray(values[:, 4:7]) if values.shape[1] > 4 else None
    return Samples(placement, np.ascontiguousarray(values[:, 0]), acc, gyr)


def _count_missing(t_s: Array, rows: UsableRows) -> NDArray[np.int64]:
    """Rows missing before each kept row and after the last, (n + 1, 3) by `_REASONS`."""
    edges = np.concatenate(([-1], rows.kept, [len(rows.finite)]))
    dropped = np.diff(edges) - 1
    not_finite = np.concatenate(([0], np.cumsum(~rows.finite)))
    not_numbers = not_finite[edges[1:]] - not_finite[edges[:-1] + 1]
    steps = np.rint(np.diff(t_s) / rows.step_s).astype(np.int64) - 1
    lost = np.zeros_like(dropped)
    # dropped rows took up their part of the time, so only the rest was lost before the file
    lost[1:-1] = np.where(_holes(t_s, rows.step_s), np.maximum(steps - dropped[1:-1], 0), 0)
    return np.stack((not_numbers, dropped - not_numbers, lost), axis=1)


def _holes(t_s: Array, step_s: float) -> Flags:
    """Whether samples are missing between each two neighbours, (n - 1,).

    Two stamps that jitter by 0.3 steps in opposite ways lie 1.6 steps apart, yet the rows around
    them are in step; after a hole all rows are late by a whole step.
    """
    steps = np.diff(t_s) / step_s
    holes = steps > HOLE_STEPS
    doubtful = np.flatnonzero(holes & (steps <= CERTAIN_HOLE_STEPS))
    lateness = t_s / step_s - np.arange(len(t_s))
    around = np.arange(4)
    before = lateness[np.maximum(doubtful[:, None] - around, 0)].mean(axis=1)
    after = lateness[np.minimum(doubtful[:, None] + 1 + around, len(t_s) - 1)].mean(axis=1)
    holes[doubtful] = after - before > 0.65
    return holes


def _gaps(samples: Samples, place: int, counts: Sequence[int], step_s: float) -> Iterator[Gap]:
    """The gaps before kept row `place`, one after the other."""
    t_s, total = samples.t_s, sum(counts)
    if place == 0:
        start_s, end_s = t_s[0] - total * step_s, t_s[0]
    elif place == len(t_s):
        start_s, end_s = t_s[-1] + step_s, t_s[-1] + (1 + total) * step_s
    else:
        start_s, end_s = min(t_s[place - 1] + step_s, t_s[place]), t_s[place]
    shares = np.cumsum([0, *counts]) / total
    bounds = np.minimum(start_s + (end_s - start_s) * shares, end_s).tolist()
    for reason, count, first_s, last_s in zip(
        _REASONS, counts, bounds[:-1], bounds[1:], strict=True
    ):
        if count:
            yield Gap(samples.placement, first_s, last_s, reason, count)
