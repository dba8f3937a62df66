"""How the foot moves: jets (3, 2, n) of x and z at both ends of every piece of a stride, m.

In contact they are those of the heel or the ball of the foot, about which the sensor turns; in
swing those of the sensor itself. After heel-off the toes bend: they stay on the ground while
the ball begins to leave it. x is along the ground, z upright to it; the runner stays where x is 0.
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
    hopping,
    onward,
)
from imu_stream.acquisition.simulation.pieces import quintic_at
from imu_stream.datatypes import GRAVITY, Array

SENSOR_HEIGHT_M = 0.07
"""Laces above the ground."""
BALL_AHEAD_M = 0.10
"""From the sensor to the ball of the foot."""
HEEL_BEHIND_M = 0.09
TIPTOE_M = 0.025
"""The ball leaves the ground by this before the toes do, in a jump."""
MIDDLE_OF_CONTACT = 0.45
"""Share of the contact after which the sensor is below the hip."""

JUMP_LANDING = 1.1
"""Speed at which the feet come down in a jump, m/s; that of a free fall is a little more."""

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
    ball = np.zeros_like(now.ic)
    leave = _push_off(now, pitch[TC])
    landing = [_on_ground(now, t, now.on_heel) for t in knots[IC : FLAT + 1]]
    flat = (_on_ground(now, knots[FLAT], ball), _on_ground(now, knots[HEEL_OFF], ball))
    roll_off = (flat[1], leave - _arm(pitch[TC], ball))
    land = _land(after, pitch[NEXT_IC])
    swing = [*_release(leave, now.speed), *_swing(now, after, leave, land)]
    hops = hopping(now, after)
    for k, t in enumerate(knots[TC + 1 : NEXT_IC]):
        swing[k] = np.where(hops, quintic_at(leave, land, after.ic - now.tc, t - now.tc), swing[k])
    return [*pairwise(landing), flat, roll_off, *pairwise([leave, *swing, land])]


def levers(now: Contacts) -> list[Array]:
    """Distance and angle (n, 2) of the sensor from the point each piece of the path describes."""
    ball = _lever(np.zeros_like(now.ic))
    pivot = _lever(now.on_heel)
    return [*[pivot] * (FLAT - IC), *[ball] * (TC - FLAT), *[np.zeros_like(ball)] * (NEXT_IC - TC)]


def landing_velocity(contacts: Contacts) -> Array:
    """Velocity (n, 3) of the sensor over the ground at contact, which the shoe takes up, m/s."""
    strike = np.clip(contacts.strike_deg, -10.0, 20.0)
    forward = contacts.speed * (0.20 + 0.003 * strike)
    down = np.where(contacts.jumping, JUMP_LANDING, contacts.speed * (0.18 - 0.005 * strike))
    return np.stack([forward, np.zeros_like(forward), -down], axis=1)


def _on_ground(contacts: Contacts, t: Array, on_heel: Array) -> Array:
    """Heel or ball of the foot moving with the ground; on stairs it also sinks."""
    middle = contacts.ic + MIDDLE_OF_CONTACT * contacts.duration
    jet = np.zeros((3, 2, len(t)))
    jet[0, 0] = np.where(on_heel, -HEEL_BEHIND_M, BALL_AHEAD_M) - contacts.speed * (t - middle)
    jet[1, 0] = -contacts.speed
    return _climbing(jet, contacts.rise)


def _climbing(jet: Array, rise: Array, ahead: float = 0.0) -> Array:
    """The same jet (3, 2, n) of a foot on its way from one step to the next one."""
    jet[:, 1] += rise * jet[:, 0]
    jet[0, 1] += rise * ahead
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
    jet = _on_ground(contacts, contacts.tc, ball) + _arm(pitch, ball)
    speed = contacts.speed
    # after a contact as long as in walking the foot is on its way before the toes leave
    early = np.clip((contacts.duration - 0.35) / 0.25, 0.0, 1.0)
    pushed = np.array([[0.008], [0.012]]) * np.minimum(speed / 3.0, 1.0)
    rate = np.stack([0.75 * early - 0.53, np.full_like(early, 0.28)]) * speed
    leaving = np.stack([pushed, rate, np.array([[0.85], [1.75]]) * speed**2])
    leaving[1:, 1] += contacts.rise * leaving[1:, 0]
    leaving[0] += jet[0]
    return np.where(contacts.jumping, _take_off(jet), leaving)


def _take_off(jet: Array) -> Array:
    """The same for a jump: the foot flies up as fast as it will come down, and falls free."""
    flying = np.zeros_like(jet)
    flying[0], flying[0, 1] = jet[0], jet[0, 1] + TIPTOE_M
    flying[1, 1], flying[2, 1] = JUMP_LANDING, -GRAVITY
    return flying


def _release(leave: Array, speed: Array) -> list[Array]:
    """The ground lets go: its force vanishes within 20 ms, then the shoe springs back."""
    letting_go = np.stack([4.0 - 0.75 * speed**2, 0.6 * speed**2])
    springing = np.array([[0.7], [1.85]]) * speed**2
    released = onward(leave, letting_go, RELEASE_S[0])
    return [released, onward(released, springing, RELEASE_S[1] - RELEASE_S[0])]


def _land(after: Contacts, pitch: Array) -> Array:
    """The sensor at the next contact, on its way down; its braking is left to the swing."""
    land = _on_ground(after, after.ic, after.on_heel) + _arm(pitch, after.on_heel)
    land[1] += landing_velocity(after)[:, ::2].T
    land[2] = np.stack([np.zeros_like(after.ic), np.where(after.jumping, -GRAVITY, 0.0)])
    return land


def _swing(now: Contacts, after: Contacts, leave: Array, land: Array) -> list[Array]:
    """The sensor from its highest knot to the latest; `land` is given its braking."""
    duration, speed = after.ic - now.tc, (now.speed + after.speed) / 2
    rise = (now.rise + after.rise) / 2
    start = np.stack([leave[0, 0], np.full_like(speed, SENSOR_HEIGHT_M)])
    size = np.stack([land[0, 0] - leave[0, 0], 0.05 + 0.07 * speed + 0.1 * rise])
    # a foot that goes far for the belt's speed, as in walking, is carried rather than thrown
    carried = np.clip((size[0] / (np.maximum(speed, 0.1) * duration) - 0.6) / 0.6, 0.0, 1.0)
    braking = size * np.stack([12.0 * carried - 20.0, np.full_like(carried, -18.0)]) / duration**2
    braking[1] += after.rise * braking[0]
    # in the air the shoe still slows down; the ground takes over within the landing
    land[2] += braking * np.array([[0.75], [0.0]]) * ~hopping(now, after)
    late = onward(land, braking, -(1.0 - SWING_SHARES[LATE - HIGH]) * duration)
    high = _scaled(_mix(_HIGH_RUN, _HIGH_WALK, carried), (1.0, 0.80, -20.0), size, duration)
    fast = _scaled(_mix(_FAST_RUN, _FAST_WALK, carried), (0.36, -2.2, 12.0), size, duration)
    high[0] += start
    fast[0] += start
    lead = (SWING_SHARES[LATE - HIGH] - SWING_SHARES[FAST - HIGH]) * duration
    fast[0, 0] = _evenly_before(late[:, 0], fast[:, 0], lead)
    return [_climbing(high, rise, BALL_AHEAD_M), _climbing(fast, rise, BALL_AHEAD_M), late]


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
