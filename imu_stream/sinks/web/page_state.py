"""From the outputs of a session to what a page shows of it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from imu_stream.datatypes import (
    Battery,
    Calibration,
    Cue,
    Gap,
    HeartRate,
    LeanState,
    LinkPhase,
    LinkState,
    Mark,
    MarkKind,
    Notice,
    Output,
    Placement,
    Stride,
    Strike,
    TargetChange,
)
from imu_stream.sinks.technique import TechniqueTimes
from imu_stream.sinks.web.messages import (
    Band,
    Contact,
    Landing,
    Lean,
    Message,
    Moment,
    PageCue,
    Sensor,
    Status,
    measured,
)

SMOOTHED_STRIDES = 4
"""As many as the cue is judged by."""
TREND_STRIDES = 12
"""Before those, to compare with."""
BREAK_S = 2.0
"""After a longer time without a stride the mean starts over."""


@dataclass(frozen=True, slots=True)
class Received:
    """What has been received of one sensor."""

    rate_hz: float
    lost_percent: float
    age_s: float | None
    """Seconds of the clock on the wall since its last notification."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the session knows beside its outputs."""

    band: Callable[[], Band | None]
    received: Callable[[], dict[Placement, Received]]


class PageState:
    """Follows one session; small however long it lasts."""

    def __init__(
        self, surroundings: Surroundings, clock: Callable[[], float], speed: float
    ) -> None:
        self._surroundings = surroundings
        self._clock = clock
        self._speed = speed
        self._technique = TechniqueTimes()
        self._leans: deque[LeanState] = deque(maxlen=SMOOTHED_STRIDES + TREND_STRIDES)
        self._phases: dict[Placement, LinkPhase] = {}
        self._batteries: dict[Placement, int] = {}
        self._calibrated: set[Placement] = set()
        self._heart_bpm: int | None = None
        self._paused = False
        self._laps = 0
        self.cues = 0

    def take(self, output: Output) -> list[Message]:
        """What a page is told of an output at once."""
        self._technique.write(output)
        match output:
            case LeanState():
                return [self._lean(output)]
            case Strike():
                return [_landing(output)]
            case Stride():
                return [_contact(output)]
            case Cue():
                return self._cue(output)
            case Gap():
                return [_gap(output)]
            case LinkState():
                return self._link(output)
            case Notice():
                text = output.kind.value
                return [Moment(output.t_s, output.t_s, "notice", output.placement, text)]
            case Mark():
                return self._mark(output)
            case TargetChange():
                text = f"{output.target_deg:.1f}°"
                return [Moment(output.t_s, output.t_s, "target", None, text)]
            case _:
                self._remember(output)
                return []

    def status(self) -> Status:
        """What holds at the moment."""
        received = self._surroundings.received()
        return Status(
            session_s=round(self._clock(), 2),
            band=self._surroundings.band(),
            paused=self._paused,
            laps=self._laps,
            cues=self.cues,
            technique=self._technique.now,
            technique_s=self._technique.settled_s,
            heart_bpm=self._heart_bpm,
            sensors=tuple(self._sensor(place, each) for place, each in received.items()),
        )

    def _remember(self, output: Output) -> None:
        match output:
            case Battery():
                self._batteries[output.placement] = output.percent
            case HeartRate():
                self._heart_bpm = output.bpm or None
            case Calibration():
                self._calibrated.add(output.placement)

    def _sensor(self, placement: Placement, received: Received) -> Sensor:
        phase = self._phases.get(placement)
        return Sensor(
            placement,
            "" if phase is None else phase.value,
            None if received.age_s is None else round(received.age_s, 3),
            round(received.rate_hz, 1),
            round(received.lost_percent, 2),
            self._batteries.get(placement),
            placement in self._calibrated,
        )

    def _lean(self, lean: LeanState) -> Lean:
        if self._leans and lean.start_s - self._leans[-1].end_s > BREAK_S:
            self._leans.clear()
        self._leans.append(lean)
        degrees = [each.lean_deg for each in self._leans]
        before, last = degrees[:-SMOOTHED_STRIDES], degrees[-SMOOTHED_STRIDES:]
        return Lean(
            t_s=round(lean.end_s, 3),
            lean_deg=round(lean.lean_deg, 2),
            smoothed_deg=round(fmean(last), 2),
            trend_deg=round(fmean(last) - fmean(before), 2) if before else 0.0,
            cadence_spm=round(lean.cadence_spm, 1),
            valid=lean.valid,
            confidence=round(lean.confidence, 3),
        )

    def _cue(self, cue: Cue) -> list[Message]:
        self.cues += 1
        left_s = (cue.expires_s - self._clock()) / self._speed
        said = PageCue(
            self.cues,
            round(cue.t_s, 3),
            cue.kind,
            round(cue.value, 2),
            round(cue.threshold, 2),
            cue.level,
            cue.placement,
            cue.technique,
            round(left_s, 3),
        )
        return [said, Moment(said.t_s, said.t_s, "cue", None, cue.kind.value)]

    def _link(self, state: LinkState) -> list[Message]:
        self._phases[state.placement] = state.phase
        if state.phase is not LinkPhase.LOST:
            return []
        return [Moment(state.t_s, state.t_s, "lost", state.placement, state.detail)]

    def _mark(self, mark: Mark) -> list[Message]:
        if mark.kind in (MarkKind.PAUSE, MarkKind.RESUME):
            self._paused = mark.kind is MarkKind.PAUSE
        self._laps += mark.kind is MarkKind.LAP
        return [Moment(mark.t_s, mark.t_s, mark.kind.value, None, mark.text)]


def _landing(strike: Strike) -> Landing:
    return Landing(
        round(strike.ic_s, 3),
        strike.foot,
        measured(strike.fsa_deg, 2),
        strike.strike_type,
        round(strike.confidence, 3),
        strike.running,
    )


def _contact(stride: Stride) -> Contact:
    return Contact(
        round(stride.ic_s, 3),
        stride.foot,
        measured(stride.strike.fsa_deg, 2),
        stride.strike.strike_type,
        round(stride.strike.confidence, 3),
        measured(stride.contact_time_s),
        measured(stride.cadence_spm, 1) if stride.stride_time_s > 0 else None,
    )


def _gap(gap: Gap) -> Moment:
    text = f"{gap.reason.value}, {gap.samples} samples"
    return Moment(round(gap.start_s, 3), round(gap.end_s, 3), "gap", gap.placement, text)
