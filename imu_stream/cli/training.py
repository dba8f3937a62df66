"""The training log on the terminal."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from imu_stream import __version__
from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.weeks import Week, weeks_html, weeks_table
from imu_stream.afterwards.report.wording import duration, foreign, number
from imu_stream.afterwards.report.words import TECHNIQUES
from imu_stream.afterwards.training_log.changes import changes
from imu_stream.afterwards.training_log.log import Logged, Rederived, TrainingLog
from imu_stream.afterwards.training_log.rows import VIRTUAL, SessionRow, row_of
from imu_stream.afterwards.training_log.store import DerivedRows
from imu_stream.afterwards.training_log.trends import weeks_of
from imu_stream.cli.files import write_text
from imu_stream.cli.reporting import write_report
from imu_stream.cli.speaking import console, say, table_of
from imu_stream.definitions import DEFINITIONS
from imu_stream.errors import ImuStreamError, MissingExtraError

LETTERS = {
    "heel_strike": "H",
    "midfoot": "M",
    "forefoot_upright": "U",
    "forefoot_with_lean": "L",
    "unknown": "?",
}
TITLES = ("session", "kind", "time", "strides", "lean", "techniques %", "cues", "kept")


def enter(finished: FinishedSession) -> None:
    """Note a session that has just ended; without the log's packages, `sessions` does it later."""
    with suppress(MissingExtraError):
        DerivedRows(finished.path.parent).put(row_of(finished))


def list_sessions(folder: Path) -> None:
    """Every session of a folder; those never derived are derived now."""
    log = TrainingLog(folder)
    entries = _derived(log)
    if not entries:
        say(f"no sessions in {folder}")
        return
    table = table_of(*TITLES)
    for entry in entries:
        if entry.row is not None:
            table.add_row(*map(Text, _cells(entry.row)))
    if table.row_count:
        console.print(table)
        say("; ".join(f"{LETTERS[n]} {t.lower()}" for n, t in TECHNIQUES.items()), "techniques:")
        say("advice + praise; kept: in band in the silent minutes of a programme", "cues:")
        say(f"{__version__}/{DEFINITIONS}, unless another is named with a *", "derived by:")
    for entry in entries:
        if entry.problem:
            say(entry.problem, f"{foreign(entry.path.name)} unreadable:", "bold yellow")
    if any(entry.row is not None and not entry.row.is_current for entry in entries):
        say("* derived by another version: `imu-stream reanalyze --all` derives them anew")


def _derived(log: TrainingLog) -> list[Logged]:
    """The whole log, with how far it is while sessions are being derived."""
    entries = []
    with console.status("Reading the training log …") as status:
        for entry in log.listed():
            if entry.row is None and not entry.problem:
                status.update(Text(f"Deriving {foreign(entry.path.name)} …"))
            entries.append(log.derived(entry))
    return entries


def _cells(row: SessionRow) -> tuple[str, ...]:
    return (
        _session(row),
        row.kind,
        duration(row.running_s),
        str(row.strides),
        _known(row.lean_mean_deg, "°", 1),
        techniques_text(row),
        f"{row.advice}+{row.praise}",
        _known(row.retention_percent, " %", 0),
    )


def _session(row: SessionRow) -> str:
    """Its name; the day where the name does not tell it; who derived it, if another version."""
    day = "" if row.day and row.name.startswith(row.day) else f" {row.day or 'day unknown'}"
    by = "" if row.is_current else f" {row.software}/{row.definitions} *"
    return foreign(row.name) + day + (" (cut)" if row.truncated else "") + by


def _known(value: float | None, unit: str, decimals: int) -> str:
    return "—" if value is None else number(value, unit, decimals)


def techniques_text(row: SessionRow | Week) -> str:
    """Shares of the running time: "H40 M20 U10 L30"."""
    spent_s = {name: getattr(row, f"{name}_s") for name in TECHNIQUES}
    total_s = sum(spent_s.values())
    shown = [(LETTERS[n], 100.0 * s / total_s) for n, s in spent_s.items() if s > 0.0]
    return " ".join(f"{letter}{share:.0f}" for letter, share in shown) or "—"


def show_trends(folder: Path, html: Path | None, virtual: bool) -> None:
    """Week by week on the terminal, and as a page if that is wanted."""
    log = TrainingLog(folder)
    rows = [entry.row for entry in _derived(log) if entry.row is not None]
    wanted = [row for row in rows if (row.kind == VIRTUAL) is virtual]
    current = [row for row in wanted if row.is_current]
    weeks = weeks_of(current, log.rows)
    if weeks:
        console.print(_weeks_table(weeks))
    else:
        whose = "the virtual runner" if virtual else "yours"
        say(f"no sessions of {whose} with running in {folder}")
    note = _left_out(rows, wanted, current, virtual)
    if note:
        say(note)
    if html is not None:
        write_text(html, weeks_html(weeks, __version__, note))
        say(f"page: {html}")


def _weeks_table(weeks: tuple[Week, ...]) -> Table:
    content = weeks_table(weeks)
    table = table_of(*content.head, "Techniques %")
    table.columns[0].no_wrap = True
    for row, week in zip(content.rows, reversed(weeks), strict=True):
        table.add_row(*map(Text, (*row.cells, techniques_text(week))))
    return table


def _left_out(
    rows: Sequence[SessionRow],
    wanted: Sequence[SessionRow],
    current: Sequence[SessionRow],
    virtual: bool,
) -> str:
    """Which sessions do not count, and why: numbers of two versions are never mixed."""
    said = []
    if others := len(rows) - len(wanted):
        said.append(f"{others} of {'yours' if virtual else 'the virtual runner'} left out")
    if older := len(wanted) - len(current):
        said.append(f"{older} derived by another version left out until `imu-stream reanalyze`")
    return "; ".join(said)


def delete_session(folder: Path, name: str, yes: bool) -> bool:
    """Delete a session when the user confirms it; whether it was done."""
    sessions = TrainingLog(folder).folder
    session = sessions.session(name)
    for path in sessions.belongings(session):
        say(str(path))
    if not yes and not typer.confirm("Delete these for good?", default=False):
        return False
    say(f"{len(sessions.delete(session))} deleted")
    return True


def reanalyze(folder: Path, names: Sequence[str] | None) -> bool:
    """Derive sessions anew, all without names; False when one could not be."""
    log = TrainingLog(folder)
    paths = log.folder.sessions() if names is None else [log.folder.session(n) for n in names]
    outcomes = Counter(_reanalyzed(log, path) for path in paths)
    say(f"{outcomes[True]} derived with {__version__}, definitions {DEFINITIONS}")
    return not outcomes[False]


def _reanalyzed(log: TrainingLog, path: Path) -> bool:
    try:
        with console.status(Text(f"Deriving {foreign(path.name)} …")):
            found = log.rederive(path)
    except ImuStreamError as error:
        say(str(error), "unreadable:", "bold yellow")
        return False
    say(changes_text(found), f"{foreign(path.stem)}:")
    if path.with_suffix(".html").exists():
        write_report(found.finished, path.with_suffix(".html"))
    return True


def changes_text(found: Rederived) -> str:
    """What differs from the row that was derived before."""
    before, after = found.before, found.after
    if before is None:
        return "derived for the first time"
    by = f"(before by {before.software}, definitions {before.definitions})"
    listed = ", ".join(map(str, changes(before, after)))
    if listed:
        return f"{listed} {by}"
    if before.outputs_sha256 != after.outputs_sha256:
        return f"the same numbers here, outputs differ {by}"
    return f"the same to the last bit {by}"
