"""Checksums that a profile may name."""

import binascii
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Checksum(StrEnum):
    """A checksum by its name."""

    NEGATIVE_SUM = "negative_sum"
    """What makes the sum of all bytes, itself included, a multiple of 256."""
    CRC16_CCITT_FALSE = "crc16_ccitt_false"
    """Polynomial 0x1021, from 0xFFFF, nothing reflected: 0x29B1 for `123456789`."""
    CRC32 = "crc32"
    """That of zlib."""

    @property
    def size(self) -> int:
        """Bytes."""
        return _TABLE[self].size

    def compute(self, data: bytes) -> bytes:
        """Compute the checksum of `data`, little-endian."""
        return _TABLE[self].function(data).to_bytes(self.size, "little")


@dataclass(frozen=True, slots=True)
class _Definition:
    size: int
    function: Callable[[bytes], int]


_TABLE = {
    Checksum.NEGATIVE_SUM: _Definition(1, lambda data: -sum(data) & 0xFF),
    Checksum.CRC16_CCITT_FALSE: _Definition(2, lambda data: binascii.crc_hqx(data, 0xFFFF)),
    Checksum.CRC32: _Definition(4, zlib.crc32),
}
