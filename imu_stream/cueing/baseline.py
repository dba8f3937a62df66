"""The runner's own way: lean and cadence, and how much the lean varies by itself."""

from collections import deque
from statistics import fmean, median

from imu_stream.cueing.ground import Smoothed
from imu_stream.cueing.observation import Observation


class Baseline:
    """Gathered over the first steady running, breaks left out.

    The variation is that of means over so many `strides`: half the mean square of the differences
    between each and the one that has no stride in common with it (von Neumann 1941). So a slow
    drift, or a lean that is given up, does not pass for variation.
    """

    def __init__(self, strides: int) -> None:
        self.seconds = 0.0
        self._leans_deg: list[float] = []
        self._cadences_spm: list[float] = []
        self._means_deg: deque[float] = deque(maxlen=strides)
        self._squares: list[float] = []

    def add(self, stride: Observation) -> None:
        """Takes a stride of the trunk."""
        if stride.value is not None:
            self._leans_deg.append(stride.value)
        self._cadences_spm.append(stride.cadence_spm)
        self.seconds += stride.end_s - stride.start_s

    def follow(self, smoothed: Smoothed) -> None:
        """Takes a mean of the last strides while the runner is left alone."""
        means_deg = self._means_deg
        if len(means_deg) == means_deg.maxlen:
            self._squares.append((smoothed.value - means_deg[0]) ** 2)
        means_deg.append(smoothed.value)

    def break_off(self) -> None:
        """A break or a cue: the lean before and after it are not compared."""
        self._means_deg.clear()

    @property
    def lean_deg(self) -> float:
        return median(self._leans_deg)

    @property
    def cadence_spm(self) -> float:
        return median(self._cadences_spm)

    @property
    def sd_deg(self) -> float:
        """Standard deviation of the smoothed lean, drift left out; 0 when it is not known."""
        return (0.5 * fmean(self._squares)) ** 0.5 if self._squares else 0.0
