"""The trunk of the virtual runner: falls free in flight, is caught in contact, leans and sways.

Every step has knots at its start, at mid-contact and at terminal contact (thirds of the step
when there is no flight).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from imu_stream.acquisition.simulation.pieces import (
    COORDINATES,
    PITCH,
    ROLL,
    YAW,
    Pieces,
    Ringing,
    X,
    Y,
    Z,
    interleave,
    quintic,
    quintic_at,
)
from imu_stream.acquisition.simulation.scenario import Activity, Scenario, smooth_ramp
from imu_stream.acquisition.simulation.steps import Step
from imu_stream.datatypes import GRAVITY, Array, Placement

PITCH_SWAY_DEG = 1.5
"""Amplitude at step frequency."""
ROLL_SWAY_DEG = 4.0
"""Amplitude at stride frequency when running."""
YAW_SWAY_DEG = 8.0
SIDE_SWAY_M = 0.01
SURGE = 0.04
"""Forward speed in flight above the mean, as a share of the belt's speed."""
_RHYTHM = {
    Activity.STANDING: 0.0,
    Activity.WALKING: 0.5,
    Activity.RUNNING: 1.0,
    Activity.JUMPING: 0.0,
    Activity.STAIRS: 0.5,
}
"""Share of those three."""
WALKING_RISE_M = 0.02
BREATHING_HZ = 0.4
BREATHING_DEG = 0.5
STANDING_BREATHING_DEG = 0.15
IMPACT_PER_SPEED = 0.025
JUMP_IMPACT = 0.1
"""m/s."""
IMPACT = Ringing(decay=70 + 40j, cubic=(0.0, 0.0, 1.0))
"""What is left of the landing at the chest: some 0.7 g within 10 ms, gone after 80 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class _Knots:
    """One knot of every step, with all that the motion at it depends on, as columns (n,)."""

    t: Array
    share: Array
    """Of the step's time."""
    duration: Array
    """Of the step; at its start, the mean of the two steps that meet there."""
    on_left: NDArray[np.bool_]
    """The left foot landed last."""
    moving: NDArray[np.bool_]
    """Not standing; not where moving begins or ends either."""
    rhythm: Array
    """How much the trunk turns and sways from stride to stride; 1 when running."""


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Steps as columns (n,)."""

    start: Array
    end: Array
    tc: Array
    flying: NDArray[np.bool_]
    """Ends with a flight: running or jumping."""
    walking: NDArray[np.bool_]
    rhythm: Array
    on_left: NDArray[np.bool_]
    speed: Array
    jump_landing: NDArray[np.bool_]
    wander_deg: Array

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Self:
        columns = zip(*map(_row, steps), strict=True)
        return cls(*(np.array(column) for column in columns))

    def part(self, rows: slice) -> "_Steps":
        return _Steps(*(getattr(self, f.name)[rows] for f in fields(self)))

    @property
    def duration(self) -> Array:
        return self.end - self.start

    @property
    def moving(self) -> NDArray[np.bool_]:
        return self.flying | self.walking


def _row(step: Step) -> tuple[float | bool, ...]:
    flying = step.activity in (Activity.RUNNING, Activity.JUMPING)
    third_s = (step.end_s - step.start_s) / 3
    return (
        step.start_s,
        step.end_s,
        step.end_s - (step.flight_s if flying else third_s),
        flying,
        step.activity in (Activity.WALKING, Activity.STAIRS),
        _RHYTHM[step.activity],
        any(contact.foot is Placement.LEFT_FOOT for contact in step.contacts),
        step.speed_mps,
        step.activity is Activity.JUMPING and bool(step.contacts),
        step.wander_deg,
    )


def trunk_pieces(scenario: Scenario, steps: Sequence[Step]) -> Pieces:
    """Motion of the chest over all steps but the first and the last, of at least three."""
    every = _Steps.of(steps)
    now, after = every.part(slice(1, -1)), every.part(slice(2, None))
    starts = _starts(scenario, every.part(slice(None, -1)), every.part(slice(1, None)))
    first, last = starts[:, :, :-1].copy(), starts[:, :, 1:].copy()
    to_middle = np.where(now.flying, (now.tc - now.start) / 2, now.duration / 3)
    leap = _with_flight(now, _inside(scenario, now, after, now.tc), _leap(now))
    stance_s = now.tc - now.start
    caught = quintic_at(first[:, [X, Z]], leap[:, [X, Z]], stance_s, stance_s / 2)
    middle = _inside(scenario, now, after, now.start + to_middle)
    middle = _with_flight(now, middle, caught)
    knots = [now.start, now.start + to_middle, now.tc, after.start]
    jets = [first, middle, leap, last]
    for jet, t in zip(jets, knots, strict=True):
        jet[:, [X, Z]] += scenario.travel_jet(t)
    pieces = [quintic(jets[k], jets[k + 1], knots[k + 1] - knots[k]) for k in range(len(knots) - 1)]
    return Pieces(
        start=interleave(knots[:-1]),
        end_s=float(now.end[-1]),
        coefficients=interleave([np.moveaxis(piece, 2, 0) for piece in pieces]),
        lever=np.zeros((3 * len(now.start), 2)),
        impact_s=np.repeat(now.start, 3),
        impact=np.repeat(_impact(now), 3, axis=0),
        ringing=IMPACT,
    )


def _starts(scenario: Scenario, before: _Steps, now: _Steps) -> Array:
    """Jets (3, 6, n) where two steps meet: the end of the flight, or the lowest of walking."""
    duration = (before.duration + now.duration) / 2
    moving = before.moving & now.moving
    rhythm = np.minimum(before.rhythm, now.rhythm)
    knots = _Knots(now.start, np.zeros_like(duration), duration, now.on_left, moving, rhythm)
    jets = _swaying(scenario, knots)
    jets[0, PITCH] += np.radians(now.wander_deg)
    flight = before.end - before.tc
    falling = np.stack([0 * flight, -GRAVITY * flight / 2, np.full_like(flight, -GRAVITY)])
    jets[1, X] = np.where(before.flying, SURGE * now.speed, 0.0)
    jets[:, Z] = np.where(
        before.flying, falling, _walking_rise(knots, before.walking | now.walking)
    )
    return jets


def _inside(scenario: Scenario, now: _Steps, after: _Steps, t: Array) -> Array:
    """Jets (3, 6, n) at times within the steps, without the rise and fall of running."""
    share = (t - now.start) / now.duration
    knots = _Knots(t, share, now.duration, now.on_left, now.moving, now.rhythm)
    jets = _swaying(scenario, knots)
    change = np.radians(after.wander_deg - now.wander_deg)
    jets[:, PITCH] += change * smooth_ramp(t - now.start, now.duration)
    jets[0, PITCH] += np.radians(now.wander_deg)
    jets[:, Z] = _walking_rise(knots, now.walking)
    return jets


def _with_flight(now: _Steps, jets: Array, run: Array) -> Array:
    """The same jets (3, 6, n) with x and z (3, 2, n) of running where the step is a running one."""
    mixed = jets.copy()
    mixed[:, X] = np.where(now.flying, run[:, 0], jets[:, X])
    mixed[:, Z] = np.where(now.flying, run[:, 1], jets[:, Z])
    return mixed


def _leap(now: _Steps) -> Array:
    """Jets (3, 2, n) of x and z at terminal contact: from here on the trunk falls free.

    It comes back to the same height, and to the same place over the belt, at the next contact.
    """
    flight = now.end - now.tc
    forward = SURGE * now.speed
    x = np.stack([-forward * flight, forward, 0 * flight])
    z = np.stack([0 * flight, GRAVITY * flight / 2, np.full_like(flight, -GRAVITY)])
    return np.stack([x, z], axis=1)


def _walking_rise(knots: _Knots, walking: NDArray[np.bool_]) -> Array:
    turn = 2 * np.pi * knots.share - np.pi / 2
    return _sway(np.where(walking, WALKING_RISE_M, 0.0), turn, 2 * np.pi / knots.duration)


def _swaying(scenario: Scenario, knots: _Knots) -> Array:
    """Jets (3, 6, n) of all that comes with the rhythm, of lean and of breathing."""
    step_turn, step_rate = 2 * np.pi * knots.share, 2 * np.pi / knots.duration
    stride_turn = step_turn / 2 + np.where(knots.on_left, 0.0, np.pi)
    moving = knots.moving.astype(np.float64)
    breath_deg = np.where(knots.moving, BREATHING_DEG, STANDING_BREATHING_DEG)
    breath_rate = 2 * np.pi * BREATHING_HZ
    pitch = scenario.lean_jet(knots.t)
    pitch += _sway(PITCH_SWAY_DEG * moving, step_turn - 1.0, step_rate)
    pitch += _sway(breath_deg, breath_rate * knots.t, breath_rate)
    jets = np.zeros((3, COORDINATES, len(knots.t)))
    jets[:, Y] = _sway(SIDE_SWAY_M * knots.rhythm, stride_turn, step_rate / 2)
    jets[:, PITCH] = np.radians(pitch)
    jets[:, ROLL] = np.radians(_sway(ROLL_SWAY_DEG * knots.rhythm, stride_turn, step_rate / 2))
    turning = _sway(YAW_SWAY_DEG * knots.rhythm, stride_turn + np.pi / 2, step_rate / 2)
    jets[:, YAW] = np.radians(turning)
    return jets


def _sway(amplitude: Array, turn: Array, rate: Array | float) -> Array:
    """Jet (3, n) of a sine."""
    sine, cosine = amplitude * np.sin(turn), amplitude * np.cos(turn)
    return np.stack([sine, rate * cosine, -(rate**2) * sine])


def _impact(now: _Steps) -> Array:
    """Amplitude (n, 3) of the landing at the chest, m/s: up and backward."""
    running = IMPACT_PER_SPEED * now.speed * now.flying
    size = np.where(now.jump_landing, JUMP_IMPACT, running)
    return np.stack([-0.3 * size, 0 * size, size], axis=1)
