"""What an exported table says of its session: how to read it as the session was read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imu_stream.acquisition.session_format import (
    checked_number,
    checked_text,
    mount_from_json,
    optional_number,
    rate_from_json,
)
from imu_stream.datatypes import Mount
from imu_stream.errors import RecordingError

_LARGEST_FILE = 10_000_000
_RATE_TOLERANCE = 0.02
"""Between the nominal rate and the rows; device clocks are off by some 0.01 % at most."""


@dataclass(frozen=True, slots=True)
class TableSettings:
    """The settings of the session a table comes from."""

    rate_hz: float
    """Nominal: filters are made for it, so only with it numbers are the same to the last bit."""
    mount: Mount
    target_deg: float | None
    stride_length_factor: float
    cues: str


def settings_beside(path: Path, measured_hz: float) -> TableSettings | None:
    """What stands in the JSON file beside an exported table; None when there is none of ours.

    Args:
        path: the table.
        measured_hz: its rate, by its rows.

    Raises:
        RecordingError: the file is damaged, or the table was resampled since.
    """
    beside = path.with_suffix(".json")
    content = _read(beside)
    if content is None:
        return None
    try:
        settings = _settings(content)
    except (KeyError, TypeError, ValueError) as error:
        problem = f"is damaged ({type(error).__name__}: {error}); delete it to read the table alone"
        raise RecordingError(beside, problem) from None
    if abs(measured_hz / settings.rate_hz - 1.0) > _RATE_TOLERANCE:
        problem = (
            f"says {settings.rate_hz:g} Hz, but the table has {measured_hz:.4g} rows a second;"
            " delete it if the table was changed"
        )
        raise RecordingError(beside, problem)
    return settings


def _read(beside: Path) -> Mapping[str, object] | None:
    """The content of a description that this program wrote; None for any other file."""
    try:
        if not beside.is_file() or beside.stat().st_size > _LARGEST_FILE:
            return None
        content = json.loads(beside.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    except OSError as error:
        raise RecordingError(beside, f"cannot be read: {error.strerror or error}") from None
    return content if isinstance(content, dict) and "imu_stream_table" in content else None


def _settings(content: Mapping[str, object]) -> TableSettings:
    sensor, provenance = _object(content["sensor"]), _object(content["provenance"])
    return TableSettings(
        rate_from_json(sensor["rate_hz"]),
        mount_from_json(sensor["mount"]),
        optional_number(provenance["target_deg"]),
        checked_number(provenance["stride_length_factor"]),
        checked_text(provenance["cues"]),
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not an object")
    return value
