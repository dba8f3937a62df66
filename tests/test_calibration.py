"""Sensor axes to segment axes: any mounting gives the same segment, and later rests keep it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np
import pytest
from conftest import (
    STANDING,
    between,
    in_blocks,
    motion_outputs,
    standing_then,
    tipped,
    with_gap,
    worn,
)

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Gait, Scenario, Stage
from imu_stream.acquisition.simulation.sensor import SensorErrors, tilted_mount
from imu_stream.analysis.calibration import SensorCalibration
from imu_stream.analysis.filters import rotate
from imu_stream.analysis.heading import FootHeading
from imu_stream.analysis.orientation import OrientationFilter
from imu_stream.datatypes import (
    GRAVITY,
    Array,
    CalibratedSamples,
    Calibration,
    Gap,
    LeanState,
    Mount,
    Orientation,
    Output,
    Placement,
    Samples,
    SensorSetup,
    Stride,
)
from imu_stream.errors import CalibrationError

FOOT, RIGHT, CHEST = Placement.LEFT_FOOT, Placement.RIGHT_FOOT, Placement.CHEST
RATE_HZ = 104.0
BIAS = (0.02, -0.03, 0.015)
LAST = 300
"""Samples at the end that are compared."""
STRIKES_DEG = {"rearfoot": 16.0, "midfoot": 3.0, "forefoot": -8.0}


def right_handed_axes() -> list[Array]:
    """The 24 ways to put a box on a table."""
    signed = [
        np.eye(3)[list(order)] * np.array(signs)[:, None]
        for order in permutations(range(3))
        for signs in product((1.0, -1.0), repeat=3)
    ]
    return [rotation for rotation in signed if np.linalg.det(rotation) > 0]


def turned(samples: Samples, rotation: Array) -> Samples:
    """The same movement measured by a sensor that is turned on the segment."""
    assert samples.gyr is not None
    return replace(
        samples, acc=rotate(rotation, samples.acc), gyr=rotate(rotation, samples.gyr) + BIAS
    )


def calibrations(
    samples: Samples, mount: Mount | None = None, rate_hz: float = RATE_HZ
) -> list[Calibration]:
    return calibrations_of([*in_blocks(samples)], mount, rate_hz)


def calibrations_of(
    items: Iterable[Samples | Gap], mount: Mount | None = None, rate_hz: float = RATE_HZ
) -> list[Calibration]:
    items = list(items)
    stage = SensorCalibration(items[0].placement, rate_hz, mount or Mount())
    out = [found for item in items for found in stage.push(item)] + stage.finish()
    return [found for found in out if isinstance(found, Calibration)]


def degrees_apart(left: Calibration, right: Array) -> float:
    """Angle of the rotation between two sets of axes."""
    cosine = (np.trace(np.array(left.rotation) @ right.T) - 1.0) / 2.0
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def pitched(degrees: float) -> Array:
    """Rotation matrix of a sensor that points its nose down."""
    return np.array(tilted_mount(degrees))


@pytest.fixture(scope="session", params=STRIKES_DEG)
def running_foot(request: pytest.FixtureRequest) -> Samples:
    """An ideal sensor, mounted straight, on a foot that stands and then runs."""
    strike_deg = STRIKES_DEG[request.param]
    gait = Gait(strike_left_deg=strike_deg, strike_right_deg=strike_deg)
    return worn(Runner(standing_then(gait)), FOOT, RATE_HZ, 13.0, SensorErrors())


@dataclass(frozen=True, slots=True)
class Oriented:
    """The last seconds of a foot in segment axes, as they are where contacts are looked for."""

    up: Array
    gyr: Array


def oriented(samples: Samples) -> Oriented:
    calibration = SensorCalibration(samples.placement, RATE_HZ, Mount())
    orientation, heading = OrientationFilter(RATE_HZ), FootHeading(RATE_HZ)
    out = [
        headed
        for item in calibration.push(samples)
        if not isinstance(item, Calibration)
        for block in orientation.push(item)
        for headed in heading.push(block)
    ]
    blocks = [block for block in out if isinstance(block, Orientation)]
    rates = [block.samples.gyr for block in blocks if block.samples.gyr is not None]
    return Oriented(
        np.concatenate([block.up for block in blocks])[-LAST:], np.concatenate(rates)[-LAST:]
    )


def largest_angle_deg(left: Array, right: Array) -> float:
    """Largest angle between rows of two (n, 3) arrays of unit vectors."""
    cosines = np.clip(np.sum(left * right, axis=1), -1.0, 1.0)
    return float(np.degrees(np.arccos(cosines)).max())


def test_any_mounting_of_a_foot_gives_the_same_axes(running_foot: Samples) -> None:
    """Also the side the toes are on, whichever part of the foot lands first."""
    straight = oriented(turned(running_foot, np.eye(3)))
    tilts = [pitched(-20.0), pitched(20.0), np.array(tilted_mount(0.0, 20.0)), np.eye(3)]
    for axes, tilt in zip(right_handed_axes(), tilts * 6, strict=True):
        found = oriented(turned(running_foot, axes @ tilt))
        assert largest_angle_deg(found.up, straight.up) < 1.0
        off = np.sqrt(np.mean((found.gyr - straight.gyr) ** 2))
        assert off < np.radians(1.0) * np.sqrt(np.mean(straight.gyr**2))


def test_toes_point_forward(running_foot: Samples) -> None:
    """The long axis may point some degrees outward: forward is where the foot swings."""
    found = oriented(turned(running_foot, np.array(tilted_mount(20.0, 160.0))))
    assert running_foot.gyr is not None
    rates = np.stack([running_foot.gyr[-LAST:, 1], found.gyr[:, 1]])
    assert float(np.asarray(np.corrcoef(rates))[0, 1]) > 0.98


def test_bias_of_a_foot_is_found_in_any_mounting(running_foot: Samples) -> None:
    for axes in right_handed_axes():
        for found in calibrations(turned(running_foot, axes @ pitched(20.0))):
            assert found.gyro_bias == pytest.approx(BIAS, abs=1e-3)
            assert (found.from_rest, found.note) == (True, "")


@pytest.mark.parametrize("foot", [FOOT, RIGHT])
def test_standing_is_known_within_seconds_and_nothing_is_lost(foot: Placement) -> None:
    samples = worn(Runner(standing_then(Gait())), foot, RATE_HZ, 14.0)
    stage = SensorCalibration(foot, RATE_HZ, Mount())
    out = [found for block in in_blocks(samples) for found in stage.push(block)]
    assert isinstance(out[0], Calibration)
    assert 1.5 < out[0].known_s < 3.0
    released = [block.t_s for block in out if isinstance(block, CalibratedSamples)]
    assert np.array_equal(np.concatenate(released), samples.t_s)


def test_standing_foot_is_level_and_does_not_turn() -> None:
    samples = worn(Runner(standing_then(Gait())), FOOT, RATE_HZ, 14.0)
    stage = SensorCalibration(FOOT, RATE_HZ, Mount())
    out = [found for block in in_blocks(samples) for found in stage.push(block)]
    blocks = [block for block in out if isinstance(block, CalibratedSamples)]
    standing = blocks[0]
    assert standing.gyr is not None
    assert standing.acc.mean(axis=0) == pytest.approx([0.0, 0.0, GRAVITY], abs=0.2)
    assert standing.gyr.mean(axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=2e-3)


CHEST_MOUNTS = [Mount(), Mount("z", "-x"), Mount("-z", "y"), Mount("y", "z"), Mount("-y", "-x")]


def axes_of(mount: Mount) -> Array:
    """Rotation matrix from segment to sensor axes for a sensor worn as the mount says."""
    forward, up = (_axis(name) for name in (mount.forward, mount.up))
    return np.column_stack([forward, np.cross(up, forward), up])


def _axis(name: str) -> Array:
    return np.asarray((-1.0 if name.startswith("-") else 1.0) * np.eye(3)["xyz".index(name[-1])])


@pytest.mark.parametrize("mount", CHEST_MOUNTS, ids=str)
@pytest.mark.parametrize("nose_down_deg", [-20.0, 0.0, 25.0])
def test_chest_finds_its_axes_in_standing(mount: Mount, nose_down_deg: float) -> None:
    straight = worn(Runner(standing_then(Gait())), CHEST, RATE_HZ, 6.0, SensorErrors())
    mounting = axes_of(mount) @ pitched(nose_down_deg)
    found = calibrations(turned(straight, mounting), mount)[0]
    assert degrees_apart(found, mounting.T) < 1.0
    assert found.gyro_bias == pytest.approx(BIAS, abs=2e-3)
    assert (found.from_rest, found.note) == (True, "")
    assert found.known_s <= 2.5


def test_chest_with_its_forward_axis_up_says_so() -> None:
    straight = worn(Runner(standing_then(Gait())), CHEST, RATE_HZ, 6.0, SensorErrors())
    found = calibrations(turned(straight, axes_of(Mount("z", "-x"))), Mount("x", "z"))[0]
    assert not found.from_rest
    assert "mount" in found.note


@pytest.mark.parametrize(("forward", "up"), [("x", "x"), ("y", "-y"), ("w", "z"), ("xx", "z")])
def test_impossible_mount_is_an_error(forward: str, up: str) -> None:
    with pytest.raises(CalibrationError, match=forward):
        SensorCalibration(CHEST, RATE_HZ, Mount(forward, up))


@pytest.mark.parametrize("placement", [FOOT, CHEST])
def test_without_standing_it_is_guessed_in_the_end(placement: Placement) -> None:
    samples = worn(Runner(standing_then(Gait())), placement, RATE_HZ, 24.0)
    found = calibrations(between(samples, 6.0, np.inf))
    assert len(found) == 1
    assert not found[0].from_rest
    assert "no standing phase" in found[0].note
    assert 6.0 + 7.0 < found[0].known_s < 6.0 + 12.0


def test_guessed_foot_is_near_the_truth() -> None:
    samples = worn(Runner(standing_then(Gait())), FOOT, RATE_HZ, 24.0, SensorErrors())
    (found,) = calibrations(turned(between(samples, 6.0, np.inf), pitched(15.0)))
    assert degrees_apart(found, pitched(15.0).T) < 15.0


def test_short_recording_without_standing_is_guessed_at_its_end() -> None:
    samples = worn(Runner(standing_then(Gait())), FOOT, RATE_HZ, 9.0)
    (found,) = calibrations(between(samples, 5.5, np.inf))
    assert not found.from_rest


def running_with_a_stop(at_s: float, end_s: float) -> Scenario:
    return Scenario(
        (Stage(0.0, STANDING), Stage(4.0, Gait()), Stage(at_s, STANDING), Stage(end_s, Gait()))
    )


def drifted(samples: Samples, start_s: float, drift: Array) -> Samples:
    """The same with another gyroscope bias from some time on."""
    assert samples.gyr is not None
    later = (samples.t_s >= start_s)[:, None]
    return replace(samples, gyr=samples.gyr + later * drift)


DRIFT = np.array([0.01, 0.02, -0.01])


def stopped(placement: Placement, bow_deg: float, bow_s: float) -> list[Calibration]:
    """The calibrations before and after a stop on the way, bowed for part of it."""
    runner = Runner(running_with_a_stop(22.0, 32.0))
    samples = worn(runner, placement, RATE_HZ, 36.0, SensorErrors())
    bowing = tipped(samples, 24.5, 24.5 + bow_s, bow_deg)
    found = calibrations(drifted(bowing, 23.0, DRIFT))
    before = [calibration for calibration in found if calibration.known_s < 22.0]
    after = [calibration for calibration in found if calibration.known_s > 22.0]
    return [before[-1], *after]


@pytest.mark.parametrize(("placement", "bow_deg"), [(FOOT, 0.0), (FOOT, 30.0), (CHEST, 0.0)])
def test_later_stop_renews_the_bias_and_leaves_the_zero(
    placement: Placement, bow_deg: float
) -> None:
    """Who stops to tie a shoe does not stand on a level foot."""
    before, *_, after = stopped(placement, bow_deg, 6.5)
    assert after.rotation == before.rotation
    change = np.array(after.gyro_bias) - np.array(before.gyro_bias)
    assert change == pytest.approx(DRIFT, abs=4e-3)
    assert (after.from_rest, after.note) == (True, "")


def test_bow_is_no_new_zero_of_the_trunk() -> None:
    """Until it is known better, nothing is taken for measured."""
    before, *after = stopped(CHEST, 30.0, 4.0)
    assert all(degrees_apart(found, np.array(before.rotation)) < 0.2 for found in after)
    assert (after[0].from_rest, before.from_rest) == (False, True)
    assert "stand still" in after[0].note
    assert (after[-1].from_rest, after[-1].note) == (True, "")


def test_two_bows_are_no_new_zero_of_the_trunk() -> None:
    samples = worn(Runner(running_with_a_stop(22.0, 32.0)), CHEST, RATE_HZ, 36.0, SensorErrors())
    bows = tipped(tipped(samples, 23.5, 27.5, 40.0), 27.5, 31.5, 30.0)
    last = calibrations(bows)[-1]
    assert not last.from_rest or degrees_apart(last, np.eye(3)) < 1.0


def test_long_stand_after_a_slip_is_a_new_zero_of_the_trunk() -> None:
    samples = worn(Runner(running_with_a_stop(22.0, 32.0)), CHEST, RATE_HZ, 36.0, SensorErrors())
    first, *_, last = calibrations(tipped(samples, 20.0, np.inf, 12.0))
    assert degrees_apart(last, np.array(first.rotation)) == pytest.approx(12.0, abs=0.5)
    assert (last.from_rest, last.note) == (True, "")


def test_standing_anew_before_the_run_moves_the_chest_zero() -> None:
    """The strap is put right, then the runner stands again and runs."""
    samples = worn(Runner(standing_then(Gait(), stand_s=14.0)), CHEST, RATE_HZ, 18.0)
    first, *_, last = calibrations(tipped(samples, 6.0, np.inf, 12.0))
    assert degrees_apart(last, np.array(first.rotation)) == pytest.approx(12.0, abs=0.5)


def test_standing_after_a_guess_replaces_it() -> None:
    samples = worn(Runner(running_with_a_stop(24.0, 34.0)), FOOT, RATE_HZ, 38.0)
    first, *_, last = calibrations(between(samples, 6.0, np.inf))
    assert not first.from_rest
    assert last.from_rest


def test_gap_in_standing_is_no_rest_across_it() -> None:
    samples = worn(Runner(standing_then(Gait())), CHEST, RATE_HZ, 3.0)
    items = with_gap(samples, 1.7, 0.3)
    assert not calibrations_of(items)[0].from_rest


def sign_gait(**changes: float) -> Gait:
    return replace(Gait(variability=0.0), **changes)  # type: ignore[arg-type]


def outputs_of(samples: Samples) -> Sequence[Output]:
    setup = SensorSetup(samples.placement, "table", 208.0)
    return motion_outputs(setup, in_blocks(samples))


def rolled(samples: Samples, roll: Array) -> Samples:
    """The same on a trunk that leans to the right by `roll` (n,) rad."""
    _, y, z = samples.acc.T
    acc = np.stack([samples.acc[:, 0], *turn(y, z, roll)], axis=1)
    assert samples.gyr is not None
    _, pitching, yawing = samples.gyr.T
    gyr = np.stack([samples.gyr[:, 0], *turn(pitching, yawing, roll)], axis=1)
    gyr[1:, 0] += np.diff(roll) * 208.0
    return replace(samples, acc=acc, gyr=gyr)


def turn(y: Array, z: Array, angle: Array) -> tuple[Array, Array]:
    return np.cos(angle) * y + np.sin(angle) * z, np.cos(angle) * z - np.sin(angle) * y


@pytest.mark.parametrize("foot", [FOOT, RIGHT])
@pytest.mark.parametrize("strike_deg", [14.0, -8.0])
def test_toe_up_is_positive(foot: Placement, strike_deg: float) -> None:
    gait = sign_gait(strike_left_deg=strike_deg, strike_right_deg=strike_deg)
    samples = worn(Runner(standing_then(gait)), foot, 208.0, 16.0, SensorErrors())
    found = [o.strike.fsa_deg for o in outputs_of(samples) if isinstance(o, Stride)]
    assert np.median(found) == pytest.approx(strike_deg, abs=4.0)


@pytest.mark.parametrize("lean_deg", [-5.0, 8.0])
def test_lean_forward_is_positive(lean_deg: float) -> None:
    """Against standing, in which this runner is upright."""
    scenario = standing_then(sign_gait(lean_deg=lean_deg))
    samples = worn(Runner(scenario), CHEST, 208.0, 16.0, SensorErrors())
    found = [o.lean_deg for o in outputs_of(samples) if isinstance(o, LeanState)]
    assert np.median(found) == pytest.approx(lean_deg, abs=1.0)


@pytest.mark.parametrize("rolled_deg", [-5.0, 6.0])
def test_lean_to_the_right_is_positive(rolled_deg: float) -> None:
    samples = worn(Runner(standing_then(sign_gait())), CHEST, 208.0, 16.0, SensorErrors())
    leaning = rolled(samples, np.radians(rolled_deg) * (samples.t_s >= 4.0))
    found = [o.side_lean_deg for o in outputs_of(leaning) if isinstance(o, LeanState)]
    assert np.median(found) == pytest.approx(rolled_deg, abs=1.0)
