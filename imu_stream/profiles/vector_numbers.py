"""The three numbers of each sample, as sent <-> in SI along the sensor's axes."""

from collections.abc import Mapping
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


class VectorNumbers:
    """Reads and writes the numbers of one acc or gyr field."""

    def __init__(self, vectors: Vectors) -> None:
        number_type = NUMBER_TYPES[vectors.type]
        self._vectors = vectors
        self._whole = number_type.whole
        self._three_bytes = not number_type.code
        self.dtype: np.dtype[Any] = np.dtype("u1" if self._three_bytes else "<" + number_type.code)
        self.shape = (AXES, 3) if self._three_bytes else (AXES,)
        self.bytes_per_sample = AXES * number_type.size
        self._bits = 8 * number_type.size
        self._ordered = vectors.columns == (0, 1, 2)
        self._columns = list(vectors.columns)
        self.rescale(vectors.scale)

    def rescale(self, scale: float) -> None:
        """Take another scale, told by the device: SI value of the number 1."""
        signs = self._vectors.signs
        self._factor = scale if signs == (1, 1, 1) else scale * np.array(signs, dtype=np.float64)
        self._scale = scale
        self._limit = self._vectors.saturation * _TOLERANCE
        largest = NUMBER_TYPES[self._vectors.type].largest
        self._always_within = (largest + 1) * scale <= self._limit

    def block(self, message: bytes, offset: int, samples: int) -> Array:
        """Read the block of a packet that begins at `offset`; (samples, 3) SI.

        Raises:
            MalformedPacketError: a value that cannot be measured, or a damaged delta block.
        """
        if self._vectors.encoding is Encoding.POLAR_DELTA:
            return self.values(self._undelta(message[offset:]))
        shape = (samples, *self.shape)
        count = samples * AXES * (3 if self._three_bytes else 1)
        return self.values(np.frombuffer(message, self.dtype, count, offset).reshape(shape))

    def values(self, raw: Raw) -> Array:
        """Turn numbers as sent, (n, *shape), to SI along the sensor's axes, (n, 3).

        Raises:
            MalformedPacketError: a value that the sensor cannot measure.
        """
        numbers = _joined(raw) if self._three_bytes and raw.ndim == AXES else raw
        if not self._ordered:
            numbers = numbers[:, self._columns]
        if self._always_within:
            return np.multiply(numbers, self._factor, dtype=np.float64)
        # a device may send any bit pattern as a float: a signalling NaN is data, no warning
        with np.errstate(invalid="ignore", over="ignore"):
            values: Array = np.multiply(numbers, self._factor, dtype=np.float64)
            # written so that NaN fails it too
            if not np.abs(values).max(initial=0.0) <= self._limit:
                raise MalformedPacketError("a value that the sensor cannot measure")
        return values

    def raw(self, values: Array) -> Raw:
        """Turn SI values (n, 3) to numbers as sent: clipped, rounded, in the order of sending."""
        saturation = self._vectors.saturation
        sent = np.empty_like(values)
        signs = np.array(self._vectors.signs, dtype=np.float64)
        sent[:, self._columns] = np.clip(values, -saturation, saturation) / self._scale * signs
        if self._whole:
            sent = np.rint(sent)
        if self._three_bytes:
            return sent.astype("<i4").view("u1").reshape(-1, AXES, 4)[:, :, :3]
        return sent.astype(self.dtype)

    def encoded(self, values: Array) -> bytes:
        """Write SI values (n, 3) as a block."""
        raw = self.raw(values)
        if self._vectors.encoding is Encoding.PLAIN:
            return raw.tobytes()
        whole = raw if self._whole else raw.view("<i4")
        return write_deltas(np.asarray(whole, dtype=np.int64), self._bits)

    def _undelta(self, payload: bytes) -> Raw:
        numbers = read_deltas(payload, AXES, self._bits)
        return numbers if self._whole else numbers.astype("<i4").view("<f4")


def _joined(raw: Raw) -> Raw:
    """Three bytes each, (n, 3, 3), to signed numbers (n, 3)."""
    parts = raw.astype(np.int32)
    unsigned = parts[:, :, 0] | parts[:, :, 1] << 8 | parts[:, :, 2] << 16
    joined: NDArray[np.int32] = np.where(unsigned >= 1 << 23, unsigned - (1 << 24), unsigned)
    return joined


def given(arrays: Mapping[str, Array | None], quantity: str) -> Array:
    """Pick the array of a quantity; ValueError when the device measures it and none was given."""
    array = arrays[quantity]
    if array is None:
        raise ValueError(f"the device measures {quantity}, but none was given")
    return array
