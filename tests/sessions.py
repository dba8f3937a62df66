"""Session files of a virtual runner, for what is made of sessions afterwards."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from chaos_session import chaos_session

from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.datatypes import Entry, Frame, SessionHeader

MOVESENSE = ("movesense", "movesense", "movesense")


def recorded(
    path: Path,
    seconds: float,
    faults: Faults | None = None,
    *,
    also: Iterable[Entry] = (),
    profiles: Sequence[str] = MOVESENSE,
) -> Path:
    """A session with left, right and chest sensor, over a link with these faults."""
    session = chaos_session(profiles, seconds, seed=1, faults=faults or Faults())
    return written(path, session.header, sorted([*session.items, *also], key=time_s))


def written(path: Path, header: SessionHeader, entries: Iterable[Entry]) -> Path:
    """A session file with these entries."""
    with Recorder(path, header, clock=lambda: 0.0) as recorder:
        for entry in entries:
            recorder.write(entry)
    return path


def time_s(entry: Entry) -> float:
    return entry.arrival_s if isinstance(entry, Frame) else entry.t_s
