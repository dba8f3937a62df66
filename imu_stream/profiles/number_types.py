"""Number types as devices send them, little-endian."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberType:
    """A number as it is sent."""

    code: str
    """Letter of the struct module; numpy uses the same. None there has three bytes."""
    size: int
    """Bytes."""
    largest: float
    """Largest value; the most negative one of a signed whole number is one further from zero."""
    whole: bool


NUMBER_TYPES = {
    "i8": NumberType("b", 1, 2.0**7 - 1, True),
    "u8": NumberType("B", 1, 2.0**8 - 1, True),
    "i16": NumberType("h", 2, 2.0**15 - 1, True),
    "i24": NumberType("", 3, 2.0**23 - 1, True),
    "u24": NumberType("", 3, 2.0**24 - 1, True),
    "i32": NumberType("i", 4, 2.0**31 - 1, True),
    "f32": NumberType("f", 4, math.inf, False),
    "u16": NumberType("H", 2, 2.0**16 - 1, True),
    "u32": NumberType("I", 4, 2.0**32 - 1, True),
    "u64": NumberType("Q", 8, 2.0**64 - 1, True),
    "i64": NumberType("q", 8, 2.0**63 - 1, True),
}


def whole_bytes(number: int, number_type: str) -> bytes:
    """Write a counter; it starts again at its end, and the bits of i64 are those of u64."""
    size = NUMBER_TYPES[number_type].size
    return (number % (1 << 8 * size)).to_bytes(size, "little")
