"""Writes what was measured as CSV tables: strides, steps, lean, gaps, cues and their answers."""

from collections.abc import Callable
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from imu_stream.datatypes import Output
from imu_stream.errors import RecordingError
from imu_stream.sinks.sheets import SHEETS, Column, Content, Sheet


def row_writer(sheet: Sheet) -> Callable[[object], str]:
    """Turns an output into its row; as one format, since an hour has many thousand rows."""
    values = attrgetter(*(column.path for column in sheet.columns))
    form = ",".join(map(form_of, sheet.columns))

    def row(output: object) -> str:
        text = str(form % values(output)).replace("True", "true").replace("False", "false")
        return text if is_plain(text) else ",".join(map(tidy, text.split(",")))

    return row


def form_of(column: Column) -> str:
    """How a value is written."""
    if column.content is Content.NUMBER:
        return f"%.{column.decimals}f"
    return "%d" if column.content is Content.COUNT else "%s"


def is_plain(text: str) -> bool:
    """Whether a row needs no tidying."""
    return "nan" not in text and "inf" not in text and "-0." not in text and "None" not in text


def tidy(cell: str) -> str:
    """A cell as users expect it: nothing for what was not measured, no minus before a zero."""
    if cell in ("nan", "inf", "-inf", "None"):
        return ""
    is_minus_zero = cell.startswith("-0") and not cell.strip("-0.")
    return cell[1:] if is_minus_zero else cell


class TableWriter:
    """Writes strides.csv, steps.csv, lean.csv, gaps.csv and cues.csv row by row; a context manager.

    Beside them reactions.csv, heart_rate.csv, pod.csv and deliveries.csv, when there is anything
    for them. The directory is made if need be; tables of an earlier analysis in it are replaced.

    Raises:
        RecordingError: the directory or a table cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[type, TextIO] = {}
        self._rows = {kind: row_writer(sheet) for kind, sheet in SHEETS.items()}
        self._open_files = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with self._open_files:
                for kind, sheet in SHEETS.items():
                    if sheet.always:
                        self._open(kind)
                    else:
                        (self._directory / sheet.file).unlink(missing_ok=True)
                self._open_files = self._open_files.pop_all()
        except OSError as error:
            raise self._failure(error) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._open_files.close()
        except OSError as failure:
            raise self._failure(failure) from None

    def write(self, output: Output) -> None:
        """Adds a row to the output's table, if it has one. Raises RecordingError."""
        kind = type(output)
        if kind not in self._rows:
            return
        try:
            if kind not in self._files:
                self._open(kind)
            self._files[kind].write(self._rows[kind](output) + "\n")
        except OSError as error:
            raise self._failure(error) from None

    def _open(self, kind: type) -> None:
        sheet = SHEETS[kind]
        path = self._directory / sheet.file
        file = self._open_files.enter_context(path.open("w", encoding="utf-8", newline="\n"))
        file.write(sheet.header + "\n")
        self._files[kind] = file

    def _failure(self, error: OSError) -> RecordingError:
        path = error.filename or self._directory
        return RecordingError(path, f"cannot be written: {error.strerror or error}")
