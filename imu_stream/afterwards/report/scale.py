"""The y axis of a chart: round numbers that hold what is drawn."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from imu_stream.afterwards.report.bins import Bin

HEIGHT = 190
"""Of a plot, pixels."""
_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """One measured quantity: its middle as a line, all of it as a ribbon."""

    style: str
    stretches: tuple[tuple[Bin, ...], ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """The values that a y axis shows."""

    low: float
    high: float
    step: float
    unit: str

    def y(self, value: float) -> float:
        """Pixels from the top; beyond the ends is at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT * (1.0 - min(max(share, 0.0), 1.0))

    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * number for number in range(count + 1)]


def scale_about(curves: Iterable[Curve], wanted: Iterable[float], unit: str, span: float) -> Scale:
    """A scale for the middles of all bins; a rare value far out is drawn at the edge."""
    middles = [each.mid for curve in curves for stretch in curve.stretches for each in stretch]
    return scale_of([*middles, *wanted], unit, span)


def scale_of(values: Iterable[float], unit: str, least_span: float) -> Scale:
    """A scale with round numbers that holds all values."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    middle = 0.5 * (min(finite) + max(finite))
    low = min(min(finite), middle - 0.5 * least_span)
    high = max(max(finite), middle + 0.5 * least_span)
    step = _round_step((high - low) / 4.0)
    return Scale(step * math.floor(low / step), step * math.ceil(high / step), step, unit)


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next((power * each for each in _STEPS if power * each >= step), 10.0 * power)
