"""What is remembered from run to run: who wears which sensor, how it sits, and the defaults."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_config_path

from imu_stream.config_table import ConfigTable
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import STANDARD, read_cues, short_cues_text
from imu_stream.cueing.schedule import Programme, after_session
from imu_stream.datatypes import Placement, Rotation, Triple
from imu_stream.errors import ConfigError
from imu_stream.sinks.outputs.settings import USUAL, OutputSettings, outputs_text, read_outputs

_HEADING = "# Written by `imu-stream pair`, `calibrate` and `run`; comments do not stay."
_LARGEST_FILE = 100_000
_STRIDE_FACTORS = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class ChosenSensor:
    """A sensor and what it is, as it was when it was chosen."""

    address: str
    name: str
    profile: str


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """How one sensor sits at one place, as it was found by calibrating."""

    placement: Placement
    sensor: str
    """Its address."""
    date: datetime
    """With time zone."""
    rotation: Rotation
    """Rows: the segment's x, y and z axis in sensor axes."""
    gyro_bias: Triple
    """rad/s, sensor axes."""
    error_deg: float
    """Estimated error of the forward direction."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds when the command line says nothing."""

    target_deg: float | None = None
    stride_factor: float = 1.0
    sessions_folder: str | None = None
    """Where sessions are kept; None: `sessions` in the folder where the program is started."""


@dataclass(frozen=True, slots=True)
class Config:
    """All that is remembered."""

    sensors: Mapping[Placement, ChosenSensor] = field(default_factory=dict)
    calibrations: tuple[StoredCalibration, ...] = ()
    """At most one for each sensor and placement."""
    defaults: Defaults = Defaults()
    cues: CueParams = STANDARD
    outputs: OutputSettings = USUAL

    def calibration(self, placement: Placement, sensor: str) -> StoredCalibration | None:
        """How this sensor sat at this place when it was last calibrated there."""
        wanted = placement, sensor.casefold()
        return next((each for each in self.calibrations if _mounting(each) == wanted), None)

    def with_calibration(self, new: StoredCalibration) -> "Config":
        """The same with a calibration in the place of the one of the same mounting."""
        others = (each for each in self.calibrations if _mounting(each) != _mounting(new))
        return replace(self, calibrations=(*others, new))

    def with_sensors(self, chosen: Mapping[Placement, ChosenSensor]) -> "Config":
        """The same with some sensors assigned anew; one that moves leaves its old place."""
        taken = {sensor.address.casefold() for sensor in chosen.values()}
        kept = {w: s for w, s in self.sensors.items() if s.address.casefold() not in taken}
        return replace(self, sensors=kept | dict(chosen))

    def after_session(self, done: Programme, running_s: float) -> "Config":
        """The same after a run in the programme; as it was when the programme is another by now."""
        if self.cues.programme != done:
            return self
        return replace(self, cues=replace(self.cues, programme=after_session(done, running_s)))


def _mounting(calibration: StoredCalibration) -> tuple[Placement, str]:
    return calibration.placement, calibration.sensor.casefold()


def config_path() -> Path:
    """Where the config is, by the platform's custom; it need not exist."""
    return user_config_path("imu_stream") / "config.toml"


def load_config(path: Path) -> Config:
    """Read the config; an empty one when there is no file yet.

    Raises:
        ConfigError: the file cannot be read, or something in it is wrong.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(path, "", f"cannot be read: {error.strerror or error}") from None
    if len(content) > _LARGEST_FILE:
        raise ConfigError(path, "", f"is longer than {_LARGEST_FILE} bytes")
    try:
        return parse_config(content.decode("utf-8"), str(path))
    except UnicodeDecodeError:
        raise ConfigError(path, "", "is not text in UTF-8") from None


def save_config(path: Path, config: Config) -> None:
    """Write the config: either all of it stands there afterwards, or what stood there before.

    Raises:
        ConfigError: it cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("wb", dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            file.write(config_text(config).encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise ConfigError(path, "", f"cannot be written: {error.strerror or error}") from None


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
    mountings = [_mounting(each) for each in config.calibrations]
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
