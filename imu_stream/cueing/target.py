"""What is wanted of the runner: bands of lean and cadence, from the baseline or as given."""

from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

from imu_stream.cueing.ground import Smoothed
from imu_stream.cueing.parameters import CueParams
from imu_stream.datatypes import CueKind, LeanState


class Reading(StrEnum):
    """What one smoothed value says of a band."""

    GOOD = "good"
    BETWEEN = "between"
    """In the hysteresis: as it was."""
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Band:
    """One thing wanted: `advice` is due beyond the threshold, all is well from `good` on."""

    advice: CueKind
    threshold: float
    good: float
    """On the inner side of the threshold: more when more is wanted, else less."""
    persistence_strides: int
    praise: CueKind | None = None
    praise_limit: float = float("inf")
    """A return that goes farther is not praised."""

    def value_of(self, smoothed: Smoothed) -> float:
        is_cadence = self.advice is CueKind.CADENCE_MORE
        return smoothed.cadence_spm if is_cadence else smoothed.lean_deg

    def reading(self, value: float) -> Reading:
        side = 1.0 if self.good > self.threshold else -1.0
        if side * (value - self.threshold) < 0.0:
            return Reading.OUT
        return Reading.GOOD if side * (value - self.good) >= 0.0 else Reading.BETWEEN


@dataclass(slots=True)
class Baseline:
    """The runner's own way, gathered over the first steady running, breaks left out."""

    leans_deg: list[float] = field(default_factory=list)
    cadences_spm: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, stride: LeanState) -> None:
        self.leans_deg.append(stride.lean_deg)
        self.cadences_spm.append(stride.cadence_spm)
        self.seconds += stride.end_s - stride.start_s

    @property
    def lean_deg(self) -> float:
        return median(self.leans_deg)

    @property
    def cadence_spm(self) -> float:
        return median(self.cadences_spm)


def target_from_baseline(baseline_deg: float, params: CueParams) -> float:
    """The target for a runner whose own lean is `baseline_deg`, degrees."""
    step_deg = 0.0 if baseline_deg >= params.no_increase_deg else params.step_deg
    return min(max(baseline_deg + step_deg, params.target_min_deg), params.target_max_deg)


def lean_bands(target_deg: float, params: CueParams) -> tuple[Band, Band]:
    """Not too far and far enough, in the order of rank."""
    half_deg = params.dead_band_deg / 2
    over_deg = max(target_deg + params.over_deg, params.over_least_deg)
    return (
        Band(CueKind.LEAN_LESS, over_deg, over_deg - half_deg, params.over_persistence_strides),
        Band(
            CueKind.LEAN_MORE,
            target_deg - params.dead_band_deg,
            target_deg - half_deg,
            params.persistence_strides,
            CueKind.LEAN_GOOD,
            target_deg + params.dead_band_deg,
        ),
    )


def cadence_band(baseline_spm: float, params: CueParams) -> Band:
    """The cadence wanted of a runner whose own is `baseline_spm`."""
    target_spm = baseline_spm * (1.0 + params.cadence_increase)
    dead_spm = target_spm * params.cadence_dead_band
    return Band(
        CueKind.CADENCE_MORE,
        target_spm - dead_spm,
        target_spm - dead_spm / 2,
        params.over_persistence_strides,
        CueKind.CADENCE_GOOD,
    )
