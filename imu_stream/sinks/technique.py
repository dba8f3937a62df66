"""Time spent in each running technique: heel strike, forefoot upright, forefoot with lean."""

import math
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Mapping
from itertools import islice, takewhile

from imu_stream.datatypes import FEET, WITH_LEAN_DEG, LeanState, Stride, StrikeType, Technique

NEAR_S = 0.5
"""A lean so near to a contact still tells how the runner leans then."""
RECENT_STRIDES = 8
"""What a runner does now is the most frequent of so many strides of both feet."""
LONGEST_WAIT_S = 60.0
"""For the other sensor's outputs of the same time: a sensor's first samples may be held back as
long, and each block of a table holds much of one sensor alone."""


class TechniqueTimes:
    """Adds up half a stride for each stride of a foot: both feet make the running time.

    With one foot only, its strides stand for half of the time. Strides and leans may come in any
    interleaving, each sensor's own in time order.
    """

    def __init__(self, with_lean_deg: float = WITH_LEAN_DEG) -> None:
        self._with_lean_deg = with_lean_deg
        self._seconds = dict.fromkeys(Technique, 0.0)
        self._strides = {foot: deque[Stride]() for foot in FEET}
        """Not settled yet."""
        self._leans: deque[LeanState] = deque()
        self._lean_known_s = self._newest_s = -math.inf
        self._recent: deque[Technique] = deque(maxlen=RECENT_STRIDES)

    @property
    def now(self) -> Technique | None:
        """The technique of the last strides that have one; None before the first."""
        return Counter(self._recent).most_common(1)[0][0] if self._recent else None

    @property
    def settled_s(self) -> Mapping[Technique, float]:
        """Seconds in each technique, without strides that still wait for the lean."""
        return {technique: round(seconds, 2) for technique, seconds in self._seconds.items()}

    def write(self, output: object) -> None:
        if isinstance(output, Stride) and output.stride_time_s > 0:
            self._strides[output.foot].append(output)
            self._newest_s = max(self._newest_s, output.ic_s)
        elif isinstance(output, LeanState) and output.valid:
            self._leans.append(output)
            self._lean_known_s = output.end_s
            self._newest_s = max(self._newest_s, output.end_s)
        else:
            return
        self._settle(max(self._lean_known_s, self._newest_s - LONGEST_WAIT_S))

    def seconds(self) -> dict[str, float]:
        """Seconds in each technique; also of strides that were still waiting for the lean."""
        self._settle(math.inf)
        return {technique.value: round(self._seconds[technique], 2) for technique in Technique}

    def _settle(self, end_s: float) -> None:
        """Give the strides with a contact before `end_s`, and all that need no lean, theirs."""
        for strides in self._strides.values():
            while strides and (strides[0].ic_s < end_s or not _needs_lean(strides[0])):
                stride = strides.popleft()
                technique = self._technique(stride)
                self._recent.append(technique)
                self._seconds[technique] += 0.5 * stride.stride_time_s
        while self._leans and self._leans[0].end_s < self._newest_s - LONGEST_WAIT_S:
            self._leans.popleft()

    def _technique(self, stride: Stride) -> Technique:
        match stride.strike.strike_type:
            case StrikeType.REARFOOT:
                return Technique.HEEL_STRIKE
            case StrikeType.MIDFOOT:
                return Technique.MIDFOOT
            case StrikeType.FOREFOOT:
                return self._forefoot(stride.ic_s)
        return Technique.UNKNOWN

    def _forefoot(self, ic_s: float) -> Technique:
        lean = self._lean_at(ic_s)
        if lean is None:
            return Technique.UNKNOWN
        leans = lean.lean_deg >= self._with_lean_deg
        return Technique.FOREFOOT_WITH_LEAN if leans else Technique.FOREFOOT_UPRIGHT

    def _lean_at(self, t_s: float) -> LeanState | None:
        """The lean over this time, or else the nearest one."""
        first = bisect_right(self._leans, t_s - NEAR_S, key=lambda lean: lean.end_s)
        later = islice(self._leans, first, None)
        near = takewhile(lambda lean: lean.start_s <= t_s + NEAR_S, later)
        return min(near, key=lambda lean: max(lean.start_s - t_s, t_s - lean.end_s), default=None)


def _needs_lean(stride: Stride) -> bool:
    return stride.strike.strike_type is StrikeType.FOREFOOT
