"""How the foot moves: jets (3, 2, n) of x and z at both ends of every piece of a stride, m.

In contact they are those of the heel or the ball of the foot, about which the sensor turns; in
swing those of the sensor itself. After heel-off the toes bend: they stay on the ground while
the ball begins to leave it.
"""

from itertools import pairwise

import numpy as np

from imu_stream.acquisition.simulation.foot_knots import (
    FAST,
    FLAT,
    HEEL_OFF,
    HIGH,
    IC,
    LATE,
    NEXT_IC,
    RELEASE_S,
    SWING_SHARES,
    TC,
    Contacts,
    onward,
)
from imu_stream.datatypes import Array

SENSOR_HEIGHT_M = 0.07
"""Laces above the ground."""
BALL_AHEAD_M = 0.10
"""From the sensor to the ball of the foot."""
HEEL_BEHIND_M = 0.09
MIDDLE_OF_CONTACT = 0.45
"""Share of the contact after which the sensor is below the hip."""

Path = tuple[Array, Array]
Shape = tuple[float, float, float]
"""Value and two derivatives in a swing of unit length and duration."""

_HIGH_RUN: Shape = (-0.08, 1.45, 7.0)
_HIGH_WALK: Shape = (0.19, 1.35, 2.0)
_FAST_RUN: Shape = (0.0, 2.72, 2.0)
_FAST_WALK: Shape = (0.0, 1.35, -4.0)
"""Along the belt; the place of the fastest knot follows from the landing."""


def paths(now: Contacts, after: Contacts, knots: list[Array], pitch: list[Array]) -> list[Path]:
    """Path of every piece; knots are times, pitch the jets (3, n) there in degrees."""
    heel, ball = now.on_heel, np.zeros_like(now.ic)
    leave = _push_off(now, pitch[TC])
    landing = (_on_belt(now, knots[IC], heel), _on_belt(now, knots[FLAT], heel))
    flat = (_on_belt(now, knots[FLAT], ball), _on_belt(now, knots[HEEL_OFF], ball))
    roll_off = (flat[1], leave - _arm(pitch[TC], ball))
    swing = [leave, *_release(leave, now.speed), *_swing(now, after, leave, pitch[NEXT_IC])]
    return [landing, flat, roll_off, *pairwise(swing)]


def levers(now: Contacts) -> list[Array]:
    """Distance and angle (n, 2) of the sensor from the point each piece of the path describes."""
    ball = _lever(np.zeros_like(now.ic))
    return [_lever(now.on_heel), ball, ball, *[np.zeros_like(ball)] * (NEXT_IC - TC)]


def landing_velocity(contacts: Contacts) -> Array:
    """Velocity (n, 3) of the sensor over the ground at contact, which the shoe takes up, m/s."""
    strike = np.clip(contacts.strike_deg, -10.0, 20.0)
    forward = contacts.speed * (0.20 + 0.003 * strike)
    down = contacts.speed * (0.18 - 0.005 * strike)
    return np.stack([forward, np.zeros_like(forward), -down], axis=1)


def _on_belt(contacts: Contacts, t: Array, on_heel: Array) -> Array:
    """Heel or ball of the foot moving with the belt."""
    middle = contacts.ic + MIDDLE_OF_CONTACT * (contacts.tc - contacts.ic)
    jet = np.zeros((3, 2, len(t)))
    jet[0, 0] = np.where(on_heel, -HEEL_BEHIND_M, BALL_AHEAD_M) - contacts.speed * (t - middle)
    jet[1, 0] = -contacts.speed
    return jet


def _lever(on_heel: Array) -> Array:
    ahead = np.where(on_heel, HEEL_BEHIND_M, -BALL_AHEAD_M)
    return np.stack([np.hypot(ahead, SENSOR_HEIGHT_M), np.arctan2(SENSOR_HEIGHT_M, ahead)], axis=1)


def _arm(pitch_deg: Array, on_heel: Array) -> Array:
    """Jet (3, 2, n) from the heel or the ball of the foot to the sensor."""
    pitch = np.radians(pitch_deg)
    distance, angle = _lever(on_heel).T
    arm = distance * np.stack([np.cos(angle + pitch[0]), np.sin(angle + pitch[0])])
    across = np.stack([-arm[1], arm[0]])
    return np.stack([arm, across * pitch[1], across * pitch[2] - arm * pitch[1] ** 2])


def _push_off(contacts: Contacts, pitch: Array) -> Array:
    """The sensor at terminal contact: on its way up, drawn forward by the leg."""
    ball = np.zeros_like(contacts.ic)
    jet = _on_belt(contacts, contacts.tc, ball) + _arm(pitch, ball)
    speed = contacts.speed
    jet[0] += np.array([[0.008], [0.012]]) * np.minimum(speed / 3.0, 1.0)
    # after a contact as long as in walking the foot is on its way before the toes leave
    early = np.clip((contacts.tc - contacts.ic - 0.35) / 0.25, 0.0, 1.0)
    jet[1] = np.stack([0.75 * early - 0.53, np.full_like(early, 0.28)]) * speed
    jet[2] = np.array([[0.85], [1.75]]) * speed**2
    return jet


def _release(leave: Array, speed: Array) -> list[Array]:
    """The ground lets go: its force vanishes within 20 ms, then the shoe springs back."""
    letting_go = np.stack([4.0 - 0.75 * speed**2, 0.6 * speed**2])
    springing = np.array([[0.7], [1.85]]) * speed**2
    released = onward(leave, letting_go, RELEASE_S[0])
    return [released, onward(released, springing, RELEASE_S[1] - RELEASE_S[0])]


def _swing(now: Contacts, after: Contacts, leave: Array, land_pitch: Array) -> list[Array]:
    """The sensor from its highest knot to the landing."""
    duration, speed = after.ic - now.tc, (now.speed + after.speed) / 2
    land = _on_belt(after, after.ic, after.on_heel) + _arm(land_pitch, after.on_heel)
    land[1] += landing_velocity(after)[:, ::2].T
    start = np.stack([leave[0, 0], np.full_like(speed, SENSOR_HEIGHT_M)])
    size = np.stack([land[0, 0] - leave[0, 0], 0.05 + 0.07 * speed])
    # a foot that goes far for the belt's speed, as in walking, is carried rather than thrown
    carried = np.clip((size[0] / (np.maximum(speed, 0.1) * duration) - 0.6) / 0.6, 0.0, 1.0)
    braking = size * np.stack([12.0 * carried - 20.0, np.full_like(carried, -18.0)]) / duration**2
    # in the air the shoe still slows down; the ground takes over within the landing
    land[2] = braking * np.array([[0.75], [0.0]])
    late = onward(land, braking, -(1.0 - SWING_SHARES[LATE - HIGH]) * duration)
    high = _scaled(_mix(_HIGH_RUN, _HIGH_WALK, carried), (1.0, 0.80, -20.0), size, duration)
    fast = _scaled(_mix(_FAST_RUN, _FAST_WALK, carried), (0.36, -2.2, 12.0), size, duration)
    high[0] += start
    fast[0] += start
    lead = (SWING_SHARES[LATE - HIGH] - SWING_SHARES[FAST - HIGH]) * duration
    fast[0, 0] = _evenly_before(late[:, 0], fast[:, 0], lead)
    return [high, fast, late, land]


def _mix(run: Shape, walk: Shape, carried: Array) -> Array:
    """The shape (3, n) between that of running and that of walking."""
    return np.stack([a + (b - a) * carried for a, b in zip(run, walk, strict=True)])


def _scaled(along: Array, upward: Shape, size: Array, duration: Array) -> Array:
    """Jet (3, 2, n) of the shapes in a swing of this size (2, n) and duration (n,)."""
    unit = np.stack([along, np.broadcast_to(np.array(upward)[:, None], along.shape)], axis=1)
    return unit * size / np.stack([np.ones_like(duration), duration, duration**2])[:, None]


def _evenly_before(last: Array, first: Array, lead: Array) -> Array:
    """Place (n,) from which the other jet (3, n) is reached without detour."""
    return np.asarray(
        last[0] - lead * (first[1] + last[1]) / 2 - lead**2 * (first[2] - last[2]) / 10
    )
