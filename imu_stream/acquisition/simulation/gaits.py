"""What the virtual runner can do: stand, walk, run, jump, climb stairs; and the way in between."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from imu_stream.datatypes import Placement

JUMPS_PER_MINUTE = 120.0
JUMP_CONTACT_S = 0.25
"""Leaves a flight of as much."""
JUMP_STRIKE_DEG = -20.0
STAIR_STEPS_PER_MINUTE = 90.0
STAIR_CONTACT_S = 0.8
STAIR_GOING_M = 0.28
STAIR_RISE = 0.17 / STAIR_GOING_M
"""Rise over run of ordinary stairs."""
STEEPEST = 0.15


class Activity(StrEnum):
    """What the runner does."""

    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"
    JUMPING = "jumping"
    """On the spot, with both feet."""
    STAIRS = "stairs"
    """Climbing them."""


@dataclass(frozen=True, slots=True)
class Gait:
    """One way to stand or move.

    Speed, cadence, contact time and strike angles are ignored in standing, and always the same
    in jumping and on stairs.

    Raises:
        ValueError: for a cadence, contact time, speed or grade that nobody can run.
    """

    activity: Activity = Activity.RUNNING
    speed_mps: float = 3.0
    """Over the ground, along it."""
    cadence_spm: float = 168.0
    """Steps of both feet per minute."""
    contact_time_s: float = 0.25
    """Shortened where needed to leave a flight (running) or a swing (walking)."""
    strike_left_deg: float = 16.0
    """Elevation of the left foot's long axis over the ground at contact, toe up positive."""
    strike_right_deg: float = 15.0
    lean_deg: float = 0.0
    """Forward trunk lean; 0 is the posture of standing."""
    variability: float = 1.0
    """Scale of the stride-to-stride variation; 0 makes every stride the same."""
    grade: float = 0.0
    """Rise over run of the ground; standing too."""
    overground: bool = False
    """The runner moves past the earth, and feels it get faster; else the belt does."""

    def __post_init__(self) -> None:
        if not 60.0 <= self.cadence_spm <= 260.0:
            raise ValueError(f"cadence_spm must be within 60..260, not {self.cadence_spm}")
        if not 0.1 <= self.contact_time_s <= 1.2:
            raise ValueError(f"contact_time_s must be within 0.1..1.2, not {self.contact_time_s}")
        if not 0.0 <= self.speed_mps <= 8.0:
            raise ValueError(f"speed_mps must be within 0..8, not {self.speed_mps}")
        if not -STEEPEST <= self.grade <= STEEPEST:
            raise ValueError(f"grade must be within ±{STEEPEST}, not {self.grade}")

    def strike_deg(self, foot: Placement) -> float:
        return self.strike_left_deg if foot is Placement.LEFT_FOOT else self.strike_right_deg


_GOING = (Activity.WALKING, Activity.RUNNING)
_RHYTHM = ("cadence_spm", "contact_time_s", "strike_left_deg", "strike_right_deg")


def whole(gait: Gait) -> Gait:
    """The gait with what jumping and stairs have fixed."""
    if gait.activity is Activity.JUMPING:
        return replace(
            gait,
            speed_mps=0.0,
            cadence_spm=JUMPS_PER_MINUTE,
            contact_time_s=JUMP_CONTACT_S,
            strike_left_deg=JUMP_STRIKE_DEG,
            strike_right_deg=JUMP_STRIKE_DEG,
        )
    if gait.activity is Activity.STAIRS:
        return replace(
            gait,
            speed_mps=STAIR_GOING_M * STAIR_STEPS_PER_MINUTE / 60.0,
            cadence_spm=STAIR_STEPS_PER_MINUTE,
            contact_time_s=STAIR_CONTACT_S,
            strike_left_deg=0.0,
            strike_right_deg=0.0,
            grade=0.0,
        )
    return gait


def travel_velocity(gait: Gait) -> tuple[float, float]:
    """Forward and upward speed past the earth, m/s."""
    if not gait.overground:
        return 0.0, 0.0
    if gait.activity is Activity.STAIRS:
        return gait.speed_mps, gait.speed_mps * STAIR_RISE
    slope = float(np.arctan(gait.grade))
    return gait.speed_mps * float(np.cos(slope)), gait.speed_mps * float(np.sin(slope))


def standing_after(gait: Gait, stride: Gait) -> Gait:
    """A standing gait that keeps the rhythm of another, so that nothing changes twice."""
    return replace(gait, **{name: getattr(stride, name) for name in _RHYTHM}, speed_mps=0.0)


def blend(now: Gait, before: Gait, after: Gait, progress: float) -> Gait:
    """Take `now` the given part of the way from one stage's gait to the next one's."""
    share = _smooth(progress)
    stopping = before.activity in _GOING and after.activity not in _GOING and progress < 1.0
    # a walking stride does not fade into a running one: between activities it changes at once
    stride_share = share if before.activity is after.activity else 1.0 - stopping
    rhythm: dict[str, Any] = {
        name: getattr(now, name) + stride_share * (getattr(after, name) - getattr(before, name))
        for name in _RHYTHM
    }
    return replace(
        after,
        **rhythm,
        # a runner told to stand, jump or climb runs on until there is no speed left
        activity=before.activity if stopping else after.activity,
        overground=before.overground if stopping else after.overground,
        # sums may pass the limits by a rounding error
        speed_mps=max(now.speed_mps + share * (after.speed_mps - before.speed_mps), 0.0),
        grade=min(max(now.grade + share * (after.grade - before.grade), -STEEPEST), STEEPEST),
    )


def _smooth(progress: float) -> float:
    u = min(max(progress, 0.0), 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))
