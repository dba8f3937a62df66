"""Taps: found once each, at their time, whatever the blocks; whose they are; how clocks agree."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from conftest import WORN_ON_CHEST, in_blocks, standing_then, worn
from hypothesis import given
from hypothesis import strategies as st

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Activity, Gait, Scenario, Stage
from imu_stream.analysis.tapping import Tap, TapDetector, alignment, knocks
from imu_stream.datatypes import GRAVITY, MOTION, Gap, GapReason, Placement, Samples

CHEST = Placement.CHEST
STANDING = Gait(activity=Activity.STANDING)
RATES_HZ = dict(zip(MOTION, (208.0, 104.0, 200.0), strict=True))
TAPS_S = (1.0, 2.35, 3.2)


def tapped(
    times_s: Sequence[float], rate_hz: float = 200.0, strength: float = 40.0, seconds: float = 4.0
) -> Samples:
    """A sensor that hangs still and is knocked: 4 ms of rise, then a ringing that dies away.

    It takes the mean over each sample's time, as the filter of a real one does about.
    """
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    fine_s = (t_s[:, None] + (np.arange(16) / 16.0 - 0.5) / rate_hz)[None]
    since = np.maximum(0.0, fine_s - np.array(times_s).reshape(-1, 1, 1))
    ringing = np.minimum(1.0, since / 0.004) * np.cos(150.0 * since) * np.exp(-since / 0.02)
    shape = ringing.mean(axis=2).sum(axis=0)
    acc = np.tile([1.0, -2.0, 9.0], (len(t_s), 1))
    acc += np.random.default_rng(3).normal(0.0, 0.05, acc.shape)
    acc += strength * shape[:, None] * np.array([0.6, 0.0, -0.8])
    return Samples(CHEST, t_s, acc, np.zeros_like(acc))


def taps_of(items: Sequence[Samples | Gap], rate_hz: float = 200.0, sensor: str = "a") -> list[Tap]:
    detector = TapDetector(sensor, rate_hz)
    return [tap for item in items for tap in detector.push(item)]


@pytest.mark.parametrize("rate_hz", [100.0, 200.0, 400.0])
def test_every_tap_is_found_once_at_its_time(rate_hz: float) -> None:
    found = taps_of([tapped(TAPS_S, rate_hz)], rate_hz)
    assert len(found) == len(TAPS_S)
    for tap, time_s in zip(found, TAPS_S, strict=True):
        assert tap.t_s == pytest.approx(time_s, abs=0.003)
        assert tap.t_s < tap.known_s < tap.t_s + 0.2


def test_how_hard_it_was_does_not_move_its_time() -> None:
    times = [taps_of([tapped([1.0], strength=s)])[0].t_s for s in (15.0, 40.0, 150.0)]
    assert max(times) - min(times) < 0.002


def test_a_touch_is_no_tap() -> None:
    assert taps_of([tapped(TAPS_S, strength=4.0)]) == []


def test_nothing_of_a_standing_runner_is_a_tap() -> None:
    standing = Runner(Scenario((Stage(0.0, STANDING),)))
    for placement, rate_hz in RATES_HZ.items():
        assert taps_of([worn(standing, placement, rate_hz, 10.0)], rate_hz) == []


@given(st.lists(st.integers(0, 800), max_size=12), st.floats(8.0, 80.0))
def test_any_cutting_gives_the_same_taps(cuts: list[int], strength: float) -> None:
    whole = tapped(TAPS_S, strength=strength)
    edges = [0, *sorted(cuts), len(whole.t_s)]
    parts = [whole.part(a, b) for a, b in pairwise(edges)]
    assert taps_of(parts) == taps_of([whole])


def test_single_samples_give_the_same_taps() -> None:
    whole = tapped(TAPS_S)
    assert taps_of(in_blocks(whole, 1)) == taps_of([whole])


def test_a_tap_that_a_gap_cuts_off_is_none_and_the_gap_itself_is_none() -> None:
    before, after = tapped([1.0], seconds=1.05), tapped(())
    moved = Samples(CHEST, after.t_s + 5.0, after.acc[:, ::-1].copy(), after.gyr)
    gap = Gap(CHEST, 1.05, 5.0, GapReason.LOST, 790)
    assert taps_of([before, gap, moved]) == []


# ---------------------------------------------------------------------------------- whose it was


def tap(sensor: str, t_s: float, strength: float) -> Tap:
    return Tap(sensor, t_s, strength, t_s + 0.15)


def test_a_tap_that_only_one_sensor_felt_is_its_own() -> None:
    (knock,) = knocks([tap("left", 1.0, 20.0)])
    assert knock.sensor == "left"


def test_a_much_stronger_tap_is_its_own() -> None:
    (knock,) = knocks([tap("right", 1.01, 9.0), tap("left", 1.0, 30.0)])
    assert knock.sensor == "left"


def test_two_that_felt_it_alike_leave_it_open() -> None:
    (knock,) = knocks([tap("right", 1.05, 20.0), tap("left", 1.0, 30.0)])
    assert knock.sensor is None
    assert [each.sensor for each in knock.taps] == ["left", "right"]


def test_taps_at_other_times_and_second_taps_of_a_sensor_are_other_knocks() -> None:
    found = knocks([tap("left", 1.3, 9.0), tap("left", 1.0, 9.0), tap("right", 1.15, 9.0)])
    assert [knock.taps[0].t_s for knock in found] == [1.0, 1.15, 1.3]


# ------------------------------------------------------------------------------- do clocks agree


def taps_of_runner(scenario: Scenario, offsets_s: Sequence[float] = (0.0, 0.0, 0.0)) -> list[Tap]:
    """Taps of all three sensors, each with a clock that is off by so much."""
    runner = Runner(scenario)
    found = []
    for (placement, rate_hz), offset_s in zip(RATES_HZ.items(), offsets_s, strict=True):
        errors = {"errors": WORN_ON_CHEST} if placement is CHEST else {}
        samples = worn(runner, placement, rate_hz, 10.0, **errors)
        late = Samples(placement, samples.t_s + offset_s, samples.acc, samples.gyr)
        found += taps_of(in_blocks(late), rate_hz, placement)
    return found


HOP = Scenario(
    (Stage(0.0, STANDING), Stage(3.0, Gait(activity=Activity.JUMPING)), Stage(3.9, STANDING))
)


def test_a_hop_shows_that_the_clocks_agree() -> None:
    """The chest feels a landing some ms after the feet."""
    found = alignment(taps_of_runner(HOP), MOTION)
    assert found is not None
    assert 3.6 < found.t_s < 3.8
    assert found.spread_ms < 10.0


def test_a_hop_shows_by_how_much_a_clock_is_off() -> None:
    right = alignment(taps_of_runner(HOP), MOTION)
    wrong = alignment(taps_of_runner(HOP, (0.0, 0.0, 0.05)), MOTION)
    assert right is not None
    assert wrong is not None
    assert wrong.spread_ms - right.spread_ms == pytest.approx(50.0, abs=2.0)


@pytest.mark.parametrize(
    "gait", [Gait(), Gait(cadence_spm=190.0), Gait(activity=Activity.WALKING, speed_mps=1.4)]
)
def test_running_and_walking_are_no_common_knock(gait: Gait) -> None:
    assert alignment(taps_of_runner(standing_then(gait)), MOTION) is None


def test_a_knock_that_one_sensor_missed_tells_nothing() -> None:
    some = [each for each in taps_of_runner(HOP) if each.sensor != CHEST]
    assert alignment(some, MOTION) is None
    assert alignment(some, [Placement.LEFT_FOOT, Placement.RIGHT_FOOT]) is not None


def test_one_sensor_agrees_with_nobody() -> None:
    assert alignment([tap("chest", 1.0, GRAVITY)], ["chest"]) is None
