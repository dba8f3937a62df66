"""Writes what was measured as CSV tables: strides, steps, lean, gaps, cues and their answers."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from imu_stream.datatypes import (
    Cue,
    CueDelivery,
    CueReaction,
    Gap,
    HeartRate,
    LeanState,
    Output,
    RunningSpeed,
    Step,
    Stride,
)
from imu_stream.errors import RecordingError

WORD, COUNT, TIME, ANGLE, SHARE, HEIGHT = "%s", "%d", "%.4f", "%.2f", "%.3f", "%.4f"
"""How values are written: seconds with 4 decimals, degrees and steps a minute with 2, …"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    path: str
    """Where its value stands in the output."""
    form: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file: a row for each output of a kind."""

    file: str
    columns: tuple[Column, ...]
    always: bool = True
    """False for a file that is there only when it has rows."""

    @property
    def header(self) -> str:
        return ",".join(column.name for column in self.columns)

    def row_writer(self) -> Callable[[object], str]:
        """Turns an output into its row; as one format, since an hour has many thousand rows."""
        values = attrgetter(*(column.path for column in self.columns))
        form = ",".join(column.form for column in self.columns)

        def row(output: object) -> str:
            text = str(form % values(output)).replace("True", "true").replace("False", "false")
            return text if is_plain(text) else ",".join(map(tidy, text.split(",")))

        return row


def is_plain(text: str) -> bool:
    """Whether a row needs no tidying."""
    return "nan" not in text and "inf" not in text and "-0." not in text and "None" not in text


def tidy(cell: str) -> str:
    """A cell as users expect it: nothing for what was not measured, no minus before a zero."""
    if cell in ("nan", "inf", "-inf", "None"):
        return ""
    is_minus_zero = cell.startswith("-0") and not cell.strip("-0.")
    return cell[1:] if is_minus_zero else cell


STRIDES = Sheet(
    "strides.csv",
    (
        Column("foot", "foot", WORD),
        Column("ic_s", "ic_s", TIME),
        Column("tc_s", "tc_s", TIME),
        Column("contact_time_s", "contact_time_s", TIME),
        Column("stride_time_s", "stride_time_s", TIME),
        Column("cadence_spm", "cadence_spm", ANGLE),
        Column("fsa_deg", "strike.fsa_deg", ANGLE),
        Column("strike_type", "strike.strike_type", WORD),
        Column("confidence", "strike.confidence", SHARE),
        Column("swing_time_s", "swing_time_s", TIME),
        Column("duty_factor", "duty_factor", SHARE),
        Column("stride_length_m", "stride_length_m", SHARE),
        Column("speed_mps", "speed_mps", SHARE),
        Column("shoe_roll_deg", "shoe_roll_deg", ANGLE),
        Column("shock_g", "shock_g", ANGLE),
        Column("shock_clipped", "shock_clipped", WORD),
        Column("known_s", "known_s", TIME),
    ),
)

STEPS = Sheet(
    "steps.csv",
    (
        Column("foot", "foot", WORD),
        Column("ic_s", "ic_s", TIME),
        Column("step_time_s", "step_time_s", TIME),
        Column("flight_time_s", "flight_time_s", TIME),
    ),
)

LEAN = Sheet(
    "lean.csv",
    (
        Column("start_s", "start_s", TIME),
        Column("end_s", "end_s", TIME),
        Column("lean_deg", "lean_deg", ANGLE),
        Column("side_lean_deg", "side_lean_deg", ANGLE),
        Column("cadence_spm", "cadence_spm", ANGLE),
        Column("valid", "valid", WORD),
        Column("confidence", "confidence", SHARE),
        Column("vertical_oscillation_m", "vertical_oscillation_m", HEIGHT),
        Column("known_s", "known_s", TIME),
    ),
)

GAPS = Sheet(
    "gaps.csv",
    (
        Column("placement", "placement", WORD),
        Column("start_s", "start_s", TIME),
        Column("end_s", "end_s", TIME),
        Column("reason", "reason", WORD),
        Column("samples", "samples", COUNT),
    ),
)

CUES = Sheet(
    "cues.csv",
    (
        Column("time_s", "t_s", TIME),
        Column("kind", "kind", WORD),
        Column("value", "value", ANGLE),
        Column("threshold", "threshold", ANGLE),
        Column("cause", "cause", WORD),
        Column("level", "level", COUNT),
        Column("placement", "placement", WORD),
    ),
)

REACTIONS = Sheet(
    "reactions.csv",
    (
        Column("time_s", "t_s", TIME),
        Column("cue_s", "cue_s", TIME),
        Column("kind", "kind", WORD),
        Column("answer", "answer", WORD),
        Column("strides", "strides", COUNT),
    ),
    always=False,
)

HEART_RATE = Sheet(
    "heart_rate.csv",
    (
        Column("time_s", "t_s", TIME),
        Column("bpm", "bpm", COUNT),
        Column("contact", "contact", WORD),
        Column("rr_s", "rr_text", WORD),
    ),
    always=False,
)

RUNNING_SPEED = Sheet(
    "pod.csv",
    (
        Column("time_s", "t_s", TIME),
        Column("running", "running", WORD),
        Column("speed_mps", "speed_mps", SHARE),
        Column("cadence", "cadence", COUNT),
        Column("stride_length_m", "stride_length_m", SHARE),
        Column("distance_m", "distance_m", SHARE),
    ),
    always=False,
)

DELIVERIES = Sheet(
    "deliveries.csv",
    (
        Column("time_s", "t_s", TIME),
        Column("cue_s", "cue_s", TIME),
        Column("kind", "kind", WORD),
        Column("output", "output", WORD),
        Column("outcome", "outcome", WORD),
    ),
    always=False,
)

SHEETS: Mapping[type, Sheet] = {
    Stride: STRIDES,
    Step: STEPS,
    LeanState: LEAN,
    Gap: GAPS,
    Cue: CUES,
    CueReaction: REACTIONS,
    HeartRate: HEART_RATE,
    RunningSpeed: RUNNING_SPEED,
    CueDelivery: DELIVERIES,
}
"""The file of each kind of output; the names in it are a public interface."""


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
        self._rows = {kind: sheet.row_writer() for kind, sheet in SHEETS.items()}
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
