"""The virtual runner obeys mechanics and does what the scenario says."""

import gzip
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from imu_stream.acquisition.simulation.foot_landing import LONG_AXIS_YAW_DEG
from imu_stream.acquisition.simulation.pieces import Motion
from imu_stream.acquisition.simulation.runner import Runner, TrueStride
from imu_stream.acquisition.simulation.scenario import (
    Activity,
    Gait,
    Scenario,
    Stage,
    demo_scenario,
)
from imu_stream.acquisition.simulation.sensor import (
    SensorErrors,
    Slip,
    VirtualSensor,
    tilted_mount,
    write_table,
)
from imu_stream.datatypes import FEET, GRAVITY, MOTION, Array, Placement, StrikeType

STAND = Gait(activity=Activity.STANDING)
WALK = Gait(
    activity=Activity.WALKING, speed_mps=1.4, cadence_spm=112.0, contact_time_s=0.68, lean_deg=2.0
)
RUN = Gait(lean_deg=10.0)
EXACT = replace(RUN, variability=0.0)
GAITS = [
    EXACT,
    replace(EXACT, strike_left_deg=3.0, strike_right_deg=2.0, speed_mps=2.5, contact_time_s=0.28),
    replace(EXACT, strike_left_deg=-8.0, strike_right_deg=-7.0, speed_mps=4.5, cadence_spm=185.0),
    replace(WALK, variability=0.0),
]
SECONDS = 40.0
OUTWARD = {Placement.LEFT_FOOT: 1.0, Placement.RIGHT_FOOT: -1.0}


def always(gait: Gait) -> Runner:
    return Runner(Scenario((Stage(0.0, gait),)))


def in_turn(*stages: tuple[float, Gait]) -> Runner:
    return Runner(Scenario(tuple(Stage(start_s, gait) for start_s, gait in stages)))


def every(runner: Runner, placement: Placement, seconds: float, rate_hz: float = 200.0) -> Motion:
    return runner.sample(placement, np.arange(0.0, seconds, 1.0 / rate_hz))


def turned(runner: Runner, placement: Placement, t: Array) -> Rotation:
    """Orientation as scipy has it (scalar last)."""
    return Rotation.from_quat(np.roll(runner.pose(placement, t).quaternion, -1, axis=1))


def earth_force(runner: Runner, placement: Placement, t: Array) -> Array:
    force = turned(runner, placement, t).apply(runner.sample(placement, t).acc)
    return np.asarray(force)


def strides_of(runner: Runner, foot: Placement, until_s: float = SECONDS) -> list[TrueStride]:
    return [stride for stride in runner.truth(until_s).strides if stride.foot is foot]


def away_from_landings(runner: Runner, t: Array) -> Array:
    """Times at which no foot lands: there the force on a foot jumps."""
    landings = np.array([stride.ic_s for stride in runner.truth(SECONDS).strides])
    away: Array = t[np.abs(t[:, None] - landings).min(axis=1) > 0.002]
    return away


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize("gait", GAITS)
def test_gyroscope_is_the_derivative_of_the_orientation(gait: Gait, placement: Placement) -> None:
    runner, h = always(gait), 1e-4
    t = np.arange(5.0, 8.0, 0.003)
    turn = turned(runner, placement, t - h).inv() * turned(runner, placement, t + h)
    error = turn.as_rotvec() / (2 * h) - runner.sample(placement, t).gyr
    assert np.abs(error).max() < 0.01


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize("gait", GAITS[:3])
def test_specific_force_is_the_second_derivative_of_the_position(
    gait: Gait, placement: Placement
) -> None:
    runner, h = always(gait), 1e-4
    t = away_from_landings(runner, np.arange(5.0, 8.0, 0.003))
    place = [runner.pose(placement, t + k * h).position for k in (-1, 0, 1)]
    acceleration = (place[0] - 2 * place[1] + place[2]) / h**2
    gravity = np.array([0.0, 0.0, GRAVITY])
    error = acceleration + gravity - earth_force(runner, placement, t)
    assert np.abs(error).max() < 0.5


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize("gait", GAITS[:3])
def test_position_closes_and_mean_force_is_gravity_over_a_stride(
    gait: Gait, placement: Placement
) -> None:
    runner = always(gait)
    first, last = strides_of(runner, Placement.LEFT_FOOT)[8:10]
    ends = runner.pose(placement, np.array([first.ic_s, last.ic_s])).position
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-3)
    t = np.linspace(first.ic_s, last.ic_s, 20001)
    force = earth_force(runner, placement, t[:-1]).mean(axis=0)
    np.testing.assert_allclose(force, [0.0, 0.0, GRAVITY], atol=0.02)


@pytest.mark.parametrize("placement", Placement)
def test_velocity_is_continuous_over_landings(placement: Placement) -> None:
    runner = always(RUN)
    landings = np.array([stride.ic_s for stride in runner.truth(20.0).strides])
    h = 1e-5
    before, at, after = (runner.pose(placement, landings + k * h).position for k in (-1, 0, 1))
    np.testing.assert_allclose(after - at, at - before, atol=0.01 * h + 200 * h**2)


def test_contacts_are_in_order_and_feet_alternate() -> None:
    strides = Runner(demo_scenario(60.0)).truth(60.0).strides
    ic = np.array([stride.ic_s for stride in strides])
    tc = np.array([stride.tc_s for stride in strides])
    assert len(strides) > 140
    assert strides[0].ic_s > 5.0
    assert (np.diff(ic) > 0.3).all()
    assert (tc > ic).all()
    assert (tc[:-1] < ic[1:]).all(), "no flight"
    assert all(a.foot is not b.foot for a, b in pairwise(strides))


@pytest.mark.parametrize(
    ("strike_deg", "kind"), [(16, "rearfoot"), (3, "midfoot"), (-8, "forefoot")]
)
def test_contacts_are_as_asked(strike_deg: float, kind: str) -> None:
    gait = replace(
        RUN, strike_left_deg=strike_deg, strike_right_deg=strike_deg, contact_time_s=0.22
    )
    runner = always(gait)
    strides = runner.truth(120.0).strides
    contact = np.array([stride.tc_s - stride.ic_s for stride in strides])
    angle = np.array([stride.fsa_deg for stride in strides])
    stride_s = np.diff([s.ic_s for s in strides if s.foot is Placement.LEFT_FOOT])
    assert contact.mean() == pytest.approx(0.22, abs=0.002)
    assert angle.mean() == pytest.approx(strike_deg, abs=0.3)
    assert 0.7 < angle.std() < 1.3
    assert stride_s.mean() == pytest.approx(120.0 / 168.0, rel=0.005)
    assert 0.004 < stride_s.std() / stride_s.mean() < 0.015
    assert np.mean([stride.strike_type is StrikeType(kind) for stride in strides]) > 0.99


def long_axis_deg(runner: Runner, foot: Placement, t: Array) -> Array:
    """Elevation of the line from heel to ball."""
    yaw = np.radians(LONG_AXIS_YAW_DEG) * OUTWARD[foot]
    ahead = turned(runner, foot, t).apply([np.cos(yaw), np.sin(yaw), 0.0])
    return np.asarray(np.degrees(np.arcsin(ahead[:, 2])))


def middle_of_stance(stride: TrueStride) -> Array:
    """When a foot is flat: a forefoot's heel takes its time to come down."""
    share = 0.41 if stride.fsa_deg < 0 else 0.34
    return stride.ic_s + (stride.tc_s - stride.ic_s) * np.array([share, share + 0.01])


@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize("grade", [0.0, 0.12, -0.15])
@pytest.mark.parametrize("gait", GAITS[:3])
def test_foot_lands_at_the_strike_angle_and_stands_flat_on_the_ground(
    gait: Gait, grade: float, foot: Placement
) -> None:
    runner = always(replace(gait, grade=grade))
    slope = np.arctan(grade)
    for stride in strides_of(runner, foot)[5:8]:
        landing = long_axis_deg(runner, foot, np.array([stride.ic_s]))
        assert landing[0] == pytest.approx(stride.fsa_deg + np.degrees(slope), abs=0.6)
        assert stride.fsa_deg == pytest.approx(gait.strike_deg(foot))
        flat = middle_of_stance(stride)
        stance = turned(runner, foot, flat).as_euler("ZYX", degrees=True)
        level = stance[:, 1:] + [np.degrees(slope), 0.0]
        np.testing.assert_allclose(level, 0.0, atol=0.5)
        moved = np.diff(runner.pose(foot, flat).position, axis=0)[0] / np.diff(flat)
        belt = -gait.speed_mps * np.array([np.cos(slope), 0.0, np.sin(slope)])
        np.testing.assert_allclose(moved, belt, atol=0.3)


@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize("strike_deg", [-8.0, 0.5, 16.0])
def test_strike_angle_is_that_of_the_long_axis(strike_deg: float, foot: Placement) -> None:
    runner = always(replace(EXACT, strike_left_deg=strike_deg, strike_right_deg=strike_deg))
    t = np.array([stride.ic_s for stride in strides_of(runner, foot)[5:8]])
    np.testing.assert_allclose(long_axis_deg(runner, foot, t), strike_deg, atol=1e-6)


@pytest.mark.parametrize(
    ("strike_deg", "after_ms", "depth", "rebound", "inversion_deg"),
    [
        (-8.0, (2, 4), (-5.5, -3.2), (2.0, 4.6), 14.0),
        (0.5, (3, 6), (-6.5, -3.9), (-0.1, 2.5), 10.8),
        (3.0, (4, 6), (-9.5, -5.0), (-0.5, 2.0), 9.0),
        (12.0, (7, 11), (-13.5, -8.0), (-1.5, 0.5), 4.9),
        (16.0, (10, 13), (-15.0, -8.5), (-2.5, 0.5), 4.0),
        (20.0, (11, 15), (-15.5, -9.0), (-3.5, 0.5), 4.0),
    ],
)
@pytest.mark.parametrize("speed_mps", [2.5, 3.5, 4.5])
def test_toe_falls_fastest_after_contact_as_in_recordings(
    speed_mps: float,
    strike_deg: float,
    after_ms: tuple[float, float],
    depth: tuple[float, float],
    rebound: tuple[float, float],
    inversion_deg: float,
) -> None:
    gait = replace(EXACT, speed_mps=speed_mps, contact_time_s=0.37 - 0.04 * speed_mps)
    runner = always(replace(gait, strike_left_deg=strike_deg, strike_right_deg=strike_deg))
    for foot in FEET:
        ic_s = strides_of(runner, foot)[6].ic_s
        t = ic_s + np.arange(-0.03, 0.05, 0.0002)
        rate = -runner.sample(foot, t).gyr[:, 1]
        lowest = int(np.argmin(rate))
        assert after_ms[0] <= 1e3 * (t[lowest] - ic_s) <= after_ms[1]
        assert depth[0] <= rate[lowest] <= depth[1]
        assert rebound[0] <= rate[lowest:].max() <= rebound[1]
        roll = turned(runner, foot, ic_s + np.array([0.0, 0.06])).as_euler("ZYX", degrees=True)
        np.testing.assert_allclose(roll[:, 2], [-OUTWARD[foot] * inversion_deg, 0.0], atol=2.0)


@pytest.mark.parametrize("strike_deg", [-8.0, 3.0, 16.0])
def test_foot_swings_about_its_left_axis(strike_deg: float) -> None:
    """The principal axis of its turning, from which an analysis learns where forward is."""
    gait = replace(EXACT, strike_left_deg=strike_deg, strike_right_deg=strike_deg)
    for foot in FEET:
        level = always(gait).sample(foot, np.arange(10.0, 15.0, 0.005)).gyr[:, :2]
        turning = level[np.hypot(level[:, 0], level[:, 1]) > 2.0]
        axis = np.linalg.eigh(turning.T @ turning)[1][:, -1]
        assert abs(np.degrees(np.arctan(axis[0] / axis[1]))) < 6.0


def test_standing_on_a_grade_is_not_level() -> None:
    """Truth is relative to the ground, whatever the runner stood on before."""
    runner = in_turn((0.0, replace(STAND, grade=0.1)), (5.0, EXACT))
    stood = turned(runner, Placement.LEFT_FOOT, np.array([2.0])).as_euler("ZYX", degrees=True)
    assert -stood[0, 1] == pytest.approx(np.degrees(np.arctan(0.1)), abs=0.01)
    late = [stride for stride in strides_of(runner, Placement.LEFT_FOOT) if stride.ic_s > 7.0]
    landing = long_axis_deg(runner, Placement.LEFT_FOOT, np.array([late[0].ic_s]))
    assert landing[0] == pytest.approx(EXACT.strike_left_deg, abs=1e-6)


def test_grade_tilts_the_ground_but_not_the_trunk() -> None:
    level, up = always(EXACT), always(replace(EXACT, grade=0.15))
    t = np.arange(10.0, 12.0, 0.005)
    a, b = level.sample(Placement.CHEST, t), up.sample(Placement.CHEST, t)
    np.testing.assert_allclose(a.acc, b.acc, atol=1e-9)
    assert up.truth(20.0).lean_deg(10.0, 15.0) == level.truth(20.0).lean_deg(10.0, 15.0)


ACROSS = replace(EXACT, overground=True)
FASTER = Scenario(
    (
        Stage(0.0, STAND),
        Stage(3.0, ACROSS, 4.0),
        Stage(13.0, replace(ACROSS, speed_mps=4.5, grade=0.05), 3.0),
        Stage(23.0, STAND, 3.0),
    )
)


def test_over_ground_the_trunk_feels_a_change_of_speed() -> None:
    on_belt = Scenario((FASTER.stages[0], replace(FASTER.stages[1], gait=EXACT)))
    for scenario, gain_mps in ((FASTER, 3.0), (on_belt, 0.0)):
        runner = Runner(scenario)
        last_s = strides_of(runner, Placement.LEFT_FOOT)[8].ic_s
        t = np.arange(2.0, last_s, 0.0005)
        force = earth_force(runner, Placement.CHEST, t)[:, 0]
        assert force.sum() * 0.0005 == pytest.approx(gain_mps, abs=0.15)


@pytest.mark.parametrize("foot", FEET)
def test_over_ground_a_foot_on_the_ground_stays_there(foot: Placement) -> None:
    runner = Runner(FASTER)
    strides = strides_of(runner, foot)
    places = []
    for stride in strides:
        flat = middle_of_stance(stride)
        place = runner.pose(foot, flat).position
        assert np.abs(np.diff(place, axis=0)).max() / np.diff(flat)[0] < 0.3
        places.append(place[0])
    assert places[-1][0] - places[0][0] == pytest.approx(70.0, rel=0.15)
    assert places[-1][2] - places[0][2] == pytest.approx(0.05 * 38.0, rel=0.25)


@pytest.mark.parametrize("placement", Placement)
def test_over_ground_motion_is_consistent(placement: Placement) -> None:
    runner, h = Runner(FASTER), 1e-4
    t = away_from_landings(runner, np.arange(2.0, 28.0, 0.0071))
    place = [runner.pose(placement, t + k * h).position for k in (-1, 0, 1)]
    error = (place[0] - 2 * place[1] + place[2]) / h**2 - earth_force(runner, placement, t)
    error += [0.0, 0.0, GRAVITY]
    assert np.quantile(np.abs(error), 0.999) < 0.5
    np.testing.assert_allclose(place[1], place[0], atol=0.003)


def test_a_ramp_takes_as_long_as_asked() -> None:
    slow = Scenario((Stage(0.0, RUN), Stage(20.0, replace(RUN, speed_mps=4.0), 6.0)))
    assert slow.gait_at(23.0).speed_mps == pytest.approx(3.5)
    assert slow.gait_at(26.0).speed_mps == 4.0
    with pytest.raises(ValueError, match="ramp_s"):
        Scenario((Stage(0.0, RUN, 0.0),))


JUMP = Gait(activity=Activity.JUMPING)
STAIRS = Gait(activity=Activity.STAIRS)


@pytest.mark.parametrize("activity", [JUMP, STAIRS])
def test_jumping_and_stairs_are_no_running(activity: Gait) -> None:
    runner = in_turn((0.0, STAND), (4.0, activity), (20.0, STAND))
    assert runner.truth(SECONDS).strides == ()
    for placement in MOTION:
        still = runner.sample(placement, np.arange(24.0, 30.0, 0.01))
        assert np.degrees(np.abs(still.gyr).max()) < 0.8


def test_jumps_fly_with_both_feet_and_land_on_the_toes() -> None:
    runner = in_turn((0.0, STAND), (4.0, replace(JUMP, variability=0.0)))
    t = np.arange(8.0, 16.0, 0.002)
    trunk = runner.sample(Placement.CHEST, t)
    in_flight = np.linalg.norm(trunk.acc, axis=1) < 0.1 * GRAVITY
    assert in_flight.mean() == pytest.approx(0.5, abs=0.08)
    assert np.count_nonzero(np.diff(in_flight.astype(int)) == 1) == 16
    assert np.degrees(np.abs(trunk.gyr[:, [0, 2]]).max()) < 2.0
    assert 0.1 < np.ptp(runner.pose(Placement.CHEST, t).position[:, 2]) < 0.3
    for foot in FEET:
        place = runner.pose(foot, t).position
        assert np.ptp(place[:, 0]) < 0.1
        pitch = long_axis_deg(runner, foot, t)
        lifted = place[in_flight, 2] - place[:, 2].min()
        assert pitch[in_flight].max() < -19.0
        assert pitch.max() == pytest.approx(0.0, abs=1.0)
        assert lifted.max() > 0.08


def test_stairs_raise_the_feet_flat_and_without_flight() -> None:
    runner = in_turn((0.0, STAND), (4.0, replace(STAIRS, variability=0.0)))
    t = np.arange(8.0, 16.0, 0.005)
    assert np.linalg.norm(runner.sample(Placement.CHEST, t).acc, axis=1).min() > 0.6 * GRAVITY
    for foot in FEET:
        assert 0.15 < np.ptp(runner.pose(foot, t).position[:, 2]) < 0.35
        pitch = long_axis_deg(runner, foot, t)
        assert np.mean(np.abs(pitch) < 0.5) > 0.3
        assert pitch.max() < 15.0


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize("gait", [JUMP, STAIRS, replace(STAIRS, overground=True)])
def test_other_activities_are_consistent(gait: Gait, placement: Placement) -> None:
    runner, h = in_turn((0.0, STAND), (3.0, gait)), 1e-4
    t = np.arange(2.0, 12.0, 0.0031)
    turn = turned(runner, placement, t - h).inv() * turned(runner, placement, t + h)
    error = turn.as_rotvec() / (2 * h) - runner.sample(placement, t).gyr
    assert np.abs(error).max() < 0.02
    place = [runner.pose(placement, t + k * h).position for k in (-1, 0, 1)]
    error = (place[0] - 2 * place[1] + place[2]) / h**2 - earth_force(runner, placement, t)
    error += [0.0, 0.0, GRAVITY]
    # the force on a foot jumps where it lands
    assert np.quantile(np.abs(error), 0.99) < 0.5


def test_any_activity_follows_any_other_without_a_jerk() -> None:
    gaits = (STAND, RUN, JUMP, RUN, STAIRS, WALK, JUMP, STAIRS, STAND, JUMP, WALK, STAIRS, RUN)
    runner = in_turn(*((8.0 * k, gait) for k, gait in enumerate(gaits)))
    for placement in MOTION:
        motion = every(runner, placement, 8.0 * len(gaits))
        assert np.abs(motion.acc).max() < 17 * GRAVITY
        assert np.degrees(np.abs(motion.gyr).max()) < 800


def test_trunk_turns_and_rolls_with_the_stride() -> None:
    runner = always(EXACT)
    a, b = strides_of(runner, Placement.LEFT_FOOT)[8:10]
    t = np.linspace(a.ic_s, b.ic_s, 400)
    yaw, _, roll = turned(runner, Placement.CHEST, t).as_euler("ZYX", degrees=True).T
    assert np.ptp(yaw) / 2 == pytest.approx(8.0, abs=0.5)
    assert np.ptp(roll) / 2 == pytest.approx(4.0, abs=0.5)


@pytest.mark.parametrize("gait", GAITS[:3])
def test_foot_motion_has_the_size_of_real_running(gait: Gait) -> None:
    runner = always(gait)
    foot = Placement.LEFT_FOOT
    a, b = strides_of(runner, foot)[6:8]
    t = np.arange(a.ic_s, b.ic_s, 0.001)
    motion = runner.sample(foot, t)
    toe_up_rate = -np.degrees(motion.gyr[:, 1])
    pitch = -turned(runner, foot, t).as_euler("ZYX", degrees=True)[:, 1]
    force = np.linalg.norm(motion.acc, axis=1) / GRAVITY
    lift = np.abs(t - a.tc_s) < 0.03
    landing = t < a.ic_s + 0.04
    assert -800 < toe_up_rate[lift].min() < -350
    assert 400 < toe_up_rate[t > a.tc_s].max() < 900
    assert -125 < pitch.min() < -65
    assert pitch[t > b.ic_s - 0.05].max() > b.fsa_deg + 1
    assert 4 < force[landing].max() < 15
    assert force.max() < 16


def test_trunk_flies_and_is_caught() -> None:
    runner = always(EXACT)
    a, b = runner.truth(SECONDS).strides[8:10]
    flight = runner.sample(Placement.CHEST, np.linspace(a.tc_s + 0.005, b.ic_s - 0.005, 20))
    stance = runner.sample(Placement.CHEST, np.linspace(a.ic_s + 0.08, a.tc_s - 0.08, 20))
    assert np.linalg.norm(flight.acc, axis=1).max() < 0.1 * GRAVITY
    assert 2.0 < np.linalg.norm(stance.acc, axis=1).max() / GRAVITY < 3.0
    height = runner.pose(Placement.CHEST, np.linspace(a.ic_s, b.ic_s, 200)).position[:, 2]
    assert 0.05 < np.ptp(height) < 0.11


@pytest.mark.parametrize("placement", Placement)
def test_standing_is_still(placement: Placement) -> None:
    runner = in_turn((0.0, STAND), (5.0, RUN), (15.0, STAND), (25.0, RUN))
    for start_s, end_s in ((0.0, 5.0), (17.5, 25.0)):
        still = runner.sample(placement, np.arange(start_s, end_s, 0.01))
        assert np.degrees(np.abs(still.gyr).max()) < 0.8
        assert np.abs(np.linalg.norm(still.acc, axis=1) - GRAVITY).max() < 0.01
    assert np.degrees(np.abs(every(runner, placement, 12.0).gyr).max()) > 20
    ic = np.array([stride.ic_s for stride in runner.truth(SECONDS).strides])
    assert not ((ic > 16.5) & (ic < 25.0)).any()
    assert ((ic > 6.0) & (ic < 15.0)).any()
    assert (ic > 26.0).any()


def test_walking_has_no_running_contact_and_no_flight() -> None:
    runner = in_turn((0.0, STAND), (4.0, WALK), (20.0, RUN))
    assert runner.truth(SECONDS).strides[0].ic_s > 20.0
    t = np.arange(8.0, 20.0, 0.01)
    chest = np.linalg.norm(runner.sample(Placement.CHEST, t).acc, axis=1)
    assert chest.min() > 0.5 * GRAVITY
    assert np.degrees(np.abs(runner.sample(Placement.LEFT_FOOT, t).gyr[:, 1]).max()) > 150


@pytest.mark.parametrize("placement", Placement)
def test_no_jerk_where_the_activity_changes(placement: Placement) -> None:
    runner = in_turn((0.0, STAND), (3.0, WALK), (9.0, RUN), (18.0, WALK), (24.0, STAND))
    motion = every(runner, placement, SECONDS, rate_hz=500.0)
    assert np.isfinite(motion.acc).all()
    assert np.abs(motion.acc).max() < 25 * GRAVITY
    assert np.degrees(np.abs(motion.gyr).max()) < 1000


def test_a_change_of_parameters_takes_effect() -> None:
    quick = replace(
        RUN, cadence_spm=180.0, contact_time_s=0.21, strike_left_deg=-8.0, strike_right_deg=-8.0
    )
    strides = in_turn((0.0, RUN), (20.0, quick)).truth(SECONDS).strides
    early = [stride for stride in strides if 3.0 < stride.ic_s < 20.0]
    late = [stride for stride in strides if stride.ic_s > 21.0]
    for group, gait in ((early, RUN), (late, quick)):
        step_s = np.diff([stride.ic_s for stride in group]).mean()
        assert 60.0 / step_s == pytest.approx(gait.cadence_spm, rel=0.01)
        contact_s = np.mean([stride.tc_s - stride.ic_s for stride in group])
        assert contact_s == pytest.approx(gait.contact_time_s, abs=0.003)
    assert {stride.strike_type for stride in early} == {StrikeType.REARFOOT}
    assert {stride.strike_type for stride in late} == {StrikeType.FOREFOOT}


def test_lean_is_as_asked_and_truth_is_its_mean() -> None:
    runner = in_turn((0.0, STAND), (5.0, RUN), (30.0, replace(RUN, lean_deg=3.0)))
    truth = runner.truth(60.0)
    assert truth.lean_deg(0.5, 4.5) == pytest.approx(0.0, abs=0.05)
    assert truth.lean_deg(10.0, 30.0) == pytest.approx(10.0, abs=0.3)
    assert truth.lean_deg(33.0, 60.0) == pytest.approx(3.0, abs=0.3)
    t = np.linspace(12.0, 17.0, 5001)
    pitch = turned(runner, Placement.CHEST, t).as_euler("ZYX", degrees=True)[:, 1]
    assert truth.lean_deg(12.0, 17.0) == pytest.approx(
        (pitch[1:] + pitch[:-1]).mean() / 2, abs=1e-3
    )
    assert 2.0 < np.ptp(pitch) < 7.0


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 800), max_size=8),
    start_s=st.floats(0.0, 55.0),
    placement=st.sampled_from(MOTION),
)
def test_any_cutting_gives_the_same_samples(
    cuts: list[int], start_s: float, placement: Placement
) -> None:
    t = start_s + np.arange(800) / 200.0
    whole = Runner(demo_scenario(60.0)).sample(placement, t)
    runner = Runner(demo_scenario(60.0))
    parts = [runner.sample(placement, part) for part in np.split(t, sorted(cuts))]
    for name in ("acc", "gyr"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(joined, getattr(whole, name), rtol=0, atol=1e-9)


def test_a_later_or_earlier_call_does_not_change_the_past() -> None:
    late, early = Runner(demo_scenario(60.0)), Runner(demo_scenario(60.0))
    t = np.arange(10.0, 12.0, 0.01)
    late.sample(Placement.CHEST, t + 40.0)
    late.truth(70.0)
    for placement in MOTION:
        a, b = late.sample(placement, t), early.sample(placement, t)
        np.testing.assert_allclose(a.acc, b.acc, rtol=0, atol=1e-9)
    assert late.truth(30.0).strides == early.truth(30.0).strides


def test_seeds_differ() -> None:
    one, two = (Runner(demo_scenario(30.0), seed).truth(30.0).strides for seed in (1, 2))
    assert one[3].ic_s != two[3].ic_s


@pytest.mark.parametrize("seconds", [8.0, 12.0, 20.0, 30.0, 60.0, 600.0, 3600.0])
def test_demo_shows_every_technique(seconds: float) -> None:
    scenario = demo_scenario(seconds)
    truth = Runner(scenario).truth(min(seconds, 700.0))
    assert truth.strides
    assert truth.lean_deg(0.0, 5.0) == pytest.approx(0.0, abs=0.1)
    if 30.0 <= seconds <= 600.0:
        assert {stride.strike_type for stride in truth.strides} >= {
            StrikeType.REARFOOT,
            StrikeType.MIDFOOT,
            StrikeType.FOREFOOT,
        }
        assert truth.lean_deg(0.6 * seconds, 0.64 * seconds) == pytest.approx(3.0, abs=1.0)
        assert truth.lean_deg(0.95 * seconds, seconds) == pytest.approx(10.0, abs=1.5)


def test_an_hour_can_be_sampled_from_its_end() -> None:
    runner = Runner(demo_scenario(3600.0))
    motion = runner.sample(Placement.LEFT_FOOT, np.arange(3590.0, 3595.0, 0.005))
    assert np.isfinite(motion.acc).all()


@pytest.mark.parametrize(
    "wrong",
    [{"cadence_spm": 20.0}, {"contact_time_s": 3.0}, {"speed_mps": -1.0}, {"grade": 0.2}],
)
def test_impossible_gaits_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Gait(**wrong)  # type: ignore[arg-type]


def test_stages_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="increasing"):
        Scenario((Stage(5.0, RUN), Stage(5.0, STAND)))


def test_sensor_mount_bias_and_range() -> None:
    runner = always(RUN)
    t = np.arange(5.0, 6.0, 0.005)
    errors = SensorErrors(
        mount=tilted_mount(nose_down_deg=20.0),
        acc_bias=(0.1, 0.0, 0.0),
        gyr_bias=(0.0, 0.02, 0.0),
        gyr_range=3.0,
    )
    ideal = runner.sample(Placement.CHEST, t)
    seen = VirtualSensor(runner, Placement.CHEST, errors).measure(t)
    mount = np.array(errors.mount)
    np.testing.assert_allclose(mount @ mount.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(seen.acc, ideal.acc @ mount.T + [0.1, 0.0, 0.0], atol=1e-9)
    foot = VirtualSensor(runner, Placement.LEFT_FOOT, errors).measure(t)
    assert np.abs(foot.gyr).max() == 3.0


def test_a_nose_down_sensor_feels_gravity_backward() -> None:
    """A sensor tipped forward has its x axis pointing partly down, so up is partly -x."""
    errors = SensorErrors(mount=tilted_mount(nose_down_deg=30.0))
    seen = VirtualSensor(in_turn((0.0, STAND)), Placement.LEFT_FOOT, errors).measure(np.zeros(1))
    expected = GRAVITY * np.array([[-0.5, 0.0, np.sqrt(0.75)]])
    np.testing.assert_allclose(seen.acc, expected, atol=1e-6)


def test_sensor_noise_has_its_density_and_does_not_depend_on_the_cutting() -> None:
    runner, errors = always(STAND), SensorErrors(acc_noise=0.01, gyr_noise=0.001, bandwidth_hz=50.0)
    t = np.arange(0.0, 20.0, 0.005)
    whole = VirtualSensor(runner, Placement.LEFT_FOOT, errors, seed=3).measure(t)
    sensor = VirtualSensor(runner, Placement.LEFT_FOOT, errors, seed=3)
    parts = [sensor.measure(part) for part in np.array_split(t, 13)]
    np.testing.assert_allclose(np.concatenate([p.acc for p in parts]), whole.acc, atol=1e-9)
    assert whole.acc[:, 0].std() == pytest.approx(0.01 * np.sqrt(50.0), rel=0.05)
    assert whole.gyr[:, 0].std() == pytest.approx(0.001 * np.sqrt(50.0), rel=0.05)


def test_a_fast_clock_reaches_its_second_early() -> None:
    runner = always(RUN)
    fast = VirtualSensor(runner, Placement.LEFT_FOOT, SensorErrors(clock_ppm=1000.0))
    t = np.arange(20.0, 21.0, 0.005)
    np.testing.assert_allclose(
        fast.measure(t * 1.001).gyr, runner.sample(Placement.LEFT_FOOT, t).gyr, atol=1e-6
    )


def test_a_slipping_sensor_feels_its_own_turn() -> None:
    runner = always(RUN)
    slips = (Slip(6.0, tilted_mount(20.0, -10.0)), Slip(8.0, tilted_mount(0.0, 30.0)))
    errors = SensorErrors(mount=tilted_mount(5.0, 3.0))
    steady = VirtualSensor(runner, Placement.CHEST, errors)
    slipping = VirtualSensor(runner, Placement.CHEST, replace(errors, slip=slips))
    t = np.arange(5.0, 10.0, 0.001)
    expected, seen = steady.measure(t), slipping.measure(t)
    before, between, after = t < 6.0, (t > 6.31) & (t < 8.0), t > 8.31
    first, second = (np.array(slip.rotation) for slip in slips)
    for turn, when in ((np.eye(3), before), (first, between), (second @ first, after)):
        np.testing.assert_allclose(seen.acc[when], expected.acc[when] @ turn.T, atol=1e-9)
        np.testing.assert_allclose(seen.gyr[when], expected.gyr[when] @ turn.T, atol=1e-9)


def test_rate_of_a_slip_adds_up_to_its_turn() -> None:
    turn = tilted_mount(20.0, -10.0)
    errors = SensorErrors(slip=(Slip(2.0, turn),))
    t = np.arange(1.5, 2.5, 0.0005)
    gyr = VirtualSensor(always(STAND), Placement.LEFT_FOOT, errors).measure(t).gyr
    total = Rotation.identity()
    for rate in gyr:
        total = total * Rotation.from_rotvec(rate * 0.0005)
    np.testing.assert_allclose(total.inv().as_matrix(), turn, atol=1e-3)
    assert np.abs(np.diff(gyr, axis=0)).max() < 0.05


@pytest.mark.parametrize("name", ["foot.csv", "foot.csv.gz"])
def test_table_round_trip(tmp_path: Path, name: str) -> None:
    t = np.arange(5.0, 6.0, 0.005)
    motion = always(RUN).sample(Placement.LEFT_FOOT, t)
    write_table(tmp_path / name, t, motion)
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "rt") as lines:
        assert lines.readline().strip() == "time_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"
    table = np.genfromtxt(tmp_path / name, delimiter=",", skip_header=1)
    np.testing.assert_allclose(table, np.column_stack([t, motion.acc, motion.gyr]), rtol=1e-7)
