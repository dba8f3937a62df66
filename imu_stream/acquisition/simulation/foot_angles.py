"""How the foot turns: jets (3, n) of its angles at the knots of every stride, in degrees.

Pitch is a turn in the plane of the swing, toe up positive.
"""

import numpy as np

from imu_stream.acquisition.simulation.foot_knots import (
    CAUGHT,
    FASTEST,
    FLAT,
    HIGH,
    IC,
    LATE,
    NEXT_IC,
    RELEASE_S,
    SWING_SHARES,
    TC,
    Contacts,
    hopping,
    jet,
    onward,
)
from imu_stream.acquisition.simulation.foot_landing import (
    SETTLING,
    inversion_deg,
    landing_pitch_deg,
    steadily,
    touch_down,
)
from imu_stream.acquisition.simulation.pieces import quintic_at
from imu_stream.acquisition.simulation.scenario import smooth_ramp
from imu_stream.datatypes import Array

UPRIGHT_AFTER_S = 0.045
"""Inversion goes from contact on as if gone by then, until the ground has caught the foot."""

FIRST_LIFT_RATE = 170.0
"""°/s; a foot that stood leaves the ground in one sweep."""


def pitch_knots(now: Contacts, after: Contacts, knots: list[Array]) -> list[Array]:
    """Pitch over the ground."""
    zero = np.zeros_like(now.ic)
    lift, land = _lift(now), _touch_down(after)[0]
    released = onward(lift, 1250.0 * now.speed, RELEASE_S[0])
    sprung = onward(released, 530.0 * now.speed**2, RELEASE_S[1] - RELEASE_S[0])
    air = [released, sprung, *_swing(now, after, land)]
    hops = hopping(now, after)
    for k, t in enumerate(knots[TC + 1 : NEXT_IC]):
        hop = quintic_at(lift, land, after.ic - now.tc, t - now.tc)
        air[k] = np.where(hops, hop, air[k])
    return [*_touch_down(now), jet(zero), lift, *air, land]


def _lift(contacts: Contacts) -> Array:
    speed = contacts.speed
    down_rate = np.where(contacts.moving, 100.0 + 125.0 * speed, FIRST_LIFT_RATE)
    swing = jet(-(35.0 + 3.0 * speed), -down_rate, 1500.0 * speed)
    hop = jet(np.full_like(speed, -35.0), -120.0, 2500.0)
    return np.where(contacts.jumping, hop, swing)


def _inversion(contacts: Contacts) -> Array:
    upright = ~contacts.jumping * (contacts.rise == 0.0) * contacts.moving
    return np.asarray(upright * inversion_deg(contacts.strike_deg))


def _touch_down(contacts: Contacts) -> list[Array]:
    """From contact to flat; a foot put down to stand is flat at once."""
    pitch = landing_pitch_deg(contacts.strike_deg, _inversion(contacts))
    return [contacts.moving * knot for knot in touch_down(pitch, contacts.landing)]


def _swing(now: Contacts, after: Contacts, land: Array) -> list[Array]:
    duration = after.ic - now.tc
    down_deg = -(38.0 + 17.0 * (now.speed + after.speed) / 2)
    lead = (1.0 - SWING_SHARES[LATE - HIGH]) * duration
    # the toe is highest where its rate, from there to the landing without detour, is zero
    late = steadily(land, 0.0, -lead, 0.5 * land[1] / lead)
    up_deg = late[0]
    rise = (up_deg - down_deg) / ((SWING_SHARES[LATE - HIGH] - SWING_SHARES[0]) * duration)
    # a foot that lands less toe-up has most of its turn behind it earlier in the swing
    passed = np.clip(0.70 - 0.0068 * up_deg, 0.50, 0.66)
    fast = jet(down_deg + passed * (up_deg - down_deg), (0.9 * passed + 0.95) * rise)
    return [jet(down_deg, 0.0, 8.0 * rise), fast, late]


def inversion_knots(now: Contacts, after: Contacts, knots: list[Array]) -> list[Array]:
    """Roll, sole turned inward positive."""
    swings = after.moving * ~hopping(now, after)
    push = swings * np.minimum(now.speed / 2.5, 1.0)
    off = [jet(deg * push, rate * push) for deg, rate in _OFF_GROUND]
    last = _inversion(after)
    return [*_rolling_flat(_inversion(now), knots), *off, jet(last + 1.0 * swings), jet(last)]


def _rolling_flat(first: Array, knots: list[Array]) -> list[Array]:
    """From contact to heel-off: once caught, what is left of the inversion dies out."""
    fastest, caught = (
        first * (jet(np.ones_like(first)) - smooth_ramp(knots[k] - knots[IC], UPRIGHT_AFTER_S))
        for k in (FASTEST, CAUGHT)
    )
    zero = jet(np.zeros_like(first))
    settling = jet(caught[0], -SETTLING * caught[0] / (knots[FLAT] - knots[CAUGHT]))
    return [jet(first), fastest, settling, zero, zero]


_OFF_GROUND = ((11.5, 130.0), (13.6, 80.0), (14.3, 0.0), (6.5, -110.0), (0.0, 60.0))
"""Inversion and its rate from terminal contact to the fastest knot, running."""


def toe_out_knots(now: Contacts, after: Contacts, knots: list[Array]) -> list[Array]:
    """Turn of the plane of the swing from straight ahead, outward positive."""
    swings = after.moving * ~hopping(now, after)
    landed = 2.0 * now.moving * ~now.jumping
    stance = [
        jet(landed) - landed * smooth_ramp(t - now.ic, knots[FLAT] - now.ic) for t in knots[:TC]
    ]
    off = [jet(turn * swings) for turn in _TOE_OUT]
    return [*stance, *off, jet(2.0 * after.moving * ~after.jumping)]


_TOE_OUT = (-2.0, -1.8, -1.2, 1.0, 0.0, 2.0)
"""From terminal contact to the latest knot of the swing."""
