"""The [[streams]] list: where samples come from, how they are framed, what a packet holds."""

from imu_stream.datatypes import GRAVITY
from imu_stream.profiles.loading_gatt import Gatt
from imu_stream.profiles.loading_steps import NamedBytes
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.schema import (
    Constant,
    Framing,
    Layout,
    Packet,
    PacketField,
    SampleCount,
    Stream,
    Ticks,
    Unused,
    Vectors,
    fields_of,
)
from imu_stream.profiles.toml_table import ProfileTable

_DEGREE = 0.017453292519943295
_UNITS = {
    "acc": {"m/s²": 1.0, "g": GRAVITY, "mg": GRAVITY / 1000},
    "gyr": {"rad/s": 1.0, "deg/s": _DEGREE},
}
_FIELD_KINDS = ("constant", "ticks", "acc", "gyr", "unused")
_TICK_TYPES = ("u16", "u32", "u64", "i64")
_VECTOR_TYPES = ("i8", "i16", "i32", "f32")


def read_stream(table: ProfileTable, gatt: Gatt, packet: Packet) -> Stream:
    """Read an entry of [[streams]], without its packets.

    Raises:
        ProfileError: something in it is wrong.
    """
    stream = Stream(
        name=table.text("name"),
        characteristic=gatt.uuid(table, "characteristic"),
        framing=table.choice("framing", Framing),
        ignored=table.patterns("ignored", {}) if table.has("ignored") else (),
    )
    table.tables("packets")
    table.finish()
    if stream.framing is Framing.MESSAGE_PARTS and not _names_its_stream(packet):
        raise table.error("framing", "message_parts needs packets that start with constant 02 xx")
    return stream


def read_packet(table: ProfileTable, named: NamedBytes) -> Packet:
    """Read an entry of [[streams.packets]] for one rate.

    Raises:
        ProfileError: something in it is wrong.
    """
    packet = Packet(
        layout=table.choice("layout", Layout),
        samples=table.choice("samples", SampleCount),
        fields=tuple(_read_field(row, named) for row in table.tables("fields")),
    )
    table.finish()
    _check_fields(table, packet)
    return packet


def _names_its_stream(packet: Packet) -> bool:
    """Whether packets start with the kind "data" (2) and a reference, as parts must repeat it."""
    first = packet.fields[0]
    return isinstance(first, Constant) and len(first.content) == 2 and first.content[0] == 2


def _check_fields(table: ProfileTable, packet: Packet) -> None:
    quantities = [vectors.quantity for vectors in fields_of(packet.fields, Vectors)]
    if quantities.count("acc") != 1 or quantities.count("gyr") > 1:
        raise table.error("fields", "need exactly one acc and at most one gyr")
    if len(fields_of(packet.fields, Ticks)) != 1:
        raise table.error("fields", "need exactly one ticks")


def _read_field(table: ProfileTable, named: NamedBytes) -> PacketField:
    kind = table.one_of("field", _FIELD_KINDS)
    field: PacketField
    if kind == "constant":
        field = Constant(table.byte_string("bytes", named))
    elif kind == "ticks":
        field = Ticks(table.one_of("type", _TICK_TYPES))
    elif kind == "unused":
        field = Unused(table.count("length", 512))
    else:
        field = _read_vectors(table, kind)
    table.finish()
    return field


def _read_vectors(table: ProfileTable, quantity: str) -> Vectors:
    number_type = table.one_of("type", _VECTOR_TYPES)
    units = _UNITS[quantity]
    unit = units[table.one_of("unit", list(units))]
    scale = table.positive("scale") * unit
    saturation = table.positive("saturation") * unit
    # a number type may end short of the nominal range: 16 g of 16 bit is 32767, not 32768 steps
    largest = NUMBER_TYPES[number_type].largest * scale
    return Vectors(quantity, number_type, scale, min(saturation, largest))
