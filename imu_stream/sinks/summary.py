"""Adds up a session's outputs to the numbers that stand in its summary."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from statistics import fmean

from imu_stream.datatypes import (
    FEET,
    Calibration,
    Cue,
    LeanState,
    Output,
    Placement,
    Stride,
    StrikeType,
)


@dataclass(frozen=True, slots=True)
class SensorSummary:
    """What was received of one sensor."""

    samples: int
    lost: int
    gaps: int
    rate_hz: float


@dataclass(frozen=True, slots=True)
class StrideSummary:
    """Strides of one foot by strike type."""

    total: int
    rearfoot: int
    midfoot: int
    forefoot: int
    unknown: int


@dataclass(frozen=True, slots=True)
class CueSummary:
    """One cue that was given."""

    time_s: float
    kind: str
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A session in a few numbers."""

    sensors: dict[str, SensorSummary]
    strides: dict[str, StrideSummary]
    lean_mean_deg: float | None
    """Mean over valid strides; None when there are none."""
    cadence_mean_spm: float | None
    cues: tuple[CueSummary, ...]
    notes: tuple[str, ...]
    """What the user should know of the calibration."""
    outputs_sha256: str
    """Of every output in order: the same frames always give the same."""


class SummarySink:
    """Takes every output of a session; small however long it runs."""

    def __init__(self) -> None:
        self._strikes: Counter[tuple[Placement, StrikeType]] = Counter()
        self._feet: set[Placement] = set()
        self._leans_deg: list[float] = []
        self._stride_times_s: list[float] = []
        self._cues: list[CueSummary] = []
        self._notes: dict[Placement, str] = {}
        self._digest = hashlib.sha256()

    def write(self, output: Output) -> None:
        self._digest.update(repr(output).encode())
        match output:
            case Stride():
                self._strikes[output.foot, output.strike.strike_type] += 1
                if output.stride_time_s == output.stride_time_s:
                    self._stride_times_s.append(output.stride_time_s)
            case LeanState() if output.valid:
                self._leans_deg.append(output.lean_deg)
            case Cue():
                self._cues.append(
                    CueSummary(output.t_s, output.kind.value, output.value, output.threshold)
                )
            case Calibration():
                self._notes[output.placement] = output.note

    def result(self, sensors: dict[str, SensorSummary]) -> Summary:
        """The summary so far, with what was received of each sensor."""
        cadences_spm = [120.0 / stride_time_s for stride_time_s in self._stride_times_s]
        return Summary(
            sensors=sensors,
            strides={foot.value: self._of(foot) for foot in FEET},
            lean_mean_deg=fmean(self._leans_deg) if self._leans_deg else None,
            cadence_mean_spm=fmean(cadences_spm) if cadences_spm else None,
            cues=tuple(self._cues),
            notes=tuple(f"{where}: {note}" for where, note in self._notes.items() if note),
            outputs_sha256=self._digest.hexdigest(),
        )

    def _of(self, foot: Placement) -> StrideSummary:
        counts = {kind.value: self._strikes[foot, kind] for kind in StrikeType}
        return StrideSummary(total=sum(counts.values()), **counts)
