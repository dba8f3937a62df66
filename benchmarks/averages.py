"""Averages that pass over what was not measured; NaN when nothing was."""

import math
from collections.abc import Iterable

import numpy as np


def percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else math.nan


def measured(values: Iterable[float]) -> list[float]:
    """Without those that were not measured."""
    return [value for value in values if not math.isnan(value)]


def mean(values: Iterable[float]) -> float:
    known = measured(values)
    return float(np.mean(known)) if known else math.nan


def median(values: Iterable[float]) -> float:
    known = measured(values)
    return float(np.median(known)) if known else math.nan


def quantile(values: Iterable[float], share: float) -> float:
    known = measured(values)
    return float(np.quantile(known, share)) if known else math.nan


def spread(values: Iterable[float]) -> float:
    """Standard deviation."""
    known = measured(values)
    return float(np.std(known, ddof=1)) if len(known) > 1 else math.nan


def root_mean_square(values: Iterable[float]) -> float:
    return math.sqrt(mean(value * value for value in values))
