"""An hour of running with the lean going up and down in steps and ramps, and speed changes.

The runner runs over ground: each change of speed, spread over 2 s, is felt as an acceleration,
which tilts what an accelerometer takes for the vertical.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from analysing import analysed_tables
from averages import mean, root_mean_square
from figures import ALL, Figure, Group, Limit
from virtual import CHUNK_S, PACES, RATE_HZ, STAND_S, STANDING, Ground, GroundRunner, table_from

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Gait, Scenario, Stage
from imu_stream.datatypes import Array, Placement

SETTLING_S = 10.0
"""After a change of speed, judged apart."""
PART_S = 600.0
"""First and last ten minutes, for the drift."""
ROUND_S = 300.0
"""Lean and speed go through their changes once in five minutes."""
LEANS_DEG = ((20.0, 10.0), (60.0, 2.0), (90.0, 15.0))
"""Steps: second of the round and lean from then on."""
RAMP_FROM_S, RAMP_TO_S, RAMP_STEP_S = 120.0, 180.0, 2.5
SPEEDS_MPS = ((200.0, 2.5), (230.0, 4.5), (260.0, 3.5))
NO_DRIFT_DEG = 0.1


@dataclass(frozen=True, slots=True)
class LeanError:
    """One valid stride mean against the truth."""

    start_s: float
    error_deg: float


@dataclass(frozen=True, slots=True)
class Hour:
    """The run: what is done when, and where the speed changes."""

    scenario: Scenario
    ground: Ground
    seconds: float


class TrueLean:
    """The trunk's pitch at every sample; the sum of it, since means are asked for by the thousand.

    `Truth.lean_deg` is exact and works out the runner anew at each call.
    """

    def __init__(self, runner: Runner, seconds: float) -> None:
        self._t_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
        chunks = np.array_split(self._t_s, max(1, round(seconds / CHUNK_S)))
        pitch = np.concatenate([_pitch_deg(runner, chunk) for chunk in chunks])
        self._area = np.concatenate([[0.0], np.cumsum(pitch[1:] + pitch[:-1]) / (2.0 * RATE_HZ)])

    def mean_deg(self, start_s: float, end_s: float) -> float:
        """Mean over [start_s, end_s)."""
        first, last = np.interp([start_s, end_s], self._t_s, self._area)
        return float((last - first) / (end_s - start_s))


def _pitch_deg(runner: Runner, t_s: Array) -> Array:
    w, x, y, z = runner.pose(Placement.CHEST, t_s).quaternion.T
    return np.asarray(np.degrees(np.arcsin(2.0 * (w * y - x * z))))


def hour(seconds: float) -> Hour:
    """Rounds of five minutes after standing; speed changes by an acceleration of 2 s."""
    stages = [Stage(0.0, STANDING), Stage(STAND_S, PACES[3.5])]
    changes: list[tuple[float, float]] = []
    for start_s in np.arange(STAND_S, seconds - ROUND_S / 2.0, ROUND_S).tolist():
        for stage in _round(stages[-1].gait):
            at_s = start_s + stage.start_s
            change_mps = stage.gait.speed_mps - stages[-1].gait.speed_mps
            changes += [(at_s, change_mps)] if change_mps else []
            stages.append(Stage(at_s, stage.gait))
    return Hour(Scenario(tuple(stages)), Ground(speed_changes=tuple(changes)), seconds)


def _round(gait: Gait) -> Iterator[Stage]:
    for at_s, lean_deg in LEANS_DEG:
        gait = replace(gait, lean_deg=lean_deg)
        yield Stage(at_s, gait)
    down_s = np.arange(RAMP_FROM_S, RAMP_TO_S, RAMP_STEP_S)
    for at_s, lean_deg in zip(down_s, np.linspace(15.0, 0.0, len(down_s)), strict=True):
        gait = replace(gait, lean_deg=float(lean_deg))
        yield Stage(float(at_s), gait)
    for at_s, speed_mps in SPEEDS_MPS:
        gait = replace(PACES[speed_mps], lean_deg=gait.lean_deg + 3.0)
        yield Stage(at_s, gait)


def lean_groups(seconds: float) -> list[Group]:
    """The figures with a gyroscope, and with an accelerometer alone."""
    plan = hour(seconds)
    runner = GroundRunner(plan.scenario, plan.ground)
    truth = TrueLean(runner, seconds)
    minutes = round(seconds / 60.0)
    limits = {True: (0.5, 1.5, NO_DRIFT_DEG), False: (2.0, None, None)}
    titles = {
        True: f"simulated run of {minutes} min over ground, gyroscope offset 2°/s",
        False: f"the same {minutes} min, chest with accelerometer alone",
    }
    return [
        Group(titles[has_gyro], _figures(plan, errors, limits[has_gyro]))
        for has_gyro in (True, False)
        for errors in [_errors(plan, runner, truth, has_gyro)]
    ]


def _errors(plan: Hour, runner: Runner, truth: TrueLean, has_gyro: bool) -> list[LeanError]:
    table = table_from(runner, Placement.CHEST, plan.seconds, has_gyro)
    return [
        LeanError(lean.start_s, lean.lean_deg - truth.mean_deg(lean.start_s, lean.end_s))
        for lean in analysed_tables([table]).leans
        if lean.valid
    ]


Limits = tuple[float, float | None, float | None]


def _figures(plan: Hour, errors: list[LeanError], limits: Limits) -> tuple[Figure, ...]:
    changed_s = np.array([at_s for at_s, _ in plan.ground.speed_changes])
    settling = [error for error in errors if _is_settling(error, changed_s)]
    steady = [error for error in errors if not _is_settling(error, changed_s)]
    last_s = plan.seconds - min(PART_S, plan.seconds / 3.0)
    last = [error for error in steady if error.start_s >= last_s]
    first = [error for error in steady if error.start_s < plan.seconds - last_s]
    values = (
        ("lean RMSE, steady, °", rmse(steady), limits[0], steady),
        ("lean RMSE, 10 s after a change of speed, °", rmse(settling), limits[1], settling),
        ("lean RMSE, end minus beginning, °", rmse(last) - rmse(first), limits[2], last),
        ("lean bias, end minus beginning, °", bias(last) - bias(first), None, last),
    )
    return tuple(
        Figure(
            name,
            {ALL: value},
            None if limit is None else Limit(high=limit),
            decimals=2,
            details={"strides": float(len(used))},
        )
        for name, value, limit, used in values
    )


def _is_settling(error: LeanError, changed_s: Array) -> bool:
    since_s = error.start_s - changed_s
    return bool(((since_s >= -1.0) & (since_s < SETTLING_S)).any())


def rmse(errors: list[LeanError]) -> float:
    return root_mean_square(error.error_deg for error in errors)


def bias(errors: list[LeanError]) -> float:
    return mean(error.error_deg for error in errors)
