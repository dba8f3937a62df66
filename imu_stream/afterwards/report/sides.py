"""Left against right, and lap against lap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.content import Row, Table
from imu_stream.afterwards.report.wording import duration, foreign, number, percent
from imu_stream.datatypes import LeanState, Mark, MarkKind, Stride, StrikeType
from imu_stream.sinks.summary import StrideMeans, StrideSummary
from imu_stream.sinks.summary_sink import asymmetry_percent

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Measure:
    """A row of the table of both feet."""

    title: str
    field: str
    """Of `StrideMeans`."""
    factor: float
    unit: str
    decimals: int
    compared: bool = True
    """False where a share of the mean would tell nothing, as with angles about zero."""


MEASURES = (
    Measure("Contact time", "contact_time_s", 1e3, " ms", 0),
    Measure("Stride time", "stride_time_s", 1e3, " ms", 0),
    Measure("Swing time", "swing_time_s", 1e3, " ms", 0),
    Measure("Strike angle", "fsa_deg", 1.0, "°", 1, compared=False),
    Measure("Stride length", "stride_length_m", 1.0, " m", 2),
    Measure("Speed", "speed_mps", 3.6, " km/h", 1),
    Measure("Shoe roll", "shoe_roll_deg", 1.0, "°", 1),
    Measure("Shock", "shock_g", 1.0, " g", 1),
)


def feet_table(finished: FinishedSession) -> Table:
    """Means of each foot; empty without feet."""
    feet = finished.summary.strides
    left, right = feet["left_foot"], feet["right_foot"]
    if not left.total + right.total:
        return Table((), ())
    return Table(
        ("", "Left", "Right", "Difference"),
        (
            Row(("Strides", str(left.total), str(right.total), "")),
            *(_types(title, name, left, right) for title, name in _TYPES),
            *(_measure(measure, left.means, right.means) for measure in MEASURES),
        ),
    )


_TYPES = (
    ("Heel strikes", StrikeType.REARFOOT),
    ("Midfoot", StrikeType.MIDFOOT),
    ("Forefoot", StrikeType.FOREFOOT),
    ("Type not known", StrikeType.UNKNOWN),
)


def _types(title: str, kind: StrikeType, left: StrideSummary, right: StrideSummary) -> Row:
    shares = [
        percent(getattr(feet, kind.value) / feet.total) if feet.total else "—"
        for feet in (left, right)
    ]
    return Row((title, *shares, ""))


def _measure(measure: Measure, left: StrideMeans, right: StrideMeans) -> Row:
    values = getattr(left, measure.field), getattr(right, measure.field)
    shown = [
        "—" if v is None else number(v * measure.factor, measure.unit, measure.decimals)
        for v in values
    ]
    apart = asymmetry_percent(*values) if measure.compared else None
    return Row((measure.title, *shown, "" if apart is None else number(apart, " %")))


@dataclass(frozen=True, slots=True)
class Lap:
    """From one mark to the next."""

    name: str
    start_s: float
    end_s: float


def laps_of(finished: FinishedSession) -> tuple[Lap, ...]:
    """All laps in order; none when none was marked."""
    marks = [mark for mark in finished.outputs.of(Mark) if mark.kind is MarkKind.LAP]
    if not marks:
        return ()
    bounds_s = [0.0, *(mark.t_s for mark in marks), max(finished.seconds, marks[-1].t_s)]
    names = [*(foreign(mark.text) for mark in marks), ""]
    return tuple(
        Lap(name or str(place), start_s, end_s)
        for place, (name, (start_s, end_s)) in enumerate(
            zip(names, pairwise(bounds_s), strict=True), start=1
        )
        if end_s > start_s
    )


def laps_table(finished: FinishedSession) -> Table:
    """What was measured in each lap."""
    laps = laps_of(finished)
    if not laps:
        return Table((), ())
    leans = [lean for lean in finished.outputs.of(LeanState) if lean.valid]
    strides = finished.outputs.of(Stride)
    rows = tuple(_lap_row(lap, leans, strides) for lap in laps[:MOST_ROWS])
    return Table(("Lap", "Time", "Lean", "Cadence", "Heel strikes"), rows)


def _lap_row(lap: Lap, leans: Sequence[LeanState], strides: Sequence[Stride]) -> Row:
    inside = [lean for lean in leans if lap.start_s <= lean.start_s < lap.end_s]
    landed = [stride for stride in strides if lap.start_s <= stride.ic_s < lap.end_s]
    heels = sum(stride.strike.strike_type is StrikeType.REARFOOT for stride in landed)
    paces = [s.cadence_spm for s in landed if s.stride_time_s > 0.0]
    return Row(
        (
            lap.name,
            duration(lap.end_s - lap.start_s),
            number(_mean(lean.lean_deg for lean in inside), "°") if inside else "—",
            number(_mean(paces), "", 0) if paces else "—",
            percent(heels / len(landed)) if landed else "—",
        )
    )


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return fmean(listed) if listed else None


def notes_table(finished: FinishedSession) -> Table:
    """What was noted on the way."""
    notes = [mark for mark in finished.outputs.of(Mark) if mark.kind is MarkKind.NOTE]
    rows = tuple(Row((duration(m.t_s), foreign(m.text))) for m in notes[:MOST_ROWS])
    return Table(("Time", "Note"), rows) if rows else Table((), ())
