"""Where the fields of a message of samples lie: a message <-> time stamp and arrays.

In blocks: all accelerations of a packet together, all angular rates together, each
x y z x y z …; every other field has a fixed length. Little-endian throughout.
"""

import struct
from dataclasses import dataclass

import numpy as np

from imu_stream.datatypes import Array
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.schema import (
    Constant,
    Packet,
    PacketField,
    SampleCount,
    Ticks,
    Unused,
    Vectors,
    fields_of,
)

_AXES = 3
_TOLERANCE = 1.5
"""A value may lie a little beyond the saturation: devices calibrate what they read."""


class MalformedPacketError(ValueError):
    """A message that is not as its layout says; never leaves this package."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketSamples:
    """What one message of samples says."""

    ticks: int
    acc: Array
    """(n, 3) m/s²."""
    gyr: Array | None
    """(n, 3) rad/s."""


@dataclass(frozen=True, slots=True)
class _Block:
    offset: int
    dtype: np.dtype[np.generic]
    numbers: int
    scale: float
    limit: float
    """Larger values cannot be measured."""

    def read(self, message: bytes) -> Array:
        raw = np.frombuffer(message, self.dtype, self.numbers, self.offset)
        # a device may send any bit pattern as a float: a signalling NaN is data, no warning
        with np.errstate(invalid="ignore"):
            values = np.multiply(raw, self.scale, dtype=np.float64)
            # written so that NaN fails it too
            if not np.abs(values).max(initial=0.0) <= self.limit:
                raise MalformedPacketError("a value that the sensor cannot measure")
        return values.reshape(-1, _AXES)


@dataclass(frozen=True, slots=True)
class _Plan:
    """All offsets of a message with a certain number of samples."""

    constants: tuple[tuple[int, bytes], ...]
    ticks: struct.Struct
    ticks_offset: int
    acc: _Block
    gyr: _Block | None


class PacketLayout:
    """Reads and writes messages of one packet kind.

    Attributes:
        prefix: the constant bytes a message starts with; they tell its kind.
        samples_per_packet: how many samples a message usually holds (always, if fixed).
    """

    def __init__(self, packet: Packet, samples_per_packet: int) -> None:
        first = packet.fields[0]
        self.prefix = first.content if isinstance(first, Constant) else b""
        self.samples_per_packet = samples_per_packet
        self._packet = packet
        self._per_sample = sum(
            _AXES * NUMBER_TYPES[v.type].size for v in fields_of(packet.fields, Vectors)
        )
        self._fixed = sum(_field_length(field, 0) for field in packet.fields)
        self._plans: dict[int, _Plan] = {}

    @property
    def fixed_count(self) -> bool:
        """Whether every message holds `samples_per_packet` samples."""
        return self._packet.samples is SampleCount.FIXED

    def length(self, samples: int) -> int:
        """Give the length of a message with that many samples, bytes."""
        return self._fixed + samples * self._per_sample

    def sample_count(self, length: int) -> int | None:
        """Give how many samples a message of this length holds; None if there is no such."""
        samples, rest = divmod(length - self._fixed, self._per_sample)
        if rest or samples < 1 or (self.fixed_count and samples != self.samples_per_packet):
            return None
        return samples

    def read(self, message: bytes) -> PacketSamples:
        """Read a message.

        Raises:
            MalformedPacketError: wrong length, a constant that differs, or an impossible value.
        """
        samples = self.sample_count(len(message))
        if samples is None:
            raise MalformedPacketError(f"no message of samples has {len(message)} bytes")
        plan = self._plans.get(samples) or self._make_plan(samples)
        for offset, content in plan.constants:
            if not message.startswith(content, offset):
                raise MalformedPacketError(f"byte {offset} is not {content.hex(' ')}")
        (ticks,) = plan.ticks.unpack_from(message, plan.ticks_offset)
        acc = plan.acc.read(message)
        gyr = None if plan.gyr is None else plan.gyr.read(message)
        return PacketSamples(ticks, acc, gyr)

    def write(self, ticks: int, acc: Array, gyr: Array | None) -> bytes:
        """Write a message: clipped to the device's range and rounded to its steps."""
        arrays = {"acc": acc, "gyr": gyr}
        return b"".join(_write_field(field, ticks, arrays) for field in self._packet.fields)

    def _make_plan(self, samples: int) -> _Plan:
        offset = 0
        constants, blocks = [], {}
        for field in self._packet.fields:
            if isinstance(field, Constant):
                constants.append((offset, field.content))
            elif isinstance(field, Ticks):
                ticks, ticks_offset = struct.Struct("<" + NUMBER_TYPES[field.type].code), offset
            elif isinstance(field, Vectors):
                dtype = _dtype(field)
                limit = field.saturation * _TOLERANCE
                numbers = _AXES * samples
                block = _Block(offset, dtype, numbers, field.scale, limit)
                blocks[field.quantity] = block
            offset += _field_length(field, samples)
        plan = _Plan(tuple(constants), ticks, ticks_offset, blocks["acc"], blocks.get("gyr"))
        self._plans[samples] = plan
        return plan


def _field_length(field: PacketField, samples: int) -> int:
    match field:
        case Constant(content):
            return len(content)
        case Ticks(number_type):
            return NUMBER_TYPES[number_type].size
        case Vectors():
            return samples * _AXES * NUMBER_TYPES[field.type].size
        case Unused(length):
            return length


def _write_field(field: PacketField, ticks: int, arrays: dict[str, Array | None]) -> bytes:
    match field:
        case Constant(content):
            return content
        case Ticks(number_type):
            size = NUMBER_TYPES[number_type].size
            # the counter starts again, and the bits of i64 are those of u64
            return (ticks % (1 << 8 * size)).to_bytes(size, "little")
        case Vectors():
            array = arrays[field.quantity]
            if array is None:
                raise ValueError(f"the device measures {field.quantity}, but none was given")
            return _quantise(array, field)
        case Unused(length):
            return bytes(length)


def _quantise(array: Array, field: Vectors) -> bytes:
    limited = np.clip(array, -field.saturation, field.saturation) / field.scale
    if NUMBER_TYPES[field.type].whole:
        limited = np.rint(limited)
    return limited.astype(_dtype(field)).tobytes()


def _dtype(field: Vectors) -> np.dtype[np.generic]:
    return np.dtype("<" + NUMBER_TYPES[field.type].code)
