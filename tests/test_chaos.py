"""Every fault of sensors and links at once, for some minutes: the limits of the benchmark hold."""

from dataclasses import replace

import pytest
from chaos import CONDITIONS, Condition, group_of
from chaos_measures import Observed, observe
from chaos_session import chaos_session
from figures import Figure

from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.datatypes import Gap, GapReason, LinkPhase, LinkState

SECONDS = 180.0
SEED = 1
OPEN_IMU, WITHOUT_WRONG_BITS, THREE_MAKES, WRONG_BITS = CONDITIONS


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    """Of the sensor with a checksum, a counter and a clock of 32 bit."""
    return by_name(OPEN_IMU, SECONDS)


def by_name(condition: Condition, seconds: float) -> dict[str, Figure]:
    return {figure.name: figure for figure in group_of(condition, seconds, SEED).figures}


def test_everything_goes_wrong(figures: dict[str, Figure]) -> None:
    """Else the tests below would show nothing."""
    happened = {name: figure.values["all"] for name, figure in figures.items()}
    assert happened["lost, %"] > 2.0
    assert happened["flipped, %"] > 0.1
    assert happened["repeated or reordered, %"] > 0.7
    assert happened["outages"] > 6
    assert happened["of these outside gaps"] > 150
    assert happened["cues"] >= 2


@pytest.mark.parametrize(
    "name",
    [
        "longest push of one notification, ms",
        "alignment, 95 %, ms",
        "samples that are not later than the one before",
        "of these not told as a gap within a frame",
        "gaps told where nothing is missing",
        "stream back after a fault's end, longest, s",
        "strides invented",
        "cues from a stale, missing or uncalibrated sensor",
    ],
)
def test_limit_of_the_hour_holds(figures: dict[str, Figure], name: str) -> None:
    assert figures[name].limit is not None
    assert not figures[name].missed, figures[name].values


def test_strides_outside_gaps_are_right(figures: dict[str, Figure]) -> None:
    figure = figures["strides outside gaps right, %"]
    assert not figure.missed, figure.values


def test_without_faults_all_limits_hold() -> None:
    perfect = replace(OPEN_IMU, faults=Faults())
    figures = {f.name: f for f in group_of(perfect, 120.0, SEED).figures}
    demanded = {name: f for name, f in figures.items() if f.limit and "back" not in name}
    assert len(demanded) >= 6
    assert not [name for name, figure in demanded.items() if figure.missed]
    assert figures["spans without samples"].values["all"] == 0
    assert figures["with a strike angle, %"].values["all"] == 100.0


LOSES_NOTHING = (
    "samples that are not later than the one before",
    "of these not told as a gap within a frame",
    "gaps told where nothing is missing",
    "stream back after a fault's end, longest, s",
    "cues from a stale, missing or uncalibrated sensor",
)
STRIDES = ("strides outside gaps right, %", "strides invented")


@pytest.mark.parametrize("condition", [WITHOUT_WRONG_BITS, THREE_MAKES])
def test_other_sensors_say_what_is_lost_and_their_strides_are_right(condition: Condition) -> None:
    figures = by_name(condition, SECONDS)
    assert figures["of these outside gaps"].values["all"] > 150
    for name in (*LOSES_NOTHING, *STRIDES):
        assert figures[name].limit is not None
        assert not figures[name].missed, (name, figures[name].values)


def test_wrong_bits_in_a_clock_without_checksum_lose_nothing_without_saying_so() -> None:
    figures = by_name(WRONG_BITS, 90.0)
    for name in LOSES_NOTHING:
        assert not figures[name].missed, (name, figures[name].values)


@pytest.fixture(scope="module")
def observed() -> Observed:
    return observe(chaos_session(OPEN_IMU.profiles, 60.0, SEED, OPEN_IMU.faults))


def test_restart_of_a_sensor_is_a_gap_of_its_clock(observed: Observed) -> None:
    gaps = [out for out in observed.outputs if isinstance(out, Gap)]
    assert [gap.placement for gap in gaps if gap.reason is GapReason.CLOCK] == ["left_foot"]
    assert {GapReason.LOST, GapReason.CORRUPT} <= {gap.reason for gap in gaps}


def test_sensor_that_is_silent_for_good_is_told_as_lost(observed: Observed) -> None:
    states = [out for out in observed.outputs if isinstance(out, LinkState)]
    last = [state for state in states if state.placement == "chest"][-1]
    assert last.phase is LinkPhase.LOST
    assert last.t_s == pytest.approx(0.95 * 60.0, abs=1.0)


def test_the_same_seed_gives_the_same_outputs() -> None:
    once, again = (
        observe(chaos_session(OPEN_IMU.profiles, 20.0, SEED, OPEN_IMU.faults)) for _ in range(2)
    )
    assert repr(once.outputs) == repr(again.outputs)
