"""Which outputs give the cues, as the `[outputs]` table of the config file says.

[outputs]
sound = true
volume = 0.7
speech = true
vibration = true
mqtt = "mqtt://broker.local/lab/cues"
osc = "127.0.0.1:9000"
json_lines = false
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from imu_stream.config_table import ConfigTable
from imu_stream.sinks.outputs.mqtt import parse_broker
from imu_stream.sinks.outputs.osc import parse_receiver

FLAGS = ("sound", "speech", "vibration", "json_lines")
ADDRESSES: dict[str, Callable[[str], object]] = {"mqtt": parse_broker, "osc": parse_receiver}
"""What reads each; raises ValueError."""


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Which outputs are wanted, and how."""

    sound: bool = True
    volume: float = 1.0
    """From 0 to 1."""
    speech: bool = False
    """Words after the earcon; none without sound."""
    vibration: bool = True
    mqtt: str = ""
    """As `parse_broker` takes it; empty for none."""
    osc: str = ""
    """As `parse_receiver` takes it; empty for none."""
    json_lines: bool = False


USUAL = OutputSettings()


def read_outputs(table: ConfigTable) -> OutputSettings:
    """The settings in an `[outputs]` table.

    Raises:
        ConfigError: something in it is wrong; the error names file and key.
    """
    given: dict[str, Any] = {each: table.flag(each) for each in FLAGS if table.has(each)}
    given |= {each: _address(table, each) for each in ADDRESSES if table.has(each)}
    if table.has("volume"):
        given["volume"] = table.number("volume", 0.0, 1.0)
    table.finish()
    return OutputSettings(**given)


def _address(table: ConfigTable, key: str) -> str:
    text = table.text(key)
    try:
        ADDRESSES[key](text)
    except ValueError as error:
        raise table.error(key, str(error)) from None
    return text


def outputs_text(settings: OutputSettings) -> str:
    """The settings as TOML, as far as they are not the default; empty when all are."""
    rows = list(_rows(settings))
    return "\n".join(["[outputs]", *rows]) + "\n" if rows else ""


def _rows(settings: OutputSettings) -> Iterator[str]:
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value == each.default:
            continue
        match value:
            case bool():
                yield f"{each.name} = {str(value).lower()}"
            case str():
                yield f"{each.name} = {json.dumps(value, ensure_ascii=False)}"
            case _:
                yield f"{each.name} = {value!r}"
