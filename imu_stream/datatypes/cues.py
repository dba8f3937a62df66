"""Advice for the runner, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum

from imu_stream.datatypes.gait import Technique
from imu_stream.datatypes.placement import Placement


class CueKind(StrEnum):
    """What a cue says; never how it sounds."""

    LEAN_MORE = "lean_more"
    LEAN_LESS = "lean_less"
    """Leaning too far."""
    LEAN_GOOD = "lean_good"
    """Praise: back in band after advice; likewise for cadence and strike."""
    CADENCE_MORE = "cadence_more"
    CADENCE_GOOD = "cadence_good"
    STRIKE_CHANGE = "strike_change"
    """The foot lands otherwise than wanted."""
    STRIKE_GOOD = "strike_good"

    @property
    def is_praise(self) -> bool:
        return self in (CueKind.LEAN_GOOD, CueKind.CADENCE_GOOD, CueKind.STRIKE_GOOD)


class CueCause(StrEnum):
    """Why a cue is given."""

    OUT_OF_BAND = "out of band"
    STILL_OUT = "still out of band"
    """The advice before had no answer."""
    BACK_IN_BAND = "back in band"


@dataclass(frozen=True, slots=True)
class Cue:
    """Advice for the runner, with the reason it was given."""

    t_s: float
    """Signal time of the decision."""
    kind: CueKind
    value: float
    """The measured value, in the unit of the threshold: degrees of lean, steps/min, or percent of
    the foot's last landings that were of another type than wanted."""
    threshold: float
    """Beyond which it is out of band; for praise, from which it is good again."""
    expires_s: float
    """Later than this it must not be given."""
    cause: CueCause = CueCause.OUT_OF_BAND
    level: int = 1
    """How clearly it should be said: one more for each time in a row without an answer."""
    placement: Placement = Placement.CHEST
    """Whose strides it is about: a foot's for how it lands."""
    technique: Technique = Technique.UNKNOWN
    """What is asked for, when it is about how a foot lands."""


class Answer(StrEnum):
    """What came of advice."""

    RETURNED = "returned"
    """Back in band."""
    NONE = "none"
    """Still out of band when the next advice was given."""
    BROKEN_OFF = "broken off"
    """Not known: a blackout, a break in running or other advice came between."""


@dataclass(frozen=True, slots=True)
class CueReaction:
    """How the runner answered one piece of advice."""

    t_s: float
    """Signal time at which it was known."""
    cue_s: float
    """`t_s` of the cue."""
    kind: CueKind
    answer: Answer
    strides: int
    """From the cue to the answer; the value is a mean of some strides, so it lags."""
