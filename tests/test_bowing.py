"""Standing and bowing tell how a chest sensor sits, however it is strapped."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from conftest import in_blocks, motion_outputs, standing_then, with_gap, worn
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation as Turn

from imu_stream.acquisition.session_format import header_from_json, header_to_json
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Activity, Gait, Scenario, Stage
from imu_stream.acquisition.simulation.sensor import SensorErrors, tilted_mount
from imu_stream.analysis.bowing import (
    BOWS,
    Bow,
    BowedMounting,
    BowWatch,
    Standing,
    bowed_mounting,
)
from imu_stream.analysis.mounting import nominal_rotation
from imu_stream.datatypes import (
    GRAVITY,
    Array,
    Calibration,
    Gap,
    LeanState,
    Mount,
    Notice,
    NoticeKind,
    Output,
    Placement,
    Samples,
    SensorSetup,
    SessionHeader,
)
from imu_stream.errors import CalibrationError

CHEST = Placement.CHEST
RATE_HZ = 100.0
BIAS = (0.01, -0.015, 0.02)
STAND_S, BOW_S, PAUSE_S = 4.0, 3.0, 1.0
SECONDS = STAND_S + BOWS * (BOW_S + PAUSE_S)


def bowing(
    deep_deg: Sequence[float] = (50.0, 60.0, 55.0),
    aside_deg: Sequence[float] = (0.0, 0.0, 0.0),
    mount: Array | None = None,
    scale: float = 1.0,
) -> Samples:
    """A sensor on a trunk that stands for 4 s and bows, each time 3 s down and up again.

    Args:
        deep_deg: how deep, at most.
        aside_deg: how far to the left each bow goes of straight ahead.
        mount: segment axes to sensor axes.
        scale: of the accelerometer.
    """
    t_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    turn = np.zeros((len(t_s), 3))
    rate = np.zeros((len(t_s), 3))
    for number, (deep, aside) in enumerate(zip(np.radians(deep_deg), aside_deg, strict=True)):
        since = np.clip(t_s - STAND_S - number * (BOW_S + PAUSE_S), 0.0, BOW_S)
        axis = np.array([-np.sin(np.radians(aside)), np.cos(np.radians(aside)), 0.0])
        phase = 2.0 * np.pi * since / BOW_S
        turn += (0.5 * deep * (1.0 - np.cos(phase)))[:, None] * axis
        rate += (np.pi / BOW_S * deep * np.sin(phase))[:, None] * axis
    up = Turn.from_rotvec(turn).apply([0.0, 0.0, GRAVITY], inverse=True)
    noise = np.random.default_rng(5).normal(0.0, (0.05, 0.003), (3, len(t_s), 2))
    mount = np.eye(3) if mount is None else mount
    acc = scale * up @ mount.T + noise[..., 0].T
    return Samples(CHEST, t_s, acc, rate @ mount.T + BIAS + noise[..., 1].T)


def seen(items: Sequence[Samples | Gap]) -> list[Standing | Bow | Gap]:
    watch = BowWatch(CHEST, RATE_HZ)
    return [found for item in items for found in watch.push(item)]


def bows_of(items: Sequence[Samples | Gap]) -> list[Bow]:
    return [each for each in seen(items) if isinstance(each, Bow)]


def mounting_of(samples: Samples) -> BowedMounting:
    standing, *bows = seen(in_blocks(samples))
    assert isinstance(standing, Standing)
    return bowed_mounting(standing, [bow for bow in bows if isinstance(bow, Bow)])


def degrees_apart(left: Array, right: Array) -> float:
    return float(np.degrees(Turn.from_matrix(left @ right.T).magnitude()))


@pytest.mark.parametrize("gyroscope", [True, False])
def test_three_bows_are_seen_as_deep_as_they_are(gyroscope: bool) -> None:
    samples = bowing() if gyroscope else replace(bowing(), gyr=None)
    standing, *bows = seen([samples])
    assert isinstance(standing, Standing)
    assert standing.duration_s == pytest.approx(3.0)
    assert standing.gravity_error < 0.005
    deep = [bow.angle_deg for bow in bows if isinstance(bow, Bow)]
    assert deep == pytest.approx([50.0, 60.0, 55.0], abs=2.0 if gyroscope else 5.0)
    assert [bow.fault for bow in bows if isinstance(bow, Bow)] == ["", "", ""]


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_any_mounting_is_found(seed: int, gyroscope: bool) -> None:
    mount = Turn.random(rng=np.random.default_rng(seed)).as_matrix()
    samples = bowing(mount=mount)
    found = mounting_of(samples if gyroscope else replace(samples, gyr=None))
    assert found.fault == ""
    assert degrees_apart(np.array(found.rotation), mount.T) < 1.0
    if gyroscope:
        assert found.gyro_bias == pytest.approx(BIAS, abs=2e-3)


@given(st.lists(st.integers(0, round(SECONDS * RATE_HZ)), max_size=12), st.booleans())
def test_any_cutting_shows_the_same(cuts: list[int], gyroscope: bool) -> None:
    whole = bowing() if gyroscope else replace(bowing(), gyr=None)
    edges = [0, *sorted(cuts), len(whole.t_s)]
    for one, other in zip(
        seen([whole.part(a, b) for a, b in pairwise(edges)]), seen([whole]), strict=True
    ):
        assert type(one) is type(other)
        if isinstance(one, Bow) and isinstance(other, Bow):
            assert (one.start_s, one.end_s) == (other.start_s, other.end_s)
            assert (one.angle_deg, one.aside_deg) == (other.angle_deg, other.aside_deg)
            assert one.forward.tolist() == other.forward.tolist()
        elif isinstance(one, Standing) and isinstance(other, Standing):
            assert one.acc.tolist() == other.acc.tolist()
            assert one.known_s == other.known_s


def test_bows_that_differ_in_direction_say_how_well_forward_is_known() -> None:
    found = mounting_of(bowing(aside_deg=(-4.0, 0.0, 4.0)))
    assert found.fault == ""
    assert degrees_apart(np.array(found.rotation), np.eye(3)) < 1.0
    assert found.error_deg == pytest.approx(4.0 / np.sqrt(3.0), abs=0.3)
    assert mounting_of(bowing()).error_deg < 0.5


def test_bows_in_quite_different_directions_are_refused() -> None:
    assert "bow straight ahead" in mounting_of(bowing(aside_deg=(-20.0, 0.0, 20.0))).fault


def test_an_accelerometer_off_by_more_than_2_percent_is_refused() -> None:
    assert "3.0% off gravity" in mounting_of(bowing(scale=1.03)).fault
    assert mounting_of(bowing(scale=1.015)).fault == ""


@pytest.mark.parametrize(("deep_deg", "said"), [(16.0, "bow deeper"), (110.0, "bow less deep")])
def test_a_bow_that_is_too_shallow_or_too_deep_does_not_count(deep_deg: float, said: str) -> None:
    bow = bows_of([bowing((deep_deg, 50.0, 50.0))])[0]
    assert bow.angle_deg == pytest.approx(deep_deg, abs=2.0)
    assert said in bow.fault


def test_a_bow_that_circles_does_not_count() -> None:
    """Down straight ahead, up again over the side."""
    whole = bowing((50.0, 50.0, 50.0))
    middle_s = STAND_S + BOW_S / 2
    t = whole.t_s
    circling = (t >= middle_s - 0.5) & (t < middle_s + 0.5)
    angle = np.radians(50.0) * np.clip(t - middle_s + 0.5, 0.0, 1.0) * circling
    turn = Turn.from_rotvec(angle[:, None] * np.array([0.0, 0.0, 1.0]))
    acc = turn.apply(whole.acc)
    bow = bows_of([replace(whole, acc=acc, gyr=None)])[0]
    assert "turned" in bow.fault


def test_swaying_while_standing_is_no_bow() -> None:
    assert bows_of([bowing((6.0, 9.0, 6.0))]) == []


def test_who_never_stands_still_is_still_waited_for() -> None:
    moving = worn(Runner(standing_then(Gait(), stand_s=1.0)), CHEST, RATE_HZ, 11.0)
    assert seen(in_blocks(moving)) == []


def test_after_a_gap_it_starts_over() -> None:
    whole = bowing()
    items = with_gap(whole, STAND_S + 1.0, 0.5)
    assert [type(each) for each in seen(items)] == [Standing, Gap]


# -------------------------------------------------------------------------- what a run makes of it


def calibrated_header(rotation: object) -> SessionHeader:
    setup = SensorSetup(CHEST, "table", RATE_HZ, Mount("x", "z", rotation))  # type: ignore[arg-type]
    return SessionHeader("0", "2026-01-01T12:00:00+00:00", (setup,), {}, None)


def test_the_rotation_is_kept_in_the_session_header() -> None:
    header = calibrated_header(mounting_of(bowing()).rotation)
    assert header_from_json(header_to_json(header)) == header


@pytest.mark.parametrize("rows", ["ab", [[1.0, 0.0, 0.0]], [[1, 0], [0, 1], [0, 0]], 7])
def test_a_damaged_rotation_in_a_header_is_refused(rows: object) -> None:
    text = header_to_json(calibrated_header(rows))
    with pytest.raises((TypeError, ValueError)):
        header_from_json(text)


@pytest.mark.parametrize("factor", [0.9, -1.0, float("nan")])
def test_a_rotation_that_is_none_is_refused(factor: float) -> None:
    first, second, third = (tuple(row) for row in (factor * np.eye(3)).tolist())
    with pytest.raises(CalibrationError, match="rotation"):
        nominal_rotation(Mount(rotation=(first, second, third)))


def run_outputs(mount: Mount, sensor: SensorErrors) -> Sequence[Output]:
    scenario = standing_then(Gait(lean_deg=8.0), each_s=16.0)
    samples = worn(Runner(scenario), CHEST, RATE_HZ, 20.0, sensor)
    return motion_outputs(SensorSetup(CHEST, "table", RATE_HZ, mount), in_blocks(samples))


def mean_lean_deg(outputs: Sequence[Output]) -> float:
    leans = [out.lean_deg for out in outputs if isinstance(out, LeanState) and out.valid]
    assert len(leans) > 5
    return float(np.mean(leans))


def calibrate_virtual(sensor: SensorErrors) -> BowedMounting:
    """The virtual runner bows by 50°, three times."""
    upright, bent = (Gait(activity=Activity.STANDING, lean_deg=lean) for lean in (0.0, 50.0))
    stages = [Stage(0.0, upright)]
    for start_s in (4.5, 9.0, 13.5):
        stages += [Stage(start_s, bent), Stage(start_s + 2.2, upright)]
    return mounting_of(worn(Runner(Scenario(tuple(stages))), CHEST, RATE_HZ, 19.0, sensor))


@pytest.mark.parametrize("turn_deg", [0.0, 37.0, 90.0, 180.0])
def test_lean_is_right_with_a_sensor_strapped_anyhow(turn_deg: float) -> None:
    sensor = SensorErrors(mount=tilted_mount(10.0, turn_deg), gyr_bias=BIAS)
    found = calibrate_virtual(sensor)
    outputs = run_outputs(Mount(rotation=found.rotation), sensor)
    assert mean_lean_deg(outputs) == pytest.approx(8.0, abs=0.7)
    assert not [each for each in outputs if isinstance(each, Notice)]


def test_the_same_without_calibration_is_wrong() -> None:
    sensor = SensorErrors(mount=tilted_mount(10.0, 90.0), gyr_bias=BIAS)
    assert abs(mean_lean_deg(run_outputs(Mount(), sensor)) - 8.0) > 5.0


@pytest.mark.parametrize(("moved_deg", "warned"), [(12.0, False), (18.0, True)])
def test_a_strap_that_has_moved_is_noticed_once(moved_deg: float, warned: bool) -> None:
    stored = Mount(rotation=calibrate_virtual(SensorErrors()).rotation)
    outputs = run_outputs(stored, SensorErrors(mount=tilted_mount(moved_deg)))
    kinds = [each.kind for each in outputs if isinstance(each, Notice)]
    assert kinds == ([NoticeKind.WORN_OTHERWISE] if warned else [])
    assert mean_lean_deg(outputs) == pytest.approx(8.0, abs=0.7)


def test_a_sensor_that_lies_on_its_face_says_to_calibrate_again() -> None:
    stored = Mount(rotation=calibrate_virtual(SensorErrors()).rotation)
    outputs = run_outputs(stored, SensorErrors(mount=tilted_mount(85.0)))
    notes = [each.note for each in outputs if isinstance(each, Calibration)]
    assert "run `imu-stream calibrate` again" in notes[0]
