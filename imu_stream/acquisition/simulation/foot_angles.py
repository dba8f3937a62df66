"""How the foot turns: jets (3, n) of its angles at the knots of every stride, in degrees."""

import numpy as np

from imu_stream.acquisition.simulation.foot_knots import (
    HIGH,
    LATE,
    RELEASE_S,
    SWING_SHARES,
    Contacts,
    jet,
    onward,
    pace,
)
from imu_stream.datatypes import Array

TOE_OUT_DEG = 6.0


def pitch_knots(now: Contacts, after: Contacts) -> list[Array]:
    """Pitch, toe up positive."""
    zero = np.zeros_like(now.ic)
    lift = _lift(now)
    released = onward(lift, 1250.0 * now.speed, RELEASE_S[0])
    sprung = onward(released, 530.0 * now.speed**2, RELEASE_S[1] - RELEASE_S[0])
    land = _touch_down(after)
    high, fast, late = _swing(now, after, land)
    return [_touch_down(now), jet(zero), jet(zero), lift, released, sprung, high, fast, late, land]


def _lift(contacts: Contacts) -> Array:
    speed = contacts.speed
    return jet(-(35.0 + 3.0 * speed), -(100.0 + 125.0 * speed), 1500.0 * speed)


def _touch_down(contacts: Contacts) -> Array:
    """The toe is on its way down, the faster the higher it is, but never into the ground."""
    slap = contacts.flat - contacts.ic
    strike = contacts.strike_deg
    heel_rate = np.minimum((200.0 + 10.0 * strike) * pace(contacts.speed), 2.2 * strike / slap)
    rate = -np.where(strike > 0.0, heel_rate, 150.0) * contacts.moving
    return jet(strike, rate, 30.0 * rate * contacts.on_heel)


def _swing(now: Contacts, after: Contacts, land: Array) -> list[Array]:
    duration = after.ic - now.tc
    down_deg = -(38.0 + 17.0 * (now.speed + after.speed) / 2)
    lead = (1.0 - SWING_SHARES[LATE - HIGH]) * duration
    # the toe is highest where its rate, going evenly backward from the landing, is zero
    late = onward(land, 2.0 * land[1] / lead - land[2], -lead)
    up_deg = late[0]
    rise = (up_deg - down_deg) / ((SWING_SHARES[LATE - HIGH] - SWING_SHARES[0]) * duration)
    # a foot that lands less toe-up has most of its turn behind it earlier in the swing
    passed = np.clip(0.70 - 0.0068 * up_deg, 0.50, 0.66)
    fast = jet(down_deg + passed * (up_deg - down_deg), (0.9 * passed + 0.95) * rise)
    return [jet(down_deg, 0.0, 8.0 * rise), fast, late]


def inversion_knots(now: Contacts, after: Contacts) -> list[Array]:
    """Roll, sole turned inward positive: feet land inverted, forefoot strikers most."""
    zero = np.zeros_like(now.ic)
    first, last = (c.moving * np.clip(7.0 - 0.2 * c.strike_deg, 2.0, 9.0) for c in (now, after))
    off = [jet(deg * after.moving, rate * after.moving) for deg, rate in _OFF_GROUND]
    return [jet(first), jet(zero), jet(zero), *off, jet(last + 2.0 * after.moving), jet(last)]


_OFF_GROUND = ((8.0, 110.0), (9.7, 60.0), (10.2, 0.0), (7.0, 0.0), (3.0, 0.0))
"""Inversion and its rate from terminal contact to the fastest knot."""


def toe_out_knots(now: Contacts, after: Contacts) -> list[Array]:
    """Yaw, toe outward positive."""
    zero = np.zeros_like(now.ic)
    off = [turn * after.moving for turn in (-2.0, -1.8, -1.2, 4.0, 0.0, 3.0)]
    turns = [2.0 * now.moving, zero, zero, *off, 2.0 * after.moving]
    return [jet(TOE_OUT_DEG + turn) for turn in turns]
