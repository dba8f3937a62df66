"""Weeks of training as a page of their own."""

from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from imu_stream.afterwards.report.bars import Part, stacked_bar
from imu_stream.afterwards.report.content import Row, Table
from imu_stream.afterwards.report.page import page
from imu_stream.afterwards.report.wording import counted, duration, number, percent
from imu_stream.afterwards.report.words import TECHNIQUES
from imu_stream.definitions import DEFINITIONS

__all__ = ["Week", "weeks_html", "weeks_table"]


@dataclass(frozen=True, slots=True)
class Week:
    """What was derived of one week's sessions; means are weighted by running time."""

    monday: date
    sessions: int
    running_s: float
    distance_m: float | None
    lean_deg: float | None
    in_band_percent: float | None
    cadence_spm: float | None
    advice: int
    returned_percent: float | None
    """Share of the advice with a known answer after which the runner came back."""
    retention_percent: float | None
    heel_strike_s: float
    midfoot_s: float
    forefoot_upright_s: float
    forefoot_with_lean_s: float
    unknown_s: float

    @property
    def advice_per_10_min(self) -> float | None:
        return 600.0 * self.advice / self.running_s if self.running_s else None

    @property
    def techniques(self) -> dict[str, float]:
        """Share of the running time in each technique, by the name in the summary."""
        spent_s = {name: getattr(self, f"{name}_s") for name in TECHNIQUES}
        total_s = sum(spent_s.values())
        return {name: each / total_s for name, each in spent_s.items()} if total_s else {}

    @property
    def title(self) -> str:
        sunday = self.monday + timedelta(days=6)
        return f"{self.monday.isoformat()} – {sunday.strftime('%m-%d')}"


HEAD = ("Week", "Sessions", "Running", "Lean", "In band", "Cadence", "Cues in 10 min", "Kept")


def weeks_table(weeks: tuple[Week, ...]) -> Table:
    """One row for each week, the newest first."""
    return Table(HEAD, tuple(_row(week) for week in reversed(weeks)))


def _row(week: Week) -> Row:
    return Row(
        (
            week.title,
            str(week.sessions),
            duration(week.running_s),
            _known(week.lean_deg, "°", 1),
            _known(week.in_band_percent, " %", 0),
            _known(week.cadence_spm, "", 0),
            _known(week.advice_per_10_min, "", 1),
            _known(week.retention_percent, " %", 0),
        )
    )


def _known(value: float | None, unit: str, decimals: int) -> str:
    return "—" if value is None else number(value, unit, decimals)


@dataclass(frozen=True, slots=True)
class WeekCard:
    """A week with its bar of techniques."""

    title: str
    said: str
    bar: Markup


def weeks_html(weeks: tuple[Week, ...], version: str, note: str) -> str:
    """The weeks as one HTML text that needs no other."""
    cards = tuple(_card(week) for week in reversed(weeks))
    made_by = f"imu_stream {version}, definitions {DEFINITIONS}"
    return page(
        "weeks.html.j2",
        weeks=weeks_table(weeks),
        cards=cards,
        techniques=[(name.replace("_", "-"), text) for name, text in TECHNIQUES.items()],
        note=note,
        made_by=made_by,
    )


def _card(week: Week) -> WeekCard:
    shares = week.techniques
    words = ", ".join(f"{TECHNIQUES[name]} {percent(s)}" for name, s in shares.items() if s)
    parts = [Part(name.replace("_", "-"), share) for name, share in shares.items()]
    said = f"{counted(week.sessions, 'session')}, {duration(week.running_s)}: {words}"
    return WeekCard(week.title, said, stacked_bar(said, parts))
