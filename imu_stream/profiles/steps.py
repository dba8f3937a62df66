"""What is done over a link, and what the device says to it: the steps of a profile."""

from dataclasses import dataclass
from enum import StrEnum

from imu_stream.errors import Fault
from imu_stream.profiles.notation import BytePattern


class Effect(StrEnum):
    """What a step does to the stream of samples."""

    NONE = "none"
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no, and why."""

    answer: BytePattern
    fault: Fault


@dataclass(frozen=True, slots=True)
class Reply:
    """What the device answers to a write, or what is read from it."""

    characteristic: str
    accepted: BytePattern
    refusals: tuple[Refusal, ...]
    """The first that fits counts; the special ones come before the general."""
    anywhere: bool
    """The pattern may stand anywhere in a notification, not only at its start."""
    example: bytes
    """A whole notification that is such an answer; the virtual device sends it."""

    def accepts(self, notification: bytes) -> bool:
        """Whether a notification says yes."""
        return self._shows(self.accepted, notification)

    def refuses(self, notification: bytes) -> Fault | None:
        """Why a notification says no; None when it does not."""
        if self.accepts(notification):
            return None
        shown = (each.fault for each in self.refusals if self._shows(each.answer, notification))
        return next(shown, None)

    def _shows(self, pattern: BytePattern, notification: bytes) -> bool:
        return pattern.occurs_in(notification) if self.anywhere else pattern.begins(notification)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Enable notifications or indications."""

    characteristic: str
    effect: Effect = Effect.NONE


@dataclass(frozen=True, slots=True)
class Write:
    """Write bytes, then wait for the reply if there is one."""

    characteristic: str
    payload: bytes
    response: bool
    """True for a write with response."""
    reply: Reply | None
    effect: Effect = Effect.NONE
    piece: int | None = None
    """Written in pieces of so many bytes; None: at once."""
    service: str | None = None
    """UUID of its service: the same characteristic may stand in several; None: in only one."""


@dataclass(frozen=True, slots=True)
class Read:
    """Read a characteristic; what it holds must be accepted."""

    reply: Reply


Step = Subscribe | Write | Read


class CueKind(StrEnum):
    """By what a device can draw its wearer's attention."""

    HAPTIC = "haptic"
    TONE = "tone"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class CueAction:
    """A write that makes the device vibrate, sound or light up."""

    name: str
    kind: CueKind
    characteristic: str
    before: bytes
    after: bytes
    timed: bool
    """Whether a duration (u16, ms) stands between `before` and `after`."""
    response: bool
    longest_ms: int
    """How long it lasts, or may last at most."""

    def payload(self, duration_ms: int | None = None) -> bytes:
        """Give the bytes to write; the duration is cut to what the device may be asked."""
        if not self.timed:
            return self.before + self.after
        asked = self.longest_ms if duration_ms is None else duration_ms
        limited = max(0, min(asked, self.longest_ms))
        return self.before + limited.to_bytes(2, "little") + self.after
