"""The [[streams]] list: where samples come from, how they are framed, what a packet holds."""

import re

from imu_stream.datatypes import GRAVITY
from imu_stream.profiles.checksums import Checksum
from imu_stream.profiles.loading_gatt import Gatt
from imu_stream.profiles.loading_modes import Setting
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.packets import (
    Check,
    Clock,
    ClockCounts,
    ClockMark,
    Constant,
    Counter,
    Encoding,
    Factor,
    Framing,
    OtherMessage,
    Packet,
    PacketField,
    RecordField,
    Records,
    SampleCount,
    Stream,
    Ticks,
    Unused,
    Vectors,
    fields_of,
    flat,
)
from imu_stream.profiles.toml_table import ProfileTable

_DEGREE = 0.017453292519943295
_UNITS = {
    "acc": {"m/s²": 1.0, "g": GRAVITY, "mg": GRAVITY / 1000},
    "gyr": {"rad/s": 1.0, "deg/s": _DEGREE},
}
_RANGE_UNITS = {"acc": GRAVITY, "gyr": _DEGREE}
_RECORD_KINDS = ("ticks", "acc", "gyr", "unused")
_FIELD_KINDS = (*_RECORD_KINDS, "constant", "counter", "records", "check")
_COUNTER_TYPES = ("u8", "u16", "u24", "u32", "u64")
_VECTOR_TYPES = ("i8", "i16", "i24", "i32", "f32")
_AXIS = re.compile("-?[xyz]")


def read_streams(top: ProfileTable, gatt: Gatt, setting: Setting) -> tuple[Stream, ...]:
    """Read [[streams]] for one mode.

    Raises:
        ProfileError: something in it is wrong.
    """
    tables = top.tables("streams")
    streams = tuple(_read_stream(table, top, gatt, setting) for table in tables)
    if len({stream.name for stream in streams}) < len(streams):
        raise top.error("streams", "has a name twice")
    if len({stream.characteristic for stream in streams}) < len(streams):
        raise top.error("streams", "has a characteristic twice; put its packets into one stream")
    measured = [q for stream in streams for packet in stream.packets for q in packet.measures]
    if "acc" not in measured:
        raise top.error("streams", f"have no acc field at {setting.hz:g} Hz")
    return streams


def _read_stream(table: ProfileTable, top: ProfileTable, gatt: Gatt, setting: Setting) -> Stream:
    stream = Stream(
        name=table.text("name"),
        characteristic=gatt.uuid(table, "characteristic"),
        framing=table.choice("framing", Framing),
        packets=tuple(
            _read_packet(row, top, gatt, setting)
            for row in table.tables("packets")
            if at_rate(row, top, setting)
        ),
        ignored=table.patterns("ignored", {}) if table.has("ignored") else (),
        other_messages=_read_other_messages(table),
    )
    table.finish()
    if not stream.packets:
        raise table.error("packets", f"has none at {setting.hz:g} Hz")
    if stream.framing is Framing.MESSAGE_PARTS and not _names_its_stream(stream):
        raise table.error("framing", "message_parts needs one packet that begins with 02 xx")
    if stream.framing is Framing.BYTE_STREAM and not _can_be_cut(stream):
        need = "byte_stream needs packets of fixed length that begin with the same constant"
        raise table.error("framing", need)
    return stream


def _read_other_messages(table: ProfileTable) -> tuple[OtherMessage, ...]:
    others = []
    for row in table.tables("other_messages") if table.has("other_messages") else ():
        other = OtherMessage(row.byte_string("begins", {}), row.count("length", 512))
        if len(other.begins) > other.length:
            raise row.error("length", "is shorter than what the message begins with")
        others.append(other)
        row.finish()
    return tuple(others)


def at_rate(row: ProfileTable, top: ProfileTable, setting: Setting) -> bool:
    """Whether an entry holds at this rate: always, unless it lists `only_at_hz`.

    Raises:
        ProfileError: it lists a rate that there is not.
    """
    if not row.has("only_at_hz"):
        return True
    wanted = row.positives("only_at_hz")
    known = {rate.positive("hz") for rate in top.tables("rates")}
    if unknown := sorted(set(wanted) - known):
        raise row.error("only_at_hz", f"has {unknown[0]:g}, which is not in [[rates]]")
    return setting.hz in wanted


def _read_packet(table: ProfileTable, top: ProfileTable, gatt: Gatt, setting: Setting) -> Packet:
    fields = tuple(_read_field(row, setting) for row in table.tables("fields"))
    _check_fields(table, fields)
    samples = _read_samples_per_packet(table, setting)
    packet = Packet(
        samples=table.choice("samples", SampleCount),
        samples_per_packet=samples,
        fields=fields,
        clock=_read_clock(table, top, fields, samples, setting),
        factor=_read_factor(table.table("factor"), gatt, fields) if table.has("factor") else None,
    )
    table.finish()
    if packet.samples is SampleCount.FIXED and _delta_of(fields):
        raise table.error("samples", "is 'fixed', but polar_delta says itself how many there are")
    return packet


def _read_samples_per_packet(table: ProfileTable, setting: Setting) -> int:
    if table.has("samples_per_packet") or setting.samples_per_packet is None:
        return table.count("samples_per_packet", 1000)
    return setting.samples_per_packet


def _read_clock(
    packet: ProfileTable,
    top: ProfileTable,
    fields: tuple[PacketField, ...],
    samples: int,
    setting: Setting,
) -> Clock | None:
    ticks = fields_of(fields, Ticks)
    if not ticks:
        return None
    table = (packet if packet.has("clock") else top).table("clock")
    counts = table.choice("counts", ClockCounts) if table.has("counts") else ClockCounts.TIME
    seconds = {ClockCounts.SAMPLES: 1 / setting.hz, ClockCounts.PACKETS: samples / setting.hz}
    clock = Clock(
        seconds_per_tick=seconds.get(counts) or table.positive("seconds_per_tick"),
        bits=8 * NUMBER_TYPES[ticks[0].type].size,
        mark=table.choice("mark", ClockMark),
    )
    table.finish()
    each = any(fields_of(group.fields, Ticks) for group in fields_of_records(fields))
    if (clock.mark is ClockMark.EACH) is not each:
        raise table.error("mark", "is 'each' if and only if ticks stand inside records")
    return clock


def fields_of_records(fields: tuple[PacketField, ...]) -> tuple[Records, ...]:
    """Pick the groups of records."""
    return tuple(field for field in fields if isinstance(field, Records))


def _read_factor(table: ProfileTable, gatt: Gatt, fields: tuple[PacketField, ...]) -> Factor:
    units = _UNITS[fields_of(fields, Vectors)[0].quantity]
    factor = Factor(
        stream=gatt.uuid(table, "on"),
        answer=table.pattern("begins", {}),
        unit=units[table.one_of("unit", list(units))],
    )
    table.finish()
    return factor


def _names_its_stream(stream: Stream) -> bool:
    """Whether packets start with the kind "data" (2) and a reference, as parts must repeat it."""
    first = stream.packets[0].fields[0] if len(stream.packets) == 1 else None
    return isinstance(first, Constant) and len(first.content) == 2 and first.content[0] == 2


def _can_be_cut(stream: Stream) -> bool:
    """Whether messages can be cut out of a stream of bytes: see `ByteStream`."""
    firsts = {packet.fields[0] for packet in stream.packets}
    fixed = all(packet.samples is SampleCount.FIXED for packet in stream.packets)
    return fixed and len(firsts) == 1 and isinstance(firsts.pop(), Constant)


def _check_fields(table: ProfileTable, fields: tuple[PacketField, ...]) -> None:
    quantities = [vectors.quantity for vectors in fields_of(fields, Vectors)]
    if not quantities or len(set(quantities)) < len(quantities):
        raise table.error("fields", "need an acc or a gyr, and none of them twice")
    for kind in (Ticks, Counter, Check, Records):
        if sum(isinstance(field, kind) for field in _with_groups(fields)) > 1:
            raise table.error("fields", f"have more than one {kind.__name__.lower()}")
    delta = _delta_of(fields)
    if delta and (fields[-1] != delta[0] or len(quantities) > 1):
        raise table.error("fields", "polar_delta must be the last field and hold all samples")


def _delta_of(fields: tuple[PacketField, ...]) -> list[Vectors]:
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
    units = _UNITS[quantity]
    unit = units[table.one_of("unit", list(units))]
    chosen = setting.range_of(quantity)
    if chosen is not None and chosen.scale is not None:
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
