"""Where the fields of a message of samples lie, once it is known how many samples it holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imu_stream.profiles.checksums import Checksum
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.packets import (
    Check,
    Constant,
    Counter,
    PacketField,
    Records,
    Ticks,
    Unused,
    Vectors,
)
from imu_stream.profiles.vector_numbers import AXES, VectorReader, VectorsPlace, vector_readers


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole number at its place."""

    offset: int
    size: int
    signed: bool
    step: int
    """From one sample to the next, bytes; 0 where it stands once."""

    def read(self, message: bytes, sample: int = 0) -> int:
        start = self.offset + sample * self.step
        return int.from_bytes(message[start : start + self.size], "little", signed=self.signed)


@dataclass(frozen=True, slots=True)
class MessagePlan:
    """How messages of one length are read."""

    samples: int
    constants: tuple[tuple[int, bytes], ...]
    checks: tuple[tuple[int, Checksum], ...]
    ticks: WholeNumber | None
    counter: WholeNumber | None
    readers: tuple[VectorReader, ...]

    def has_its_constants(self, message: bytes) -> bool:
        """Whether the bytes that are the same in every packet are so."""
        return not self.constants or all(message.startswith(c, at) for at, c in self.constants)

    def verify(self, message: bytes) -> None:
        """Compare constants and checksums; MalformedPacketError when one differs."""
        for offset, content in self.constants:
            if not message.startswith(content, offset):
                raise MalformedPacketError(f"byte {offset} is not {content.hex(' ')}")
        for offset, checksum in self.checks:
            if not message.startswith(checksum.compute(message[:offset]), offset):
                raise MalformedPacketError("the checksum is wrong")


def make_plan(fields: Sequence[PacketField], samples: int) -> MessagePlan:
    """Lay out a message with that many samples; what it begins with is compared elsewhere."""
    constants, checks, vectors = [], [], []
    ticks = counter = None
    for field, offset, step in _places(fields, samples):
        match field:
            case Constant(content) if offset:
                constants.append((offset, content))
            case Check(checksum):
                checks.append((offset, checksum))
            case Ticks(number_type):
                ticks = _whole_number(number_type, offset, step)
            case Counter(number_type):
                counter = _whole_number(number_type, offset, step)
            case Vectors():
                vectors.append(VectorsPlace(field, offset, step))
    readers = tuple(vector_readers(vectors, samples))
    return MessagePlan(samples, tuple(constants), tuple(checks), ticks, counter, readers)


def _places(fields: Sequence[PacketField], samples: int) -> Iterator[tuple[PacketField, int, int]]:
    """Give each field with its offset and the step from one sample to the next, bytes."""
    offset = 0
    for field in fields:
        length = field_length(field, 1)
        if isinstance(field, Records):
            for repeated, within, _ in _places(field.fields, 1):
                yield repeated, offset + within, length
        else:
            yield field, offset, length if isinstance(field, Vectors) else 0
        offset += field_length(field, samples)


def _whole_number(number_type: str, offset: int, step: int) -> WholeNumber:
    size, signed = NUMBER_TYPES[number_type].size, number_type.startswith("i")
    return WholeNumber(offset, size, signed, step)


def field_length(field: PacketField, samples: int) -> int:
    """Give the length of a field in a message with that many samples, bytes."""
    match field:
        case Constant(content):
            return len(content)
        case Ticks(number_type) | Counter(number_type):
            return NUMBER_TYPES[number_type].size
        case Vectors():
            return samples * AXES * NUMBER_TYPES[field.type].size
        case Records(fields):
            return samples * sum(field_length(each, 1) for each in fields)
        case Unused(length):
            return length
        case Check(checksum):
            return checksum.size
