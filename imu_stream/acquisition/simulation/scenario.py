"""What the virtual runner is told to do, and when."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np

from imu_stream.datatypes import Array, Placement

RAMP_S = 1.0
"""How long a change of speed, cadence, contact time or strike angle takes."""
LEAN_RAMP_S = 2.0
START_S = 0.7
"""From the start of a moving stage to the first contact: time to roll off and swing a foot."""
SHORTEST_STAND_S = 2.0
"""A stop shorter than this is not worth standing for: the runner keeps moving."""


class Activity(StrEnum):
    """What the runner does."""

    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Gait:
    """One way to stand, walk or run; all but activity and lean are ignored when standing.

    Raises:
        ValueError: for a cadence, contact time or speed that nobody can run.
    """

    activity: Activity = Activity.RUNNING
    speed_mps: float = 3.0
    """Belt speed."""
    cadence_spm: float = 168.0
    """Steps of both feet per minute."""
    contact_time_s: float = 0.25
    """Shortened where needed to leave a flight (running) or a swing (walking)."""
    strike_left_deg: float = 16.0
    """Pitch of the left foot at initial contact, toe up positive."""
    strike_right_deg: float = 15.0
    lean_deg: float = 0.0
    """Forward trunk lean; 0 is the posture of standing."""
    variability: float = 1.0
    """Scale of the stride-to-stride variation; 0 makes every stride the same."""

    def __post_init__(self) -> None:
        if not 60.0 <= self.cadence_spm <= 260.0:
            raise ValueError(f"cadence_spm must be within 60..260, not {self.cadence_spm}")
        if not 0.1 <= self.contact_time_s <= 1.2:
            raise ValueError(f"contact_time_s must be within 0.1..1.2, not {self.contact_time_s}")
        if not 0.0 <= self.speed_mps <= 8.0:
            raise ValueError(f"speed_mps must be within 0..8, not {self.speed_mps}")

    def strike_deg(self, foot: Placement) -> float:
        return self.strike_left_deg if foot is Placement.LEFT_FOOT else self.strike_right_deg


@dataclass(frozen=True, slots=True)
class Stage:
    """A gait and when it begins."""

    start_s: float
    gait: Gait


@dataclass(frozen=True, slots=True)
class MovingSpan:
    """A stretch without standing: first contact, and the time after which no new step begins."""

    first_contact_s: float
    stop_s: float


@dataclass(frozen=True)
class Scenario:
    """Stages in order; the first holds from the beginning.

    Raises:
        ValueError: when there is no stage or their starts do not increase.
    """

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        starts = [stage.start_s for stage in self.stages]
        if not starts or any(b <= a for a, b in pairwise(starts)):
            raise ValueError("a scenario needs stages with increasing start_s")

    def gait_at(self, t_s: float) -> Gait:
        """Gait with its parameters on their way from one stage to the next."""
        gait = self._filled[0].gait
        for before, stage in pairwise(self._filled):
            if t_s < stage.start_s:
                break
            gait = _blend(gait, before.gait, stage.gait, (t_s - stage.start_s) / RAMP_S)
        return gait

    def lean_jet(self, t: Array) -> Array:
        """Lean and its first two derivatives (3, n) in degrees, degrees/s, degrees/s²."""
        jet = np.zeros((3, len(t)))
        jet[0] = self.stages[0].gait.lean_deg
        for before, stage in pairwise(self.stages):
            change = stage.gait.lean_deg - before.gait.lean_deg
            jet += change * smooth_ramp(t - stage.start_s, LEAN_RAMP_S)
        return jet

    def moving_spans(self) -> tuple[MovingSpan, ...]:
        """Walking and running stretches in order, those with too short a stop between as one."""
        return tuple(_merge_short_stops(self._moving_stages()))

    def _moving_stages(self) -> Iterator[MovingSpan]:
        ends = [stage.start_s + RAMP_S for stage in self.stages[1:]] + [np.inf]
        for stage, stop in zip(self.stages, ends, strict=True):
            if stage.gait.activity is not Activity.STANDING:
                yield MovingSpan(stage.start_s + START_S, stop)

    @cached_property
    def _filled(self) -> tuple[Stage, ...]:
        """Stages whose standing takes over the stride of the moving stage before, or after."""
        moving = [s.gait for s in self.stages if s.gait.activity is not Activity.STANDING]
        stride = moving[0] if moving else Gait()
        filled = []
        for stage in self.stages:
            if stage.gait.activity is Activity.STANDING:
                gait = replace(stride, speed_mps=0.0, activity=Activity.STANDING)
            else:
                gait = stride = stage.gait
            filled.append(Stage(stage.start_s, gait))
        return tuple(filled)


def _merge_short_stops(spans: Iterator[MovingSpan]) -> list[MovingSpan]:
    merged: list[MovingSpan] = []
    for span in spans:
        if merged and span.first_contact_s - merged[-1].stop_s < SHORTEST_STAND_S:
            merged[-1] = MovingSpan(merged[-1].first_contact_s, span.stop_s)
        else:
            merged.append(span)
    return merged


def _blend(now: Gait, before: Gait, after: Gait, progress: float) -> Gait:
    """Take `now` the given part of the way from one stage to the next."""
    share = _smooth(progress)
    # a walking stride does not fade into a running one: between activities it changes at once
    stride_share = share if before.activity is after.activity else 1.0
    return replace(
        after,
        activity=_moving_activity(before, after, progress),
        speed_mps=now.speed_mps + share * (after.speed_mps - before.speed_mps),
        cadence_spm=now.cadence_spm + stride_share * (after.cadence_spm - before.cadence_spm),
        contact_time_s=now.contact_time_s
        + stride_share * (after.contact_time_s - before.contact_time_s),
        strike_left_deg=now.strike_left_deg
        + stride_share * (after.strike_left_deg - before.strike_left_deg),
        strike_right_deg=now.strike_right_deg
        + stride_share * (after.strike_right_deg - before.strike_right_deg),
    )


def _moving_activity(before: Gait, after: Gait, progress: float) -> Activity:
    """A runner told to stand still runs on until the belt has stopped."""
    stopping = after.activity is Activity.STANDING and progress < 1.0
    return before.activity if stopping else after.activity


def _smooth(progress: float) -> float:
    u = min(max(progress, 0.0), 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


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
