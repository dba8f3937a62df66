"""How a foot comes down, by strike angle: when its toe falls fastest, and how fast.

Means over the runners of treadmill running at 2.5 to 4.5 m/s (Fukuchi, Fukuchi & Duarte 2017,
PeerJ), scaled to 3.5 m/s: the toe goes on falling faster for 3 ms after contact when the
forefoot lands, for 13 ms when the heel does. Then the ground catches it, and the foot settles.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import Array

LONG_AXIS_YAW_DEG = 10.0
"""A foot's long axis, heel to ball, points this far outward of the plane in which it swings."""

_STRIKE_DEG = (-8.0, -4.0, 0.5, 3.5, 9.5, 14.5, 20.0)
_CONTACT_RATE = (-3.4, -3.4, -4.2, -6.3, -7.8, -6.8, -7.3)
"""Pitch rate at initial contact, rad/s."""
_FASTEST_RATE = (-4.4, -4.4, -5.2, -8.0, -10.8, -11.2, -12.8)
_FASTEST_S = (0.003, 0.003, 0.0045, 0.005, 0.007, 0.0115, 0.013)
"""From initial contact to the fastest fall of the toe."""
_CATCH_S = (0.018, 0.018, 0.014, 0.013, 0.015, 0.019, 0.020)
"""From there until the ground has caught the foot."""
_SETTLE_S = (0.075, 0.060, 0.040, 0.035, 0.035, 0.035, 0.035)
"""From there until it is flat."""
_FLAT_BY = 0.4
"""Share of the contact by which the foot is flat at the latest."""
_CAUGHT_BY = 0.25
SETTLING = 1.9
"""Rate when caught, in turns left to go by the time left: it dies out without overshoot."""
_INVERSION = ((-4.0, 3.0, 14.0), (14.0, 9.0, 4.0))
"""Strike angles, and the inversion with which the foot then lands; degrees."""
_JUMP_RATE = (-1.0, -2.0)
"""At contact and fastest, rad/s: the toes touch first and hardly fall farther."""
_JUMP_TIMES_S = (0.004, 0.030, 0.090)


@dataclass(frozen=True, slots=True, eq=False)
class Landing:
    """Times and pitch rates (n,) of the landings of one foot."""

    fastest_s: Array
    """From initial contact to the fastest fall of the toe."""
    catch_s: Array
    settle_s: Array
    contact_rate: Array
    """rad/s."""
    fastest_rate: Array

    @classmethod
    def of(
        cls, strike_deg: Array, speed: Array, duration: Array, jumping: NDArray[np.bool_]
    ) -> Self:
        """Landings at these strike angles, speeds (m/s) and contact durations (s)."""
        running = [np.interp(strike_deg, _STRIKE_DEG, row) for row in _ROWS]
        times, rates = running[:3], running[3:]
        times[2] = times[2] / pace(speed)
        times = [np.where(jumping, t, row) for t, row in zip(_JUMP_TIMES_S, times, strict=True)]
        hurry = np.minimum(1.0, _CAUGHT_BY * duration / (times[0] + times[1]))
        fastest_s, catch_s = hurry * times[0], hurry * times[1]
        settle_s = np.minimum(times[2], _FLAT_BY * duration - fastest_s - catch_s)
        scales = ((np.maximum(speed, 1.0) / 3.5) ** power for power in (0.4, 0.65))
        rates = [
            np.where(jumping, jump, scale * row)
            for jump, scale, row in zip(_JUMP_RATE, scales, rates, strict=True)
        ]
        return cls(fastest_s, catch_s, settle_s, *rates)


_ROWS = (_FASTEST_S, _CATCH_S, _SETTLE_S, _CONTACT_RATE, _FASTEST_RATE)


def pace(speed: Array) -> Array:
    """How much faster than at 3.3 m/s a foot comes down."""
    return np.asarray((np.maximum(speed, 1.0) / 3.3) ** 0.4)


def inversion_deg(strike_deg: Array) -> Array:
    """Roll at contact, sole turned inward positive: forefoot strikers land inverted most."""
    return np.asarray(np.interp(strike_deg, *_INVERSION))


def landing_pitch_deg(strike_deg: Array, inverted_deg: Array) -> Array:
    """Pitch in the plane of the swing at which the long axis has the strike angle.

    Inversion lowers the ball of the foot, which lies outward of that plane.
    """
    yaw = np.radians(LONG_AXIS_YAW_DEG)
    ahead, aside = np.cos(yaw), np.sin(yaw) * np.sin(np.radians(inverted_deg))
    turn = np.arcsin(np.sin(np.radians(strike_deg)) / np.hypot(ahead, aside))
    return np.asarray(np.degrees(turn + np.arctan2(aside, ahead)))


def touch_down(pitch_deg: Array, landing: Landing) -> list[Array]:
    """Jets (3, n) of the pitch in degrees: at contact, when fastest, when caught, when flat."""
    contact_rate, fastest_rate = np.degrees(landing.contact_rate), np.degrees(landing.fastest_rate)
    zero = np.zeros_like(pitch_deg)
    bend = 1.5 * (fastest_rate - contact_rate) / landing.fastest_s
    contact = np.stack([pitch_deg, contact_rate, bend])
    fastest = steadily(contact, fastest_rate, landing.fastest_s)
    stopped = fastest[0] + landing.catch_s * fastest_rate / 2
    caught = stopped / (1.0 + SETTLING * landing.catch_s / (2 * landing.settle_s))
    return [
        contact,
        fastest,
        np.stack([caught, -SETTLING * caught / landing.settle_s, zero]),
        np.stack([zero, zero, zero]),
    ]


def steadily(start: Array, rate: Array | float, lead: Array, bend: Array | float = 0.0) -> Array:
    """Jet (3, n) with this rate a lead later (earlier, if negative), reached without detour."""
    value = start[0] + lead * (start[1] + rate) / 2 + lead**2 * (start[2] - bend) / 12
    return np.stack(np.broadcast_arrays(value, rate, bend))
