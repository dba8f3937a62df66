"""Where the config file is, and how it is read and written."""

from pathlib import Path

from platformdirs import user_config_path

from imu_stream.config.remembered import Config
from imu_stream.config.text import config_text, parse_config
from imu_stream.errors import ConfigError
from imu_stream.whole_file import write_whole

_LARGEST_FILE = 100_000


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
    try:
        write_whole(path, config_text(config).encode("utf-8"))
    except OSError as error:
        raise ConfigError(path, "", f"cannot be written: {error.strerror or error}") from None
