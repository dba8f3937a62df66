"""Analyse recordings: sessions, and the tables of other tools."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from rich.progress import Progress

from imu_stream import __version__
from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.tables import Table, blocks, read_table
from imu_stream.cli.options import now, parse_mount
from imu_stream.cli.speaking import console, say
from imu_stream.cli.view import summary_table
from imu_stream.datatypes import (
    Frame,
    Gap,
    LinkState,
    Mount,
    Placement,
    Samples,
    SensorSetup,
    SessionHeader,
)
from imu_stream.errors import RecordingError
from imu_stream.pipeline import TABLE, Input, Pipeline
from imu_stream.session import Session
from imu_stream.sinks.tables import TableWriter


def analyze_session(path: Path, out: Path) -> None:
    """Write the tables of a session file."""
    recording = Recording(path)
    _analyze(recording.header, recording, out)
    if recording.truncated:
        say(f"note: {path} has no end; it was read up to where it was cut")


def analyze_tables(
    paths: Mapping[Placement, Path], target_deg: float | None, mount: str | None, out: Path
) -> None:
    """Write the tables of a run recorded as CSV."""
    tables = [_read(path, placement) for placement, path in paths.items()]
    chest_mount = Mount() if mount is None else parse_mount(mount)
    sensors = tuple(
        SensorSetup(
            table.placement,
            TABLE,
            table.rate_hz,
            Mount() if table.placement.is_foot else chest_mount,
            name=paths[table.placement].name,
        )
        for table in tables
    )
    header = SessionHeader(__version__, now(), sensors, {}, target_deg)
    _analyze(header, blocks(tables), out)


def _read(path: Path, placement: Placement) -> Table:
    table = read_table(path, placement)
    has_gyro = any(isinstance(i, Samples) and i.gyr is not None for i in table.items)
    if placement.is_foot and not has_gyro:
        raise RecordingError(path, "a foot needs the columns gyr_x, gyr_y, gyr_z (rad/s) too")
    return table


def _analyze(header: SessionHeader, items: Iterable[Input], out: Path) -> None:
    with TableWriter(out) as tables:
        session = Session(Pipeline(header), [tables])
        session.run_at_once(_with_progress(items))
    summary = session.summary()
    text = json.dumps(asdict(summary), indent=2, allow_nan=False) + "\n"
    write_text(out / "summary.json", text)
    console.print(summary_table(summary))
    say(f"tables and summary in {out}")


def write_text(path: Path, text: str) -> None:
    """Write a small file; RecordingError when that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordingError(path, f"cannot be written: {error.strerror or error}") from None


def _with_progress(items: Iterable[Input]) -> Iterator[Input]:
    """Show how far into the recording the analysis is, on a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("analysing", total=None)
        for count, item in enumerate(items):
            if count % 256 == 0:
                progress.update(task, description=f"analysing, at {_time_s(item):.0f} s")
            yield item


def _time_s(item: Input) -> float:
    match item:
        case Frame():
            return item.arrival_s
        case LinkState():
            return item.t_s
        case Gap():
            return item.start_s
        case Samples():
            return float(item.t_s[0])
