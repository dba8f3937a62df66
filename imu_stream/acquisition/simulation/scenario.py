"""What the virtual runner is told to do, and when."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from imu_stream.acquisition.simulation.gaits import (
    Activity,
    Gait,
    blend,
    standing_after,
    travel_velocity,
    whole,
)
from imu_stream.datatypes import Array

__all__ = ["Activity", "Gait", "MovingSpan", "Scenario", "Stage", "demo_scenario", "smooth_ramp"]

RAMP_S = 1.0
"""How long a change of speed, grade, cadence, contact time or strike angle takes."""
LEAN_RAMP_S = 2.0
START_S = 0.7
"""From the start of a moving stage to the first contact: time to roll off and swing a foot."""
SHORTEST_STAND_S = 2.0
"""A stop shorter than this is not worth standing for: the runner keeps moving.

Before and after jumping the runner stands at least so long.
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A gait and when it begins."""

    start_s: float
    gait: Gait
    ramp_s: float = RAMP_S
    """How long speed, grade, cadence, contact time and strike angle take to change to it."""


@dataclass(frozen=True, slots=True)
class MovingSpan:
    """A stretch without standing: first contact, and the time after which no new step begins."""

    first_contact_s: float
    stop_s: float
    jumping: bool = False


@dataclass(frozen=True)
class Scenario:
    """Stages in order; the first holds from the beginning.

    Raises:
        ValueError: when there is no stage, their starts do not increase or a ramp is no time.
    """

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        starts = [stage.start_s for stage in self.stages]
        if not starts or any(b <= a for a, b in pairwise(starts)):
            raise ValueError("a scenario needs stages with increasing start_s")
        if any(stage.ramp_s <= 0.0 for stage in self.stages):
            raise ValueError("a stage needs a ramp_s above 0")

    def gait_at(self, t_s: float) -> Gait:
        """Gait with its parameters on their way from one stage to the next."""
        gait = self._filled[0].gait
        for before, stage in pairwise(self._filled):
            if t_s < stage.start_s:
                break
            gait = blend(gait, before.gait, stage.gait, (t_s - stage.start_s) / stage.ramp_s)
        return gait

    def lean_jet(self, t: Array) -> Array:
        """Lean and its first two derivatives (3, n) in degrees, degrees/s, degrees/s²."""
        jet = np.zeros((3, len(t)))
        jet[0] = self.stages[0].gait.lean_deg
        for before, stage in pairwise(self.stages):
            change = stage.gait.lean_deg - before.gait.lean_deg
            jet += change * smooth_ramp(t - stage.start_s, LEAN_RAMP_S)
        return jet

    def travel_jet(self, t: Array) -> Array:
        """Way past the earth, forward and up, with two derivatives: (3, 2, n) in m; 0 on a belt."""
        jet = np.zeros((3, 2, len(t)))
        velocity = np.array(travel_velocity(self._filled[0].gait))[:, None]
        jet[:2] = np.stack([velocity * t, np.broadcast_to(velocity, (2, len(t)))])
        for before, stage in pairwise(self._filled):
            change = np.subtract(travel_velocity(stage.gait), travel_velocity(before.gait))
            since = t - stage.start_s
            jet[0] += change[:, None] * smooth_ramp_area(since, stage.ramp_s)
            jet[1:] += change[:, None] * smooth_ramp(since, stage.ramp_s)[:2, None]
        return jet

    def moving_spans(self) -> tuple[MovingSpan, ...]:
        """Moving stretches in order, those with too short a stop between as one."""
        return tuple(_merge_short_stops(self._moving_stages()))

    def _moving_stages(self) -> Iterator[MovingSpan]:
        for stage, after in zip(self._filled, (*self.stages[1:], None), strict=True):
            if stage.gait.activity is Activity.STANDING:
                continue
            jumping = stage.gait.activity is Activity.JUMPING
            stop_s = np.inf if after is None else after.start_s + (not jumping) * after.ramp_s
            yield MovingSpan(stage.start_s + START_S, stop_s, jumping)

    @cached_property
    def _filled(self) -> tuple[Stage, ...]:
        """Stages as they are done: standing takes over the stride before, or the first after."""
        strides = [s.gait for s in self.stages if s.gait.activity is not Activity.STANDING]
        stride = whole(strides[0]) if strides else Gait()
        filled: list[Stage] = []
        for stage in self.stages:
            if stage.gait.activity is Activity.STANDING:
                gait = standing_after(stage.gait, stride)
            else:
                gait = stride = whole(stage.gait)
            filled.append(Stage(stage.start_s + _rest_s(filled, gait), gait, stage.ramp_s))
        return tuple(filled)


def _rest_s(before: list[Stage], gait: Gait) -> float:
    """Who has jumped stands for a while before walking or running off."""
    jumped = bool(before) and before[-1].gait.activity is Activity.JUMPING
    leaves = gait.activity not in (Activity.JUMPING, Activity.STANDING)
    return SHORTEST_STAND_S - START_S if jumped and leaves else 0.0


def _merge_short_stops(spans: Iterator[MovingSpan]) -> list[MovingSpan]:
    merged: list[MovingSpan] = []
    for span in spans:
        if merged and span.jumping is not merged[-1].jumping:
            earliest_s = max(merged[-1].first_contact_s, merged[-1].stop_s) + SHORTEST_STAND_S
            merged.append(replace(span, first_contact_s=max(span.first_contact_s, earliest_s)))
        elif merged and span.first_contact_s - merged[-1].stop_s < SHORTEST_STAND_S:
            merged[-1] = replace(merged[-1], stop_s=span.stop_s)
        else:
            merged.append(span)
    return merged


def smooth_ramp(t: Array, duration_s: Array | float) -> Array:
    """Value and two derivatives (3, n) of a smooth rise from 0 to 1 that begins at t = 0."""
    u = np.clip(t / duration_s, 0.0, 1.0)
    return np.stack(
        [
            u**3 * (10.0 + u * (6.0 * u - 15.0)),
            30.0 * u**2 * (1.0 - u) ** 2 / duration_s,
            60.0 * u * (1.0 - u) * (1.0 - 2.0 * u) / duration_s**2,
        ]
    )


def smooth_ramp_area(t: Array, duration_s: float) -> Array:
    """Integral (n,) of the smooth rise since t = 0."""
    u = np.clip(t / duration_s, 0.0, 1.0)
    within = duration_s * u**4 * (2.5 + u * (u - 3.0))
    return np.asarray(within + np.maximum(t - duration_s, 0.0))


def demo_scenario(seconds: float) -> Scenario:
    """A run that shows every technique: heel strike, forefoot with lean, forefoot upright.

    Stands for 5 s, then runs at 3 m/s. By the share of `seconds`: 25 % forefoot, 50 % (not
    before 15 s) upright, 65 % midfoot, 85 % leaning and on the heels again.
    """
    heel = Gait(lean_deg=10.0)
    forefoot = replace(heel, strike_left_deg=-8.0, strike_right_deg=-8.0)
    upright = replace(forefoot, lean_deg=3.0)
    midfoot = replace(upright, strike_left_deg=3.0, strike_right_deg=3.0)
    straighten_s = max(0.5 * seconds, 15.0)
    rest_s = max(seconds - straighten_s, 0.2 * seconds)
    return Scenario(
        (
            Stage(0.0, Gait(activity=Activity.STANDING)),
            Stage(5.0, heel),
            Stage(5.0 + max(0.25 * seconds - 5.0, 0.4 * (straighten_s - 5.0)), forefoot),
            Stage(straighten_s, upright),
            Stage(straighten_s + 0.3 * rest_s, midfoot),
            Stage(straighten_s + 0.7 * rest_s, heel),
        )
    )
