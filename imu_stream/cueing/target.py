"""What is wanted of the runner: bands of lean, cadence and landings."""

from dataclasses import dataclass
from enum import StrEnum

from imu_stream.cueing.ground import Smoothed
from imu_stream.cueing.observation import WantedStrike, technique_of
from imu_stream.cueing.parameters import CueParams
from imu_stream.datatypes import FEET, CueKind, Placement, Technique


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
    placement: Placement = Placement.CHEST
    """Whose strides tell of it."""
    technique: Technique = Technique.UNKNOWN
    """What is asked for, when landings are in question."""

    @property
    def topic(self) -> tuple[CueKind, Placement]:
        """What tells it from the other bands."""
        return self.advice, self.placement

    def value_of(self, measured: Smoothed) -> float:
        is_cadence = self.advice is CueKind.CADENCE_MORE
        return measured.cadence_spm if is_cadence else measured.value

    def reading(self, value: float) -> Reading:
        side = 1.0 if self.good > self.threshold else -1.0
        if side * (value - self.threshold) < 0.0:
            return Reading.OUT
        return Reading.GOOD if side * (value - self.good) >= 0.0 else Reading.BETWEEN


def target_from_baseline(baseline_deg: float, params: CueParams) -> float:
    """The target for a runner whose own lean is `baseline_deg`, degrees."""
    step_deg = 0.0 if baseline_deg >= params.no_increase_deg else params.step_deg
    return min(max(baseline_deg + step_deg, params.target_min_deg), params.target_max_deg)


def dead_band_deg(sd_deg: float, params: CueParams) -> float:
    """The dead band of a runner whose smoothed lean varies by `sd_deg`, degrees."""
    widened_deg = min(params.dead_band_sd * sd_deg, params.dead_band_max_deg)
    return max(params.dead_band_deg, widened_deg)


def lean_bands(target_deg: float, dead_deg: float, params: CueParams) -> tuple[Band, Band]:
    """Not too far and far enough, in the order of rank."""
    half_deg = dead_deg / 2
    over_deg = max(target_deg + params.over_deg, params.over_least_deg)
    return (
        Band(CueKind.LEAN_LESS, over_deg, over_deg - half_deg, params.over_persistence_strides),
        Band(
            CueKind.LEAN_MORE,
            target_deg - dead_deg,
            target_deg - half_deg,
            params.persistence_strides,
            CueKind.LEAN_GOOD,
            target_deg + dead_deg,
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


def strike_bands(target_deg: float | None, params: CueParams) -> tuple[Band, ...]:
    """How each foot shall land, beside a lean of `target_deg`; none when any way is good."""
    if params.strike is WantedStrike.ANY:
        return ()
    technique = technique_of(params.strike, target_deg)
    half_percent = params.strike_wrong_percent / 2
    return tuple(
        Band(
            CueKind.STRIKE_CHANGE,
            params.strike_wrong_percent,
            half_percent,
            params.over_persistence_strides,
            CueKind.STRIKE_GOOD,
            placement=foot,
            technique=technique,
        )
        for foot in FEET
    )
