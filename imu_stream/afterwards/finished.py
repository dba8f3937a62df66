"""A finished session: all that a version of the program makes of a recording."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from imu_stream.afterwards.collected import CollectedOutputs
from imu_stream.datatypes import LeanState, SessionHeader
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
class FinishedSession:
    """All that this version of the program makes of a recording."""

    path: Path
    header: SessionHeader
    summary: Summary
    outputs: CollectedOutputs
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
        return band_at(self.bands, t_s)

    @property
    def running_s(self) -> float:
        """Running time, by the sensor that knows most of it."""
        return self.summary.running_s

    @property
    def in_band_share(self) -> float | None:
        """Share of the strides with a valid lean, by time, that were in the band of their time."""
        valid = [lean for lean in self.outputs.of(LeanState) if lean.valid]
        return share_in_band(valid, self.bands)


def share_in_band(leans: Iterable[LeanState], bands: Sequence[TargetBand]) -> float | None:
    """Share of these strides, by time, whose lean was in the band of its time; None without any."""
    total_s = kept_s = 0.0
    for lean in leans:
        band = band_at(bands, lean.start_s)
        if band is not None:
            total_s += lean.end_s - lean.start_s
            if band.low_deg <= lean.lean_deg <= band.high_deg:
                kept_s += lean.end_s - lean.start_s
    return kept_s / total_s if total_s else None


def band_at(bands: Sequence[TargetBand], t_s: float) -> TargetBand | None:
    """The band that holds at some time; None while none was known."""
    return next((band for band in reversed(bands) if band.since_s <= t_s), None)
