"""When to cue, and what: the policy for one runner, from stride to stride.

Each stride passes four questions, each with a file of its own:

1. Is it firm ground (`ground`)? The sensor is there, calibrated and has not slipped, the runner
   runs, the stride is of the present, and no blackout lasts. Else all counting starts over. Each
   sensor is its own ground: lean and cadence stand on the chest, a foot's landings on that foot.
2. What is wanted (`aim`, `baseline`, `target`)? A band for each target: not leaning too far,
   leaning far enough, and perhaps a cadence and a way to land; relative to the runner's own first
   minute, or as given. The more the lean varies by itself, the wider its band.
3. Where does the runner stand (`watch`)? Mean values of some strides against the band with its
   hysteresis; advice has its reason only after several strides out of band.
4. May they be spoken to (`dose`, `schedule`)? Time to respond, fewer cues when there is no answer
   and then none for a while, a cap for each minute, and the blocks of a faded programme.

One target at a time: bands stand in the order of rank, and while the runner is out of one the
others neither count nor speak. Back in band after advice is praised, rarely; silence means good.
How every piece of advice was answered is given out as well.
"""

from math import inf, isfinite

from imu_stream.cueing.aim import Aim
from imu_stream.cueing.dose import Dose
from imu_stream.cueing.ground import Ground, Interruption, Smoothed
from imu_stream.cueing.observation import Observation, WantedStrike, of_foot, of_trunk
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.pending import Pending
from imu_stream.cueing.schedule import cues_are_on, silent_from_s
from imu_stream.cueing.target import Band, Reading
from imu_stream.cueing.watch import Watch
from imu_stream.datatypes import (
    FEET,
    Answer,
    Cue,
    CueCause,
    CueKind,
    CueReaction,
    Gap,
    LeanState,
    Mark,
    Placement,
    Stride,
    TargetChange,
)


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
        self._params = params = params or CueParams()
        self._grounds = {Placement.CHEST: Ground(params, params.smoothing_strides)}
        if params.strike is not WantedStrike.ANY:
            self._grounds |= {foot: Ground(params, params.strike_strides) for foot in FEET}
        self._aim = Aim(target_deg, params)
        self._watches = [Watch(band) for band in self._aim.bands()]
        self._dose = Dose(params)
        self._pending = Pending()
        self._begun_s: float | None = None

    @property
    def target_deg(self) -> float | None:
        """The lean to keep, degrees; None until it is known."""
        return self._aim.target_deg

    @property
    def lean_band_deg(self) -> tuple[float, float] | None:
        """Below and above which the runner is cued, degrees; None until it is known."""
        return self._aim.lean_band_deg

    @property
    def silent_from_s(self) -> float:
        """From when on a programme gives no more cues; infinite without one, or before running."""
        if self._begun_s is None:
            return inf
        return self._begun_s + silent_from_s(self._params.programme)

    def push(
        self, item: LeanState | Stride | Interruption | TargetChange
    ) -> list[Cue | CueReaction]:
        """Takes one item of any placement; gives at most one cue."""
        match item:
            case LeanState():
                return self._stride(of_trunk(item))
            case Stride() if item.foot not in self._grounds:
                return []
            case Stride():
                params = self._params
                return self._stride(of_foot(item, params.strike, params.strike_confidence))
            case TargetChange():
                return self._retarget(item)
        return self._interrupted(item)

    def _interrupted(self, item: Interruption) -> list[Cue | CueReaction]:
        placements = self._grounds if isinstance(item, Mark) else (item.placement,)
        t_s = item.start_s if isinstance(item, Gap) else item.t_s
        out: list[Cue | CueReaction] = []
        for placement in placements:
            if placement in self._grounds and self._grounds[placement].interrupts(item):
                out += self._doubt(placement, t_s)
        return out

    def finish(self) -> list[Cue | CueReaction]:
        """The session has ended: what came of the last advice will not be known."""
        return [*self._pending.give_up()]

    def _stride(self, stride: Observation) -> list[Cue | CueReaction]:
        ground = self._grounds.get(stride.placement)
        if ground is None:
            return []
        if not ground.is_firm(stride):
            return self._doubt(stride.placement, stride.known_s)
        if self._begun_s is None:
            self._begun_s = stride.start_s
        smoothed = ground.smoothed
        if stride.placement is Placement.CHEST:
            left_alone = smoothed if self._dose.is_answer(stride.start_s) else None
            if self._aim.learn(stride, left_alone):
                self._set_bands()
        if smoothed is None:
            return self._doubt(stride.placement, stride.known_s)
        return self._judge(stride, smoothed)

    def _retarget(self, change: TargetChange) -> list[Cue | CueReaction]:
        """From now on another lean is wanted; what was counted towards the old one is void."""
        self._aim.target_deg = change.target_deg
        out = self._doubt(Placement.CHEST, change.t_s)
        self._set_bands()
        return out

    def _set_bands(self) -> None:
        """By what is known now; each goes on from where the runner stands."""
        watches = {watch.band.topic: watch for watch in self._watches}
        self._watches = []
        for band in self._aim.bands():
            watch = watches.get(band.topic) or Watch(band)
            watch.band = band
            self._watches.append(watch)

    def _doubt(self, placement: Placement, t_s: float) -> list[Cue | CueReaction]:
        """Nothing counts any more of what one sensor has told."""
        if placement is Placement.CHEST:
            self._aim.break_off()
        for watch in self._watches:
            if watch.band.placement is placement:
                watch.doubt()
        if not self._pending.stands_on(placement):
            return []
        return [*self._pending.settle(t_s, Answer.BROKEN_OFF)]

    def _judge(self, stride: Observation, smoothed: Smoothed) -> list[Cue | CueReaction]:
        t_s, out = stride.known_s, list[Cue | CueReaction]()
        self._pending.wait(stride)
        first_out: Watch | None = None
        for watch in self._watches:
            if watch.band.placement is stride.placement:
                may_count = first_out is None and self._dose.is_answer(stride.start_s)
                reading = _read(watch, stride, smoothed, may_count)
                if reading is Reading.GOOD and self._pending.is_about(watch.band):
                    out += self._returned(t_s, watch.band, smoothed)
            if first_out is None and watch.is_out:
                first_out = watch
        if first_out is None:
            self._dose.answered()
        elif first_out.band.placement is stride.placement and not out:
            out += self._advise(t_s, first_out, smoothed)
        return out

    def _may_advise(self, t_s: float, watch: Watch) -> bool:
        return watch.is_due and self._may_speak(t_s) and self._dose.allows_advice(t_s)

    def _may_speak(self, t_s: float) -> bool:
        begun_s = t_s if self._begun_s is None else self._begun_s
        return self._params.enabled and cues_are_on(self._params.programme, t_s - begun_s)

    def _advise(self, t_s: float, watch: Watch, smoothed: Smoothed) -> list[Cue | CueReaction]:
        """Advice, when it has its reason and the runner may be spoken to."""
        if not self._may_advise(t_s, watch):
            return []
        is_again = self._pending.is_about(watch.band)
        settled = self._pending.settle(t_s, Answer.NONE if is_again else Answer.BROKEN_OFF)
        cause = CueCause.STILL_OUT if is_again else CueCause.OUT_OF_BAND
        level = self._dose.advise(t_s)
        cue = self._cue(t_s, watch.band.advice, cause, watch.band, smoothed, level)
        watch.advised()
        self._aim.break_off()
        self._pending.advise(cue)
        return [*settled, cue]

    def _returned(self, t_s: float, band: Band, smoothed: Smoothed) -> list[Cue | CueReaction]:
        out: list[Cue | CueReaction] = [*self._pending.settle(t_s, Answer.RETURNED)]
        self._dose.answered()
        if band.praise is None or band.value_of(smoothed) > band.praise_limit:
            return out
        if self._may_speak(t_s) and self._dose.allows_praise(t_s):
            self._dose.praise(t_s)
            out.append(self._cue(t_s, band.praise, CueCause.BACK_IN_BAND, band, smoothed))
        return out

    def _cue(
        self,
        t_s: float,
        kind: CueKind,
        cause: CueCause,
        band: Band,
        smoothed: Smoothed,
        level: int = 1,
    ) -> Cue:
        return Cue(
            t_s,
            kind,
            band.value_of(smoothed),
            band.threshold if kind is band.advice else band.good,
            t_s + self._params.expiry_s,
            cause,
            level,
            band.placement,
            band.technique,
        )


def _read(watch: Watch, stride: Observation, smoothed: Smoothed, may_count: bool) -> Reading:
    """What the last strides of a sensor say of a band; the watch takes note of it."""
    band = watch.band
    reading = band.reading(band.value_of(smoothed))
    # an uncertain landing is not out of band by itself
    alone = Smoothed(stride.value or 0.0, stride.cadence_spm)
    watch.read(reading, band.reading(band.value_of(alone)), may_count)
    return reading
