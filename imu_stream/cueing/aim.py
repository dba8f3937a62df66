"""What is wanted of one runner, by what is known of them so far."""

from imu_stream.cueing.baseline import Baseline
from imu_stream.cueing.ground import Smoothed
from imu_stream.cueing.observation import Observation
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.target import (
    Band,
    cadence_band,
    dead_band_deg,
    lean_bands,
    strike_bands,
    target_from_baseline,
)


class Aim:
    """Learns the runner's own way and sets the bands by it."""

    def __init__(self, target_deg: float | None, params: CueParams) -> None:
        self.target_deg = target_deg
        """The lean to keep, degrees; None until it is known."""
        self._params = params
        self._dead_band_deg = params.dead_band_deg
        self._own_cadence_spm: float | None = None
        self._baseline: Baseline | None = Baseline(params.smoothing_strides)

    def learn(self, stride: Observation, left_alone: Smoothed | None) -> bool:
        """Takes a stride of the trunk; whether the bands are others with it.

        Args:
            stride: of steady running.
            left_alone: the mean of the last strides, when there was no cue shortly before.
        """
        baseline = self._baseline
        if baseline is None:
            return False
        baseline.add(stride)
        if left_alone is not None:
            baseline.follow(left_alone)
        if baseline.seconds < self._params.baseline_s:
            return False
        self._take(baseline)
        return True

    def break_off(self) -> None:
        """A break or a cue: the lean before and after it are not compared."""
        if self._baseline is not None:
            self._baseline.break_off()

    @property
    def lean_band_deg(self) -> tuple[float, float] | None:
        """Below and above which the runner is cued, degrees; None until it is known."""
        if self.target_deg is None:
            return None
        over, under = lean_bands(self.target_deg, self._dead_band_deg, self._params)
        return under.threshold, over.threshold

    def bands(self) -> list[Band]:
        """All that is wanted, in the order of rank."""
        params, bands = self._params, list[Band]()
        if self.target_deg is not None:
            bands += lean_bands(self.target_deg, self._dead_band_deg, params)
        if self._own_cadence_spm is not None and params.cadence_increase:
            bands.append(cadence_band(self._own_cadence_spm, params))
        return [*bands, *strike_bands(self.target_deg, params)]

    def _take(self, baseline: Baseline) -> None:
        self._baseline = None
        self._own_cadence_spm = baseline.cadence_spm
        self._dead_band_deg = dead_band_deg(baseline.sd_deg, self._params)
        if self.target_deg is None:
            self.target_deg = target_from_baseline(baseline.lean_deg, self._params)
