"""Runs of the virtual runner, whose truth is exact: strike types, lean, slopes, an hour."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from runs import Run, table_of

from imu_stream.acquisition.simulation.pieces import Motion
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import (
    Activity,
    Gait,
    Scenario,
    Stage,
    smooth_ramp,
)
from imu_stream.acquisition.simulation.sensor import SensorErrors, VirtualSensor, tilted_mount
from imu_stream.acquisition.tables import Table
from imu_stream.datatypes import GRAVITY, MOTION, Array, Placement

RATE_HZ = 208.0
CHUNK_S = 60.0
STAND_S = 6.0
BOUT_S = 12.0
"""One bout with the standing before it."""
STANDING = Gait(activity=Activity.STANDING)
PACES = {
    2.5: Gait(speed_mps=2.5, cadence_spm=160.0, contact_time_s=0.28, lean_deg=4.0),
    3.5: Gait(speed_mps=3.5, cadence_spm=170.0, contact_time_s=0.24, lean_deg=8.0),
    4.5: Gait(speed_mps=4.5, cadence_spm=180.0, contact_time_s=0.21, lean_deg=12.0),
}
STRIKES_DEG = {"rearfoot": 16.0, "midfoot": 3.0, "forefoot": -8.0}
ON_LACES = SensorErrors(
    mount=tilted_mount(20.0, -6.0),
    acc_bias=(0.1, -0.08, 0.12),
    gyr_bias=(0.01, -0.015, 0.02),
    acc_noise=1.5e-3,
    gyr_noise=1.7e-4,
)
TURNING = float(np.radians(2.0))
ON_CHEST = replace(ON_LACES, mount=tilted_mount(5.0, 3.0), gyr_bias=(TURNING, -TURNING, TURNING))
"""With a gyroscope offset of 2°/s about each axis."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a treadmill does not show: slopes and speeding up; both as smooth changes of 1 s."""

    slope_deg: float = 0.0
    """Uphill positive; begins while still standing, at 4 s."""
    speed_changes: tuple[tuple[float, float], ...] = ()
    """Time, s, and change of speed, m/s, each within 2 s of then."""


class GroundRunner(Runner):
    """A runner on the ground: speeding up is felt, and a slope tilts the whole runner's world."""

    def __init__(self, scenario: Scenario, ground: Ground, seed: int = 1) -> None:
        super().__init__(scenario, seed)
        self._ground = ground

    def sample(self, placement: Placement, t: Array) -> Motion:
        """Measurement in segment axes; the tilting of the world is felt as turning too."""
        level = super().sample(placement, t)
        slope, rate, _ = np.radians(self._ground.slope_deg) * smooth_ramp(t - SLOPE_AT_S, SLOPE_S)
        zero = np.zeros(len(t))
        ahead = GRAVITY * np.sin(slope) + self._speeding_up(t)
        extra = np.stack([ahead, zero, GRAVITY * (np.cos(slope) - 1.0)], axis=1)
        turning = np.stack([zero, -rate, zero], axis=1)
        quaternion = self.pose(placement, t).quaternion
        return Motion(
            level.acc + into_segment(quaternion, extra),
            level.gyr + into_segment(quaternion, turning),
        )

    def _speeding_up(self, t: Array) -> Array:
        acceleration = np.zeros(len(t))
        for at_s, change_mps in self._ground.speed_changes:
            acceleration += change_mps * smooth_ramp(t - at_s, SPEEDING_S)[1]
        return acceleration


SLOPE_AT_S, SLOPE_S = 4.5, 1.0
SPEEDING_S = 2.0


def into_segment(quaternion: Array, vectors: Array) -> Array:
    """Earth vectors (n, 3) in segment axes, by (n, 4) segment-to-earth quaternions."""
    scalar, along = quaternion[:, :1], -quaternion[:, 1:]
    twice = 2.0 * np.cross(along, vectors)
    return np.asarray(vectors + scalar * twice + np.cross(along, twice))


def table_from(
    runner: Runner, placement: Placement, seconds: float, has_gyro: bool = True
) -> Table:
    """What a sensor on the runner measures, minute by minute."""
    errors = ON_LACES if placement.is_foot else ON_CHEST
    sensor = VirtualSensor(runner, placement, errors)
    t_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    chunks = np.array_split(t_s, max(1, round(seconds / CHUNK_S)))
    rows = np.concatenate([_rows(sensor, chunk) for chunk in chunks])
    return table_of(rows if has_gyro else rows[:, :4], placement)


def _rows(sensor: VirtualSensor, t_s: Array) -> Array:
    motion = sensor.measure(t_s)
    return np.column_stack([t_s, motion.acc, motion.gyr])


def simulated(
    name: str, runner: Runner, seconds: float, placements: Iterable[Placement] = Placement
) -> Run:
    """A simulated run with its truth."""
    tables = tuple(table_from(runner, placement, seconds) for placement in placements)
    truth = runner.truth(seconds)
    contacts = tuple(stride for stride in truth.strides if stride.tc_s < seconds - 0.3)
    return Run(name, "virtual", tables, contacts, truth)


def paced_runs(seconds: float) -> list[Run]:
    """Three speeds by three strike types, with lean."""
    return [
        simulated(f"{speed_mps} m/s {kind}", Runner(running(striking(gait, fsa_deg))), seconds)
        for speed_mps, gait in PACES.items()
        for kind, fsa_deg in STRIKES_DEG.items()
    ]


def bout_runs(bouts: int) -> list[Run]:
    """The same, with standing between bouts of running."""
    return [
        simulated(f"{speed_mps} m/s {kind}", Runner(bout_after_bout(gait, bouts)), bouts * BOUT_S)
        for speed_mps, steady in PACES.items()
        for kind, fsa_deg in STRIKES_DEG.items()
        for gait in [striking(steady, fsa_deg)]
    ]


def bout_after_bout(gait: Gait, bouts: int) -> Scenario:
    """Stands, does this, and the same again."""
    starts_s = [BOUT_S * number for number in range(bouts)]
    pairs = [(Stage(at_s, STANDING), Stage(at_s + STAND_S, gait)) for at_s in starts_s]
    return Scenario(tuple(stage for pair in pairs for stage in pair))


def slope_runs(slope_deg: float, seconds: float) -> list[Run]:
    """Each strike type on a slope, the foot resting flat on it in stance."""
    return [
        simulated(kind, GroundRunner(running(striking(PACES[3.5], fsa_deg)), ground), seconds)
        for kind, fsa_deg in STRIKES_DEG.items()
        for ground in [Ground(slope_deg)]
    ]


def still_runs(seconds: float) -> dict[str, tuple[Table, ...]]:
    """Standing, and walking at three speeds: no running stride is in these."""
    gaits = {"standing": STANDING} | {f"walking {v} m/s": walk(v) for v in (1.0, 1.4, 1.8)}
    return {name: _tables(Runner(running(gait)), seconds) for name, gait in gaits.items()}


def walk(speed_mps: float) -> Gait:
    cadence_spm = 70.0 + 30.0 * speed_mps
    contact_time_s = 0.62 * 120.0 / cadence_spm
    return Gait(Activity.WALKING, speed_mps, cadence_spm, contact_time_s, lean_deg=2.0)


def _tables(runner: Runner, seconds: float) -> tuple[Table, ...]:
    return tuple(table_from(runner, placement, seconds) for placement in MOTION)


def striking(gait: Gait, fsa_deg: float) -> Gait:
    return replace(gait, strike_left_deg=fsa_deg, strike_right_deg=fsa_deg - 1.0)


def running(gait: Gait) -> Scenario:
    """Stands, then does this."""
    return Scenario((Stage(0.0, STANDING), Stage(STAND_S, gait)))
