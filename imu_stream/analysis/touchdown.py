"""Says that a foot has landed while it is not known yet which way it points."""

import math
from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.filters import dot
from imu_stream.analysis.footfall import Footfall
from imu_stream.analysis.holding import Held
from imu_stream.datatypes import GRAVITY, Gap, Orientation


@dataclass(frozen=True, slots=True)
class TouchdownParams:
    """What a landing shows whichever way the foot points: a shock, and then rest on the ground.

    A rest that is shorter than a footfall's is also seen at the end of a swing. Where the rest may
    have begun in a gap that is crossed, the shock alone must do.
    """

    shock_g: float = 2.5
    """Force that a running landing shows."""
    shock_within_s: float = 0.12
    """Before the foot is at rest."""
    peak_after_s: float = 0.02
    """From contact to the largest force: 5 to 27 ms in the treadmill recordings."""
    apart_s: float = 0.2
    """A foot does not land twice within it."""


@dataclass(frozen=True, slots=True)
class Touchdown:
    """A foot has landed; how is not known."""

    ic_s: float
    """Within some 15 ms."""
    known_s: float


class Touchdowns:
    """Landings of one foot: `Orientation | Gap` in, `Touchdown` out."""

    def __init__(self, rate_hz: float, params: TouchdownParams | None = None) -> None:
        self._params = params or TouchdownParams()
        self._footfall = Footfall(rate_hz)
        self._recent = Held[Orientation](self._params.shock_within_s)
        self._last_s = -math.inf
        self._is_crossing = False
        self._shock_s: float | None = None
        """Of a landing whose rest may have fallen into the gap that is crossed now."""

    def push(self, item: Orientation | Gap) -> list[Touchdown]:
        """A gap forgets the landing it falls into."""
        if isinstance(item, Gap):
            self._footfall.restart()
            self._recent.items.clear()
            self._is_crossing = False
            return []
        out = self._cross(item)
        start = 0
        for end in self._footfall.ends(item):
            self._recent.add(item.part(start, end))
            rest = item.part(end - 1, end)
            out += self._tell(self._shock_before(rest.end_s), rest)
            start = end
        if start < len(item.up):
            self._recent.add(item.part(start, len(item.up)))
        return out

    def _cross(self, item: Orientation) -> list[Touchdown]:
        """Into a gap that is crossed, or out of it again."""
        if not len(item.up):
            return []
        was_crossing, self._is_crossing = self._is_crossing, not item.samples.measured
        if self._is_crossing and not was_crossing:
            self._shock_s = self._shock_before(float(item.t_s[0]))
        if self._is_crossing or not was_crossing:
            return []
        return self._tell(self._shock_s, item.part(0, 1))

    def _shock_before(self, end_s: float) -> float | None:
        """Contact by the largest force shortly before; None when it is no landing's."""
        parts = self._recent.since(end_s - self._params.shock_within_s)
        samples = [part.samples for part in parts if isinstance(part, Orientation)]
        if not samples:
            return None
        force = np.concatenate([np.sqrt(dot(each.acc, each.acc)) for each in samples])
        peak = int(force.argmax())
        if force[peak] < self._params.shock_g * GRAVITY:
            return None
        t_s = np.concatenate([each.t_s for each in samples])
        return float(t_s[peak]) - self._params.peak_after_s

    def _tell(self, ic_s: float | None, now: Orientation) -> list[Touchdown]:
        if ic_s is None or ic_s < self._last_s + self._params.apart_s:
            return []
        self._last_s = ic_s
        return [Touchdown(ic_s, max(now.end_s, now.samples.released_s))]
