"""Advice that waits for an answer."""

from imu_stream.cueing.observation import Observation
from imu_stream.cueing.target import Band
from imu_stream.datatypes import Answer, Cue, CueReaction, Placement


class Pending:
    """The last piece of advice, until it is known what came of it."""

    def __init__(self) -> None:
        self._cue: Cue | None = None
        self._strides = 0
        self._waited_to_s = 0.0

    def advise(self, cue: Cue) -> None:
        self._cue, self._strides, self._waited_to_s = cue, 0, cue.t_s

    def wait(self, stride: Observation) -> None:
        """Takes a stride of any sensor; those of the advice's own count."""
        if self._cue is not None and self._cue.placement is stride.placement:
            self._strides += 1
            self._waited_to_s = stride.known_s

    def is_about(self, band: Band) -> bool:
        return self._cue is not None and (self._cue.kind, self._cue.placement) == band.topic

    def stands_on(self, placement: Placement) -> bool:
        return self._cue is not None and self._cue.placement is placement

    def settle(self, t_s: float, answer: Answer) -> list[CueReaction]:
        """Tells how it was answered, if there is any."""
        cue, self._cue = self._cue, None
        return [] if cue is None else [CueReaction(t_s, cue.t_s, cue.kind, answer, self._strides)]

    def give_up(self) -> list[CueReaction]:
        """What came of it will not be known."""
        return self.settle(self._waited_to_s, Answer.BROKEN_OFF)
