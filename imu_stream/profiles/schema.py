"""The parts of a device profile: frozen, checked when read, resolved for each rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeVar

from imu_stream.profiles.notation import BytePattern

_BLUETOOTH_BASE = "0000{}-0000-1000-8000-00805f9b34fb"


def full_uuid(uuid: str) -> str:
    """Write a UUID in its long form, lower case; "fdf3" is one of the Bluetooth base."""
    short = uuid.lower()
    return _BLUETOOTH_BASE.format(short) if len(short) == 4 else short


class ClockMark(StrEnum):
    """Which sample of a packet the device's time stamp belongs to."""

    FIRST = "first"
    LAST = "last"


class Effect(StrEnum):
    """What a write does to the stream of samples."""

    NONE = "none"
    START = "start"
    STOP = "stop"


class Framing(StrEnum):
    """How messages lie in notifications."""

    WHOLE = "whole"
    MESSAGE_PARTS = "message_parts"
    CAPTURE2GO_PACKAGES = "capture2go_packages"


class SampleCount(StrEnum):
    """What says how many samples a packet holds."""

    FIXED = "fixed"
    FROM_LENGTH = "from_length"


class Layout(StrEnum):
    """How the samples lie in a packet."""

    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a device says of itself before it is connected."""

    name: str | None
    service_uuids: tuple[str, ...]
    company_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to recognise a device: all that is given must hold."""

    name: str | None
    """Name with `*` for any text."""
    service_uuid: str | None
    company_id: int | None

    def matches(self, advertisement: Advertisement) -> bool:
        """Whether the advertisement shows all of this."""
        uuids = {full_uuid(uuid) for uuid in advertisement.service_uuids}
        return (
            (self.name is None or fnmatchcase(advertisement.name or "", self.name))
            and (self.service_uuid is None or self.service_uuid in uuids)
            and (self.company_id is None or self.company_id in advertisement.company_ids)
        )


@dataclass(frozen=True, slots=True)
class Clock:
    """The device's own clock."""

    seconds_per_tick: float
    bits: int
    """The counter starts again at 2**bits."""
    mark: ClockMark


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A GATT characteristic, with the names of its properties in the specification's words."""

    uuid: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the device answers to a write."""

    characteristic: str
    accepted: BytePattern
    refused: BytePattern | None
    anywhere: bool
    """The pattern may stand anywhere in a notification, not only at its start."""
    example: bytes
    """A whole notification that is such an answer; the virtual device sends it."""

    def accepts(self, notification: bytes) -> bool:
        """Whether a notification says yes."""
        if self.anywhere:
            return self.accepted.occurs_in(notification)
        return self.accepted.begins(notification)

    def refuses(self, notification: bytes) -> bool:
        """Whether a notification says no."""
        if self.refused is None or self.accepts(notification):
            return False
        if self.anywhere:
            return self.refused.occurs_in(notification)
        return self.refused.begins(notification)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Set-up step: enable notifications or indications."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Write:
    """Set-up step: write bytes, then wait for the reply if there is one."""

    characteristic: str
    payload: bytes
    response: bool
    """True for a write with response."""
    reply: Reply | None
    effect: Effect = Effect.NONE


Step = Subscribe | Write


@dataclass(frozen=True, slots=True)
class Constant:
    """Bytes that are the same in every packet; those at its start tell its kind."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Ticks:
    """The device's time stamp, little-endian."""

    type: str
    """Number type: u16, u32, u64 or i64."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """A block of x, y, z for each sample, little-endian."""

    quantity: str
    """Either "acc" or "gyr"."""
    type: str
    """Number type: i8, i16, i32 or f32."""
    scale: float
    """SI value (m/s², rad/s) of the number 1."""
    saturation: float
    """Largest value the device can report, SI."""


@dataclass(frozen=True, slots=True)
class Unused:
    """Bytes we have no use for."""

    length: int


PacketField = Constant | Ticks | Vectors | Unused


@dataclass(frozen=True, slots=True)
class Packet:
    """The fields of a message of samples, in order."""

    layout: Layout
    samples: SampleCount
    fields: tuple[PacketField, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Where the samples come from and how they are framed."""

    name: str
    characteristic: str
    framing: Framing
    ignored: tuple[BytePattern, ...]
    """Messages that are in order but carry no samples."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Everything that depends on the sampling rate."""

    hz: float
    samples_per_packet: int
    packet: Packet
    setup: tuple[Step, ...]
    shutdown: tuple[Step, ...]


_Kind = TypeVar("_Kind", Constant, Ticks, Vectors, Unused)


def fields_of(fields: Sequence[PacketField], kind: type[_Kind]) -> tuple[_Kind, ...]:
    """Pick the fields of one kind, in order."""
    return tuple(field for field in fields if isinstance(field, kind))
