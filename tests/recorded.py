"""Session files of the virtual runner, as the recorder leaves them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from chaos_session import chaos_session

from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.datatypes import Entry, Frame

PROFILES = ("capture2go", "capture2go", "movesense")
QUIET = Faults(jitter_s=0.01)


def recorded_session(
    path: Path,
    seconds: float,
    events: Iterable[Entry] = (),
    faults: Faults = QUIET,
    **header: Any,
) -> Path:
    """Write a session of all three sensors, with events put in and the header's fields changed."""
    session = chaos_session(PROFILES, seconds, 1, faults)
    entries = sorted([*session.items, *events], key=arrival_s)
    with Recorder(path, replace(session.header, **header), clock=lambda: 0.0) as recorder:
        for entry in entries:
            recorder.write(entry)
    return path


def arrival_s(entry: Entry) -> float:
    return entry.arrival_s if isinstance(entry, Frame) else entry.t_s
