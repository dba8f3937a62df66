"""What messages of samples hold, field by field: the vocabulary of [[streams]] in a profile."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from imu_stream.profiles.checksums import Checksum
from imu_stream.profiles.notation import BytePattern


class ClockMark(StrEnum):
    """Which sample of a packet the device's time stamp belongs to."""

    FIRST = "first"
    LAST = "last"
    EACH = "each"


class ClockCounts(StrEnum):
    """What one step of the device's counter stands for."""

    TIME = "time"
    SAMPLES = "samples"
    PACKETS = "packets"


class Framing(StrEnum):
    """How messages lie in notifications."""

    WHOLE = "whole"
    MESSAGE_PARTS = "message_parts"
    BYTE_STREAM = "byte_stream"
    CAPTURE2GO_PACKAGES = "capture2go_packages"


class SampleCount(StrEnum):
    """What says how many samples a packet holds."""

    FIXED = "fixed"
    FROM_LENGTH = "from_length"


class Encoding(StrEnum):
    """How the numbers of a block are written."""

    PLAIN = "plain"
    POLAR_DELTA = "polar_delta"


@dataclass(frozen=True, slots=True)
class Clock:
    """The device's own clock, as the packets of one kind carry it."""

    seconds_per_tick: float
    bits: int
    """The counter starts again at 2**bits."""
    mark: ClockMark


@dataclass(frozen=True, slots=True)
class Constant:
    """Bytes that are the same in every packet; those at its start tell its kind."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Ticks:
    """The device's time stamp, little-endian."""

    type: str
    """Number type: u8 to u64, or i64."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the packets of the stream, so that a lost one shows."""

    type: str
    """Number type: u8 to u64."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Three numbers for each sample, little-endian."""

    quantity: str
    """Either "acc" or "gyr"."""
    type: str
    """Number type: i8, i16, i24, i32 or f32."""
    scale: float
    """SI value (m/s², rad/s) of the number 1."""
    saturation: float
    """Largest value the device can report, SI."""
    columns: tuple[int, int, int] = (0, 1, 2)
    """Which of the three numbers is along the sensor's x, y and z axis."""
    signs: tuple[int, int, int] = (1, 1, 1)
    """-1 where that number counts against the axis."""
    encoding: Encoding = Encoding.PLAIN


@dataclass(frozen=True, slots=True)
class Unused:
    """Bytes we have no use for."""

    length: int


@dataclass(frozen=True, slots=True)
class Check:
    """A checksum of all bytes of the message before it."""

    checksum: Checksum


RecordField = Ticks | Vectors | Unused


@dataclass(frozen=True, slots=True)
class Records:
    """Sample after sample, each with all its fields."""

    fields: tuple[RecordField, ...]


PacketField = Constant | Ticks | Counter | Vectors | Unused | Records | Check


@dataclass(frozen=True, slots=True)
class Factor:
    """The device tells the scale of a packet's numbers when it is started (Polar)."""

    stream: str
    """Name under which the answer stands in a recording."""
    answer: BytePattern
    unit: float
    """SI value of the unit the factor is given in."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One kind of message with samples: its fields in order and its clock."""

    samples: SampleCount
    samples_per_packet: int
    """How many it usually holds; always, when `samples` is fixed."""
    fields: tuple[PacketField, ...]
    clock: Clock | None
    """None: the device sends no time."""
    factor: Factor | None = None
    alternatives: tuple["Packet", ...] = ()
    """What some devices of this kind send in its place; the virtual one does not."""

    @property
    def measures(self) -> frozenset[str]:
        """What its samples hold: "acc", "gyr"."""
        return frozenset(vectors.quantity for vectors in fields_of(self.fields, Vectors))


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A message of fixed length in a stream of bytes that carries no samples."""

    begins: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A characteristic that sends samples: how it is framed and which packets it sends."""

    name: str
    characteristic: str
    framing: Framing
    packets: tuple[Packet, ...]
    ignored: tuple[BytePattern, ...]
    """Messages that are in order but carry no samples."""
    other_messages: tuple[OtherMessage, ...] = ()
    """The same, where a stream of bytes has to be cut by length."""


_Kind = TypeVar("_Kind", Constant, Ticks, Counter, Vectors, Unused, Records, Check)


def flat(fields: Iterable[PacketField]) -> tuple[PacketField, ...]:
    """All fields, those inside records in their place."""
    parts = (field.fields if isinstance(field, Records) else (field,) for field in fields)
    return tuple(field for part in parts for field in part)


def fields_of(fields: Iterable[PacketField], kind: type[_Kind]) -> tuple[_Kind, ...]:
    """Pick the fields of one kind, in order, also out of records."""
    return tuple(field for field in flat(fields) if isinstance(field, kind))
