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

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from imu_stream.analysis.filters import History, Smoother, dot, gaussian_taps, peak_position
from imu_stream.datatypes import GRAVITY, Gap, Orientation, Placement

RATE, PITCH, FORCE, TIME, TRUST, MEASURED, RELEASED = range(7)
"""Columns of the foot's history."""


@dataclass(frozen=True, slots=True)
class ContactParams:
    """Where contacts are looked for; angles are pitch, toe up positive."""

    smoothing_s: float = 0.005
    """Sigma of the symmetric smoothing of rate and force."""
    long_axis_yaw_deg: float = 7.5
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
    """Share of that depth that must be regained to call it a minimum; of `landing_depth` too."""
    ic_delay_s: float = 0.0035
    ic_delay_per_deg_s: float = 0.00085
    """Minimum of the rate after contact: at pitch 0, and more per degree."""
    push_off_from_deg: float = -20.0
    push_off_share: float = 0.9
    """The foot leaves the ground between this pitch and this share of its lowest pitch."""
    force_drop_s: float = 0.03
    """Span over which the drop of the force is measured."""
    tc_delay_s: float = 0.0215
    """Bottom of the drop after terminal contact."""
    shortest_contact_s: float = 0.1
    longest_stance_s: float = 1.5
    """Without a new swing within it, the foot just stands."""


@dataclass(frozen=True, slots=True)
class Landing:
    """The foot has met the ground."""

    ic_s: float
    fsa_deg: float
    """NaN while the orientation is not settled, or when the landing itself fell into a gap."""
    from_rest: bool
    known_s: float


@dataclass(frozen=True, slots=True)
class PushOff:
    """The foot of the last landing has left the ground and swings."""

    tc_s: float
    """NaN when no release of the ground was found."""
    known_s: float


class Phase(Enum):
    """What the detector looks for next."""

    SWING = auto()
    SWING_END = auto()
    LANDING = auto()


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
        outward = 1.0 if foot is Placement.LEFT_FOOT else -1.0
        yaw = np.radians(self._params.long_axis_yaw_deg) * outward
        self._long_axis = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        self._restart()

    def _restart(self) -> None:
        self._smoother = Smoother(gaussian_taps(self._params.smoothing_s, self._rate_hz))
        self._unsmoothed = np.empty((0, 5))
        self._past = History(7)
        self._phase = Phase.SWING
        self._cursor = 0
        self._landed: int | None = None

    def push(self, item: Orientation | Gap) -> list[Landing | PushOff | Gap]:
        """Landings are known about 50 ms after contact, push-offs when the foot swings."""
        if isinstance(item, Gap):
            self._restart()
            return [item]
        self._remember(item)
        out: list[Landing | PushOff | Gap] = []
        while (found := self._advance()) is not None:
            out += found
        self._past.discard_before(min(self._cursor, self._landed or self._cursor) - 2)
        return out

    def finish(self) -> list[Landing | PushOff | Gap]:
        """The stream has ended: the foot may have left the ground without swinging yet."""
        return [*self._push_off(self._past.end, self._past.end - 1)]

    def _remember(self, item: Orientation) -> None:
        samples = item.samples
        assert samples.gyr is not None  # a foot sensor has a gyroscope
        smooth = self._smoother.push(np.stack([-samples.gyr[:, 1], samples.acc[:, 2]], axis=1))
        pitch = np.degrees(np.arcsin(np.clip(dot(item.up, self._long_axis), -1.0, 1.0)))
        trust = np.full(len(pitch), float(item.settled) * (1.0 + float(samples.from_rest)))
        measured = np.full(len(pitch), float(item.samples.measured))
        released = np.full(len(pitch), samples.released_s)
        fresh = np.stack([pitch, samples.t_s, trust, measured, released], axis=1)
        waiting = np.concatenate([self._unsmoothed, fresh])
        ready, self._unsmoothed = waiting[: len(smooth)], waiting[len(smooth) :]
        rate, force = smooth[:, :1], smooth[:, 1:] / GRAVITY
        self._past.append(np.concatenate([rate, ready[:, :1], force, ready[:, 1:]], axis=1))

    def _advance(self) -> list[Landing | PushOff] | None:
        """One step of the phase machine; None when more samples are needed."""
        if self._phase is Phase.SWING:
            return self._find_swing()
        if self._phase is Phase.SWING_END:
            return self._find_swing_end()
        return self._find_landing()

    def _find_swing(self) -> list[Landing | PushOff] | None:
        """The first stretch in which the foot turns far enough toe up."""
        start = self._first(self._cursor, above=True)
        self._forget_long_stance(start)
        if start is None:
            self._cursor = self._past.end
            return None
        end = self._first(start, above=False)
        rate = self._past.column(RATE, start, self._past.end if end is None else end)
        turned = np.cumsum(rate) / self._rate_hz
        if turned[-1] >= self._params.swing_turn:
            swings = start + int(np.argmax(turned >= self._params.swing_turn))
            self._phase, self._cursor = Phase.SWING_END, swings
            return self._push_off(start, swings)
        if end is None:
            self._cursor = start
            return None
        self._cursor = end
        return []

    def _find_swing_end(self) -> list[Landing | PushOff] | None:
        end = self._first(self._cursor, above=False)
        if end is None:
            return None
        self._phase, self._cursor = Phase.LANDING, end
        return []

    def _find_landing(self) -> list[Landing | PushOff] | None:
        """The minimum of the rate after the swing, once it is regained or time is up."""
        limit = self._cursor + round(self._params.landing_s * self._rate_hz)
        rate = self._past.column(RATE, self._cursor, min(limit, self._past.end))
        lowest = np.minimum.accumulate(rate)
        depth = self._params.landing_depth
        needed = np.maximum(-self._params.rebound * lowest, depth)
        regained = (rate - lowest >= needed) & (lowest < -depth)
        if not regained.any():
            if self._past.end <= limit:
                return None
            self._phase = Phase.SWING
            return []
        known = int(np.argmax(regained))
        bottom = int(np.argmin(rate[:known]))
        self._phase, known = Phase.SWING, self._cursor + known
        self._landed = self._cursor + bottom
        self._cursor = known
        return [self._landing(self._landed, known)]

    def _landing(self, bottom: int, known: int) -> Landing:
        past = self._past
        position = bottom - 1 + peak_position(past.column(RATE, bottom - 1, bottom + 2), 1)
        pitch = past.at(PITCH, position)
        delay_s = self._params.ic_delay_s + self._params.ic_delay_per_deg_s * max(pitch, 0.0)
        contact = position - delay_s * self._rate_hz
        trust = past.at(TRUST, bottom)
        seen = past.column(MEASURED, int(contact), bottom + 2).min() > 0
        return Landing(
            ic_s=past.at(TIME, contact),
            fsa_deg=past.at(PITCH, contact) if seen and trust > 0 else float("nan"),
            from_rest=trust > 1,
            known_s=self._known_s(known),
        )

    def _push_off(self, swing_start: int, known: int) -> list[Landing | PushOff]:
        if self._landed is None:
            return []
        start = self._landed + round(self._params.shortest_contact_s * self._rate_hz)
        self._landed = None
        release = self._release(start, swing_start)
        tc_s = float("nan") if release is None else self._past.at(TIME, release)
        return [PushOff(tc_s - self._params.tc_delay_s, self._known_s(known))]

    def _known_s(self, index: int) -> float:
        """When a decision on samples up to `index` could be made."""
        smoothed_s = self._past.at(TIME, index) + self._smoother.delay / self._rate_hz
        return max(smoothed_s, float(self._past.column(RELEASED, index, index + 1)[0]))

    def _release(self, start: int, end: int) -> float | None:
        """Position of the bottom of the steepest drop of the force while the toe turns down."""
        span = max(2, round(self._params.force_drop_s * self._rate_hz))
        first = max(start - span, self._past.start)
        force = self._past.column(FORCE, first, end)
        if len(force) <= span:
            return None
        before = np.lib.stride_tricks.sliding_window_view(force, span).max(axis=1)[:-1]
        drop = before - force[span:]
        pitch = self._past.column(PITCH, first + span, end)
        rate = self._past.column(RATE, first + span, end)
        lowest = self._params.push_off_share * float(pitch.min())
        leaving = (pitch > lowest) & (pitch < self._params.push_off_from_deg) & (rate < 0.0)
        if not leaving.any():
            return None
        steepest = int(np.argmax(np.where(leaving, drop, -np.inf)))
        return first + peak_position(force, span + steepest)

    def _forget_long_stance(self, swing_start: int | None) -> None:
        now = self._past.end if swing_start is None else swing_start
        longest = self._params.longest_stance_s * self._rate_hz
        if self._landed is not None and now - self._landed > longest:
            self._landed = None

    def _first(self, start: int, above: bool) -> int | None:
        """First index from `start` on at which the rate is above (or not above) the swing rate."""
        rate = self._past.column(RATE, start, self._past.end)
        hits = (rate > self._params.swing_rate) == above
        return start + int(np.argmax(hits)) if hits.any() else None
