"""A finished session: all that a version of the program makes of a recording."""

from dataclasses import dataclass
from pathlib import Path

from imu_stream.datatypes import SessionHeader
from imu_stream.sinks.collected import Collected
from imu_stream.sinks.summary import Summary


@dataclass(frozen=True, slots=True)
class TargetBand:
    """The lean that was wanted from some time on, until the next band."""

    since_s: float
    target_deg: float
    low_deg: float
    """Below this the runner was due for a cue."""
    high_deg: float
    """Above this likewise."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How lean was kept in the silent minutes at the end of a programme's session."""

    since_s: float
    running_s: float
    """Running time since then of which the lean is known."""
    in_band_percent: float


@dataclass(frozen=True, slots=True)
class Finished:
    """All that this version of the program makes of a recording."""

    path: Path
    header: SessionHeader
    summary: Summary
    outputs: Collected
    target_deg: float | None
    """The lean to keep at the end; None while the baseline was never known."""
    truncated: bool
    """The file has no end: it was read up to where it was cut."""
    seconds: float = 0.0
    """Session time of the last that was measured or marked."""
    bands: tuple[TargetBand, ...] = ()
    """In order of time."""
    retention: Retention | None = None
    """None without a programme, or when it was ended before its silent minutes."""
    agreement_ms: float | None = None
    """How well the sensors' clocks agreed at a hop at the start; None without such a hop."""

    def band_at(self, t_s: float) -> TargetBand | None:
        """The lean that was wanted at some time; None while it was not known."""
        return next((band for band in reversed(self.bands) if band.since_s <= t_s), None)
