"""The `fields` of a packet: what stands in it, and in which numbers."""

import re

from imu_stream.datatypes import GRAVITY
from imu_stream.profiles.checksums import Checksum
from imu_stream.profiles.loading_modes import Setting
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.packets import (
    Check,
    Constant,
    Counter,
    Encoding,
    PacketField,
    RecordField,
    Records,
    Ticks,
    Unused,
    Vectors,
    fields_of,
    flat,
)
from imu_stream.profiles.toml_table import ProfileTable

_DEGREE = 0.017453292519943295
UNITS = {
    "acc": {"m/s²": 1.0, "g": GRAVITY, "mg": GRAVITY / 1000},
    "gyr": {"rad/s": 1.0, "deg/s": _DEGREE},
}
_RANGE_UNITS = {"acc": GRAVITY, "gyr": _DEGREE}
_RECORD_KINDS = ("ticks", "acc", "gyr", "unused")
_FIELD_KINDS = (*_RECORD_KINDS, "constant", "counter", "records", "check")
_COUNTER_TYPES = ("u8", "u16", "u24", "u32", "u64")
_VECTOR_TYPES = ("i8", "i16", "i24", "i32", "f32")
_AXIS = re.compile("-?[xyz]")


def read_fields(packet: ProfileTable, setting: Setting) -> tuple[PacketField, ...]:
    """Read what stands in a packet of one mode.

    Raises:
        ProfileError: something in it is wrong.
    """
    fields = tuple(_read_field(row, setting) for row in packet.tables("fields"))
    _check(packet, fields)
    return fields


def fields_of_records(fields: tuple[PacketField, ...]) -> tuple[Records, ...]:
    """Pick the groups of records."""
    return tuple(field for field in fields if isinstance(field, Records))


def _check(table: ProfileTable, fields: tuple[PacketField, ...]) -> None:
    quantities = [vectors.quantity for vectors in fields_of(fields, Vectors)]
    if not quantities or len(set(quantities)) < len(quantities):
        raise table.error("fields", "need an acc or a gyr, and none of them twice")
    everything = (*fields_of_records(fields), *flat(fields))
    for kind in (Ticks, Counter, Check, Records):
        if sum(isinstance(each, kind) for each in everything) > 1:
            raise table.error("fields", f"have more than one {kind.__name__.lower()}")
    delta = delta_of(fields)
    if delta and (fields[-1] != delta[0] or len(quantities) > 1):
        raise table.error("fields", "polar_delta must be the last field and hold all samples")


def delta_of(fields: tuple[PacketField, ...]) -> list[Vectors]:
    """Pick the fields that are compressed."""
    return [v for v in fields_of(fields, Vectors) if v.encoding is not Encoding.PLAIN]


def _read_field(table: ProfileTable, setting: Setting) -> PacketField:
    kind = table.one_of("field", _FIELD_KINDS)
    field: PacketField
    if kind == "constant":
        field = Constant(table.byte_string("bytes", setting.named))
    elif kind == "counter":
        field = Counter(table.one_of("type", _COUNTER_TYPES))
    elif kind == "check":
        field = Check(table.choice("checksum", Checksum))
    elif kind == "records":
        field = Records(tuple(_read_record_field(row, setting) for row in table.tables("fields")))
    else:
        return _read_plain_field(table, kind, setting)
    table.finish()
    return field


def _read_record_field(table: ProfileTable, setting: Setting) -> RecordField:
    return _read_plain_field(table, table.one_of("field", _RECORD_KINDS), setting)


def _read_plain_field(table: ProfileTable, kind: str, setting: Setting) -> RecordField:
    field: RecordField
    if kind == "ticks":
        field = Ticks(table.one_of("type", (*_COUNTER_TYPES, "i64")))
    elif kind == "unused":
        field = Unused(table.count("length", 512))
    else:
        field = _read_vectors(table, kind, setting)
    table.finish()
    return field


def _read_vectors(table: ProfileTable, quantity: str, setting: Setting) -> Vectors:
    number_type = table.one_of("type", _VECTOR_TYPES)
    units = UNITS[quantity]
    unit = units[table.one_of("unit", list(units))]
    chosen = setting.range_of(quantity)
    if chosen is not None and chosen.scale is not None and not table.has("scale"):
        scale = chosen.scale * unit
    else:
        scale = table.positive("scale") * unit
    if chosen is not None:
        saturation = chosen.limit * _RANGE_UNITS[quantity]
    else:
        saturation = table.positive("saturation") * unit
    # a number type may end short of the nominal range: 16 g of 16 bit is 32767, not 32768 steps
    largest = NUMBER_TYPES[number_type].largest * scale
    columns, signs = _read_axes(table)
    encoding = table.choice("encoding", Encoding) if table.has("encoding") else Encoding.PLAIN
    limit = min(saturation, largest)
    return Vectors(quantity, number_type, scale, limit, columns, signs, encoding)


def _read_axes(table: ProfileTable) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The order and sign of the three numbers; left out: x, y, z."""
    if not table.has("axes"):
        return (0, 1, 2), (1, 1, 1)
    axes = table.texts("axes")
    if not all(map(_AXIS.fullmatch, axes)) or sorted(axis[-1] for axis in axes) != list("xyz"):
        raise table.error("axes", "need x, y and z in any order, each with or without a minus")
    x, y, z = (next(k for k, axis in enumerate(axes) if axis[-1] == name) for name in "xyz")
    sign_x, sign_y, sign_z = (-1 if axes[k][0] == "-" else 1 for k in (x, y, z))
    return (x, y, z), (sign_x, sign_y, sign_z)
