"""Whether what is measured is ground enough for a cue, and the value it would stand on.

Whatever makes the lean doubtful starts all of it over: after a start or a gap the sensor's vertical
is still settling (up to 3.4° off in simulation with a time constant of 3 s), so nothing counts
until the blackout is over.
"""

from collections import deque
from dataclasses import dataclass
from math import isfinite
from statistics import fmean

from imu_stream.cueing.parameters import CueParams
from imu_stream.datatypes import (
    Gap,
    LeanState,
    LinkPhase,
    LinkState,
    Mark,
    MarkKind,
    Notice,
    NoticeKind,
    Placement,
)

Interruption = Gap | LinkState | Notice | Mark


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Means over the last strides."""

    lean_deg: float
    cadence_spm: float


@dataclass(slots=True)
class _Run:
    """One stretch of running without a break; what the past has left."""

    blackout_end_s: float
    last_end_s: float
    leans_deg: deque[float]
    cadences_spm: deque[float]
    missing_s: float = 0.0


class Ground:
    """Follows the chest sensor of one runner."""

    def __init__(self, params: CueParams) -> None:
        self._params = params
        self._run: _Run | None = None
        self._paused = False

    def interrupts(self, item: Interruption) -> bool:
        """Takes what is no stride; whether all starts over because of it."""
        if isinstance(item, Mark):
            return self._pauses(item)
        if item.placement is not Placement.CHEST or not self._breaks(item):
            return False
        self._run = None
        return True

    def _pauses(self, mark: Mark) -> bool:
        if mark.kind not in (MarkKind.PAUSE, MarkKind.RESUME):
            return False
        self._paused = mark.kind is MarkKind.PAUSE
        self._run = None
        return True

    def _breaks(self, item: Gap | LinkState | Notice) -> bool:
        if isinstance(item, LinkState):
            return item.phase is LinkPhase.LOST
        if isinstance(item, Notice):
            return item.kind in (NoticeKind.SLIPPED, NoticeKind.WORN_OTHERWISE)
        if self._run is None:
            return False
        self._run.missing_s += item.end_s - item.start_s
        return self._run.missing_s >= self._params.gap_s

    def is_firm(self, stride: LeanState) -> bool:
        """Takes a stride; whether it counts: running, valid, of the present, in no blackout."""
        if self._paused or not self._is_running(stride):
            self._run = None
            return False
        run = self._continue(stride)
        self._follow_cadence(run, stride)
        if stride.start_s < run.blackout_end_s:
            run.leans_deg.clear()
            return False
        run.leans_deg.append(stride.lean_deg)
        return True

    @property
    def smoothed(self) -> Smoothed | None:
        """The last strides that counted; None while there are too few."""
        run = self._run
        if run is None or len(run.leans_deg) < self._params.smoothing_strides:
            return None
        return Smoothed(fmean(run.leans_deg), fmean(run.cadences_spm))

    def _is_running(self, stride: LeanState) -> bool:
        low, high = self._params.cadence_min_spm, self._params.cadence_max_spm
        is_present = stride.known_s - stride.end_s <= self._params.stale_s
        is_measured = stride.valid and isfinite(stride.lean_deg)
        return is_measured and is_present and low <= stride.cadence_spm <= high

    def _continue(self, stride: LeanState) -> _Run:
        """The run this stride belongs to, a new one after a break."""
        params, run = self._params, self._run
        if run is None or abs(stride.start_s - run.last_end_s) > params.stale_s:
            strides = params.smoothing_strides
            run = self._run = _Run(
                blackout_end_s=stride.start_s + params.start_blackout_s,
                last_end_s=stride.end_s,
                leans_deg=deque(maxlen=strides),
                cadences_spm=deque(maxlen=strides),
            )
        run.last_end_s, run.missing_s = stride.end_s, 0.0
        return run

    def _follow_cadence(self, run: _Run, stride: LeanState) -> None:
        before_spm = fmean(run.cadences_spm or [stride.cadence_spm])
        if abs(stride.cadence_spm - before_spm) > self._params.cadence_change * before_spm:
            run.blackout_end_s = max(
                run.blackout_end_s, stride.end_s + self._params.change_blackout_s
            )
            run.cadences_spm.clear()
        run.cadences_spm.append(stride.cadence_spm)
