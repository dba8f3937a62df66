"""[[setup]], [[shutdown]], [[cues]], [battery]: what is subscribed to, written and awaited."""

from collections.abc import Sequence

from imu_stream.errors import Fault
from imu_stream.profiles.loading_gatt import Gatt
from imu_stream.profiles.loading_modes import NamedBytes, Setting
from imu_stream.profiles.loading_packet import at_rate
from imu_stream.profiles.schema import BatteryQuery
from imu_stream.profiles.steps import (
    CueAction,
    CueKind,
    Effect,
    Read,
    Refusal,
    Reply,
    Step,
    Subscribe,
    Write,
)
from imu_stream.profiles.toml_table import ProfileTable
from imu_stream.profiles.wrapping import Wrapping, wrap

_LONGEST_VALUE = 512  # of an attribute, Bluetooth Core Specification, Vol 3, Part F, 3.2.9
_DURATION = "{milliseconds}"


def read_steps(top: ProfileTable, key: str, gatt: Gatt, setting: Setting) -> tuple[Step, ...]:
    """Read a list of steps for one mode.

    Raises:
        ProfileError: something in it is wrong.
    """
    tables = [table for table in top.tables(key) if at_rate(table, top, setting)]
    return tuple(_read_step(table, gatt, setting.named) for table in tables)


def read_cues(tables: Sequence[ProfileTable], gatt: Gatt) -> tuple[CueAction, ...]:
    """Read the cues; ProfileError when something is wrong in them."""
    return tuple(_read_cue(table, gatt) for table in tables)


def read_battery(table: ProfileTable, gatt: Gatt) -> BatteryQuery:
    """Read how a device is asked for its battery; ProfileError when something is wrong."""
    if table.has("read"):
        query = BatteryQuery(None, gatt.uuid(table, "read"), b"")
    else:
        payload, response = _read_value(table, "payload", {}), table.flag("response")
        ask = Write(gatt.uuid(table, "write"), payload, response, None)
        query = BatteryQuery(ask, gatt.uuid(table, "on"), table.byte_string("begins", {}))
    table.finish()
    return query


def _read_step(table: ProfileTable, gatt: Gatt, named: NamedBytes) -> Step:
    step: Step
    if table.has("subscribe"):
        step = Subscribe(gatt.uuid(table, "subscribe"), _read_effect(table))
    elif table.has("write"):
        step = _read_write(table, gatt, named)
    elif table.has("read"):
        step = Read(_read_answer(table, gatt.uuid(table, "read"), named))
    else:
        raise table.error("", "is no step; a key subscribe, write or read is needed")
    table.finish()
    return step


def _read_write(table: ProfileTable, gatt: Gatt, named: NamedBytes) -> Write:
    return Write(
        characteristic=gatt.uuid(table, "write"),
        payload=_read_value(table, "payload", named),
        response=table.flag("response"),
        reply=_read_reply(table.table("reply"), gatt, named) if table.has("reply") else None,
        effect=_read_effect(table),
        piece=table.count("piece", _LONGEST_VALUE) if table.has("piece") else None,
        service=gatt.service_uuid(table, "write"),
    )


def _read_effect(table: ProfileTable) -> Effect:
    return table.choice("effect", Effect) if table.has("effect") else Effect.NONE


def _read_reply(table: ProfileTable, gatt: Gatt, named: NamedBytes) -> Reply:
    reply = _read_answer(table, gatt.uuid(table, "on"), named)
    table.finish()
    return reply


def _read_answer(table: ProfileTable, characteristic: str, named: NamedBytes) -> Reply:
    reply = Reply(
        characteristic=characteristic,
        accepted=table.pattern("accepted", named),
        refusals=_read_refusals(table, named),
        anywhere=table.flag("anywhere") if table.has("anywhere") else False,
        example=_read_value(table, "example", named),
    )
    if not reply.accepts(reply.example):
        raise table.error("example", "is not accepted by the pattern in accepted")
    return reply


def _read_refusals(table: ProfileTable, named: NamedBytes) -> tuple[Refusal, ...]:
    refusals = []
    for row in table.tables("refusals") if table.has("refusals") else ():
        refusals.append(Refusal(row.pattern("answer", named), row.choice("fault", Fault)))
        row.finish()
    if table.has("refused"):
        refusals.append(Refusal(table.pattern("refused", named), Fault.REFUSED))
    return tuple(refusals)


def _read_cue(table: ProfileTable, gatt: Gatt) -> CueAction:
    before, timed, after = table.text("payload").partition(_DURATION)
    cue = CueAction(
        name=table.text("name"),
        kind=table.choice("kind", CueKind),
        characteristic=gatt.uuid(table, "write"),
        before=table.bytes_of("payload", before, {}),
        after=table.bytes_of("payload", after, {}),
        timed=bool(timed),
        response=table.flag("response"),
        longest_ms=table.count("longest_ms", 60_000),
    )
    table.finish()
    return cue


def _read_value(table: ProfileTable, key: str, named: NamedBytes) -> bytes:
    value = table.byte_string(key, named)
    wrapping = f"{key}_wrapping"
    if table.has(wrapping):
        value = wrap(table.choice(wrapping, Wrapping), value)
    if len(value) > _LONGEST_VALUE:
        raise table.error(key, f"has {len(value)} bytes; at most {_LONGEST_VALUE} fit")
    return value
