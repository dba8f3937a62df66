"""The session file's format: names, record layouts and the session header as JSON text.

`docs/session_file.md` describes it for other tools.
"""

import json
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from imu_stream.datatypes import Mount, Placement, SensorSetup, SessionHeader
from imu_stream.errors import RecordingError

_Each = TypeVar("_Each")

FORMAT = "1.1"
"""Version of what is written; every version with the same first number is read."""

HEADER_NAME = "imu_stream.session"
FRAME_SCHEMA = "imu_stream.frame.v1"
FRAME_ENCODING = "x-imu-stream-frame"

FRAME_TEXT = "f64 arrival_s (little-endian, session clock), then the payload as the radio gave it"
ARRIVAL = struct.Struct("<d")
RECORD = struct.Struct("<BQ")
"""Opcode, length of the body (MCAP specification, section Records)."""
MESSAGE = struct.Struct("<HIQQ")
"""Channel, sequence, log time, publish time; the content follows."""
FRAME_MESSAGE = struct.Struct("<HIQQd")
"""The same with the arrival, which opens a frame's content."""


def header_to_json(header: SessionHeader) -> str:
    """The session header as the JSON text that is stored in the file."""
    return json.dumps(
        {
            "version": header.version,
            "started": header.started,
            "sensors": [asdict(sensor) for sensor in header.sensors],
            "profiles": dict(header.profiles),
            "target_deg": header.target_deg,
            "stride_length_factor": header.stride_length_factor,
            "cues": header.cues,
            "virtual": header.virtual,
        }
    )


def header_from_json(text: str) -> SessionHeader:
    """The inverse of `header_to_json`. Raises KeyError, TypeError, ValueError for other text."""
    content = json.loads(text)
    target_deg = content["target_deg"]
    profiles = content["profiles"]
    return SessionHeader(
        version=checked_text(content["version"]),
        started=checked_text(content["started"]),
        sensors=tuple(_sensor(sensor) for sensor in content["sensors"]),
        profiles={name: checked_text(profile) for name, profile in profiles.items()},
        target_deg=optional_number(target_deg),
        stride_length_factor=checked_number(content.get("stride_length_factor", 1.0)),
        cues=checked_text(content.get("cues", "")),
        virtual=content.get("virtual", False) is True,
    )


def _sensor(content: Mapping[str, object]) -> SensorSetup:
    return SensorSetup(
        placement=Placement(checked_text(content["placement"])),
        profile=checked_text(content["profile"]),
        rate_hz=rate_from_json(content["rate_hz"]),
        mount=mount_from_json(content["mount"]),
        address=checked_text(content["address"]),
        name=checked_text(content["name"]),
        acc_range_g=optional_number(content.get("acc_range_g")),
        gyr_range_dps=optional_number(content.get("gyr_range_dps")),
    )


def mount_from_json(content: object) -> Mount:
    """How a sensor sits. Raises KeyError, TypeError, ValueError."""
    if not isinstance(content, dict):
        raise TypeError("mount is not an object")
    rows = content.get("rotation")
    rotation = None if rows is None else _three(_three(map(checked_number, row)) for row in rows)
    return Mount(checked_text(content["forward"]), checked_text(content["up"]), rotation)


def _three(values: Iterable[_Each]) -> tuple[_Each, _Each, _Each]:
    first, second, third = values
    return first, second, third


def optional_number(value: object) -> float | None:
    """A finite number or nothing. Raises TypeError, ValueError."""
    return None if value is None else checked_number(value)


def nanoseconds(seconds: float) -> int:
    """A time as MCAP writes it; what is before the session's start is its start."""
    return max(0, round(seconds * 1e9))


def checked_text(value: object) -> str:
    """The value if it is a text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def checked_number(value: object) -> float:
    """The value as a float. Raises TypeError or ValueError unless it is a finite number."""
    if not isinstance(value, float | int):
        raise TypeError(f"{value!r} is not a number")
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


def rate_from_json(value: object) -> float:
    """A sampling rate. Raises TypeError, ValueError."""
    rate_hz = checked_number(value)
    if rate_hz <= 0.0:
        raise ValueError(f"{rate_hz} is not a sampling rate")
    return rate_hz


def recording_failure(what: str, path: Path, error: OSError) -> RecordingError:
    """The error for a file the operating system refused."""
    return RecordingError(path, f"cannot {what}: {error.strerror or error}")
