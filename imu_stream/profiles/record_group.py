"""Records: sample after sample, each with all its fields."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imu_stream.datatypes import Array
from imu_stream.profiles.number_types import NUMBER_TYPES, whole_bytes
from imu_stream.profiles.packets import RecordField, Records, Ticks, Unused, Vectors
from imu_stream.profiles.vector_numbers import VectorNumbers, given


class RecordGroup:
    """Reads and writes the records of a packet."""

    def __init__(self, records: Records, numbers: Mapping[str, VectorNumbers]) -> None:
        self._numbers = numbers
        self._quantities = [f.quantity for f in records.fields if isinstance(f, Vectors)]
        stamp = next((field for field in records.fields if isinstance(field, Ticks)), None)
        self._stamp_type = stamp.type if stamp else None
        self._dtype = np.dtype([_entry(k, f, numbers) for k, f in enumerate(records.fields)])

    def read(
        self, message: bytes, offset: int, samples: int
    ) -> tuple[Sequence[int], dict[str, Array]]:
        """Read the records that begin at `offset`: time stamps, if any, and arrays (n, 3) SI.

        Raises:
            MalformedPacketError: a value that cannot be measured.
        """
        rows = np.frombuffer(message, self._dtype, samples, offset)
        arrays = {each: self._numbers[each].values(rows[each]) for each in self._quantities}
        if self._stamp_type is None:
            return (), arrays
        signed = self._stamp_type.startswith("i")
        stamps = [int.from_bytes(row.tobytes(), "little", signed=signed) for row in rows["ticks"]]
        return stamps, arrays

    def write(self, ticks: Sequence[int], arrays: Mapping[str, Array | None]) -> bytes:
        """Write a record for each sample."""
        samples = max(len(array) for array in arrays.values() if array is not None)
        rows = np.zeros(samples, self._dtype)
        for each in self._quantities:
            rows[each] = self._numbers[each].raw(given(arrays, each))
        if self._stamp_type is not None:
            stamps = b"".join(whole_bytes(tick, self._stamp_type) for tick in ticks)
            rows["ticks"] = np.frombuffer(stamps, "u1").reshape(samples, -1)
        return rows.tobytes()


def record_length(records: Records) -> int:
    """Give the length of one record, bytes."""
    return sum(_field_length(field) for field in records.fields)


def _field_length(field: RecordField) -> int:
    match field:
        case Ticks(number_type):
            return NUMBER_TYPES[number_type].size
        case Vectors():
            return 3 * NUMBER_TYPES[field.type].size
        case Unused(length):
            return length


def _entry(
    place: int, field: RecordField, numbers: Mapping[str, VectorNumbers]
) -> tuple[str, Any, tuple[int, ...]]:
    match field:
        case Ticks():
            return "ticks", "u1", (_field_length(field),)
        case Vectors(quantity):
            return quantity, numbers[quantity].dtype, numbers[quantity].shape
        case Unused(length):
            return f"unused{place}", "u1", (length,)
