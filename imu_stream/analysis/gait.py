"""Strikes and strides of a running foot from its contacts."""

import math
from dataclasses import dataclass

from imu_stream.analysis.contacts import ContactDetector, ContactParams, Landing, PushOff
from imu_stream.analysis.strike import ANGLE_SIGMA_DEG, GUESSED_ANGLE_SIGMA_DEG, classify
from imu_stream.datatypes import Gap, Orientation, Placement, Stride, Strike


@dataclass(frozen=True, slots=True)
class GaitParams:
    """When a contact is one of running.

    In walking a foot stands for more than half of its stride; slow joggers stay below 0.45 s
    (design choice from the published gates: 95-270 ms is too tight for slow jogging).
    """

    shortest_contact_s: float = 0.1
    longest_contact_s: float = 0.45
    largest_duty: float = 0.5
    longest_stride_s: float = 1.2


class FootGait:
    """Strides of one foot: `Orientation | Gap` in, `Strike | Stride | Gap` out.

    A strike is given out at once while the foot is known to run, else together with its stride.
    """

    def __init__(
        self,
        foot: Placement,
        rate_hz: float,
        params: GaitParams | None = None,
        contacts: ContactParams | None = None,
    ) -> None:
        self._foot = foot
        self._params = params or GaitParams()
        self._contacts = ContactDetector(foot, rate_hz, contacts)
        self._restart()

    def _restart(self) -> None:
        self._strike: Strike | None = None
        self._previous_ic_s = math.nan
        self._running = False

    def push(self, item: Orientation | Gap) -> list[Strike | Stride | Gap]:
        """One block in; a gap forgets the stride it falls into."""
        return self._follow(self._contacts.push(item))

    def finish(self) -> list[Strike | Stride | Gap]:
        """The stream has ended: give out the last contact, if the foot has left the ground."""
        return self._follow(self._contacts.finish())

    def _follow(self, contacts: list[Landing | PushOff | Gap]) -> list[Strike | Stride | Gap]:
        out: list[Strike | Stride | Gap] = []
        for found in contacts:
            if isinstance(found, Landing):
                out += self._land(found)
            elif isinstance(found, PushOff):
                out += self._leave(found)
            else:
                self._restart()
                out.append(found)
        return out

    def _land(self, landing: Landing) -> list[Strike | Stride | Gap]:
        sigma_deg = ANGLE_SIGMA_DEG if landing.from_rest else GUESSED_ANGLE_SIGMA_DEG
        strike_type, confidence = classify(landing.fsa_deg, sigma_deg)
        self._strike = Strike(
            self._foot,
            landing.ic_s,
            landing.fsa_deg,
            strike_type,
            confidence,
            landing.known_s,
        )
        self._running = self._running and not math.isnan(self._stride_time_s(landing.ic_s))
        return [self._strike] if self._running else []

    def _leave(self, push_off: PushOff) -> list[Strike | Stride | Gap]:
        strike, self._strike = self._strike, None
        if strike is None:
            return []
        announced = self._running
        stride_time_s = self._stride_time_s(strike.ic_s)
        self._previous_ic_s = strike.ic_s
        self._running = self._is_running(push_off.tc_s - strike.ic_s, stride_time_s)
        if not self._running:
            return []
        stride = Stride(strike, push_off.tc_s, stride_time_s, push_off.known_s)
        return [stride] if announced else [strike, stride]

    def _stride_time_s(self, ic_s: float) -> float:
        stride_time_s = ic_s - self._previous_ic_s
        return stride_time_s if stride_time_s <= self._params.longest_stride_s else math.nan

    def _is_running(self, contact_s: float, stride_time_s: float) -> bool:
        """False also for a contact that was not found (NaN)."""
        params = self._params
        if not params.shortest_contact_s <= contact_s <= params.longest_contact_s:
            return False
        return math.isnan(stride_time_s) or contact_s / stride_time_s < params.largest_duty
