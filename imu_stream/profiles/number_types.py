"""Number types as devices send them, little-endian."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberType:
    """A number as it is sent."""

    code: str
    """Letter of the struct module; numpy uses the same."""
    size: int
    """Bytes."""
    largest: float
    """Largest value; the most negative one of a signed whole number is one further from zero."""
    whole: bool


NUMBER_TYPES = {
    "i8": NumberType("b", 1, 2.0**7 - 1, True),
    "i16": NumberType("h", 2, 2.0**15 - 1, True),
    "i32": NumberType("i", 4, 2.0**31 - 1, True),
    "f32": NumberType("f", 4, math.inf, False),
    "u16": NumberType("H", 2, 2.0**16 - 1, True),
    "u32": NumberType("I", 4, 2.0**32 - 1, True),
    "u64": NumberType("Q", 8, 2.0**64 - 1, True),
    "i64": NumberType("q", 8, 2.0**63 - 1, True),
}
