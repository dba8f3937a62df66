"""The three numbers of each sample, as sent <-> in SI along the sensor's axes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import Array
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.packets import Encoding, Vectors
from imu_stream.profiles.polar_delta import read_deltas, write_deltas

AXES = 3
_TOLERANCE = 1.5
"""A value may lie a little beyond the saturation: devices calibrate what they read."""

Raw = NDArray[Any]


@dataclass(frozen=True, slots=True)
class VectorsPlace:
    """Where the numbers of one field lie in a message."""

    vectors: Vectors
    offset: int
    """Of the first sample, bytes."""
    step: int
    """From one sample to the next, bytes."""


def vector_readers(places: Iterable[VectorsPlace], samples: int) -> "list[VectorReader]":
    """Make what reads these fields from messages of that many samples."""
    alike: dict[tuple[object, ...], list[VectorsPlace]] = {}
    for place in places:
        vectors = place.vectors
        key = (vectors.type, vectors.columns, vectors.encoding, place.step)
        alike.setdefault(key, []).append(place)
    return [VectorReader(group, samples) for group in alike.values()]


class VectorReader:
    """Reads fields that differ in their scale alone, all in one go.

    Most messages hold few samples, so that the number of calls is what reading costs.

    Attributes:
        acc: which of the arrays holds accelerations; None if none does.
        gyr: the same of angular rates.
    """

    def __init__(self, places: Sequence[VectorsPlace], samples: int) -> None:
        fields = [place.vectors for place in places]
        first = fields[0]
        number_type = NUMBER_TYPES[first.type]
        rows = {vectors.quantity: row for row, vectors in enumerate(fields)}
        self.acc, self.gyr = rows.get("acc"), rows.get("gyr")
        self._offset = places[0].offset
        self._delta_bits = 8 * number_type.size if first.encoding is Encoding.POLAR_DELTA else 0
        self._three_bytes = not number_type.code
        self._dtype = np.dtype("<" + (number_type.code or "i4"))
        self._shape = (len(places), samples, AXES)
        apart = places[-1].offset - self._offset
        self._strides = (apart, places[0].step, number_type.size)
        self._columns = None if first.columns == (0, 1, 2) else first.columns
        self._factor = np.array([[np.multiply(v.signs, v.scale)] for v in fields])
        self._plain = not self._delta_bits and not self._three_bytes
        limits = (v.saturation * _TOLERANCE / v.scale for v in fields)
        self._limits = [(k, most) for k, most in enumerate(limits) if most <= number_type.largest]

    def read(self, message: bytes) -> Array:
        """Read the arrays of all quantities: (quantities, samples, 3) SI.

        Raises:
            MalformedPacketError: a value that cannot be measured, or a damaged delta block.
        """
        if self._plain:
            numbers = np.ndarray(self._shape, self._dtype, message, self._offset, self._strides)
        else:
            numbers = self._unpacked(message)
        for k, most in self._limits:
            _check(numbers[k], most)
        if self._columns is not None:
            numbers = numbers.take(self._columns, axis=-1)
        values: Array = numbers.astype(np.float64, order="C")
        values *= self._factor
        return values

    def _unpacked(self, message: bytes) -> Raw:
        """Numbers of three bytes, or compressed ones, in the order of sending."""
        if self._delta_bits:
            return _undelta(message[self._offset :], self._delta_bits, self._dtype)[np.newaxis]
        # read as four bytes, the lowest of which is whatever stands before
        wide: NDArray[np.int32] = np.ndarray(
            self._shape, self._dtype, b"\0" + message, self._offset, self._strides
        )
        return wide >> 8


def _check(numbers: Raw, most: float) -> None:
    """Object to numbers that are larger than a sensor can mean, or none."""
    # As numbers of Python: of a few it is faster, and a signalling NaN gives no warning. None is
    # larger than all together, which are NaN or infinite if one of them is.
    sent = numbers.ravel().tolist()
    if not (math.hypot(*sent) <= most or all(abs(number) <= most for number in sent)):
        raise MalformedPacketError("a value that the sensor cannot measure")


def write_vectors(vectors: Vectors, values: Array) -> bytes:
    """Write SI values (n, 3): clipped, rounded, in the order of sending."""
    number_type = NUMBER_TYPES[vectors.type]
    sent = np.empty_like(values)
    limited = np.clip(values, -vectors.saturation, vectors.saturation)
    sent[:, list(vectors.columns)] = limited / np.multiply(vectors.signs, vectors.scale)
    whole = np.rint(sent).astype("<i4") if number_type.whole else sent.astype("<f4").view("<i4")
    if vectors.encoding is Encoding.POLAR_DELTA:
        return write_deltas(whole.astype(np.int64), 8 * number_type.size)
    return whole.view("u1").reshape(-1, 4)[:, : number_type.size].tobytes()


def _undelta(payload: bytes, bits: int, dtype: np.dtype[Any]) -> Raw:
    numbers = read_deltas(payload, AXES, bits)
    return numbers.astype("<i4").view("<f4") if dtype.kind == "f" else numbers
