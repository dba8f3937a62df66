"""When to cue, and what: the policy for one runner, from stride to stride.

Each stride passes four questions, each with a file of its own:

1. Is it firm ground (`ground`)? The sensor is there, calibrated and has not slipped, the runner
   runs, the stride is of the present, and no blackout lasts. Else all counting starts over.
2. What is wanted (`target`)? A band for each target: not leaning too far, leaning far enough, and
   perhaps a cadence; relative to the runner's own first minute, or as given.
3. Where does the runner stand (`watch`)? Mean values of some strides against the band with its
   hysteresis; advice has its reason only after several strides out of band in a row.
4. May they be spoken to (`dose`, `schedule`)? Time to respond, fewer cues when there is no answer
   and then none for a while, a cap for each minute, and the blocks of a faded programme.

One target at a time: bands stand in the order of rank, and while the runner is out of one the
others neither count nor speak. Back in band after advice is praised, rarely; silence means good.
How every piece of advice was answered is given out as well.
"""

from dataclasses import dataclass
from math import inf, isfinite

from imu_stream.cueing.dose import Dose
from imu_stream.cueing.ground import Ground, Interruption, Smoothed
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.schedule import cues_are_on, silent_from_s
from imu_stream.cueing.target import (
    Band,
    Baseline,
    Reading,
    cadence_band,
    lean_bands,
    target_from_baseline,
)
from imu_stream.cueing.watch import Watch
from imu_stream.datatypes import (
    Answer,
    Cue,
    CueCause,
    CueKind,
    CueReaction,
    Gap,
    LeanState,
    TargetChange,
)


@dataclass(slots=True)
class _Pending:
    """Advice that waits for an answer."""

    cue: Cue
    waited_to_s: float
    strides: int = 0


class CuePolicy:
    """The policy for one runner; push what the pipeline gives out in its order.

    Args:
        target_deg: lean to keep, forward positive; None for the median of the first
            `baseline_s` of steady running plus a step, within the bounds.
        params: numbers of the policy.

    Raises:
        ValueError: the target is not a finite number.
    """

    def __init__(self, target_deg: float | None, params: CueParams | None = None) -> None:
        if target_deg is not None and not isfinite(target_deg):
            raise ValueError(f"target_deg is {target_deg}, a finite number or None is expected")
        self._params = params or CueParams()
        self._ground = Ground(self._params)
        self._dose = Dose(self._params)
        self._baseline: Baseline | None = Baseline()
        self._watches: list[Watch] = []
        self._pending: _Pending | None = None
        self._begun_s: float | None = None
        self._target_deg = target_deg
        if target_deg is not None:
            self._watch(*lean_bands(target_deg, self._params))
            if not self._params.cadence_increase:
                self._baseline = None

    @property
    def target_deg(self) -> float | None:
        """The lean to keep, degrees; None until it is known."""
        return self._target_deg

    @property
    def silent_from_s(self) -> float:
        """From when on a programme gives no more cues; infinite without one, or before running."""
        if self._begun_s is None:
            return inf
        return self._begun_s + silent_from_s(self._params.programme)

    def push(self, item: LeanState | Interruption | TargetChange) -> list[Cue | CueReaction]:
        """Takes one item of any placement; gives at most one cue."""
        if isinstance(item, LeanState):
            return self._stride(item)
        if isinstance(item, TargetChange):
            return self._retarget(item)
        if not self._ground.interrupts(item):
            return []
        return self._doubt(item.start_s if isinstance(item, Gap) else item.t_s)

    def finish(self) -> list[Cue | CueReaction]:
        """The session has ended: what came of the last advice will not be known."""
        return [] if self._pending is None else self._doubt(self._pending.waited_to_s)

    def _stride(self, stride: LeanState) -> list[Cue | CueReaction]:
        if not self._ground.is_firm(stride):
            return self._doubt(stride.known_s)
        if self._begun_s is None:
            self._begun_s = stride.start_s
        self._learn(stride)
        smoothed = self._ground.smoothed
        return [] if smoothed is None else self._judge(stride, smoothed)

    def _learn(self, stride: LeanState) -> None:
        """Gathers the baseline; the targets are known once it is complete."""
        baseline, params = self._baseline, self._params
        if baseline is None:
            return
        baseline.add(stride)
        if baseline.seconds < params.baseline_s:
            return
        self._baseline = None
        if self._target_deg is None:
            self._target_deg = target_from_baseline(baseline.lean_deg, params)
            self._watch(*lean_bands(self._target_deg, params))
        if params.cadence_increase:
            self._watch(cadence_band(baseline.cadence_spm, params))

    def _retarget(self, change: TargetChange) -> list[Cue | CueReaction]:
        """From now on another lean is wanted; what was counted towards the old one is void."""
        out = self._settle(change.t_s, Answer.BROKEN_OFF)
        self._target_deg = change.target_deg
        lean = (CueKind.LEAN_LESS, CueKind.LEAN_MORE)
        others = [watch for watch in self._watches if watch.band.advice not in lean]
        self._watches = [*map(Watch, lean_bands(change.target_deg, self._params)), *others]
        return out

    def _watch(self, *bands: Band) -> None:
        self._watches += map(Watch, bands)

    def _doubt(self, t_s: float) -> list[Cue | CueReaction]:
        for watch in self._watches:
            watch.doubt()
        return self._settle(t_s, Answer.BROKEN_OFF)

    def _judge(self, stride: LeanState, smoothed: Smoothed) -> list[Cue | CueReaction]:
        t_s, out = stride.known_s, list[Cue | CueReaction]()
        if self._pending is not None:
            self._pending.strides += 1
            self._pending.waited_to_s = t_s
        first_out: Watch | None = None
        for watch in self._watches:
            reading = watch.band.reading(watch.band.value_of(smoothed))
            watch.read(reading, first_out is None and self._dose.is_answer(stride.start_s))
            if reading is Reading.GOOD and self._is_pending(watch.band):
                out += self._returned(t_s, watch.band, smoothed)
            if first_out is None and watch.is_out:
                first_out = watch
        if first_out is None:
            self._dose.answered()
        elif first_out.is_due and self._may_speak(t_s) and self._dose.allows_advice(t_s):
            out += self._advise(t_s, first_out, smoothed)
        return out

    def _may_speak(self, t_s: float) -> bool:
        begun_s = t_s if self._begun_s is None else self._begun_s
        return self._params.enabled and cues_are_on(self._params.programme, t_s - begun_s)

    def _is_pending(self, band: Band) -> bool:
        return self._pending is not None and self._pending.cue.kind is band.advice

    def _advise(self, t_s: float, watch: Watch, smoothed: Smoothed) -> list[Cue | CueReaction]:
        is_again = self._is_pending(watch.band)
        out = self._settle(t_s, Answer.NONE if is_again else Answer.BROKEN_OFF)
        cause = CueCause.STILL_OUT if is_again else CueCause.OUT_OF_BAND
        cue = self._cue(t_s, watch.band.advice, cause, watch.band, smoothed)
        watch.advised()
        self._pending = _Pending(cue, waited_to_s=t_s)
        return [*out, cue]

    def _returned(self, t_s: float, band: Band, smoothed: Smoothed) -> list[Cue | CueReaction]:
        out = self._settle(t_s, Answer.RETURNED)
        self._dose.answered()
        if band.praise is None or band.value_of(smoothed) > band.praise_limit:
            return out
        if self._may_speak(t_s) and self._dose.allows_praise(t_s):
            out.append(self._cue(t_s, band.praise, CueCause.BACK_IN_BAND, band, smoothed))
        return out

    def _cue(
        self, t_s: float, kind: CueKind, cause: CueCause, band: Band, smoothed: Smoothed
    ) -> Cue:
        """Makes the cue and enters it in the account."""
        value, expires_s = band.value_of(smoothed), t_s + self._params.expiry_s
        if cause is CueCause.BACK_IN_BAND:
            self._dose.praise(t_s)
            return Cue(t_s, kind, value, band.good, expires_s, cause)
        level = self._dose.advise(t_s)
        return Cue(t_s, kind, value, band.threshold, expires_s, cause, level)

    def _settle(self, t_s: float, answer: Answer) -> list[Cue | CueReaction]:
        """Tells how the advice that waits was answered, if there is any."""
        pending, self._pending = self._pending, None
        if pending is None:
            return []
        cue = pending.cue
        return [CueReaction(t_s, cue.t_s, cue.kind, answer, pending.strides)]
