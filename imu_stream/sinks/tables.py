"""Writes what was measured as CSV tables: strides, steps, lean, gaps and cues."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TextIO, TypeVar

from imu_stream.datatypes import Cue, Gap, LeanState, Output, Step, Stride
from imu_stream.errors import RecordingError

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its name and its text for one row."""

    name: str
    text: Callable[[Row], str]


def number(value: float, decimals: int) -> str:
    """A number with fixed decimals; empty when it was not measured."""
    if not isfinite(value):
        return ""
    text = f"{value:.{decimals}f}"
    is_minus_zero = text[0] == "-" and not text.strip("-0.")
    return text[1:] if is_minus_zero else text


def time(value: float) -> str:
    """Seconds, 4 decimals."""
    return number(value, 4)


def flag(value: bool) -> str:
    """Either true or false."""
    return "true" if value else "false"


def angle(value: float) -> str:
    """Degrees, 2 decimals; also steps a minute."""
    return number(value, 2)


STRIDES: tuple[Column[Stride], ...] = (
    Column("foot", lambda stride: stride.foot.value),
    Column("ic_s", lambda stride: time(stride.ic_s)),
    Column("tc_s", lambda stride: time(stride.tc_s)),
    Column("contact_time_s", lambda stride: time(stride.contact_time_s)),
    Column("stride_time_s", lambda stride: time(stride.stride_time_s)),
    Column("cadence_spm", lambda stride: angle(stride.cadence_spm)),
    Column("fsa_deg", lambda stride: angle(stride.strike.fsa_deg)),
    Column("strike_type", lambda stride: stride.strike.strike_type.value),
    Column("confidence", lambda stride: number(stride.strike.confidence, 3)),
    Column("swing_time_s", lambda stride: time(stride.swing_time_s)),
    Column("duty_factor", lambda stride: number(stride.duty_factor, 3)),
    Column("stride_length_m", lambda stride: number(stride.stride_length_m, 3)),
    Column("speed_mps", lambda stride: number(stride.speed_mps, 3)),
    Column("shoe_roll_deg", lambda stride: angle(stride.shoe_roll_deg)),
    Column("shock_g", lambda stride: number(stride.shock_g, 2)),
    Column("shock_clipped", lambda stride: flag(stride.shock_clipped)),
    Column("known_s", lambda stride: time(stride.known_s)),
)

STEPS: tuple[Column[Step], ...] = (
    Column("foot", lambda step: step.foot.value),
    Column("ic_s", lambda step: time(step.ic_s)),
    Column("step_time_s", lambda step: time(step.step_time_s)),
    Column("flight_time_s", lambda step: time(step.flight_time_s)),
)

LEAN: tuple[Column[LeanState], ...] = (
    Column("start_s", lambda lean: time(lean.start_s)),
    Column("end_s", lambda lean: time(lean.end_s)),
    Column("lean_deg", lambda lean: angle(lean.lean_deg)),
    Column("side_lean_deg", lambda lean: angle(lean.side_lean_deg)),
    Column("cadence_spm", lambda lean: angle(lean.cadence_spm)),
    Column("valid", lambda lean: flag(lean.valid)),
    Column("confidence", lambda lean: number(lean.confidence, 3)),
    Column("vertical_oscillation_m", lambda lean: number(lean.vertical_oscillation_m, 4)),
    Column("known_s", lambda lean: time(lean.known_s)),
)

GAPS: tuple[Column[Gap], ...] = (
    Column("placement", lambda gap: gap.placement.value),
    Column("start_s", lambda gap: time(gap.start_s)),
    Column("end_s", lambda gap: time(gap.end_s)),
    Column("reason", lambda gap: gap.reason.value),
    Column("samples", lambda gap: str(gap.samples)),
)

CUES: tuple[Column[Cue], ...] = (
    Column("time_s", lambda cue: time(cue.t_s)),
    Column("kind", lambda cue: cue.kind.value),
    Column("value", lambda cue: angle(cue.value)),
    Column("threshold", lambda cue: angle(cue.threshold)),
)

TABLES: dict[type, tuple[str, tuple[Column[Any], ...]]] = {
    Stride: ("strides.csv", STRIDES),
    Step: ("steps.csv", STEPS),
    LeanState: ("lean.csv", LEAN),
    Gap: ("gaps.csv", GAPS),
    Cue: ("cues.csv", CUES),
}
"""File and columns of each output; the names are a public interface."""


class TableWriter:
    """Writes strides.csv, steps.csv, lean.csv, gaps.csv and cues.csv row by row; a context manager.

    The directory is made if need be; tables of an earlier analysis in it are replaced.

    Raises:
        RecordingError: the directory or a table cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[type, TextIO] = {}
        self._open_files = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with ExitStack() as files:
                for output, (name, columns) in TABLES.items():
                    path = self._directory / name
                    file = files.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                    file.write(",".join(column.name for column in columns) + "\n")
                    self._files[output] = file
                self._open_files = files.pop_all()
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
        if type(output) not in TABLES:
            return
        _, columns = TABLES[type(output)]
        row = ",".join(column.text(output) for column in columns)
        try:
            self._files[type(output)].write(row + "\n")
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> RecordingError:
        path = error.filename or self._directory
        return RecordingError(path, f"cannot be written: {error.strerror or error}")
