"""Strikes and strides of a running foot from its contacts."""

import math
from collections import deque
from dataclasses import dataclass, replace
from statistics import fmean

from imu_stream.analysis.after_gap import MENDED_SIGMA_DEG, AfterGap
from imu_stream.analysis.contacts import ContactDetector, ContactParams, Landing, PushOff
from imu_stream.analysis.stance import Stance
from imu_stream.analysis.strike import classify
from imu_stream.analysis.touchdown import Touchdown
from imu_stream.datatypes import (
    Gap,
    Notice,
    NoticeKind,
    Orientation,
    Placement,
    Stride,
    Strike,
    StrikeType,
)


@dataclass(frozen=True, slots=True)
class GaitParams:
    """When a contact is one of running.

    In walking a foot stands for more than half of its stride; slow joggers stay below 0.45 s
    (design choice: published gates of 95-270 ms are too tight for slow jogging). Who walks,
    climbs stairs or jumps on the spot does not throw the foot forward as fast.
    """

    shortest_contact_s: float = 0.1
    longest_contact_s: float = 0.45
    largest_duty: float = 0.5
    longest_stride_s: float = 1.2
    slowest_swing_mps: float = 2.8
    """Forward velocity of the foot as it swings, when calibrated standing: 4.7 at least in running
    at 2.5 m/s."""
    side_strides: int = 10
    """Strides whose landing must look like the other foot's before that is said."""
    side_roll_deg: float = 2.0
    """Mean eversion at landing that makes it look so: shoes land inverted."""
    same_landing_s: float = 0.1
    """Nearer to a touchdown it is the same landing."""


Item = Strike | Stride | Notice | Gap
TOUCHDOWNS = 16
"""So many are remembered; before there are more, it is known where a foot points."""


class FootGait:
    """Strides of one foot: `Orientation | Touchdown | Gap` in, `Item` out.

    Every landing gives its strike at once, also the first one of a bout, which may yet be a step of
    walking and says so; only running gives strides, which carry the strike with its final values.
    A touchdown gives a strike of unknown type; what is known of it later comes with the stride.
    """

    def __init__(
        self,
        foot: Placement,
        rate_hz: float,
        params: GaitParams | None = None,
        contacts: ContactParams | None = None,
        stride_length_factor: float = 1.0,
    ) -> None:
        self._foot = foot
        self._length_factor = stride_length_factor
        self._params = params or GaitParams()
        self._contacts = ContactDetector(foot, rate_hz, contacts)
        self._rolls_deg: deque[float] = deque(maxlen=self._params.side_strides)
        self._side_said = False
        self._touched_s: deque[float] = deque(maxlen=TOUCHDOWNS)
        self._restart()

    def _restart(self) -> None:
        self._after_gap = AfterGap()
        self._landing: Landing | None = None
        self._strike: Strike | None = None
        self._previous_ic_s = self._previous_tc_s = math.nan
        self._running = False

    def push(self, item: Orientation | Touchdown | Gap) -> list[Item]:
        """One block in; a gap forgets the stride it falls into."""
        if isinstance(item, Touchdown):
            self._touched_s.append(item.ic_s)
            kind = StrikeType.UNKNOWN
            return [Strike(self._foot, item.ic_s, math.nan, kind, 0.0, False, item.known_s)]
        return self._follow(self._contacts.push(item))

    def finish(self) -> list[Item]:
        """The stream has ended: the last contact of a run counts, though its end was not seen."""
        out = self._follow(self._contacts.finish())
        if self._strike is None or not self._strike.running:
            return out
        return [*out, self._stride(self._strike, math.nan, None, self._strike.known_s)]

    def _follow(self, contacts: list[Landing | PushOff | Gap]) -> list[Item]:
        out: list[Item] = []
        for found in contacts:
            if isinstance(found, Landing):
                out += self._land(found)
            elif isinstance(found, PushOff):
                out += self._leave(found)
            else:
                self._restart()
                out.append(found)
        return out

    def _land(self, landing: Landing) -> list[Item]:
        fsa_deg, sigma_deg = self._after_gap.angle_deg(landing)
        strike_type, confidence = classify(fsa_deg, sigma_deg)
        in_step = landing.ic_s - self._previous_ic_s <= self._params.longest_stride_s
        self._landing = landing
        self._strike = Strike(
            self._foot,
            landing.ic_s,
            fsa_deg,
            strike_type,
            confidence,
            self._running and in_step,
            landing.known_s,
        )
        same_s = self._params.same_landing_s
        said = any(abs(landing.ic_s - ic_s) <= same_s for ic_s in self._touched_s)
        return [] if said else [self._strike]

    def _leave(self, push_off: PushOff) -> list[Item]:
        strike, landing, stance = self._strike, self._landing, push_off.stance
        self._strike = self._landing = None
        if strike is None or landing is None:
            return []
        if push_off.torn and strike.running and not self._is_contact(strike, push_off):
            push_off = replace(push_off, tc_s=math.nan)  # the end that was found is not the one
        self._running = self._is_running(strike, landing, push_off)
        if not self._running:
            self._previous_ic_s, self._previous_tc_s = strike.ic_s, push_off.tc_s
            return []
        if stance is not None:
            strike = self._mended(strike, landing, stance, push_off)
            settled = not math.isnan(landing.pitch_deg)
            self._after_gap.add(stance, push_off.since_gap_s, settled)
        stride = self._stride(strike, push_off.tc_s, stance, push_off.known_s)
        return [stride, *self._check_side(landing, push_off.known_s)]

    def _mended(
        self, strike: Strike, landing: Landing, stance: Stance, push_off: PushOff
    ) -> Strike:
        """The strike of a landing after a gap, now that the foot has rested."""
        fsa_deg = self._after_gap.mended_deg(landing, stance, push_off.torn)
        if fsa_deg is None or not landing.from_rest:
            return strike
        strike_type, confidence = classify(fsa_deg, MENDED_SIGMA_DEG)
        return replace(
            strike,
            fsa_deg=fsa_deg,
            strike_type=strike_type,
            confidence=confidence,
            known_s=push_off.known_s,
        )

    def _stride(self, strike: Strike, tc_s: float, stance: Stance | None, known_s: float) -> Stride:
        stride_time_s = self._stride_time_s(strike.ic_s) if strike.running else math.nan
        swing_time_s = strike.ic_s - self._previous_tc_s if strike.running else math.nan
        self._previous_ic_s, self._previous_tc_s = strike.ic_s, tc_s
        return Stride(
            strike=strike if strike.running else replace(strike, running=True),
            tc_s=tc_s,
            stride_time_s=stride_time_s,
            swing_time_s=swing_time_s,
            stride_length_m=self._length_factor * (stance.stride_length_m if stance else math.nan),
            speed_mps=self._length_factor * (stance.speed_mps if stance else math.nan),
            shoe_roll_deg=stance.shoe_roll_deg if stance else math.nan,
            shock_g=stance.shock_g if stance else math.nan,
            shock_clipped=stance.shock_clipped if stance else False,
            known_s=known_s,
        )

    def _stride_time_s(self, ic_s: float) -> float:
        stride_time_s = ic_s - self._previous_ic_s
        return stride_time_s if stride_time_s <= self._params.longest_stride_s else math.nan

    def _is_running(self, strike: Strike, landing: Landing, push_off: PushOff) -> bool:
        told = landing.from_rest and (push_off.swung or not strike.running)
        if told and push_off.swing_mps < self._params.slowest_swing_mps:
            return False
        if math.isnan(push_off.tc_s):  # a gap took the end of a contact in the midst of a run
            swings_in_s = push_off.known_s - strike.ic_s  # a runner's foot does before it is due
            in_time = swings_in_s < self._stride_time_s(strike.ic_s)
            return push_off.torn and strike.running and in_time
        return self._is_contact(strike, push_off)

    def _is_contact(self, strike: Strike, push_off: PushOff) -> bool:
        """Whether the foot is on the ground as long as in running."""
        params, stride_time_s = self._params, self._stride_time_s(strike.ic_s)
        contact_s = push_off.tc_s - strike.ic_s
        if not params.shortest_contact_s <= contact_s <= params.longest_contact_s:
            return False
        return math.isnan(stride_time_s) or contact_s / stride_time_s < params.largest_duty

    def _check_side(self, landing: Landing, known_s: float) -> list[Notice]:
        """Shoes land inverted; one that lands everted all the time is on the other foot."""
        if not landing.from_rest or self._side_said:
            return []
        self._rolls_deg.append(landing.roll_deg)
        enough = len(self._rolls_deg) == self._params.side_strides
        if not enough or fmean(self._rolls_deg) < self._params.side_roll_deg:
            return []
        self._side_said = True
        return [Notice(known_s, self._foot, NoticeKind.WRONG_FOOT)]
