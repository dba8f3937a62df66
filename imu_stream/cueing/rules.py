"""When to cue: the runner's trunk lean stays below the target.

Each stride's lean is smoothed; a cue needs the smoothed lean to be clearly below the target for
several strides in a row, and leaves the runner time to respond. Whatever makes the lean doubtful
starts all of it over: after a start or a gap the sensor's vertical is still settling (up to 3.4°
off in simulation with a time constant of 3 s), so nothing counts until the blackout is over.
"""

from collections import deque
from dataclasses import dataclass, field
from math import isfinite
from statistics import fmean, median

from imu_stream.datatypes import Cue, CueKind, Gap, LeanState, LinkPhase, LinkState, Placement


@dataclass(frozen=True, slots=True)
class CueParams:
    """What the rule is tuned by.

    No trial of real-time trunk lean feedback exists; numbers without a source are design choices.
    """

    dead_band_deg: float = 1.5
    """Below means lean < target - dead band; good again at target - half of it. Lean smoothed over
    4 strides has a noise of 0.6 to 1° (derived), so a runner on target is left in peace."""
    persistence_strides: int = 6
    """Strides below in a row before a cue, about 4 s: a dip in the road or a look at the watch is
    shorter (design choice)."""
    minimum_interval_s: float = 12.0
    """From cue to cue (design choice: room to respond; feedback at every step makes dependent,
    Sigrist et al. 2013)."""
    response_wait_s: float = 6.0
    """Strides that begin earlier after a cue are no answer to it and do not count as below: 3 to 5
    strides to respond, 4 to refresh the smoothed lean (design choice)."""
    smoothing_strides: int = 4
    """The mean of 4 strides leaves 0 to 22 % of a tilt at breathing rate, one stride 64 to 87 %
    (derived)."""
    start_blackout_s: float = 10.0
    """Nothing counts so long after running starts, or starts over (simulation, see above)."""
    change_blackout_s: float = 6.0
    """Nor after a change of cadence: 1.3 to 2.0° off in simulation after a change of speed."""
    cadence_change: float = 0.08
    """Fraction of the mean of the last strides that makes a change (design choice)."""
    cadence_min_spm: float = 130.0
    """Slower is walking (design choice; runners take 150 to 190)."""
    cadence_max_spm: float = 220.0
    stale_s: float = 2.0
    """A longer time without a stride is a break in running (design choice: 3 strides)."""
    gap_s: float = 0.1
    """Shorter spans of missing samples are bridged: 30 ms bursts put the lean off by 0.2°, 100 ms
    by 1.5° (simulation)."""
    baseline_s: float = 60.0
    """Steady running that gives the runner's own lean (design choice)."""
    step_deg: float = 3.0
    """Target above baseline. 6.8° more lean lowered the stress behind the kneecap by 6 % (Teng &
    Powers 2014); a lean of 8° by request cost 8 % more energy (Carson et al. 2024)."""
    target_min_deg: float = 6.0
    """Bounds of a target from the baseline; runners lean 7.3 ± 3.6° (Teng & Powers 2014)."""
    target_max_deg: float = 14.0
    no_increase_deg: float = 10.0
    """A runner who leans so far already is only kept there (design choice: no study shows a
    benefit of more)."""
    expiry_s: float = 1.0
    """A cue speaks of the present; later than this it is not given (design choice)."""


@dataclass(slots=True)
class _Run:
    """One stretch of running without a break; what the past has left."""

    blackout_end_s: float
    last_end_s: float
    leans_deg: deque[float]
    cadences_spm: deque[float]
    missing_s: float = 0.0
    below: bool = False
    strides_below: int = 0


@dataclass(slots=True)
class _Baseline:
    """Lean while the target is unknown."""

    leans_deg: list[float] = field(default_factory=list)
    seconds: float = 0.0


class LeanCue:
    """The rule for one runner; push what the pipeline gives out in its order.

    Args:
        target_deg: lean to keep, forward positive; None for the median of the first
            `baseline_s` of steady running plus a step, within the bounds.
        params: numbers of the rule.

    Raises:
        ValueError: the target is not a finite number.
    """

    def __init__(self, target_deg: float | None, params: CueParams | None = None) -> None:
        if target_deg is not None and not isfinite(target_deg):
            raise ValueError(f"target_deg is {target_deg}, a finite number or None is expected")
        self._params = params or CueParams()
        self._target_deg = target_deg
        self._baseline = _Baseline()
        self._run: _Run | None = None
        self._last_cue_s = float("-inf")

    @property
    def target_deg(self) -> float | None:
        """The lean to keep, degrees; None until it is known."""
        return self._target_deg

    def push(self, item: LeanState | Gap | LinkState) -> list[Cue]:
        """Takes one item of any placement; gives at most one cue."""
        if isinstance(item, LeanState):
            return self._stride(item)
        if item.placement is Placement.CHEST:
            self._interrupt(item)
        return []

    def _interrupt(self, item: Gap | LinkState) -> None:
        if isinstance(item, LinkState):
            if item.phase is LinkPhase.LOST:
                self._run = None
        elif self._run is not None:
            self._run.missing_s += item.end_s - item.start_s
            if self._run.missing_s >= self._params.gap_s:
                self._run = None

    def _stride(self, stride: LeanState) -> list[Cue]:
        if not self._is_running(stride):
            self._run = None
            return []
        run = self._continue(stride)
        self._follow_cadence(run, stride)
        if stride.start_s < run.blackout_end_s:
            self._forget(run)
            return []
        run.leans_deg.append(stride.lean_deg)
        if self._target_deg is None:
            self._learn(stride)
            return []
        return self._judge(run, stride, self._target_deg)

    def _is_running(self, stride: LeanState) -> bool:
        low, high = self._params.cadence_min_spm, self._params.cadence_max_spm
        return stride.valid and isfinite(stride.lean_deg) and low <= stride.cadence_spm <= high

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

    def _forget(self, run: _Run) -> None:
        run.leans_deg.clear()
        run.below, run.strides_below = False, 0

    def _learn(self, stride: LeanState) -> None:
        self._baseline.leans_deg.append(stride.lean_deg)
        self._baseline.seconds += stride.end_s - stride.start_s
        if self._baseline.seconds >= self._params.baseline_s:
            self._target_deg = target_from_baseline(median(self._baseline.leans_deg), self._params)

    def _judge(self, run: _Run, stride: LeanState, target_deg: float) -> list[Cue]:
        params = self._params
        if len(run.leans_deg) < params.smoothing_strides:
            return []
        lean_deg, threshold_deg = fmean(run.leans_deg), target_deg - params.dead_band_deg
        good_deg = target_deg - params.dead_band_deg / 2
        run.below = lean_deg < (good_deg if run.below else threshold_deg)
        is_below = lean_deg < threshold_deg
        self._count(run, stride, is_below)
        waited = stride.known_s - self._last_cue_s >= params.minimum_interval_s
        if not (is_below and waited and run.strides_below >= params.persistence_strides):
            return []
        self._last_cue_s = stride.known_s
        expires_s = stride.known_s + params.expiry_s
        return [Cue(stride.known_s, CueKind.LEAN_MORE, lean_deg, threshold_deg, expires_s)]

    def _count(self, run: _Run, stride: LeanState, is_below: bool) -> None:
        """Counts strides below; one within the hysteresis neither counts nor starts over."""
        is_answer = stride.start_s >= self._last_cue_s + self._params.response_wait_s
        if not (run.below and is_answer):
            run.strides_below = 0
        elif is_below:
            run.strides_below += 1


def target_from_baseline(baseline_deg: float, params: CueParams) -> float:
    """The target for a runner whose own lean is `baseline_deg`, degrees."""
    step_deg = 0.0 if baseline_deg >= params.no_increase_deg else params.step_deg
    return min(max(baseline_deg + step_deg, params.target_min_deg), params.target_max_deg)
