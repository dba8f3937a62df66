"""Writes the report of a session."""

from pathlib import Path

from imu_stream import __version__
from imu_stream.afterwards.derivation import derive
from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report import report_html
from imu_stream.cli.files import tell_if_cut, write_text
from imu_stream.cli.speaking import console, say


def report(session: Path, out: Path | None) -> None:
    """Derive a session and write its report; beside it unless told otherwise."""
    with console.status(f"Deriving {session.name} …"):
        finished = derive(session)
    tell_if_cut(session, finished.truncated)
    write_report(finished, session.with_suffix(".html") if out is None else out)


def write_report(finished: FinishedSession, out: Path) -> None:
    """Write the report and say where it is."""
    write_text(out, report_html(finished, __version__))
    say(f"report: {out}")
