"""Delta frames of Polar sensors: a first sample, then blocks of differences to the one before.

A block is `width u8, count u8`, then `count` samples of `width` bits a number, channel after
channel, least significant bit first; it ends on a whole byte.
"""

import numpy as np
from numpy.typing import NDArray

from imu_stream.profiles.malformed import MalformedPacketError

_BLOCK_HEAD = 2
_WIDEST = 32
"""Bits of a difference."""
_SAMPLES_A_BLOCK = 30


def read_deltas(payload: bytes, channels: int, bits: int) -> NDArray[np.int64]:
    """Read the samples of a frame whose numbers have 16, 24 or 32 bits: (n, channels).

    Sums run over as they do in a register of `bits` bits. A block of width 0 holds no sample,
    whatever its count, as in Polar's own decoder.

    Raises:
        MalformedPacketError: the frame ends inside a sample or block, or a block is too wide.
    """
    size = bits // 8
    at = channels * size
    if len(payload) < at:
        raise MalformedPacketError("a delta frame without its first sample")
    # whole numbers of Python throughout: for frames of a few samples much faster than numpy
    numbers = [_signed(payload[k : k + size]) for k in range(0, at, size)]
    while at < len(payload):
        differences, at = _read_block(payload, at, channels, bits)
        numbers += differences
    half = 1 << (bits - 1)
    mask = 2 * half - 1
    for k in range(channels, len(numbers)):
        numbers[k] = ((numbers[k - channels] + numbers[k] + half) & mask) - half
    return np.array(numbers, np.int64).reshape(-1, channels)


def _signed(number: bytes) -> int:
    return int.from_bytes(number, "little", signed=True)


def _read_block(payload: bytes, at: int, channels: int, bits: int) -> tuple[list[int], int]:
    """Give the differences of the block at `at`, and where the next one begins."""
    start = at + _BLOCK_HEAD
    if start > len(payload):
        raise MalformedPacketError("a delta frame that ends inside the head of a block")
    width, count = payload[at], payload[at + 1]
    # two numbers of 16 bits can lie 17 bits apart, and Polar's own reader takes that
    if width > _WIDEST:
        raise MalformedPacketError(f"differences of {width} bits between numbers")
    total = width * count * channels
    end = start + (total + 7) // 8
    if end > len(payload):
        raise MalformedPacketError("a delta frame that ends inside a block")
    if not width:
        return [], end
    block = int.from_bytes(payload[start:end], "little")
    sign = 1 << (width - 1)
    mask = 2 * sign - 1
    return [((block >> k & mask) ^ sign) - sign for k in range(0, total, width)], end


def write_deltas(values: NDArray[np.int64], bits: int) -> bytes:
    """Write the frame of (n, channels) samples, n > 0, as 16, 24 or 32 bit numbers.

    Raises:
        ValueError: no sample, or a number that needs more bits.
    """
    half = 1 << (bits - 1)
    if not len(values) or values.min() < -half or values.max() >= half:
        raise ValueError(f"not samples of {bits} bits")
    first = b"".join(
        number.to_bytes(bits // 8, "little", signed=True) for number in values[0].tolist()
    )
    # the shortest way round, as sums run over
    differences = ((np.diff(values, axis=0) + half) & (2 * half - 1)) - half
    starts = range(0, len(differences), _SAMPLES_A_BLOCK)
    return first + b"".join(_write_block(differences[k : k + _SAMPLES_A_BLOCK]) for k in starts)


def _write_block(differences: NDArray[np.int64]) -> bytes:
    numbers: list[int] = differences.ravel().tolist()
    # a negative number needs as many bits as the one that is left when its bits are turned
    width = 1 + max((number ^ (number >> 63)).bit_length() for number in numbers)
    mask = (1 << width) - 1
    block = sum((number & mask) << (k * width) for k, number in enumerate(numbers))
    content = block.to_bytes((width * len(numbers) + 7) // 8, "little")
    return bytes([width, len(differences)]) + content
