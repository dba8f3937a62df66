"""Trunk lean per stride against the virtual runner's truth, and silence when nobody runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from conftest import (
    WORN_ON_CHEST,
    between,
    in_blocks,
    motion_outputs,
    standing_then,
    tipped,
    with_gap,
    worn,
)

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Activity, Gait, Scenario
from imu_stream.acquisition.simulation.sensor import SensorErrors, tilted_mount
from imu_stream.datatypes import (
    GRAVITY,
    Calibration,
    Gap,
    LeanState,
    Mount,
    Output,
    Placement,
    Samples,
    SensorSetup,
)

CHEST = Placement.CHEST
RATE_HZ = 104.0
SECONDS = 24.0
RUNS = {
    "easy": Gait(),
    "fast": Gait(speed_mps=4.5, cadence_spm=188.0, contact_time_s=0.19),
    "slow": Gait(speed_mps=2.3, cadence_spm=154.0, contact_time_s=0.31),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was made of a virtual run."""

    runner: Runner
    outputs: Sequence[Output]

    @property
    def leans(self) -> list[LeanState]:
        return leans_of(self.outputs)

    @property
    def valid(self) -> list[LeanState]:
        return [lean for lean in self.leans if lean.valid]

    def errors_deg(self) -> list[float]:
        truth = self.runner.truth(60.0)
        return [s.lean_deg - truth.lean_deg(s.start_s, s.end_s) for s in self.valid]


def leans_of(outputs: Iterable[Output]) -> list[LeanState]:
    return [output for output in outputs if isinstance(output, LeanState)]


def measure(
    scenario: Scenario,
    rate_hz: float = RATE_HZ,
    seconds: float = SECONDS,
    errors: SensorErrors = WORN_ON_CHEST,
    has_gyro: bool = True,
) -> Measured:
    runner = Runner(scenario)
    samples = worn(runner, CHEST, rate_hz, seconds, errors)
    if not has_gyro:
        samples = replace(samples, gyr=None)
    return Measured(runner, chest_outputs(in_blocks(samples), rate_hz))


def chest_outputs(
    items: Iterable[Samples | Gap], rate_hz: float = RATE_HZ, mount: Mount | None = None
) -> Sequence[Output]:
    return motion_outputs(SensorSetup(CHEST, "table", rate_hz, mount or Mount()), items)


def rms(values: Iterable[float]) -> float:
    return float(np.sqrt(np.mean(np.square(list(values)))))


@pytest.mark.parametrize("rate_hz", [52.0, 104.0, 208.0])
@pytest.mark.parametrize("gait", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("lean_deg", [-3.0, 8.0])
def test_lean_is_near_the_truth(rate_hz: float, gait: Gait, lean_deg: float) -> None:
    run = measure(standing_then(replace(gait, lean_deg=lean_deg)), rate_hz)
    true_strides = len(run.runner.truth(SECONDS).strides) // 2
    assert true_strides - 3 <= len(run.valid) == len(run.leans) <= true_strides
    assert rms(run.errors_deg()) <= 0.5
    assert np.mean([s.cadence_spm for s in run.valid]) == pytest.approx(gait.cadence_spm, rel=0.01)
    assert rms(s.side_lean_deg for s in run.valid) <= 1.0


def test_strides_follow_each_other_and_are_known_soon() -> None:
    leans = measure(standing_then(Gait())).leans
    assert all(after.start_s == before.end_s for before, after in pairwise(leans))
    assert all(0.0 < lean.known_s - lean.end_s < 0.1 for lean in leans)
    assert all(lean.known_s < lean.end_s + 60.0 / lean.cadence_spm for lean in leans)


@pytest.mark.parametrize(("has_gyro", "limit_deg"), [(True, 0.5), (False, 2.5)])
def test_steps_of_lean_are_followed(has_gyro: bool, limit_deg: float) -> None:
    leans_deg = (2.0, 10.0, 5.0, 12.0)
    scenario = standing_then(*(Gait(lean_deg=lean) for lean in leans_deg), each_s=10.0)
    run = measure(scenario, seconds=44.0, has_gyro=has_gyro)
    assert rms(run.errors_deg()) <= limit_deg
    for number, lean_deg in enumerate(leans_deg):
        steady_s = 4.0 + 10.0 * number + 6.0
        steady = [s.lean_deg for s in run.valid if steady_s <= s.start_s < steady_s + 4.0]
        assert np.mean(steady) == pytest.approx(lean_deg, abs=limit_deg + 0.7)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("bias_deg_s", [-5.0, 5.0])
def test_gyroscope_bias_is_found_in_standing(axis: int, bias_deg_s: float) -> None:
    bias = np.radians(bias_deg_s) * np.eye(3)[axis]
    errors = replace(WORN_ON_CHEST, gyr_bias=tuple(bias.tolist()))
    run = measure(standing_then(Gait(lean_deg=8.0)), errors=errors)
    assert len(run.valid) > 20
    assert rms(run.errors_deg()) <= 1.0


@pytest.mark.parametrize("rate_hz", [52.0, 200.0])
@pytest.mark.parametrize("gait", RUNS.values(), ids=RUNS)
def test_accelerometer_alone_is_good_enough(rate_hz: float, gait: Gait) -> None:
    run = measure(standing_then(replace(gait, lean_deg=8.0)), rate_hz, has_gyro=False)
    assert len(run.valid) > 20
    assert rms(run.errors_deg()) <= 2.5


@pytest.mark.parametrize("nose_down_deg", [-15.0, 0.0, 30.0])
def test_how_the_strap_sits_does_not_matter(nose_down_deg: float) -> None:
    errors = replace(WORN_ON_CHEST, mount=tilted_mount(nose_down_deg))
    assert rms(measure(standing_then(Gait(lean_deg=8.0)), errors=errors).errors_deg()) <= 0.5


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(standing_then().stages),
        standing_then(Gait(Activity.WALKING, 1.3, cadence_spm=110.0, contact_time_s=0.65)),
        standing_then(Gait(Activity.WALKING, 2.0, cadence_spm=132.0, contact_time_s=0.55)),
    ],
    ids=["standing", "walking", "walking fast"],
)
def test_no_lean_without_running(scenario: Scenario) -> None:
    run = measure(scenario)
    assert any(isinstance(output, Calibration) for output in run.outputs)
    assert run.leans == []


def jumps(period_s: float, flight_s: float = 0.45, push_s: float = 0.25) -> Samples:
    """Stands, then jumps up on the spot again and again: push, flight, landing, standing."""
    t_s = np.arange(round(20.0 * RATE_HZ)) / RATE_HZ
    phase_s = np.where(t_s < 4.0, period_s, (t_s - 4.0) % period_s)
    push = GRAVITY * (1.0 + 0.5 * flight_s / push_s)
    landing_s = push_s + flight_s
    vertical = np.full_like(t_s, GRAVITY)
    vertical[phase_s < push_s] = push
    vertical[(phase_s >= push_s) & (phase_s < landing_s)] = 0.0
    vertical[(phase_s >= landing_s) & (phase_s < landing_s + push_s)] = push
    acc = np.stack([np.zeros_like(t_s), np.zeros_like(t_s), vertical], axis=1)
    return Samples(CHEST, t_s, acc, np.zeros_like(acc))


@pytest.mark.parametrize(
    ("period_s", "flight_s", "push_s"),
    [(2.0, 0.45, 0.25), (1.3, 0.45, 0.25), (1.0, 0.45, 0.25), (0.45, 0.25, 0.1), (0.36, 0.2, 0.08)],
)
def test_jumping_is_not_running(period_s: float, flight_s: float, push_s: float) -> None:
    """Not even in the rhythm of running."""
    assert leans_of(chest_outputs(in_blocks(jumps(period_s, flight_s, push_s)))) == []


def test_trunk_rises_and_falls_as_it_does() -> None:
    run = measure(standing_then(Gait(variability=0.0)), 208.0, errors=SensorErrors())
    height_m = run.runner.pose(CHEST, np.arange(8.0, 20.0, 0.005)).position[:, 2]
    rises_m = [lean.vertical_oscillation_m for lean in run.valid]
    assert np.mean(rises_m) == pytest.approx(np.ptp(height_m), rel=0.1)


@pytest.mark.parametrize("has_gyro", [True, False])
def test_confidence_is_no_empty_promise(has_gyro: bool) -> None:
    run = measure(standing_then(Gait(lean_deg=8.0)), has_gyro=has_gyro)
    near = np.mean(np.abs(run.errors_deg()) <= 2.0)
    assert 0.5 < np.mean([lean.confidence for lean in run.valid]) <= near + 0.02


def test_without_calibration_lean_is_given_but_not_valid() -> None:
    samples = worn(Runner(standing_then(Gait())), CHEST, RATE_HZ, SECONDS)
    leans = leans_of(chest_outputs(in_blocks(between(samples, 6.0, np.inf))))
    assert len(leans) > 15
    assert not any(lean.valid for lean in leans)


def test_wrong_mount_is_never_valid() -> None:
    samples = worn(Runner(standing_then(Gait())), CHEST, RATE_HZ, SECONDS)
    leans = leans_of(chest_outputs(in_blocks(samples), mount=Mount("z", "x")))
    assert not any(lean.valid for lean in leans)


def test_lean_is_not_valid_while_the_vertical_settles_after_a_gap() -> None:
    samples = worn(Runner(standing_then(Gait())), CHEST, RATE_HZ, SECONDS)
    leans = leans_of(chest_outputs(with_gap(samples, 10.0, 0.5)))
    valid = {lean.start_s: lean.valid for lean in leans}
    assert not any(start_s < 10.5 < lean.end_s for start_s, lean in zip(valid, leans, strict=True))
    assert all(ok for start_s, ok in valid.items() if start_s < 9.0)
    assert not any(ok for start_s, ok in valid.items() if 10.5 < start_s < 15.5)
    assert all(ok for start_s, ok in valid.items() if start_s > 17.0)


@pytest.mark.parametrize("at_s", [12.0, 12.1, 12.2, 12.3])
def test_short_gap_costs_nothing(at_s: float) -> None:
    runner = Runner(standing_then(Gait(lean_deg=8.0)))
    items = with_gap(worn(runner, CHEST, RATE_HZ, SECONDS, WORN_ON_CHEST), at_s, 0.04)
    run = Measured(runner, chest_outputs(items))
    true_strides = len(runner.truth(SECONDS).strides) // 2
    assert len(run.valid) >= true_strides - 3
    assert rms(run.errors_deg()) <= 0.5


@pytest.mark.parametrize("moved_s", [3.0, 6.0])
def test_lean_is_right_from_the_first_stride_after_the_strap_was_put_right(moved_s: float) -> None:
    """Also when the sensor lay on a table before it was put on."""
    runner = Runner(standing_then(Gait(lean_deg=5.0), stand_s=14.0))
    samples = worn(runner, CHEST, RATE_HZ, 26.0, SensorErrors())
    outputs = chest_outputs(in_blocks(tipped(samples, moved_s, np.inf, 12.0)))
    run = Measured(runner, outputs)
    assert len(run.valid) > 0
    assert max(abs(error_deg) for error_deg in run.errors_deg()) <= 2.0
