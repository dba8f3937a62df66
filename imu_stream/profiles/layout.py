"""Where the fields of a message of samples lie: a message <-> time stamp, counter and arrays.

In blocks (all accelerations of a packet, all angular rates) or in records (sample after
sample); every other field has a fixed length. Little-endian throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from imu_stream.datatypes import Array
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.number_types import NUMBER_TYPES, whole_bytes
from imu_stream.profiles.packets import (
    Check,
    Constant,
    Counter,
    Encoding,
    Packet,
    PacketField,
    Records,
    SampleCount,
    Ticks,
    Unused,
    Vectors,
    fields_of,
)
from imu_stream.profiles.record_group import RecordGroup, record_length
from imu_stream.profiles.vector_numbers import VectorNumbers, given


@dataclass(frozen=True, slots=True, eq=False)
class PacketSamples:
    """What a message of samples says, or one sample of it that has its own time stamp."""

    ticks: int | None
    """None: the packet carries no time."""
    counter: int | None
    acc: Array | None
    """(n, 3) m/s²; None when the packet has only angular rates."""
    gyr: Array | None
    """(n, 3) rad/s."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """A whole number at its place."""

    offset: int
    size: int
    signed: bool

    def read(self, message: bytes) -> int:
        part = message[self.offset : self.offset + self.size]
        return int.from_bytes(part, "little", signed=self.signed)


@dataclass(slots=True)
class _Plan:
    """All offsets of a message with a certain number of samples."""

    constants: list[tuple[int, bytes]]
    checks: list[tuple[int, Check]]
    blocks: list[tuple[int, Vectors]]
    records: int | None = None
    ticks: _Whole | None = None
    counter: _Whole | None = None


class PacketLayout:
    """Reads and writes messages of one packet kind.

    Attributes:
        prefix: the constant bytes a message starts with; they tell its kind.
        samples_per_packet: how many samples a message usually holds (always, if fixed).
    """

    def __init__(self, packet: Packet) -> None:
        first = packet.fields[0]
        self.prefix = first.content if isinstance(first, Constant) else b""
        self.samples_per_packet = packet.samples_per_packet
        self._packet = packet
        vectors = fields_of(packet.fields, Vectors)
        self._numbers = {each.quantity: VectorNumbers(each) for each in vectors}
        groups = [field for field in packet.fields if isinstance(field, Records)]
        self._group = RecordGroup(groups[0], self._numbers) if groups else None
        self._delta = any(each.encoding is not Encoding.PLAIN for each in vectors)
        self._fixed = sum(_length(field, 0) for field in packet.fields)
        self._per_sample = sum(_length(field, 1) for field in packet.fields) - self._fixed
        self._plans: dict[int, _Plan] = {}

    @property
    def fixed_count(self) -> bool:
        """Whether every message holds `samples_per_packet` samples."""
        return self._packet.samples is SampleCount.FIXED

    def rescale(self, scale: float) -> None:
        """Take the scale the device has told: SI value of the number 1."""
        for numbers in self._numbers.values():
            numbers.rescale(scale)

    def length(self, samples: int) -> int:
        """Give the length of a message with that many samples, bytes; the longest it can have."""
        return self._fixed + samples * self._per_sample + 2 * samples * self._delta

    def sample_count(self, length: int) -> int | None:
        """Give how many samples a message of this length holds; None if there is no such.

        A delta-compressed message says it only when it is read: 0.
        """
        if self._delta:
            return 0 if length > self._fixed else None
        samples, rest = divmod(length - self._fixed, self._per_sample)
        if rest or samples < 1 or (self.fixed_count and samples != self.samples_per_packet):
            return None
        return samples

    def read(self, message: bytes) -> Sequence[PacketSamples]:
        """Read a message: as a whole, or sample by sample when each has its time stamp.

        Raises:
            MalformedPacketError: wrong length, a constant or checksum that differs, or an
                impossible value.
        """
        samples = self.sample_count(len(message))
        if samples is None:
            raise MalformedPacketError(f"no message of samples has {len(message)} bytes")
        plan = self._plans.get(samples) or self._make_plan(samples)
        _verify(plan, message)
        counter = None if plan.counter is None else plan.counter.read(message)
        if self._group is not None and plan.records is not None:
            stamps, arrays = self._group.read(message, plan.records, samples)
        else:
            stamps, arrays = (), {}
        for offset, vectors in plan.blocks:
            numbers = self._numbers[vectors.quantity]
            arrays[vectors.quantity] = numbers.block(message, offset, samples)
        acc, gyr = arrays.get("acc"), arrays.get("gyr")
        if stamps:
            return [
                PacketSamples(ticks, counter, _row(acc, k), _row(gyr, k))
                for k, ticks in enumerate(stamps)
            ]
        ticks = None if plan.ticks is None else plan.ticks.read(message)
        return (PacketSamples(ticks, counter, acc, gyr),)

    def write(self, ticks: Sequence[int], counter: int, acc: Array, gyr: Array | None) -> bytes:
        """Write a message: clipped to the device's range and rounded to its steps.

        Args:
            ticks: device clock at each sample where each has its stamp, else of the marked one.
            counter: packets sent before.
            acc: (n, 3) m/s².
            gyr: (n, 3) rad/s.
        """
        arrays = {"acc": acc, "gyr": gyr}
        message = b""
        for field in self._packet.fields:
            match field:
                case Constant(content):
                    message += content
                case Ticks(number_type):
                    message += whole_bytes(ticks[0], number_type)
                case Counter(number_type):
                    message += whole_bytes(counter, number_type)
                case Vectors(quantity):
                    message += self._numbers[quantity].encoded(given(arrays, quantity))
                case Unused(length):
                    message += bytes(length)
                case Records() if self._group is not None:
                    message += self._group.write(ticks, arrays)
                case Check(checksum):
                    message += checksum.compute(message)
        return message

    def _make_plan(self, samples: int) -> _Plan:
        plan = _Plan([], [], [])
        offset = 0
        for field in self._packet.fields:
            match field:
                case Constant(content):
                    plan.constants.append((offset, content))
                case Ticks(number_type):
                    size = NUMBER_TYPES[number_type].size
                    plan.ticks = _Whole(offset, size, number_type.startswith("i"))
                case Counter(number_type):
                    plan.counter = _Whole(offset, NUMBER_TYPES[number_type].size, False)
                case Vectors():
                    plan.blocks.append((offset, field))
                case Records():
                    plan.records = offset
                case Check():
                    plan.checks.append((offset, field))
            offset += _length(field, samples)
        self._plans[samples] = plan
        return plan


def _verify(plan: _Plan, message: bytes) -> None:
    for offset, content in plan.constants:
        if not message.startswith(content, offset):
            raise MalformedPacketError(f"byte {offset} is not {content.hex(' ')}")
    for offset, check in plan.checks:
        if not message.startswith(check.checksum.compute(message[:offset]), offset):
            raise MalformedPacketError("the checksum is wrong")


def _length(field: PacketField, samples: int) -> int:
    match field:
        case Constant(content):
            return len(content)
        case Ticks(number_type) | Counter(number_type):
            return NUMBER_TYPES[number_type].size
        case Vectors():
            return samples * 3 * NUMBER_TYPES[field.type].size
        case Records():
            return samples * record_length(field)
        case Unused(length):
            return length
        case Check(checksum):
            return checksum.size


def _row(array: Array | None, row: int) -> Array | None:
    return None if array is None else array[row : row + 1]
