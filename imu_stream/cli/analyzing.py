"""Analyse recordings: sessions, and the tables of other tools."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from imu_stream import __version__
from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.table_settings import TableSettings, settings_beside
from imu_stream.acquisition.tables import Table, blocks, read_table
from imu_stream.cli.files import tell_if_cut, write_text
from imu_stream.cli.options import now, parse_mount
from imu_stream.cli.progress import HowFar, progress_display
from imu_stream.cli.speaking import console, say
from imu_stream.cli.summary_view import summary_table
from imu_stream.cueing.presets import PRESETS, Preset, cues_text
from imu_stream.datatypes import (
    TABLE,
    Mount,
    Placement,
    SensorSetup,
    SessionHeader,
)
from imu_stream.errors import RecordingError
from imu_stream.pipeline import Input, Pipeline
from imu_stream.session import Session
from imu_stream.sinks.tables import TableWriter


@dataclass(frozen=True, slots=True)
class Known:
    """What the user knows of the run."""

    target_deg: float | None = None
    mount: str | None = None
    stride_factor: float | None = None
    distance_m: float | None = None
    cues: Preset | None = None


def analyze_session(path: Path, known: Known, out: Path) -> None:
    """Write the tables of a session file; its own settings hold."""
    recording = Recording(path)
    _analyze(recording.header, recording, known.distance_m, out)
    tell_if_cut(path, recording.truncated)


def analyze_tables(paths: Mapping[Placement, Path], known: Known, out: Path) -> None:
    """Write the tables of a run recorded as CSV; exported ones are read as in their session."""
    header, tables = read_tables(paths, known)
    _analyze(header, blocks(tables), known.distance_m, out)


def read_tables(
    paths: Mapping[Placement, Path], known: Known
) -> tuple[SessionHeader, Sequence[Table]]:
    """The tables of a run, and how they are to be read.

    Raises:
        RecordingError: a table, or what stands beside it, cannot be used.
        CalibrationError: the mount cannot be used.
    """
    tables = [_read(path, placement) for placement, path in paths.items()]
    settings = {t.placement: settings_beside(paths[t.placement], t.rate_hz) for t in tables}
    sensors = tuple(
        _setup(table, settings[table.placement], paths[table.placement].name, known)
        for table in tables
    )
    told = [each for each in settings.values() if each is not None]
    return _header(sensors, known, told), tables


def _setup(table: Table, settings: TableSettings | None, name: str, known: Known) -> SensorSetup:
    """As its session had it; what the user says of the chest goes before."""
    rate_hz = table.rate_hz if settings is None else settings.rate_hz
    mount = Mount() if settings is None else settings.mount
    if known.mount is not None and not table.placement.is_foot:
        mount = parse_mount(known.mount)
    return SensorSetup(table.placement, TABLE, rate_hz, mount, name=name)


def _header(
    sensors: tuple[SensorSetup, ...], known: Known, settings: Sequence[TableSettings]
) -> SessionHeader:
    """What the user says goes before what stands beside the tables."""
    target_deg, factor, cues = None, 1.0, ""
    if settings:
        target_deg, factor = settings[0].target_deg, settings[0].stride_length_factor
        cues = settings[0].cues
    target_deg = target_deg if known.target_deg is None else known.target_deg
    factor = factor if known.stride_factor is None else known.stride_factor
    cues = cues if known.cues is None else cues_text(PRESETS[known.cues])
    return SessionHeader(__version__, now(), sensors, {}, target_deg, factor, cues)


def _read(path: Path, placement: Placement) -> Table:
    table = read_table(path, placement)
    if placement.is_foot and not table.has_rates:
        raise RecordingError(path, "a foot needs the columns gyr_x, gyr_y, gyr_z (rad/s) too")
    return table


def _analyze(
    header: SessionHeader, items: Iterable[Input], distance_m: float | None, out: Path
) -> None:
    with TableWriter(out) as tables:
        session = Session(Pipeline(header), [tables])
        with progress_display() as progress:
            session.run_at_once(HowFar(progress)(items, "analysing"))
    summary = session.summary()
    text = json.dumps(asdict(summary), indent=2, allow_nan=False) + "\n"
    write_text(out / "summary.json", text)
    console.print(summary_table(summary))
    if distance_m is not None:
        say(personal_factor(header.stride_length_factor, summary.distance_m, distance_m))
    say(f"tables and summary in {out}")


def personal_factor(used: float, measured_m: float | None, distance_m: float) -> str:
    """What to give as --stride-factor from now on, from a run of known distance."""
    if not measured_m:
        return "distance: no stride length was measured to compare it with"
    factor = used * distance_m / measured_m
    return f"distance: {measured_m:.1f} m measured; use --stride-factor {factor:.4f} from now on"
