"""Series of any length made fit for drawing: bins with their least, middle and largest value."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

MOST_BINS = 300
"""More than a screen's width shows."""
SHORTEST_BIN_S = 2.0
"""Some strides each, so that an empty bin is a break and not only the time between two strides."""


@dataclass(frozen=True, slots=True)
class Bin:
    """What was measured in a short time."""

    at: float
    """Its middle, as a share of the whole time."""
    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """One measured value."""

    t_s: float
    value: float


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, as shares of the whole."""

    start: float
    end: float


def binned(points: Iterable[Point], seconds: float) -> tuple[tuple[Bin, ...], ...]:
    """Stretches of neighbouring bins; between two stretches nothing was measured."""
    if seconds <= 0.0:
        return ()
    count = bin_count(seconds)
    held: dict[int, list[float]] = {}
    for point in points:
        if math.isfinite(point.value) and 0.0 <= point.t_s <= seconds:
            place = min(int(point.t_s / seconds * count), count - 1)
            held.setdefault(place, []).append(point.value)
    stretches: list[list[Bin]] = []
    before = -2
    for place in sorted(held):
        if place > before + 1:
            stretches.append([])
        values = held[place]
        stretches[-1].append(Bin((place + 0.5) / count, min(values), median(values), max(values)))
        before = place
    return tuple(map(tuple, stretches))


def bin_count(seconds: float) -> int:
    return max(1, min(MOST_BINS, int(seconds / SHORTEST_BIN_S)))


def spans(stretches: Iterable[tuple[float, float]], seconds: float) -> tuple[Span, ...]:
    """Stretches of time in order, those joined that no screen shows apart; none is left out."""
    if seconds <= 0.0:
        return ()
    apart = seconds / (2 * MOST_BINS)
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted(stretches):
        if joined and start_s - joined[-1][1] <= apart:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_s))
        else:
            joined.append((start_s, end_s))
    return tuple(Span(_share(a, seconds), _share(b, seconds)) for a, b in joined)


def _share(t_s: float, seconds: float) -> float:
    return min(max(t_s / seconds, 0.0), 1.0)


def counts(values: Sequence[float], low: float, step: float, bars: int) -> tuple[int, ...]:
    """How many values fall into each bar; those beyond the ends into the outermost."""
    tally = [0] * bars
    for value in values:
        if math.isfinite(value):
            tally[min(max(int((value - low) // step), 0), bars - 1)] += 1
    return tuple(tally)
