"""The [[streams]] list: where samples come from, how they are framed, what a packet holds."""

from imu_stream.profiles.loading_fields import UNITS, delta_of, fields_of_records, read_fields
from imu_stream.profiles.loading_gatt import Gatt
from imu_stream.profiles.loading_modes import Setting
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.packets import (
    Clock,
    ClockCounts,
    ClockMark,
    Constant,
    Factor,
    Framing,
    OtherMessage,
    Packet,
    PacketField,
    SampleCount,
    Stream,
    Ticks,
    Vectors,
    fields_of,
)
from imu_stream.profiles.toml_table import ProfileTable


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
    fields = read_fields(table, setting)
    samples = _read_samples_per_packet(table, setting)
    packet = Packet(
        samples=table.choice("samples", SampleCount),
        samples_per_packet=samples,
        fields=fields,
        clock=_read_clock(table, top, fields, samples, setting),
        factor=_read_factor(table.table("factor"), gatt, fields) if table.has("factor") else None,
        alternatives=tuple(
            _read_packet(row, top, gatt, setting)
            for row in (table.tables("alternatives") if table.has("alternatives") else ())
        ),
    )
    table.finish()
    if packet.samples is SampleCount.FIXED and delta_of(fields):
        raise table.error("samples", "is 'fixed', but polar_delta says itself how many there are")
    alike = packet.measures, packet.clock
    if any((each.measures, each.clock) != alike for each in packet.alternatives):
        raise table.error("alternatives", "measure something else, or have another clock")
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


def _read_factor(table: ProfileTable, gatt: Gatt, fields: tuple[PacketField, ...]) -> Factor:
    units = UNITS[fields_of(fields, Vectors)[0].quantity]
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
