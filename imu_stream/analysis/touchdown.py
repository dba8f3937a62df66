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

    A rest that is shorter than a footfall's is also seen at the end of a swing.
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

    def push(self, item: Orientation | Gap) -> list[Touchdown]:
        """A gap forgets the landing it falls into."""
        if isinstance(item, Gap):
            self._footfall.restart()
            self._recent.items.clear()
            return []
        out: list[Touchdown] = []
        start = 0
        for end in self._footfall.ends(item):
            self._recent.add(item.part(start, end))
            out += self._look(item.part(end - 1, end))
            start = end
        if start < len(item.up):
            self._recent.add(item.part(start, len(item.up)))
        return out

    def _look(self, now: Orientation) -> list[Touchdown]:
        """The foot has come to rest: whether with a shock."""
        parts = self._recent.since(now.end_s - self._params.shock_within_s)
        samples = [part.samples for part in parts if isinstance(part, Orientation)]
        force = np.concatenate([np.sqrt(dot(each.acc, each.acc)) for each in samples])
        peak = int(force.argmax())
        t_s = np.concatenate([each.t_s for each in samples])
        ic_s = float(t_s[peak]) - self._params.peak_after_s
        if (
            force[peak] < self._params.shock_g * GRAVITY
            or ic_s < self._last_s + self._params.apart_s
        ):
            return []
        self._last_s = ic_s
        return [Touchdown(ic_s, max(now.end_s, now.samples.released_s))]
