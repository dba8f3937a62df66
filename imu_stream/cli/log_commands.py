"""Commands about sessions that have been: analyze, export, report, and the training log."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from imu_stream.afterwards.export import FORMATS
from imu_stream.afterwards.export.gathering import ExportRequest
from imu_stream.afterwards.training_log.imports import ImportRequest
from imu_stream.cli import analyzing, exporting, importing, reporting, training
from imu_stream.cli.arguments import MountOption, StrideFactor, Target, given, sessions_folder
from imu_stream.cli.options import parse_mount
from imu_stream.config.file import config_path, load_config
from imu_stream.config.remembered import Config
from imu_stream.cueing.presets import Preset
from imu_stream.datatypes import Mount

log_app = typer.Typer()
sessions_app = typer.Typer(help="The training log: every session in your folder.")
log_app.add_typer(sessions_app, name="sessions", invoke_without_command=True)

Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of sessions; default: as your config says, else ./sessions."),
]


def _folder(given: Path | None) -> Path:
    return sessions_folder(Config() if given else load_config(config_path()), given)


@log_app.command()
def analyze(
    out: Annotated[Path, typer.Option(help="Folder for the tables and the summary.")],
    session: Annotated[
        Path | None, typer.Argument(help="A session file (.mcap), instead of tables.")
    ] = None,
    left_foot: Annotated[Path | None, typer.Option(help="CSV of the left foot's sensor.")] = None,
    right_foot: Annotated[Path | None, typer.Option(help="CSV of the right foot's.")] = None,
    chest: Annotated[Path | None, typer.Option(help="CSV of the chest sensor.")] = None,
    target: Target = None,
    mount: MountOption = None,
    stride_factor: StrideFactor = None,
    distance: Annotated[
        float | None, typer.Option(min=1.0, help="Known distance, m: prints your stride factor.")
    ] = None,
    cues: Annotated[
        Preset | None,
        typer.Option(help="How tables are cued; default: standard. A session has its own."),
    ] = None,
) -> None:
    """Analyse a session or the CSV tables of other tools (time_s,acc_x,…,gyr_z; SI units)."""
    tables = given(left_foot, right_foot, chest)
    if (session is None) == (not tables):
        raise typer.BadParameter("give either a session file or at least one table")
    known = analyzing.Known(target, mount, stride_factor, distance, cues)
    if session is not None:
        analyzing.analyze_session(session, known, out)
    else:
        analyzing.analyze_tables(tables, known, out)


@log_app.command("export")
def export_session(
    session: Annotated[Path, typer.Argument(help="A session file (.mcap).")],
    to: Annotated[str, typer.Option(help=f"Formats, with commas: {', '.join(FORMATS)}.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; default: SESSION.export beside it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Keep device addresses, names, serials and notes.")
    ] = False,
    subject: Annotated[
        str | None, typer.Option(help="Code of the runner, letters and digits; default: made up.")
    ] = None,
    treadmill: Annotated[
        bool | None, typer.Option("--treadmill/--road", help="Where it was; FIT says so.")
    ] = None,
    distance: Annotated[
        float | None, typer.Option(min=1.0, help="Known distance, m; default: as measured.")
    ] = None,
) -> None:
    """Write a session for other programs: watches' platforms, spreadsheets, statistics, MATLAB."""
    request = ExportRequest(
        exporting.subject_of(subject), full, exporting.surface_of(treadmill), distance
    )
    place = exporting.Destination(out or session.with_name(f"{session.stem}.export"), force)
    exporting.export_session(session, exporting.formats_of(to), request, place)


@log_app.command()
def report(
    session: Annotated[Path, typer.Argument(help="A session file (.mcap).")],
    out: Annotated[
        Path | None, typer.Option(help="The HTML file to write; default: beside the session.")
    ] = None,
) -> None:
    """Write a report of a session: one HTML file, for a browser or for paper."""
    reporting.report(session, out)


@sessions_app.callback()
def list_sessions(
    context: typer.Context,
    folder: Folder = None,
) -> None:
    """List every session: when, how long, lean, techniques, cues, and which version derived it."""
    if context.invoked_subcommand is None:
        training.list_sessions(_folder(folder))


@sessions_app.command("delete")
def delete_session(
    name: Annotated[str, typer.Argument(help="Name of the session, as `sessions` lists it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    folder: Folder = None,
) -> None:
    """Delete a session for good: recording, report, exports, originals, derived rows."""
    if not training.delete_session(_folder(folder), name, yes):
        raise typer.Exit(1)


@log_app.command()
def trends(
    html: Annotated[Path | None, typer.Option(help="Also write them here, as one page.")] = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Of the virtual runner instead of yours.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Show week by week: lean, techniques, cadence, cues needed, and what was kept without."""
    training.show_trends(_folder(folder), html, virtual)


@log_app.command()
def reanalyze(
    sessions: Annotated[
        list[str] | None, typer.Argument(help="Names of sessions in the folder.")
    ] = None,
    all_sessions: Annotated[bool, typer.Option("--all", help="Every session.")] = False,
    folder: Folder = None,
) -> None:
    """Derive sessions anew with this version, and show which numbers have changed."""
    if bool(sessions) == all_sessions:
        raise typer.BadParameter("name sessions, or give --all")
    if not training.reanalyze(_folder(folder), sessions):
        raise typer.Exit(1)


@log_app.command("import")
def import_recordings(
    left_foot: Annotated[Path | None, typer.Option(help="Log of the left foot's sensor.")] = None,
    right_foot: Annotated[Path | None, typer.Option(help="Log of the right foot's.")] = None,
    chest: Annotated[Path | None, typer.Option(help="Log of the chest sensor.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the session; default: its time.")] = None,
    started: Annotated[
        datetime | None, typer.Option(help="When it began; default: the time of the oldest file.")
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=-90.0, max=90.0, help="Trunk lean that was wanted, degrees.")
    ] = None,
    mount: Annotated[
        str | None, typer.Option(help="Chest sensor axes that point FORWARD,UP, such as x,z.")
    ] = None,
    stride_factor: Annotated[
        float, typer.Option(min=0.5, max=2.0, help="Your own stride length by the measured one.")
    ] = 1.0,
    folder: Folder = None,
) -> None:
    """Bring CSV tables and logs of Movella DOT, Movesense or Polar into your folder as a session.

    The originals are kept beside it. docs/training_log.md says which layouts are known.
    """
    paths = given(left_foot, right_foot, chest)
    if not paths:
        raise typer.BadParameter("name at least one of --left-foot, --right-foot, --chest")
    begun = None if started is None else started.astimezone()
    chest_mount = Mount() if mount is None else parse_mount(mount)
    request = ImportRequest(paths, name, begun, target, chest_mount, stride_factor)
    importing.bring_in(_folder(folder), request)
