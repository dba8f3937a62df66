"""Figures of merit and their limits: one row of the table each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from imu_stream.datatypes import StrikeType

ALL = "all"
TYPES = (StrikeType.REARFOOT, StrikeType.MIDFOOT, StrikeType.FOREFOOT)
COLUMNS = (ALL, *(kind.value for kind in TYPES))
EASED = 1.5
"""Other rates, losses and mountings may be this much worse."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Between which values a figure must lie."""

    low: float = -math.inf
    high: float = math.inf
    columns: tuple[str, ...] = (ALL,)
    """Where it is demanded."""

    def holds(self, value: float) -> bool:
        """NaN, nothing measured where something is demanded, does not."""
        return self.low <= value <= self.high

    def badness(self, value: float) -> float:
        """Larger is worse; for the worst of several."""
        return math.inf if math.isnan(value) else max(value - self.high, self.low - value)

    def text(self) -> str:
        if self.low == -self.high:
            return f"±{self.high:g}"
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.low:g}…{self.high:g}"
        if math.isinf(self.high):
            return f"≥ {self.low:g}"
        return f"≤ {self.high:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    name: str
    values: Mapping[str, float]
    limit: Limit | None = None
    decimals: int = 1
    details: Mapping[str, float] = field(default_factory=dict)
    """More for the JSON file: how many, fitted constants."""

    def holds(self, column: str) -> bool:
        if self.limit is None or column not in self.limit.columns:
            return True
        return self.limit.holds(self.values.get(column, math.nan))

    @property
    def missed(self) -> bool:
        return not all(map(self.holds, COLUMNS))


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one condition."""

    title: str
    figures: tuple[Figure, ...]


EVERY_TYPE = Limit(columns=tuple(kind.value for kind in TYPES))
LIMITS = {
    "contacts missed, %": Limit(high=0.5),
    "contacts invented, %": Limit(high=0.5),
    "IC error, median, ms": Limit(-5.0, 5.0, COLUMNS),
    "IC error, SD, ms": Limit(high=6.0),
    "TC error, median, ms": Limit(-8.0, 8.0),
    "TC error, SD, ms": Limit(high=10.0),
    "contact time, mean absolute error, ms": Limit(high=10.0),
    "strike angle, bias, °": Limit(-1.0, 1.0),
    "strike angle, RMSE, °": Limit(high=2.5),
    "strike angle, SD within a run, °": Limit(high=1.5),
    "strike type right, %": Limit(low=92.0),
    "recall, %": Limit(low=75.0, columns=EVERY_TYPE.columns),
    "strike known after contact, longest, ms": Limit(high=150.0),
    "record known before next landing, shortest, ms": Limit(low=0.0),
}
"""What must hold on the recordings as they are."""
EASED_LIMITS = {
    "contacts missed, %": Limit(high=0.75),
    "contacts invented, %": Limit(high=0.0),
    "strike type right, %": Limit(low=100.0 - EASED * 8.0),
    "recall, %": Limit(low=100.0 - EASED * 25.0, columns=EVERY_TYPE.columns),
}


def eased(limits: Mapping[str, Limit]) -> dict[str, Limit]:
    """The limits for other rates, losses and mountings: 1.5 times the errors, none invented."""
    untouched = {name: limit for name, limit in limits.items() if "known" in name}
    wider = {
        name: replace(limit, low=EASED * limit.low, high=EASED * limit.high)
        for name, limit in limits.items()
    }
    return {**wider, **EASED_LIMITS, **untouched}
