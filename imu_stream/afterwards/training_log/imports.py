"""Makes a session of recordings of other tools; the originals stay beside it, untouched."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from imu_stream import __version__
from imu_stream.acquisition.foreign_tables import Foreign, read_foreign
from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.tables import Table, blocks
from imu_stream.afterwards.training_log.folder import SUFFIX
from imu_stream.datatypes import (
    TABLE,
    Frame,
    Gap,
    Mount,
    Placement,
    Samples,
    SensorSetup,
    SessionHeader,
)
from imu_stream.errors import RecordingError
from imu_stream.pipeline import Pipeline
from imu_stream.profiles.table_stream import encode_table

STRAIGHT = Mount()
BLOCK_S = 1.0
LATEST_START_S = 3600.0
"""Times that begin later count from something else: then they are moved."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What shall become a session, and what the user knows of it."""

    paths: Mapping[Placement, Path]
    name: str | None = None
    started: datetime | None = None
    """With time zone; None: when the oldest file was last written."""
    target_deg: float | None = None
    chest_mount: Mount = STRAIGHT
    stride_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Imported:
    """A session that was made."""

    path: Path
    tools: Mapping[Placement, str]
    """Which tool wrote each table."""


def import_session(folder: Path, request: ImportRequest) -> Imported:
    """Makes a session file of tables, with copies of them beside it; all of it or nothing.

    Raises:
        RecordingError: a file cannot be read or is of an unknown layout, times do not overlap, or
            a session of that name exists.
        CalibrationError: the mount cannot be used.
    """
    found = {place: read_foreign(path, place) for place, path in request.paths.items()}
    for place, foreign in found.items():
        _check_rates(request.paths[place], foreign.table)
    tables = _together([foreign.table for foreign in found.values()], request)
    started = request.started or _written(request.paths.values())
    header = _header(tables, found, request, started)
    Pipeline(header)
    name = request.name or started.astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    path = _new(folder, name)
    originals = path.with_suffix(".originals")
    try:
        _keep(request.paths, originals)
        _record(path, header, tables)
    except (OSError, RecordingError) as error:
        path.with_suffix(".part").unlink(missing_ok=True)
        shutil.rmtree(originals, ignore_errors=True)
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(path, f"cannot be written: {error.strerror or error}") from None
    return Imported(path, {place: foreign.tool for place, foreign in found.items()})


def _check_rates(path: Path, table: Table) -> None:
    if table.placement.is_foot and not table.has_rates:
        raise RecordingError(path, "has no angular rates; a foot needs them")


def _together(tables: Sequence[Table], request: ImportRequest) -> tuple[Table, ...]:
    """All on one session time that begins at 0 or soon after."""
    starts_s, ends_s = zip(*(_span(table) for table in tables), strict=True)
    if max(starts_s) >= min(ends_s):
        names = ", ".join(path.name for path in request.paths.values())
        raise RecordingError(
            names, "have no time in common: their clocks differ, so they make no session together"
        )
    first_s = min(starts_s)
    if 0.0 <= first_s <= LATEST_START_S:
        return tuple(tables)
    return tuple(_moved(table, -first_s) for table in tables)


def _span(table: Table) -> tuple[float, float]:
    first, last = table.items[0], table.items[-1]
    start_s = first.start_s if isinstance(first, Gap) else float(first.t_s[0])
    return start_s, last.end_s


def _moved(table: Table, by_s: float) -> Table:
    return replace(table, items=tuple(_later(item, by_s) for item in table.items))


def _later(item: Samples | Gap, by_s: float) -> Samples | Gap:
    if isinstance(item, Gap):
        return replace(item, start_s=item.start_s + by_s, end_s=item.end_s + by_s)
    return replace(item, t_s=item.t_s + by_s)


def _written(paths: Iterable[Path]) -> datetime:
    """When the oldest of the files was last written: the best that is known without being told."""
    return datetime.fromtimestamp(min(path.stat().st_mtime for path in paths), UTC)


def _header(
    tables: Sequence[Table],
    found: Mapping[Placement, Foreign],
    request: ImportRequest,
    started: datetime,
) -> SessionHeader:
    sensors = tuple(
        SensorSetup(
            table.placement,
            TABLE,
            table.rate_hz,
            Mount() if table.placement.is_foot else request.chest_mount,
            name=f"{found[table.placement].tool}: {request.paths[table.placement].name}",
        )
        for table in tables
    )
    begun = started.isoformat(timespec="milliseconds")
    return SessionHeader(__version__, begun, sensors, {}, request.target_deg, request.stride_factor)


def _new(folder: Path, name: str) -> Path:
    """Where the session will be; a name is one part of a path, and not taken."""
    if not name or Path(name).name != name or name.startswith(".") or "\0" in name:
        raise RecordingError(folder, f"{name!r} is no name for a session")
    path = folder / f"{name}{SUFFIX}"
    taken = [p for p in (path, path.with_suffix(".originals")) if p.exists() or p.is_symlink()]
    if taken:
        raise RecordingError(taken[0], "exists already; choose another --name")
    return path


def _keep(paths: Mapping[Placement, Path], originals: Path) -> None:
    originals.mkdir(parents=True)
    for place, path in paths.items():
        shutil.copyfile(path, originals / f"{place.value}-{path.name}")


def _record(path: Path, header: SessionHeader, tables: Sequence[Table]) -> None:
    """Under another name until it is whole."""
    part = path.with_suffix(".part")
    with suppress(FileNotFoundError):
        part.unlink()
    # nothing comes in meanwhile: one sync at the end is enough
    with Recorder(part, header, clock=lambda: 0.0) as recorder:
        for item in _frames(tables):
            recorder.write(item)
    part.rename(path)


def _frames(tables: Sequence[Table]) -> Iterator[Frame]:
    return map(encode_table, blocks(tables, BLOCK_S))
