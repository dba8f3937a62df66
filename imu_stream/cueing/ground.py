"""Whether what is measured is ground enough for a cue, and the value it would stand on.

Each sensor is ground of its own: the chest's stream for lean and cadence, each foot's for how that
foot lands. Whatever makes a stream doubtful starts it over: after a start or a gap the sensor's
vertical is still settling (up to 3.4° off in simulation with a time constant of 3 s), so nothing
counts until the blackout is over.
"""

from collections import deque
from dataclasses import dataclass
from statistics import fmean

from imu_stream.cueing.observation import Observation
from imu_stream.cueing.parameters import CueParams
from imu_stream.datatypes import Gap, LinkPhase, LinkState, Mark, MarkKind, Notice

Interruption = Gap | LinkState | Notice | Mark


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Means over the last strides of one sensor."""

    value: float
    """Lean, degrees; or landings of the wrong type, percent of all."""
    cadence_spm: float


@dataclass(slots=True)
class _Run:
    """One stretch of running without a break; what the past has left."""

    blackout_end_s: float
    last_end_s: float
    values: deque[float | None]
    cadences_spm: deque[float]
    missing_s: float = 0.0


class Ground:
    """Follows one sensor of one runner; values are smoothed over so many `strides`."""

    def __init__(self, params: CueParams, strides: int) -> None:
        self._params = params
        self._strides = strides
        self._run: _Run | None = None
        self._interrupted_to_s = float("-inf")
        self._paused = False

    def interrupts(self, item: Interruption) -> bool:
        """Takes what is no stride of this sensor; whether all starts over because of it."""
        if not self._breaks(item):
            return False
        self._run = None
        self._interrupted_to_s = item.end_s if isinstance(item, Gap) else item.t_s
        return True

    def _breaks(self, item: Interruption) -> bool:
        if isinstance(item, Mark):
            return self._pauses(item)
        if isinstance(item, LinkState):
            return item.phase is LinkPhase.LOST
        if isinstance(item, Notice):
            return True
        if self._run is None:
            return False
        self._run.missing_s += item.end_s - item.start_s
        return self._run.missing_s >= self._params.gap_s

    def _pauses(self, mark: Mark) -> bool:
        if mark.kind not in (MarkKind.PAUSE, MarkKind.RESUME):
            return False
        self._paused = mark.kind is MarkKind.PAUSE
        return True

    def is_firm(self, stride: Observation) -> bool:
        """Takes a stride; whether it counts: running, measured, of the present, no blackout."""
        if self._paused or not self._is_running(stride):
            self._run = None
            return False
        run = self._continue(stride)
        self._follow_cadence(run, stride)
        if stride.start_s < run.blackout_end_s:
            run.values.clear()
            return False
        run.values.append(stride.value)
        return True

    @property
    def smoothed(self) -> Smoothed | None:
        """The last strides that counted; None while there are too few, or too few are certain.

        An uncertain one counts as nothing wrong: 0.
        """
        run = self._run
        if run is None or len(run.values) < self._strides:
            return None
        if 2 * run.values.count(None) > self._strides:
            return None
        return Smoothed(fmean(value or 0.0 for value in run.values), fmean(run.cadences_spm))

    def _is_running(self, stride: Observation) -> bool:
        low, high = self._params.cadence_min_spm, self._params.cadence_max_spm
        is_present = stride.known_s - stride.end_s <= self._params.stale_s
        return stride.measured and is_present and low <= stride.cadence_spm <= high

    def _continue(self, stride: Observation) -> _Run:
        """The run this stride belongs to, a new one after a break."""
        params, run = self._params, self._run
        if run is None or abs(stride.start_s - run.last_end_s) > params.stale_s:
            run = self._run = _Run(
                blackout_end_s=max(stride.start_s, self._interrupted_to_s)
                + params.start_blackout_s,
                last_end_s=stride.end_s,
                values=deque(maxlen=self._strides),
                cadences_spm=deque(maxlen=self._strides),
            )
        run.last_end_s, run.missing_s = stride.end_s, 0.0
        return run

    def _follow_cadence(self, run: _Run, stride: Observation) -> None:
        before_spm = fmean(run.cadences_spm or [stride.cadence_spm])
        if abs(stride.cadence_spm - before_spm) > self._params.cadence_change * before_spm:
            run.blackout_end_s = max(
                run.blackout_end_s, stride.end_s + self._params.change_blackout_s
            )
            run.cadences_spm.clear()
        run.cadences_spm.append(stride.cadence_spm)
