"""Reads recordings of other tools as tables: which one a file is of, shows its beginning.

Where the layout was seen is said beside each; a file of another layout is refused, for a guessed
unit would give wrong numbers that look right.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imu_stream.acquisition.tables import Table, read_bytes, read_table, table_of
from imu_stream.datatypes import GRAVITY, Array, Placement
from imu_stream.errors import RecordingError

LARGEST_FILE = 1 << 30
MOST_HEADER_LINES = 30
MILLI_G = 1e-3 * GRAVITY
DOT_COLUMNS = ("SampleTimeFine", "Acc_X", "Acc_Y", "Acc_Z", "Gyr_X", "Gyr_Y", "Gyr_Z")
DOT_CLOCK_BITS = 32
POLAR_ACC = "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]"
POLAR_GYR = "Phone timestamp;sensor timestamp [ns];X [dps];Y [dps];Z [dps]"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A table and the tool that wrote it."""

    table: Table
    tool: str


def read_foreign(path: Path, placement: Placement) -> Foreign:
    """Reads a table of this project's layout, or a log of Movella DOT, Movesense or Polar.

    Raises:
        RecordingError: the file cannot be read, its layout is not known, or it is damaged.
    """
    if size_of(path) > LARGEST_FILE:
        raise RecordingError(path, f"is larger than {LARGEST_FILE >> 20} MB")
    text = text_of(path)
    lines = text.split("\n", MOST_HEADER_LINES)[:MOST_HEADER_LINES]
    first = lines[0].strip()
    if first == POLAR_ACC:
        return Foreign(table_of(path, polar_values(path, text), placement), "Polar Sensor Logger")
    if first == POLAR_GYR:
        raise RecordingError(path, POLAR_ROTATION)
    if first.startswith(("{", "[")):
        return Foreign(table_of(path, movesense_values(path, text), placement), "Movesense")
    if (row := dot_header(lines)) is not None:
        values = dot_values(path, text, row, lines)
        return Foreign(table_of(path, values, placement), "Movella DOT")
    if "time_s" in first:
        return Foreign(read_table(path, placement), "CSV")
    raise RecordingError(path, UNKNOWN)


UNKNOWN = (
    "is of a layout that is not known: a CSV with time_s,acc_x,…,gyr_z in SI units, a CSV of the "
    "Movella DOT, a JSON log of Movesense and an ACC.txt of the Polar Sensor Logger are"
)
POLAR_ROTATION = (
    "holds angular rates alone; give the ACC.txt beside it, for the chest: Polar logs keep the two "
    "apart with times of their own, and a foot needs both at the same time"
)


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise RecordingError(path, f"cannot be read: {error.strerror or error}") from None


def text_of(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RecordingError(path, "is not a text file") from None


# Polar Sensor Logger (Android): header and units as several public readers and writers of its files
# have them; times of the sensor in ns


def polar_values(path: Path, text: str) -> Array:
    """(n, 4): seconds since the first sample, m/s²."""
    rows = []
    for number, line in enumerate(text.splitlines()[1:], start=2):
        if line.strip():
            rows.append(_numbers(path, number, line.split(";")[1:5], 4))
    values = _array(path, rows)
    values[:, 0] = 1e-9 * (values[:, 0] - np.nanmin(values[:, 0], initial=math.inf))
    values[:, 1:4] *= MILLI_G
    return values


# Movella DOT: columns as public recordings have them, time stamp (µs, 32 bits) and units (m/s²,
# degrees/s) as its BLE service specification XD0506P; the line "DeviceTag:" above the header as
# public tools write and read it. MT Manager writes the same header with rad/s, but no such line.


def dot_header(lines: Sequence[str]) -> int | None:
    """Number of the header line, from 0."""
    return next((n for n, line in enumerate(lines) if line.startswith("PacketCounter,")), None)


def dot_values(path: Path, text: str, row: int, lines: Sequence[str]) -> Array:
    """(n, 7): seconds on the sensors' clock, m/s², rad/s."""
    if not any(line.startswith("DeviceTag") for line in lines[:row]):
        problem = (
            "has no line DeviceTag above its header: other tools of the same maker write the same "
            "columns with other units; convert it to time_s,acc_x,…,gyr_z in s, m/s² and rad/s"
        )
        raise RecordingError(path, problem)
    names = [name.strip() for name in lines[row].split(",")]
    missing = [name for name in DOT_COLUMNS if name not in names]
    if missing:
        problem = f"lacks the column {missing[0]}: record in a mode with Acc and Gyr, such as Rate"
        raise RecordingError(path, problem)
    places = [names.index(name) for name in DOT_COLUMNS]
    rows = []
    for number, line in enumerate(text.splitlines()[row + 1 :], start=row + 2):
        if line.strip():
            cells = line.split(",")
            chosen = [cells[place] if place < len(cells) else "" for place in places]
            rows.append(_numbers(path, number, chosen, len(places)))
    values = _array(path, rows)
    values[:, 0] = unwrapped(values[:, 0], float(1 << DOT_CLOCK_BITS)) * 1e-6
    values[:, 4:7] = np.radians(values[:, 4:7])
    return values


def unwrapped(ticks: Array, span: float) -> Array:
    """A counter that begins again at `span`, made one that goes on."""
    step = np.diff(ticks, prepend=ticks[:1])
    return ticks + span * np.cumsum(step < -0.5 * span)


# Movesense: messages of /Meas/IMU6 and IMU9 as its public API has them (Timestamp in ms of the
# first sample, ArrayAcc in m/s², ArrayGyro in degrees/s), wherever in the JSON of a log they stand


def movesense_values(path: Path, text: str) -> Array:
    """(n, 7), or (n, 4) of a log without angular rates: s, m/s², rad/s."""
    try:
        messages = list(_messages(json.loads(text)))
        blocks = [_block(message) for message in messages]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise RecordingError(path, "is no JSON log of Movesense that can be read") from None
    if len(blocks) < 2:
        problem = "has fewer than 2 messages with Timestamp and ArrayAcc; log /Meas/IMU6 or IMU9"
        raise RecordingError(path, problem)
    widths = {block.shape[1] for block in blocks}
    if len(widths) > 1:
        raise RecordingError(path, "mixes messages with and without ArrayGyro; log /Meas/IMU6 only")
    starts_s = np.array([block[0, 0] for block in blocks])
    counts = np.array([len(block) for block in blocks])
    step_s = float(np.median(np.diff(starts_s) / counts[:-1]))
    for block in blocks:
        block[:, 0] += step_s * np.arange(len(block))
    values = np.concatenate(blocks)
    values[:, 0] -= starts_s[0]
    values[:, 4:7] = np.radians(values[:, 4:7])
    return values


def _messages(content: Any) -> Iterator[dict[str, Any]]:
    """All messages with motion, in order, however deep."""
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "Timestamp" in item and "ArrayAcc" in item:
                yield item
            else:
                waiting.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            waiting.extend(reversed(item))


def _block(message: dict[str, Any]) -> Array:
    """One message; each row has the time of the first."""
    arrays = [message["ArrayAcc"], *([message["ArrayGyro"]] if "ArrayGyro" in message else [])]
    parts = [np.array([[float(v[axis]) for axis in "xyz"] for v in array]) for array in arrays]
    if not len(parts[0]) or len({part.shape for part in parts}) > 1:
        raise ValueError("arrays of a message differ in length")
    first_s = np.full((len(parts[0]), 1), 1e-3 * float(message["Timestamp"]))
    return np.hstack([first_s, *parts])


def _numbers(path: Path, row: int, cells: Sequence[str], count: int) -> list[float]:
    try:
        values = [float(cell) if cell.strip() else math.nan for cell in cells]
    except ValueError:
        raise RecordingError(path, f"row {row} holds what is not a number") from None
    return [*values, *([math.nan] * (count - len(values)))]


def _array(path: Path, rows: Sequence[Sequence[float]]) -> Array:
    if not rows:
        raise RecordingError(path, "has no rows below its header")
    return np.array(rows, dtype=np.float64)
