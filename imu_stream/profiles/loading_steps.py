"""The [[setup]] and [[shutdown]] lists: what is subscribed to, written and awaited."""

from collections.abc import Mapping, Sequence

from imu_stream.profiles.loading_gatt import Gatt
from imu_stream.profiles.schema import Effect, Reply, Step, Subscribe, Write
from imu_stream.profiles.toml_table import ProfileTable

NamedBytes = Mapping[str, bytes]
"""Bytes of one rate, by the name that stands for them elsewhere in the file."""

_LONGEST_VALUE = 512  # of an attribute, Bluetooth Core Specification, Vol 3, Part F, 3.2.9


def read_steps(tables: Sequence[ProfileTable], gatt: Gatt, named: NamedBytes) -> tuple[Step, ...]:
    """Read a list of steps for one rate.

    Raises:
        ProfileError: something in it is wrong.
    """
    return tuple(_read_step(table, gatt, named) for table in tables)


def _read_step(table: ProfileTable, gatt: Gatt, named: NamedBytes) -> Step:
    step: Step
    if table.has("subscribe"):
        step = Subscribe(gatt.uuid(table, "subscribe"))
    elif table.has("write"):
        step = _read_write(table, gatt, named)
    else:
        raise table.error("", "is no step; a key subscribe or write is needed")
    table.finish()
    return step


def _read_write(table: ProfileTable, gatt: Gatt, named: NamedBytes) -> Write:
    return Write(
        characteristic=gatt.uuid(table, "write"),
        payload=_read_value(table, "payload", named),
        response=table.flag("response"),
        reply=_read_reply(table.table("reply"), gatt, named) if table.has("reply") else None,
        effect=table.choice("effect", Effect) if table.has("effect") else Effect.NONE,
    )


def _read_reply(table: ProfileTable, gatt: Gatt, named: NamedBytes) -> Reply:
    reply = Reply(
        characteristic=gatt.uuid(table, "on"),
        accepted=table.pattern("accepted", named),
        refused=table.pattern("refused", named) if table.has("refused") else None,
        anywhere=table.flag("anywhere") if table.has("anywhere") else False,
        example=_read_value(table, "example", named),
    )
    table.finish()
    if not reply.accepts(reply.example):
        raise table.error("example", "is not accepted by the pattern in accepted")
    return reply


def _read_value(table: ProfileTable, key: str, named: NamedBytes) -> bytes:
    value = table.byte_string(key, named)
    if len(value) > _LONGEST_VALUE:
        raise table.error(key, f"has {len(value)} bytes; at most {_LONGEST_VALUE} fit")
    return value
