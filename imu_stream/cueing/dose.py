"""How often the runner is spoken to: intervals, back-off, silence when unanswered, the cap."""

from collections import deque

from imu_stream.cueing.parameters import CueParams

MINUTE_S = 60.0


class Dose:
    """Keeps account of all cues of one runner, whatever they were about."""

    def __init__(self, params: CueParams) -> None:
        self._params = params
        self._last_advice_s = float("-inf")
        self._last_praise_s = float("-inf")
        self._unanswered = 0
        # as many as the cap allows in a minute: the oldest tells whether one more may be given
        self._latest_s: deque[float] = deque(maxlen=params.cap_per_minute)

    def is_answer(self, start_s: float) -> bool:
        """Whether a stride begins late enough to be an answer to the last advice."""
        return start_s >= self._last_advice_s + self._params.response_wait_s

    def allows_advice(self, t_s: float) -> bool:
        return t_s - self._last_advice_s >= self._wait_s() and self._is_below_cap(t_s)

    def allows_praise(self, t_s: float) -> bool:
        waited = t_s - self._last_praise_s >= self._params.praise_interval_s
        return waited and self._is_below_cap(t_s)

    def advise(self, t_s: float) -> int:
        """Counts a piece of advice; its level, 1 for the first in a row without an answer."""
        if self._unanswered >= self._params.unanswered_cues:
            self._unanswered = 0  # the silence is over
        self._unanswered += 1
        self._last_advice_s = t_s
        self._latest_s.append(t_s)
        return min(self._unanswered, self._params.levels)

    def praise(self, t_s: float) -> None:
        self._last_praise_s = t_s
        self._latest_s.append(t_s)

    def answered(self) -> None:
        """The runner is where they should be."""
        self._unanswered = 0

    def _wait_s(self) -> float:
        params = self._params
        if self._unanswered >= params.unanswered_cues:
            return max(params.silence_s, params.minimum_interval_s)
        if self._unanswered < params.levels:
            return params.minimum_interval_s
        back_off_s = params.back_off_s * 2.0 ** (self._unanswered - params.levels)
        return max(back_off_s, params.minimum_interval_s)

    def _is_below_cap(self, t_s: float) -> bool:
        is_full = len(self._latest_s) == self._latest_s.maxlen
        return not is_full or t_s - self._latest_s[0] > MINUTE_S
