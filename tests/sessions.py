"""Session files of a virtual runner, for what is made of sessions afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from chaos_session import chaos_session

from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.datatypes import Entry, SessionHeader

MOVESENSE = ("movesense", "movesense", "movesense")
TWO_MAKES = ("capture2go", "capture2go", "movesense")
PERFECT = Faults()
QUIET = Faults(jitter_s=0.01)


def recorded(
    path: Path,
    seconds: float,
    faults: Faults = PERFECT,
    *,
    also: Iterable[Entry] = (),
    profiles: Sequence[str] = MOVESENSE,
    **header: Any,
) -> Path:
    """A session with left, right and chest sensor, over a link with these faults.

    Other entries are put in, and fields of the header changed.
    """
    session = chaos_session(profiles, seconds, seed=1, faults=faults)
    entries = sorted([*session.items, *also], key=attrgetter("t_s"))
    return written(path, replace(session.header, **header), entries)


def recorded_with_jitter(
    path: Path, seconds: float, faults: Faults = QUIET, *, also: Iterable[Entry] = (), **header: Any
) -> Path:
    """The same with sensors of two makes, over a link on which packets come late at least."""
    return recorded(path, seconds, faults, also=also, profiles=TWO_MAKES, **header)


def written(path: Path, header: SessionHeader, entries: Iterable[Entry]) -> Path:
    """A session file with these entries."""
    with Recorder(path, header, clock=lambda: 0.0) as recorder:
        for entry in entries:
            recorder.write(entry)
    return path
