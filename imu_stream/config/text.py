"""The config as TOML, both ways."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from imu_stream.config.remembered import (
    ChosenSensor,
    Config,
    Defaults,
    StoredCalibration,
    mounting_of,
)
from imu_stream.config_table import ConfigTable
from imu_stream.cueing.presets import STANDARD, read_cues, short_cues_text
from imu_stream.datatypes import Placement
from imu_stream.sinks.outputs.settings import USUAL, outputs_text, read_outputs

_HEADING = "# Written by `imu-stream pair`, `calibrate` and `run`; comments do not stay."
_STRIDE_FACTORS = (0.5, 2.0)


def parse_config(text: str, source: str) -> Config:
    """Read a config from its text.

    Raises:
        ConfigError: something in it is wrong.
    """
    top = ConfigTable.parse(text, source)
    config = Config(
        _read_sensors(top.table("sensors")),
        tuple(map(_read_calibration, top.tables("calibrations"))),
        _read_defaults(top.table("defaults")),
        read_cues(top.table("cues")),
        read_outputs(top.table("outputs")),
    )
    top.finish()
    mountings = [mounting_of(each) for each in config.calibrations]
    if len({*mountings}) < len(mountings):
        raise top.error("calibrations", "holds two of one sensor at one place; remove the older")
    return config


def _read_sensors(table: ConfigTable) -> dict[Placement, ChosenSensor]:
    return {table.place(key, key): _read_sensor(table.table(key)) for key in table.keys}


def _read_sensor(table: ConfigTable) -> ChosenSensor:
    sensor = ChosenSensor(table.text("address"), table.text("name"), table.text("profile"))
    if not sensor.address:
        raise table.error("address", "is empty")
    table.finish()
    return sensor


def _read_calibration(table: ConfigTable) -> StoredCalibration:
    calibration = StoredCalibration(
        placement=table.placement("placement"),
        sensor=table.text("sensor"),
        date=table.date("date"),
        rotation=table.rotation("rotation"),
        gyro_bias=table.triple("gyro_bias"),
        error_deg=table.number("error_deg", 0.0, 180.0),
    )
    table.finish()
    return calibration


def _read_defaults(table: ConfigTable) -> Defaults:
    target_deg = table.number("target_deg", -90.0, 90.0) if table.has("target_deg") else None
    factor = table.number("stride_factor", *_STRIDE_FACTORS) if table.has("stride_factor") else 1.0
    folder = table.text("sessions_folder") if table.has("sessions_folder") else None
    if folder is not None and not _can_be_a_folder(folder):
        raise table.error("sessions_folder", "is no folder: empty, or of a user who is not known")
    table.finish()
    return Defaults(target_deg, factor, folder)


def _can_be_a_folder(text: str) -> bool:
    try:
        Path(text).expanduser()
    except RuntimeError:  # ~someone without a home here
        return False
    return bool(text) and "\0" not in text


def config_text(config: Config) -> str:
    """The config as TOML; `parse_config` gives it back."""
    lines = [_HEADING]
    for placement, sensor in config.sensors.items():
        lines += ["", f"[sensors.{placement.value}]", *_rows(sensor)]
    for calibration in config.calibrations:
        lines += ["", "[[calibrations]]", *_rows(calibration)]
    if config.defaults != Defaults():
        lines += ["", "[defaults]", *_rows(config.defaults)]
    if config.cues != STANDARD:
        lines += ["", *short_cues_text(config.cues).splitlines()]
    if config.outputs != USUAL:
        lines += ["", *outputs_text(config.outputs).splitlines()]
    return "\n".join(lines) + "\n"


def _rows(table: ChosenSensor | StoredCalibration | Defaults) -> Iterator[str]:
    for each in fields(table):
        value = getattr(table, each.name)
        if value is not None:
            yield f"{each.name} = {_written(value)}"


def _written(value: str | float | datetime | Iterable[object]) -> str:
    """A value in the notation of TOML."""
    match value:
        case str():
            return f'"{"".join(map(_escaped, value))}"'
        case datetime():
            return value.isoformat()
        case float() | int():
            return repr(float(value))
        case _:
            return f"[{', '.join(_written(each) for each in value)}]"  # type: ignore[arg-type]


def _escaped(character: str) -> str:
    """A character as it may stand in a TOML text: names come from the radio and hold anything."""
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\N{REPLACEMENT CHARACTER}"
    if character in '"\\' or code < 0x20 or code == 0x7F:
        return f"\\u{code:04x}"
    return character
