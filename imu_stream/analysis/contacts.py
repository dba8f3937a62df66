"""Finds when a foot meets and leaves the ground.

The foot swings forward, toe turning up (a wide positive lobe of the pitch rate), lands (the
rate's first minimum after the lobe), stands, pushes off (toe turning down) and swings again.

Initial contact: the rate minimum lies *after* contact, the later the more the heel leads, since
the foot then slaps down from farther up; so contact is put before the minimum by a delay that
is linear in the foot's pitch there. Falbriard et al. 2018 (Front Physiol 9:610) take the minimum
itself and correct by speed. Terminal contact: while the foot turns toe down, the specific force
along the foot's own vertical collapses when the ground lets go; the bottom of its steepest drop
follows contact by a constant. Constants: least squares over all runners of the treadmill
recordings against force plates (docs/measurement.md).
"""

import math
from dataclasses import dataclass
from enum import Enum, auto
from math import nan

import numpy as np

from imu_stream.analysis.filters import peak_position, smallest
from imu_stream.analysis.foot_history import FootHistory, Signal, foot_axes
from imu_stream.analysis.slope import SlopeEstimate
from imu_stream.analysis.stance import Stance, StanceMeter
from imu_stream.datatypes import Array, Gap, Orientation, Placement


@dataclass(frozen=True, slots=True)
class ContactParams:
    """Where contacts are looked for; angles are pitch, toe up positive."""

    smoothing_s: float = 0.005
    """Sigma of the symmetric smoothing of rate and force."""
    long_axis_yaw_deg: float = 10.0
    """The foot's long axis points this far outward of the plane in which the foot swings."""
    swing_rate: float = 3.0
    """rad/s; the foot swings forward above it."""
    swing_turn: float = 0.6
    """rad turned in one go that make a swing."""
    landing_s: float = 0.15
    """Span after the swing in which the foot lands."""
    landing_depth: float = 0.3
    """rad/s toe down that a landing must reach: even a flat one overshoots a little."""
    rebound: float = 0.5
    """Share of that depth that must be regained to call it a minimum; `landing_depth` at least."""
    unseen_depth: float = 2.0
    """The same as landing_depth, for a landing whose swing was not seen."""
    ic_delay_s: float = 0.0035
    ic_delay_per_deg_s: float = 0.00078
    """Minimum of the rate after contact: at pitch 0, and more per degree."""
    push_off_from_deg: float = -20.0
    push_off_share: float = 0.9
    """The foot leaves the ground between this pitch and this share of its lowest pitch."""
    rest_deg: float = -1.9
    """Pitch of a foot at rest on the ground, from which it is counted after a gap; …"""
    rest_from_s: float = 0.05
    rest_to_s: float = 0.13
    """… and between these times after its landing it is looked for at rest."""
    tc_delay_s: float = 0.0215
    """Bottom of the drop after terminal contact."""
    recovery_s: float = 9.0
    """Time after a gap in which the vertical may stand askew: thrice its filter's time constant."""
    release_gap_s: float = 0.021
    """Missing about the drop, beyond which it may have been another one."""
    landing_gap_s: float = 0.05
    """A longer one about a landing takes it: it may have been sooner or later."""
    tail_s: float = 0.06
    """After a release, before the end of a recording, for it to be surely the steepest."""
    shortest_contact_s: float = 0.1
    longest_contact_s: float = 0.45
    """Only to find a landing whose swing was not seen."""
    unseen_shock_g: float = 2.5
    """Force that such a landing must show: to step out of standing takes less."""
    longest_stance_s: float = 1.5
    """Without a new swing within it, the foot just stands."""
    memory_s: float = 3.0
    """The longest stance, and the longest stride before it that a stance is compared with."""


@dataclass(frozen=True, slots=True)
class Landing:
    """The foot has met the ground."""

    ic_s: float
    pitch_deg: float
    """At contact, against the ground; NaN while not settled, or when a gap took the landing."""
    roll_deg: float
    """At contact, outward positive."""
    since_gap_s: float
    """Time since the last gap; infinite when there was none in memory."""
    from_rest: bool
    known_s: float


@dataclass(frozen=True, slots=True)
class PushOff:
    """The foot of the last landing has left the ground and swings."""

    tc_s: float
    """NaN when no release of the ground was found, or when it fell into a gap."""
    stance: Stance | None
    """What was measured in between; None when no release was found."""
    swing_mps: float
    """Forward velocity of the foot as it swings, against the ground it stood on."""
    torn: bool
    """A gap fell into the stance."""
    swung: bool
    """False when a gap came first."""
    since_gap_s: float
    known_s: float


@dataclass(frozen=True, slots=True)
class Minimum:
    """A minimum of the rate."""

    bottom: int
    left: int
    """Where it is sure that this was the bottom."""


class Phase(Enum):
    """What the detector looks for next."""

    SWING = auto()
    SWING_END = auto()
    LANDING = auto()


Found = Landing | PushOff | Gap


class ContactDetector:
    """Contacts of one foot: `Orientation | Gap` in, `Landing | PushOff | Gap` out.

    Every decision rests on samples up to a fixed sign in the signal, never on how the stream
    was cut. A gap forgets the stance or swing it falls into.
    """

    def __init__(
        self, foot: Placement, rate_hz: float, params: ContactParams | None = None
    ) -> None:
        self._params = params or ContactParams()
        self._rate_hz = rate_hz
        self._axes = foot_axes(foot, self._params.long_axis_yaw_deg)
        self._restart(after_gap=False)

    def _restart(self, after_gap: bool) -> None:
        smoothing_s = self._params.smoothing_s
        self._past = FootHistory(self._axes, self._rate_hz, smoothing_s, after_gap)
        self._meter = StanceMeter(self._past)
        self._slope = SlopeEstimate()
        self._phase = Phase.SWING
        self._cursor = 0
        self._landed: int | None = None

    def push(self, item: Orientation | Gap) -> list[Found]:
        """Landings are known about 30 ms after contact, push-offs when the foot swings."""
        if isinstance(item, Gap):
            before = self._complete(swung=False)
            self._restart(after_gap=True)
            return [*before, item]
        self._past.take(item)
        if not item.samples.measured:
            return []  # how long the gap is shows with the samples after it
        out: list[Found] = []
        while (found := self._advance()) is not None:
            out += found
        self._past.discard_before(self._cursor - self._past.span(self._params.memory_s))
        return out

    def finish(self) -> list[Found]:
        """The stream has ended: the foot may have left the ground without swinging yet."""
        return self._complete(swung=True)

    def _complete(self, swung: bool) -> list[Found]:
        """The push-off after the last landing, when no more samples follow and it was measured."""
        past, end = self._past, self._past.end
        if self._landed is None:
            return []
        start = self._landed + past.span(self._params.shortest_contact_s)
        release = self._release(start, end, self._landed)
        complete = release is not None and release < end - past.span(self._params.tail_s)
        return self._leave(end, end - 1, swung) if complete else []

    def _advance(self) -> list[Found] | None:
        """One step of the phase machine; None when more samples are needed."""
        if self._phase is Phase.SWING:
            return self._find_swing()
        if self._phase is Phase.SWING_END:
            return self._find_swing_end()
        return self._find_landing()

    def _find_swing(self) -> list[Found] | None:
        """The first stretch in which the foot turns far enough toe up."""
        start = self._past.first(Signal.RATE, self._cursor, np.greater, self._params.swing_rate)
        self._forget_long_stance(self._past.end if start is None else start)
        if start is None:
            self._cursor = self._past.end
            return None
        self._cursor = start
        return self._follow_turn(start)

    def _follow_turn(self, start: int) -> list[Found] | None:
        """Whether the foot, once above the swing rate, goes on turning until it swings."""
        swing_rate, swing_turn = self._params.swing_rate, self._params.swing_turn
        longest = self._past.span(swing_turn / swing_rate) + 2
        turned = 0.0
        for index, rate in self._past.enumerate(Signal.RATE, start, start + longest):
            if rate <= swing_rate:
                self._cursor = index
                return []
            turned += rate
            if turned / self._rate_hz >= swing_turn:
                self._phase, self._cursor = Phase.SWING_END, index
                return self._leave(start, index)
        return None

    def _find_swing_end(self) -> list[Found] | None:
        end = self._past.first(Signal.RATE, self._cursor, np.less_equal, self._params.swing_rate)
        if end is None:
            return None
        self._phase, self._cursor = Phase.LANDING, end
        return []

    def _find_landing(self) -> list[Found] | None:
        """The minimum of the rate after the swing, once it is regained or time is up."""
        limit = self._cursor + self._past.span(self._params.landing_s)
        minimum = self._minimum(self._cursor, limit, self._params.landing_depth)
        if minimum is None:
            if self._past.end <= limit:
                return None
            self._phase = Phase.SWING
            return []
        self._phase, self._cursor = Phase.SWING, minimum.left
        if not self._is_measured(minimum):
            return []
        self._landed = minimum.bottom
        return [self._landing(minimum.bottom, minimum.left)]

    def _is_measured(self, minimum: Minimum) -> bool:
        """Whether it may not lie elsewhere in a gap that was crossed."""
        start = minimum.bottom - self._past.span(self._params.landing_gap_s)
        return not self._past.missing(start, minimum.left + 1, self._params.landing_gap_s)

    def _minimum(self, start: int, end: int, depth: float) -> Minimum | None:
        """The first minimum of the rate deeper than `depth` that has been left behind."""
        lowest, bottom = math.inf, start
        for index, rate in self._past.enumerate(Signal.RATE, start, end):
            if rate < lowest:
                lowest, bottom = rate, index
            elif lowest < -depth and rate - lowest >= self._rebound(lowest):
                return Minimum(bottom, index)
        return None

    def _rebound(self, lowest: float) -> float:
        return max(-self._params.rebound * lowest, self._params.landing_depth)

    def _landing(self, bottom: int, known: int) -> Landing:
        past, params = self._past, self._params
        position = bottom - 1 + peak_position(past.column(Signal.RATE, bottom - 1, bottom + 2), 1)
        slope_deg = self._slope.slope_deg
        pitch = past.at(Signal.PITCH, position) - slope_deg
        delay_s = params.ic_delay_s + params.ic_delay_per_deg_s * max(pitch, 0.0)
        contact = position - delay_s * self._rate_hz
        trust = past.sample(Signal.TRUST, bottom)
        seen = past.missing(int(contact), bottom + 2) == 0
        return Landing(
            ic_s=past.at(Signal.TIME, contact),
            pitch_deg=past.at(Signal.PITCH, contact) - slope_deg if seen and trust > 0 else nan,
            roll_deg=past.at(Signal.ROLL, contact),
            since_gap_s=past.since_gap_s(known),
            from_rest=trust > 1,
            known_s=past.known_s(known),
        )

    def _leave(self, swing_start: int, known: int, swung: bool = True) -> list[Found]:
        """The stance that this swing ends, and its landing if that was not seen."""
        landed, self._landed = self._landed, None
        out: list[Found] = []
        if landed is None:
            landed = self._unseen_landing(swing_start)
            if landed is None:
                return []
            out.append(self._landing(landed, known))
        return [*out, self._push_off(landed, swing_start, known, swung)]

    def _push_off(self, landed: int, swing_start: int, known: int, swung: bool) -> PushOff:
        past, params, stance, tc_s, swing_mps = self._past, self._params, None, nan, 0.0
        start = landed + past.span(self._params.shortest_contact_s)
        release = self._release(start, swing_start, landed)
        torn, since_gap_s = past.missing(landed, swing_start) > 0, past.since_gap_s(known)
        rest = landed + past.span(params.rest_to_s)
        if release is None and rest < known:
            swing_mps = self._meter.swing_speed(rest, known)
        if release is not None:
            stance = self._meter.measure(landed, int(release))
            swing_mps = self._meter.swing_speed(stance.rest, known)
            if since_gap_s > self._params.recovery_s:
                self._slope.add(stance.rest_pitch_deg, stance.grade_deg)
            missing = past.missing(int(release) - past.drop_span, int(release) + past.drop_span)
            if missing <= self._params.release_gap_s * self._rate_hz:
                tc_s = past.at(Signal.TIME, release) - self._params.tc_delay_s
        return PushOff(tc_s, stance, swing_mps, torn, swung, since_gap_s, past.known_s(known))

    def _unseen_landing(self, swing_start: int) -> int | None:
        """A landing in the stance before a swing, when the recording began too late for more."""
        past, params = self._past, self._params
        release = self._release(swing_start - past.span(params.longest_contact_s), swing_start)
        if release is None:
            return None
        start = max(int(release) - past.span(params.longest_contact_s), past.start + 1)
        end = int(release) - past.span(params.shortest_contact_s)
        if end - start < 3 or past.missing(start, swing_start) > 0:
            return None
        minimum = self._minimum(start, end, params.unseen_depth)
        if minimum is None or self._meter.shock_g(minimum.bottom) < params.unseen_shock_g:
            return None
        return minimum.bottom

    def _pitches(self, start: int, end: int, landed: int | None) -> Array:
        """Pitch in a stance; while the vertical may stand askew, by turning on from the rest."""
        past, params = self._past, self._params
        if landed is None or past.since_gap_s(end) > params.recovery_s:
            return past.column(Signal.PITCH, start, end)
        first = landed + past.span(params.rest_from_s)
        last = min(landed + past.span(params.rest_to_s), end)
        if first >= last:
            return past.column(Signal.PITCH, start, end)
        rest = int(np.abs(past.column(Signal.RATE, first, last)).argmin()) + first
        begin = min(start, rest)
        turned = np.cumsum(past.column(Signal.RATE, begin, end)) / self._rate_hz
        pitch = params.rest_deg + np.degrees(turned - turned[rest - begin])
        return np.asarray(pitch[start - begin :])

    def _release(self, start: int, end: int, landed: int | None = None) -> float | None:
        """Position of the bottom of the steepest drop of the force while the toe turns down."""
        past, span = self._past, self._past.drop_span
        first = max(start - span, past.start)
        if end - first <= span:
            return None
        pitch = self._pitches(first + span, end, landed)
        lowest = self._params.push_off_share * float(smallest(pitch))
        leaving = (pitch > lowest) & (pitch < self._params.push_off_from_deg)
        drop = np.where(leaving, past.column(Signal.DROP, first + span, end), -np.inf)
        steepest = int(drop.argmax())
        if drop[steepest] == -np.inf:
            return None
        return first + peak_position(past.column(Signal.FORCE, first, end), span + steepest)

    def _forget_long_stance(self, now: int) -> None:
        longest = self._past.span(self._params.longest_stance_s)
        if self._landed is not None and now - self._landed > longest:
            self._landed = None
