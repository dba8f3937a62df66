"""Accelerations and angular rates that come in packets of their own, on one time base.

Some devices send them as two streams, each with its own clock (Polar) or with none. Angular
rates are laid onto the times of the accelerations in straight lines between two samples; where
there are no two neighbours, nothing was measured.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import Array, Gap, GapReason, Placement, Samples, Stamped

_LONGEST_SPACING = 1.6
"""Periods between two neighbours; more is a hole."""
_PATIENCE_S = 1.0
"""Accelerations wait so long, and the length of a packet, for angular rates."""

Item = Samples | Gap


class Joining:
    """`Stamped | Gap` of each kind of packet in, `Samples | Gap` of the sensor out."""

    def __init__(
        self, placement: Placement, measures: Sequence[frozenset[str]], rate_hz: float
    ) -> None:
        """Prepare for the kinds of packets of one sensor.

        Args:
            placement: of the sensor.
            measures: what the samples of each kind hold, "acc" and "gyr".
            rate_hz: of the sensor.
        """
        self._placement = placement
        self._apart = any("acc" not in each for each in measures)
        self._measures = measures
        self._period_s = 1.0 / rate_hz
        self._acc = _Waiting()
        self._gyr = _Waiting()
        self._end_s: float | None = None
        self._reason = GapReason.LOST
        self._longest_s = 0.0

    @property
    def _patience_s(self) -> float:
        return _PATIENCE_S + self._longest_s

    def push(self, kind: int, item: Stamped | Gap) -> list[Item]:
        """Take in what came of one kind of packet."""
        if not self._apart:
            return [item] if isinstance(item, Gap) else [_samples(item, item.acc, item.gyr)]
        if isinstance(item, Gap):
            return self._note(item, "acc" in self._measures[kind])
        self._longest_s = max(self._longest_s, float(item.t_s[-1] - item.t_s[0]))
        if "gyr" in self._measures[kind]:
            self._gyr.add(item.t_s, item.gyr)
        if "acc" in self._measures[kind]:
            self._acc.add(item.t_s, item.acc)
        return self._join()

    def finish(self) -> list[Item]:
        """The session has ended: accelerations without angular rates are given up."""
        return []

    def _note(self, gap: Gap, of_acc: bool) -> list[Item]:
        """A hole shows where the samples are joined; damage without one is told at once, once."""
        if gap.end_s <= gap.start_s:
            return [gap] if of_acc else []
        self._reason = gap.reason
        return []

    def _join(self) -> list[Item]:
        ready = int(np.searchsorted(self._acc.t_s, self._gyr.last_s, side="right"))
        late = int(np.searchsorted(self._acc.t_s, self._acc.last_s - self._patience_s))
        t_s, acc = self._acc.take(max(ready, late))
        if not len(t_s):
            return []
        gyr, covered = self._interpolated(t_s)
        self._gyr.forget_before(float(t_s[-1]))
        return self._runs(t_s, acc, gyr, covered)

    def _interpolated(self, t_s: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Angular rates at these times, and which of them lie between two neighbours."""
        known_s, known = self._gyr.t_s, self._gyr.values
        if len(known_s) < 2:
            return np.zeros((len(t_s), 3)), np.zeros(len(t_s), dtype=np.bool_)
        right = np.clip(np.searchsorted(known_s, t_s, side="left"), 1, len(known_s) - 1)
        before_s, after_s = known_s[right - 1], known_s[right]
        near = after_s - before_s <= _LONGEST_SPACING * self._period_s
        covered = near & (before_s <= t_s) & (t_s <= after_s)
        share = ((t_s - before_s) / (after_s - before_s))[:, None]
        return known[right - 1] + share * (known[right] - known[right - 1]), covered

    def _runs(self, t_s: Array, acc: Array, gyr: Array, covered: NDArray[np.bool_]) -> list[Item]:
        """The covered samples, with a gap before each that does not follow on the last."""
        items: list[Item] = []
        places = np.flatnonzero(covered)
        if not len(places):
            return items
        longest_s = _LONGEST_SPACING * self._period_s
        breaks = np.flatnonzero(np.diff(t_s[places]) > longest_s) + 1
        for run in np.split(places, breaks):
            part = slice(int(run[0]), int(run[-1]) + 1)
            start_s = float(t_s[part][0])
            if self._end_s is not None and start_s - self._end_s > longest_s:
                items.append(self._gap(self._end_s, start_s))
            self._end_s = float(t_s[part][-1])
            items.append(Samples(self._placement, t_s[part], acc[part], gyr[part]))
        return items

    def _gap(self, last_s: float, next_s: float) -> Gap:
        missing = round((next_s - last_s) / self._period_s) - 1
        gap = Gap(self._placement, last_s + self._period_s, next_s, self._reason, missing)
        self._reason = GapReason.LOST
        return gap


class _Waiting:
    """Samples of one quantity that wait for the other."""

    def __init__(self) -> None:
        self.t_s: Array = np.empty(0)
        self.values: Array = np.empty((0, 3))

    @property
    def last_s(self) -> float:
        return float(self.t_s[-1]) if len(self.t_s) else -np.inf

    def add(self, t_s: Array, values: Array | None) -> None:
        assert values is not None, "a kind of packet holds what it measures"
        # a clock that was set back would give times in the wrong order: what it overlaps is gone
        kept = int(np.searchsorted(self.t_s, t_s[0])) if len(t_s) else len(self.t_s)
        self.t_s = np.concatenate([self.t_s[:kept], t_s])
        self.values = np.concatenate([self.values[:kept], values])

    def take(self, count: int) -> tuple[Array, Array]:
        taken = self.t_s[:count], self.values[:count]
        self.t_s, self.values = self.t_s[count:], self.values[count:]
        return taken

    def forget_before(self, t_s: float) -> None:
        """Keep the last one before, too: the next sample may lie behind it."""
        first = max(0, int(np.searchsorted(self.t_s, t_s, side="right")) - 1)
        self.t_s, self.values = self.t_s[first:], self.values[first:]


def _samples(item: Stamped, acc: Array | None, gyr: Array | None) -> Samples:
    assert acc is not None, "every packet of such a device holds accelerations"
    return Samples(item.placement, item.t_s, acc, gyr)
