"""Time spent in each running technique: heel strike, forefoot upright, forefoot with lean."""

from collections import deque
from enum import StrEnum

from imu_stream.datatypes import LeanState, Stride, StrikeType

WITH_LEAN_DEG = 6.0
"""Forward lean from which a runner counts as leaning, without a target of his own: the lower
bound of proposed targets; runners lean 7.3 ± 3.6° by themselves (Teng & Powers 2014)."""
LONGEST_WAIT_S = 3.0
"""After a strike, for the lean at that time to be known."""


class Technique(StrEnum):
    """The techniques that load the knee differently, and what is told apart from them."""

    HEEL_STRIKE = "heel_strike"
    MIDFOOT = "midfoot"
    FOREFOOT_UPRIGHT = "forefoot_upright"
    FOREFOOT_WITH_LEAN = "forefoot_with_lean"
    UNKNOWN = "unknown"


class TechniqueTimes:
    """Adds up half a stride for each stride of a foot: both feet make the running time.

    With one foot only, its strides stand for half of the time.
    """

    def __init__(self, with_lean_deg: float = WITH_LEAN_DEG) -> None:
        self._with_lean_deg = with_lean_deg
        self._seconds = dict.fromkeys(Technique, 0.0)
        self._strides: deque[Stride] = deque()
        self._leans: deque[LeanState] = deque()

    def write(self, output: object) -> None:
        if isinstance(output, Stride) and output.stride_time_s > 0:
            self._strides.append(output)
        elif isinstance(output, LeanState) and output.valid:
            self._leans.append(output)
        else:
            return
        self._settle(final=False)

    def seconds(self) -> dict[str, float]:
        """Seconds in each technique; also of strides that were still waiting for the lean."""
        self._settle(final=True)
        return {technique.value: round(self._seconds[technique], 2) for technique in Technique}

    def _settle(self, final: bool) -> None:
        """Give each stride its technique once the lean at its contact is known, or will not be."""
        latest_s = max((lean.end_s for lean in self._leans), default=float("-inf"))
        newest_s = max((stride.ic_s for stride in self._strides), default=float("-inf"))
        while self._strides:
            ic_s = self._strides[0].ic_s
            if not final and latest_s < ic_s and newest_s - ic_s < LONGEST_WAIT_S:
                return
            stride = self._strides.popleft()
            self._seconds[self._technique(stride)] += 0.5 * stride.stride_time_s
            while self._leans and self._leans[0].end_s < ic_s - LONGEST_WAIT_S:
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
        covering = [lean for lean in self._leans if lean.start_s - 0.5 <= ic_s < lean.end_s + 0.5]
        if not covering:
            return Technique.UNKNOWN
        nearest = min(covering, key=lambda lean: abs(lean.start_s + lean.end_s - 2.0 * ic_s))
        leans = nearest.lean_deg >= self._with_lean_deg
        return Technique.FOREFOOT_WITH_LEAN if leans else Technique.FOREFOOT_UPRIGHT
