"""The samples of one packet, and the message that is written from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from imu_stream.datatypes import Array
from imu_stream.profiles.number_types import whole_bytes
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
from imu_stream.profiles.vector_numbers import write_vectors

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, eq=False)
class PacketSamples:
    """What is written into a packet; None is what it has no field for."""

    ticks: int | None
    """Device clock of the marked sample."""
    counter: int | None
    """Packets sent before."""
    acc: Array | None
    """(n, 3) m/s²."""
    gyr: Array | None
    """(n, 3) rad/s."""


def write_message(
    fields: Sequence[PacketField], packet: PacketSamples, stamps: Sequence[int]
) -> bytes:
    """Write a message of samples.

    Args:
        fields: of the message.
        packet: what stands in them.
        stamps: device clock at each sample, for fields that repeat with it.

    Raises:
        ValueError: there is a field for something that was not given.
    """
    message = b""
    for field in fields:
        match field:
            case Records(repeated):
                for k, ticks in enumerate(stamps):
                    one = replace(
                        packet, ticks=ticks, acc=row(packet.acc, k), gyr=row(packet.gyr, k)
                    )
                    message += write_message(repeated, one, ())
            case Check(checksum):
                message += checksum.compute(message)
            case _:
                message += _content(field, packet)
    return message


def _content(field: Constant | Ticks | Counter | Vectors | Unused, packet: PacketSamples) -> bytes:
    match field:
        case Constant(content):
            return content
        case Ticks(number_type):
            return whole_bytes(_given(packet.ticks, "ticks"), number_type)
        case Counter(number_type):
            return whole_bytes(_given(packet.counter, "counter"), number_type)
        case Vectors("acc"):
            return write_vectors(field, _given(packet.acc, "acc"))
        case Vectors():
            return write_vectors(field, _given(packet.gyr, "gyr"))
        case Unused(length):
            return bytes(length)


def _given(value: _Value | None, what: str) -> _Value:
    if value is None:
        raise ValueError(f"the device sends {what}, but none was given")
    return value


def row(array: Array | None, number: int) -> Array | None:
    """One sample of several."""
    return None if array is None else array[number : number + 1]
