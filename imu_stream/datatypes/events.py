"""What people and outputs do during a session: recorded like frames, for they cannot be derived."""

from dataclasses import dataclass
from enum import StrEnum

from imu_stream.datatypes.cues import CueKind


class MarkKind(StrEnum):
    """What was marked in the course of a session."""

    PAUSE = "pause"
    """From here on the runner rests: no cues; measuring and recording go on."""
    RESUME = "resume"
    LAP = "lap"
    """A lap ends here and the next one begins."""
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the runner or the coach marked."""

    t_s: float
    kind: MarkKind
    text: str = ""
    """Of a note, or the name of a lap."""


@dataclass(frozen=True, slots=True)
class TargetChange:
    """The lean to keep was set anew during the session."""

    t_s: float
    target_deg: float


class Outcome(StrEnum):
    """What became of a cue at one output."""

    EMITTED = "emitted"
    EXPIRED = "expired"
    """It would have come too late."""
    DISPLACED = "displaced"
    """A newer one took its place in the queue."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CueDelivery:
    """What became of one cue at one output."""

    t_s: float
    """Session clock at which it was handed over to be heard, felt or seen, or given up."""
    cue_s: float
    """`t_s` of the cue."""
    kind: CueKind
    output: str
    """Name of the output: "sound", "speech", "chest", …"""
    outcome: Outcome


Event = Mark | TargetChange | CueDelivery
"""What the world does beside the sensors."""
