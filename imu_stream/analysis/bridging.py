"""Crosses short gaps in a straight line, marked as not measured, so that filters can go on.

Nothing is counted there: a landing that falls into such a crossing has no angle, and a stride's
lean with too much of it is not valid. Longer gaps stay gaps and make every stage start over.
"""

from dataclasses import dataclass

import numpy as np

from imu_stream.datatypes import Array, Gap, Samples


@dataclass(frozen=True, slots=True)
class BridgingParams:
    """What is short."""

    longest_s: float = 0.09
    """Two packets of 40 ms in a row. In simulation bursts of 30 ms put the lean off by 0.2°, of
    100 ms by 1.5° (p95)."""


class Bridging:
    """Fills short gaps of one sensor: `Samples | Gap` in and out."""

    def __init__(self, rate_hz: float, params: BridgingParams | None = None) -> None:
        self._longest = (params or BridgingParams()).longest_s * rate_hz
        self._rate_hz = rate_hz
        self._last: Samples | None = None
        self._gaps: list[Gap] = []

    def push(self, item: Samples | Gap) -> list[Samples | Gap]:
        """A gap is judged when the samples after it have come."""
        if isinstance(item, Gap):
            self._gaps.append(item)
            return []
        if len(item.t_s) == 0:
            return []
        out = [*self._cross_to(item), item]
        self._last = item
        return out

    def finish(self) -> list[Samples | Gap]:
        """The stream has ended in a gap, perhaps."""
        gaps, self._gaps = self._gaps, []
        return list(gaps)

    def _cross_to(self, item: Samples) -> list[Samples | Gap]:
        gaps, self._gaps = self._gaps, []
        if not gaps or self._last is None:
            return list(gaps)
        missing = round(float(item.t_s[0] - self._last.t_s[-1]) * self._rate_hz) - 1
        if missing > self._longest:
            return list(gaps)
        return [straight_line(self._last, item, missing)] if missing > 0 else []


def straight_line(before: Samples, after: Samples, count: int) -> Samples:
    """`count` samples evenly from the last one before a gap to the first one after it."""
    share = np.arange(1, count + 1) / (count + 1)
    gyr = None
    if before.gyr is not None and after.gyr is not None:
        gyr = between(before.gyr[-1:], after.gyr[:1], share)
    t_s = between(before.t_s[-1:, None], after.t_s[:1, None], share)[:, 0]
    acc = between(before.acc[-1:], after.acc[:1], share)
    return Samples(before.placement, t_s, acc, gyr, measured=False)


def between(first: Array, second: Array, share: Array) -> Array:
    """Rows at a share (n,) of the way from one row (1, k) to another."""
    return np.asarray(first + share[:, None] * (second - first))
