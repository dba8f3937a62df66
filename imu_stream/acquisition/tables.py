"""Reads the CSV tables of other tools and feeds them in time order."""

import gzip
import heapq
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from imu_stream.acquisition.table_gaps import (
    samples_and_gaps,
    usable_rows,
    without_repeats,
)
from imu_stream.datatypes import Array, Gap, Placement, Samples
from imu_stream.errors import RecordingError

TIME = "time_s"
ACC = ("acc_x", "acc_y", "acc_z")
GYR = ("gyr_x", "gyr_y", "gyr_z")

_NOT_MEASURED = {"", "na", "n/a", "null", "none"}
_LINES_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One sensor's samples from a table, with what is missing, in time order."""

    placement: Placement
    rate_hz: float
    items: tuple[Samples | Gap, ...]

    @property
    def has_rates(self) -> bool:
        """Whether it holds angular rates, without which a foot is not measured."""
        return any(isinstance(each, Samples) and each.gyr is not None for each in self.items)


def read_table(path: Path, placement: Placement) -> Table:
    """Reads a CSV file, plain or gzip, with the columns time_s, acc_x … acc_z, gyr_x … gyr_z.

    Units are s, m/s² and rad/s, in sensor axes. Columns may stand in any order, others are
    ignored; the three gyr columns may be absent together. Times are kept as they are in the file.

    A row that repeats an earlier one to the last digit tells nothing and is passed over. What is
    not usable is dropped and reported: a row with an empty or not finite cell as
    NOT_A_NUMBER; the fewest rows that must go for time to increase from row to row as CLOCK (of
    rows with the same time the first stays); a hole in time of more than 1.5 steps as LOST. A gap
    runs from one step after the last good row to the next good row.

    Raises:
        RecordingError: the file cannot be read, is no such table, has fewer than two usable rows
            or a rate outside 10 to 4000 Hz; or a clock that was set and never caught up: more than
            half of the rows, or more than a second at either end, would have to go.
    """
    return table_of(path, _read_values(path), placement)


def table_of(path: Path, values: Array, placement: Placement) -> Table:
    """The same of rows that are read already, (rows, 4 or 7), time first. Raises RecordingError."""
    values = without_repeats(values)
    rows = usable_rows(path, values)
    return Table(placement, 1.0 / rows.step_s, tuple(samples_and_gaps(values, rows, placement)))


def blocks(tables: Iterable[Table], seconds: float = 60.0) -> Iterator[Samples | Gap]:
    """All tables' samples and gaps ordered by their start, in blocks of at most `seconds`."""
    return heapq.merge(*(_cut(table, seconds) for table in tables), key=_start_s)


def _cut(table: Table, seconds: float) -> Iterator[Samples | Gap]:
    for item in table.items:
        if isinstance(item, Gap):
            yield item
        else:
            yield from _cut_samples(item, seconds)


def _cut_samples(samples: Samples, seconds: float) -> Iterator[Samples]:
    first, t_s = 0, samples.t_s
    while first < len(t_s):
        end = max(first + 1, int(np.searchsorted(t_s, t_s[first] + seconds)))
        yield samples.part(first, end)
        first = end


def _start_s(item: Samples | Gap) -> float:
    return item.start_s if isinstance(item, Gap) else float(item.t_s[0])


def _read_values(path: Path) -> Array:
    """The wanted columns of all rows, (rows, 4 or 7)."""
    try:
        with io.TextIOWrapper(io.BytesIO(read_bytes(path)), encoding="utf-8-sig") as lines:
            columns = _find_columns(path, lines.readline())
            parts = list(_parse_parts(path, lines, columns))
    except UnicodeDecodeError:
        raise RecordingError(path, "is not a text file; a CSV table is expected") from None
    if not parts:
        raise RecordingError(path, "has no rows below its header")
    return np.concatenate(parts)


def read_bytes(path: Path) -> bytes:
    """The content of a file, plain or gzip. Raises RecordingError."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise RecordingError(path, "is a damaged or incomplete gzip file") from None
    except OSError as error:
        raise RecordingError(path, f"cannot be read: {error.strerror or error}") from None


def _find_columns(path: Path, header: str) -> tuple[int, ...]:
    names = [name.strip().strip('"') for name in header.split(",")]
    wanted = (TIME, *ACC, *GYR) if any(name in names for name in GYR) else (TIME, *ACC)
    missing = [name for name in wanted if name not in names]
    if missing:
        expected = ",".join((TIME, *ACC, *GYR))
        problem = f"row 1 lacks the column {', '.join(missing)}; expected {expected}"
        raise RecordingError(path, problem)
    doubled = [name for name in wanted if names.count(name) > 1]
    if doubled:
        raise RecordingError(path, f"row 1 names the column {doubled[0]} twice")
    return tuple(names.index(name) for name in wanted)


def _parse_parts(path: Path, lines: TextIO, columns: Sequence[int]) -> Iterator[Array]:
    row = 2
    while block := list(islice(lines, _LINES_AT_ONCE)):
        if not all(line.isspace() for line in block):
            yield _parse(path, block, columns, row)
        row += len(block)


def _parse(path: Path, lines: list[str], columns: Sequence[int], row: int) -> Array:
    try:
        return np.loadtxt(lines, delimiter=",", usecols=columns, comments=None, ndmin=2)
    except ValueError:
        return _parse_dirty(path, lines, columns, row)


def _parse_dirty(path: Path, lines: list[str], columns: Sequence[int], row: int) -> Array:
    """The same for lines with empty cells; slow, so only for the blocks that have some."""
    parsed = []
    for number, line in enumerate(lines, start=row):
        if not line.isspace():
            cells = line.split(",")
            parsed.append([_number(path, cells, column, number) for column in columns])
    return np.array(parsed, dtype=np.float64)


def _number(path: Path, cells: Sequence[str], column: int, row: int) -> float:
    text = cells[column].strip(' \t\r\n"') if column < len(cells) else ""
    if text.lower() in _NOT_MEASURED:
        return np.nan
    try:
        return float(text)
    except ValueError:
        problem = f"row {row}, column {column + 1}: {text[:40]!r} is not a number"
        raise RecordingError(path, problem) from None
