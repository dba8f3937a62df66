"""Messages of a FIT file, made of the fields that have a value and of no others."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any

LONGEST_TEXT = 60
"""Bytes; a definition has room for 255, and displays for fewer."""

LARGEST_REAL = 1e38
"""Of a FLOAT32, roughly."""

Value = float | str | bytes | Enum | None


@dataclass(frozen=True, slots=True)
class OwnField:
    """A developer field: one that the format itself does not know."""

    number: int
    name: str
    unit: str
    base_type: str = "FLOAT32"


def message(
    kind: str, values: Mapping[str, Value], own: Mapping[OwnField, Value] | None = None
) -> Any:
    """A message with the values that can be told; the others are not in it at all.

    A blank message of the library holds a hundred fields, which is slow for one a second, so only
    those with a value are made.

    Args:
        kind: name of the message in the FIT profile.
        values: by the names and in the units of the profile; times in ms.
        own: developer fields.
    """
    from fit_tool.data_message import DataMessage

    blank = _blank(kind)
    fields = [(blank.get_field_by_name(name), value) for name, value in values.items()]
    return DataMessage(
        name=blank.name,
        global_id=blank.global_id,
        fields=[_filled(field, value) for field, value in fields if _fits(field, value)],
        developer_fields=[
            _own(field, value) for field, value in (own or {}).items() if _is_told(value)
        ],
    )


def description(field: OwnField) -> Any:
    """What readers must know of a developer field."""
    from fit_tool.base_type import BaseType

    values: dict[str, Value] = {
        "developer_data_index": 0,
        "field_definition_number": field.number,
        "fit_base_type_id": BaseType[field.base_type].value,
        "field_name": field.name,
        "units": field.unit or None,
    }
    return message("field_description", values)


@cache
def _blank(kind: str) -> Any:
    """A message of the library that has every field of its kind, all without a value."""
    module = import_module(f"fit_tool.profile.messages.{kind}_message")
    name = "".join(part.capitalize() for part in kind.split("_"))
    return getattr(module, f"{name}Message")()


def _is_told(value: Value) -> bool:
    return value is not None and (not isinstance(value, float) or abs(value) < LARGEST_REAL)


def _fits(field: Any, value: Value) -> bool:
    """Whether a value is told and within the field; its largest number means "invalid"."""
    if not _is_told(value):
        return False
    if isinstance(value, str | bytes):
        return True
    encoded = field.encode_value(value)
    return bool(field.base_type.min <= encoded < field.base_type.max)


def _filled(blank: Any, value: Value) -> Any:
    """The field of a blank message with a value."""
    from fit_tool.field import Field

    field = Field(
        field_id=blank.field_id,
        name=blank.name,
        base_type=blank.base_type,
        offset=blank.offset,
        scale=blank.scale,
        units=blank.units,
        type_name=blank.type_name,
        growable=True,
    )
    return _with_value(field, value)


def _own(own: OwnField, value: Value) -> Any:
    from fit_tool.base_type import BaseType
    from fit_tool.developer_field import DeveloperField

    field = DeveloperField(
        field_id=own.number,
        name=own.name,
        base_type=BaseType[own.base_type],
        units=own.unit,
        growable=True,
    )
    return _with_value(field, value)


def _with_value(field: Any, value: Value) -> Any:
    parts = list(value) if isinstance(value, bytes) else [value]
    for index, part in enumerate(parts):
        field.set_value(index, cut(part) if isinstance(part, str) else part)
    return field


def cut(text: str) -> str:
    """A text short enough for a field, in whole characters."""
    return text.encode("ascii", "replace")[:LONGEST_TEXT].decode()
