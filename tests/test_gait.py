"""Contacts, strike angles and strides: on recordings with a known truth, and on virtual runners."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from conftest import (
    ORDINARY,
    STANDING,
    in_blocks,
    motion_outputs,
    standing_then,
    table_outputs,
    tipped,
    with_gap,
    worn,
)
from runs import true_contacts

from imu_stream.acquisition.simulation.runner import Runner, TrueStride
from imu_stream.acquisition.simulation.scenario import Activity, Gait, Scenario, Stage
from imu_stream.acquisition.simulation.sensor import tilted_mount
from imu_stream.acquisition.tables import read_table
from imu_stream.analysis.calibration import SensorCalibration
from imu_stream.analysis.gait import FootGait
from imu_stream.analysis.heading import FootHeading, HeadingParams
from imu_stream.analysis.orientation import OrientationFilter
from imu_stream.analysis.strike import classify
from imu_stream.analysis.touchdown import Touchdown, Touchdowns
from imu_stream.datatypes import (
    FEET,
    GRAVITY,
    CalibratedSamples,
    Calibration,
    Cue,
    Gap,
    LeanState,
    Mount,
    Notice,
    NoticeKind,
    Orientation,
    Output,
    Placement,
    Samples,
    SensorSetup,
    Stride,
    Strike,
    StrikeType,
)

LEFT, RIGHT, CHEST = Placement.LEFT_FOOT, Placement.RIGHT_FOOT, Placement.CHEST
NEAR_S = 0.05
EXCERPT = Path(__file__).parent / "data" / "treadmill_run"


@dataclass(frozen=True, slots=True)
class Pair:
    """A true contact and the measured stride nearest to it."""

    true: TrueStride
    measured: Stride

    @property
    def late_s(self) -> float:
        return self.measured.ic_s - self.true.ic_s

    @property
    def fsa_error_deg(self) -> float:
        return self.measured.strike.fsa_deg - self.true.fsa_deg


@dataclass(frozen=True, slots=True)
class Comparison:
    """Strides against the truth of the same run."""

    true: int
    pairs: tuple[Pair, ...]
    invented: tuple[Stride, ...]


def strides_of(outputs: Iterable[object]) -> list[Stride]:
    return [output for output in outputs if isinstance(output, Stride)]


def strikes_of(outputs: Iterable[object]) -> list[Strike]:
    return [output for output in outputs if isinstance(output, Strike)]


def compare(
    truth: Sequence[TrueStride], strides: Sequence[Stride], known_from_s: float = 0.0
) -> Comparison:
    """A stride is invented when no contact is near it, within the span whose truth is known."""
    found = [nearest(true, strides) for true in truth]
    pairs = tuple(pair for pair in found if pair is not None)
    taken = [id(pair.measured) for pair in pairs]
    assert len(set(taken)) == len(taken)
    last_s = max(true.ic_s for true in truth) + NEAR_S
    rest = tuple(s for s in strides if id(s) not in taken and known_from_s <= s.ic_s <= last_s)
    return Comparison(len(truth), pairs, rest)


def nearest(true: TrueStride, strides: Sequence[Stride]) -> Pair | None:
    near = [s for s in strides if s.foot is true.foot and abs(s.ic_s - true.ic_s) <= NEAR_S]
    return Pair(true, min(near, key=lambda s: abs(s.ic_s - true.ic_s))) if near else None


def rms(values: Iterable[float]) -> float:
    return float(np.sqrt(np.mean(np.square(list(values)))))


def compare_recorded(folder: Path) -> Comparison:
    outputs = table_outputs({foot: folder / f"{foot.value}.csv.gz" for foot in FEET})
    calibrations = [o for o in outputs if isinstance(o, Calibration)]
    assert {c.placement for c in calibrations if c.from_rest} == set(FEET)
    truth = true_contacts(folder / "truth.csv")
    # before that the recordings blend from standing to running
    known_from_s = min(true.ic_s for true in truth) - NEAR_S
    return compare(truth, strides_of(outputs), known_from_s)


@pytest.fixture(scope="session")
def treadmill(recordings: Path) -> dict[str, Comparison]:
    """All treadmill runs."""
    folders = sorted((recordings / "runners").iterdir())
    return {folder.name: compare_recorded(folder) for folder in folders}


def test_excerpt_of_a_treadmill_run() -> None:
    result = compare_recorded(EXCERPT)
    assert len(result.pairs) >= result.true - 1
    assert result.invented == ()
    assert rms(pair.fsa_error_deg for pair in result.pairs) <= 2.5
    assert abs(median(pair.late_s for pair in result.pairs)) <= 0.005


def test_no_treadmill_run_fails(treadmill: dict[str, Comparison]) -> None:
    assert len(treadmill) == 21
    for name, result in treadmill.items():
        assert len(result.pairs) >= 0.95 * result.true, name
        assert result.invented == (), name


def test_treadmill_contacts_are_found(treadmill: dict[str, Comparison]) -> None:
    found = sum(len(result.pairs) for result in treadmill.values())
    assert found >= 0.99 * sum(result.true for result in treadmill.values())


def test_treadmill_strike_angles(treadmill: dict[str, Comparison]) -> None:
    errors_deg = [pair.fsa_error_deg for r in treadmill.values() for pair in r.pairs]
    assert rms(errors_deg) <= 2.5
    by_run = [rms(pair.fsa_error_deg for pair in r.pairs) for r in treadmill.values()]
    assert max(by_run) <= 4.0


@pytest.mark.parametrize("strike_type", [s for s in StrikeType if s is not StrikeType.UNKNOWN])
def test_treadmill_contact_times(treadmill: dict[str, Comparison], strike_type: StrikeType) -> None:
    pairs = [p for r in treadmill.values() for p in r.pairs if p.true.strike_type is strike_type]
    assert len(pairs) > 20
    assert abs(median(pair.late_s for pair in pairs)) <= 0.005
    tc_late_s = [pair.measured.tc_s - pair.true.tc_s for pair in pairs]
    assert np.mean(np.isnan(tc_late_s)) <= 0.05
    assert abs(np.nanmedian(tc_late_s)) <= 0.010


def test_treadmill_strike_types(treadmill: dict[str, Comparison]) -> None:
    pairs = [pair for result in treadmill.values() for pair in result.pairs]
    right = [pair.measured.strike.strike_type is pair.true.strike_type for pair in pairs]
    assert np.mean(right) >= 0.85
    assert np.mean([pair.measured.strike.confidence for pair in pairs]) >= 0.75


def test_real_shoe_sensor(recordings: Path) -> None:
    outputs = table_outputs({RIGHT: recordings / "shoe_run_100hz" / "foot.csv.gz"})
    strides = strides_of(outputs)
    cadences = [s.cadence_spm for s in strides if s.stride_time_s == s.stride_time_s]
    assert median(cadences) == pytest.approx(171.0, rel=0.02)
    contacts_s = [s.contact_time_s for s in strides if s.tc_s == s.tc_s]
    assert len(contacts_s) >= 0.8 * len(strides)
    assert 0.2 <= median(contacts_s) <= 0.3
    steps_s = [after.ic_s - before.ic_s for before, after in pairwise(strides)]
    assert min(steps_s) > 0.6
    assert len(strides) >= 0.95 * 102.0 * 171.0 / 120.0 - 10


@pytest.mark.parametrize(
    "names",
    [
        {LEFT: "feet_walk_205hz/left_foot.csv.gz", RIGHT: "feet_walk_205hz/right_foot.csv.gz"},
        {CHEST: "chest_walk_100hz/chest.csv.gz"},
    ],
    ids=["feet", "chest"],
)
def test_walking_is_not_running(recordings: Path, names: dict[Placement, str]) -> None:
    outputs = table_outputs({where: recordings / name for where, name in names.items()})
    assert any(isinstance(output, Calibration) for output in outputs)
    assert not any(isinstance(output, Stride | LeanState | Cue) for output in outputs)
    assert not any(strike.running for strike in strikes_of(outputs))


SECONDS = 18.0
STRIKES_DEG = {"rearfoot": 16.0, "midfoot": 3.0, "forefoot": -8.0}
RUNS = {
    "easy": Gait(),
    "fast": Gait(speed_mps=4.5, cadence_spm=188.0, contact_time_s=0.19),
    "slow": Gait(speed_mps=2.3, cadence_spm=154.0, contact_time_s=0.31),
}


def striking(gait: Gait, strike_deg: float) -> Gait:
    return replace(gait, strike_left_deg=strike_deg, strike_right_deg=strike_deg)


def foot_outputs(items: Iterable[Samples | Gap], foot: Placement, rate_hz: float) -> list[Output]:
    return list(motion_outputs(SensorSetup(foot, "table", rate_hz), items))


def truth_of(runner: Runner, foot: Placement, until_s: float = SECONDS) -> list[TrueStride]:
    """Contacts that are complete early enough before the end."""
    truth = runner.truth(until_s).strides
    return [true for true in truth if true.foot is foot and true.tc_s < until_s - 0.3]


@pytest.mark.parametrize("rate_hz", [104.0, 208.0, 416.0])
@pytest.mark.parametrize("gait", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("strike_deg", STRIKES_DEG.values(), ids=STRIKES_DEG)
def test_virtual_strides_are_found(rate_hz: float, gait: Gait, strike_deg: float) -> None:
    runner = Runner(standing_then(striking(gait, strike_deg)))
    samples = worn(runner, RIGHT, rate_hz, SECONDS)
    truth = truth_of(runner, RIGHT)
    result = compare(truth, strides_of(foot_outputs(in_blocks(samples), RIGHT, rate_hz)))
    assert len(result.pairs) >= len(truth) - 1
    assert result.invented == ()
    assert rms(pair.fsa_error_deg for pair in result.pairs) <= 6.0
    assert abs(median(pair.late_s for pair in result.pairs)) <= 0.013
    wrong = [p.measured.strike.strike_type is not p.true.strike_type for p in result.pairs]
    assert np.mean(wrong) <= 0.15


@pytest.mark.parametrize("turn_deg", [-20.0, 0.0, 20.0, 90.0, 180.0])
@pytest.mark.parametrize("nose_down_deg", [-10.0, 35.0])
def test_mounting_does_not_matter(turn_deg: float, nose_down_deg: float) -> None:
    runner = Runner(standing_then(Gait()))
    errors = replace(ORDINARY, mount=tilted_mount(nose_down_deg, turn_deg))
    samples = worn(runner, LEFT, 208.0, SECONDS, errors)
    truth = truth_of(runner, LEFT)
    result = compare(truth, strides_of(foot_outputs(in_blocks(samples), LEFT, 208.0)))
    assert len(result.pairs) >= len(truth) - 1
    assert result.invented == ()
    assert rms(pair.fsa_error_deg for pair in result.pairs) <= 4.5


@pytest.mark.parametrize("lost_s", [0.03, 0.1, 0.8])
@pytest.mark.parametrize("at_s", [11.0, 11.17, 11.34, 11.51])
def test_loss_costs_few_strides_and_invents_none(lost_s: float, at_s: float) -> None:
    runner = Runner(standing_then(Gait()))
    items = with_gap(worn(runner, LEFT, 208.0, SECONDS), at_s, lost_s)
    truth = truth_of(runner, LEFT)
    result = compare(truth, strides_of(foot_outputs(items, LEFT, 208.0)))
    assert result.invented == ()
    lost_strides = 0 if lost_s < 0.065 else 2 + round(lost_s / 0.7)
    assert len(result.pairs) >= len(truth) - 1 - lost_strides


def test_landing_in_a_gap_has_no_angle() -> None:
    runner = Runner(standing_then(Gait()))
    landing = next(true for true in truth_of(runner, LEFT) if true.ic_s > 11.0)
    items = with_gap(worn(runner, LEFT, 208.0, SECONDS), landing.ic_s - 0.02, 0.03)
    strides = strides_of(foot_outputs(items, LEFT, 208.0))
    near = [s for s in strides if abs(s.ic_s - landing.ic_s) < NEAR_S]
    for stride in near:
        assert np.isnan(stride.strike.fsa_deg)
        assert (stride.strike.strike_type, stride.strike.confidence) == (StrikeType.UNKNOWN, 0.0)


def test_angle_is_not_measured_while_the_vertical_settles() -> None:
    runner = Runner(standing_then(Gait()))
    items = with_gap(worn(runner, LEFT, 208.0, SECONDS), 10.0, 0.5)
    strides = strides_of(foot_outputs(items, LEFT, 208.0))
    measured = {s.ic_s: not np.isnan(s.strike.fsa_deg) for s in strides}
    assert all(known for ic_s, known in measured.items() if ic_s < 10.0)
    assert not any(known for ic_s, known in measured.items() if 10.5 < ic_s < 15.0)
    assert all(known for ic_s, known in measured.items() if ic_s > 15.0)
    before = np.median([s.strike.fsa_deg for s in strides if s.ic_s < 10.0])
    after = [s.strike.fsa_deg for s in strides if s.ic_s > 15.0]
    assert np.abs(np.array(after) - before).max() < 3.0


def test_strike_is_known_in_its_own_stance_and_comes_before_its_stride() -> None:
    outputs = foot_outputs(
        in_blocks(worn(Runner(standing_then(Gait())), LEFT, 208.0, SECONDS)), LEFT, 208.0
    )
    strikes = strikes_of(outputs)
    strides = strides_of(outputs)
    # after the first landing nobody knows yet that this is running
    assert [strike.running for strike in strikes] == [False, *(True for _ in strikes[1:])]
    assert [stride.strike for stride in strides] == [replace(s, running=True) for s in strikes]
    pairs = list(zip(strikes, strides, strict=True))
    assert all(0.0 < strike.known_s - strike.ic_s < 0.12 for strike in strikes)
    assert all(outputs.index(strike) < outputs.index(stride) for strike, stride in pairs)
    # the last is not over
    assert all(strike.known_s < stride.tc_s for strike, stride in pairs[:-1])
    assert all(stride.tc_s < stride.known_s for stride in strides[:-1])
    assert np.isnan(strides[0].stride_time_s)
    assert all(60.0 < stride.cadence_spm / 2 < 110.0 for stride in strides[1:])


@pytest.mark.parametrize("turn_deg", [0.0, 90.0, 180.0])
@pytest.mark.parametrize("strike_deg", STRIKES_DEG.values(), ids=STRIKES_DEG)
def test_first_footfall_tells_the_strike_in_time(strike_deg: float, turn_deg: float) -> None:
    """When one step is not movement enough to tell by its axis where the foot points."""
    runner = Runner(standing_then(striking(Gait(), strike_deg)))
    errors = replace(ORDINARY, mount=tilted_mount(20.0, turn_deg))
    samples = worn(runner, LEFT, 208.0, 8.0, errors)
    calibration, orientation = SensorCalibration(LEFT, 208.0, Mount()), OrientationFilter(208.0)
    heading, gait = FootHeading(208.0, HeadingParams(first_s=2.0)), FootGait(LEFT, 208.0)
    calibrated = [out for out in calibration.push(samples) if not isinstance(out, Calibration)]
    oriented = [out for item in calibrated for out in orientation.push(item)]
    headed = [out for item in oriented for out in heading.push(item)]
    outputs = [out for item in headed for out in gait.push(item)]
    first, stride = strikes_of(outputs)[0], strides_of(outputs)[0]
    assert first.ic_s == stride.ic_s == pytest.approx(truth_of(runner, LEFT)[0].ic_s, abs=0.02)
    assert first.known_s - first.ic_s < 0.15
    assert first.strike_type is stride.strike.strike_type is StrikeType.of(strike_deg)


@pytest.fixture(scope="module")
def two_bouts_outputs() -> list[Output]:
    """Runs, stands for 5 s, runs again from 17 s on."""
    stages = (Stage(0.0, STANDING), Stage(4.0, Gait()), Stage(12.0, STANDING), Stage(17.0, Gait()))
    samples = worn(Runner(Scenario(stages)), LEFT, 208.0, 24.0)
    return foot_outputs(in_blocks(samples), LEFT, 208.0)


@pytest.fixture(scope="module")
def two_bouts(two_bouts_outputs: list[Output]) -> list[Stride]:
    return strides_of(two_bouts_outputs)


def test_landing_without_a_swing_before_it_is_told_at_once_as_of_unknown_type(
    recordings: Path,
) -> None:
    """A recording that begins in the air: nothing tells yet where the foot points."""
    table = read_table(recordings / "runners" / "runner17_3.5mps" / "left_foot.csv.gz", LEFT)
    outputs = foot_outputs(table.items, LEFT, table.rate_hz)
    first, *others = strikes_of(outputs)
    stride, *later = strides_of(outputs)
    assert (first.strike_type, first.confidence) == (StrikeType.UNKNOWN, 0.0)
    assert first.ic_s == pytest.approx(stride.ic_s, abs=0.02)
    assert first.known_s - stride.ic_s < 0.15 < stride.strike.known_s - stride.ic_s
    assert stride.strike.strike_type is StrikeType.REARFOOT
    assert {stride.ic_s for stride in later} <= {strike.ic_s for strike in others}
    assert min(np.diff([first.ic_s, *(strike.ic_s for strike in others)])) > 0.4


def test_every_stride_of_every_bout_had_its_strike_in_time(
    two_bouts_outputs: list[Output], two_bouts: list[Stride]
) -> None:
    strikes = {strike.ic_s: strike for strike in strikes_of(two_bouts_outputs)}
    firsts = [strikes[stride.ic_s] for stride in two_bouts]
    assert all(0.0 < strike.known_s - strike.ic_s < 0.15 for strike in firsts)
    assert sum(not strike.running for strike in firsts) == 2
    assert [s.strike_type for s in firsts] == [s.strike.strike_type for s in two_bouts]


def test_no_strides_in_a_pause(two_bouts: list[Stride]) -> None:
    assert not any(13.5 < stride.ic_s < 17.0 for stride in two_bouts)
    assert len(two_bouts) >= 19


def test_pause_begins_a_new_bout(two_bouts: list[Stride]) -> None:
    firsts_s = [stride.ic_s for stride in two_bouts if np.isnan(stride.stride_time_s)]
    assert len(firsts_s) == 2
    assert firsts_s[1] > 17.0


def test_angle_is_right_from_the_first_stride_after_the_sensor_was_put_right() -> None:
    """Also when it lay on a table before it was put on."""
    runner = Runner(standing_then(Gait(), stand_s=14.0))
    samples = tipped(worn(runner, LEFT, 208.0, 24.0), 6.0, np.inf, 12.0)
    strides = strides_of(foot_outputs(in_blocks(samples), LEFT, 208.0))
    pairs = compare(truth_of(runner, LEFT, 24.0), strides).pairs
    errors_deg = [pair.fsa_error_deg for pair in pairs]
    assert len(errors_deg) > 10
    assert max(abs(error) for error in errors_deg if not np.isnan(error)) <= 8.0


@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize("gait", RUNS.values(), ids=RUNS)
def test_speed_is_that_of_the_belt(foot: Placement, gait: Gait) -> None:
    samples = worn(Runner(standing_then(gait)), foot, 208.0, SECONDS)
    steady = [s for s in strides_of(foot_outputs(in_blocks(samples), foot, 208.0)) if s.ic_s > 7.0]
    speeds_mps = [stride.speed_mps for stride in steady]
    assert np.nanmean(speeds_mps) == pytest.approx(gait.speed_mps, rel=0.04)
    lengths_m = [stride.stride_length_m for stride in steady]
    assert np.nanmean(lengths_m) == pytest.approx(gait.speed_mps * 120 / gait.cadence_spm, rel=0.04)


@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize("swapped", [False, True])
def test_swapped_feet_are_noticed_once(foot: Placement, swapped: bool) -> None:
    other = LEFT if foot is RIGHT else RIGHT
    samples = worn(Runner(standing_then(Gait())), other if swapped else foot, 208.0, SECONDS)
    outputs = foot_outputs(in_blocks(replace(samples, placement=foot)), foot, 208.0)
    notices = [(o.placement, o.kind) for o in outputs if isinstance(o, Notice)]
    assert notices == ([(foot, NoticeKind.WRONG_FOOT)] if swapped else [])


@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize("speed_mps", [1.0, 1.6])
def test_virtual_walking_is_not_running(foot: Placement, speed_mps: float) -> None:
    walking = Gait(Activity.WALKING, speed_mps, cadence_spm=112.0, contact_time_s=0.65)
    samples = worn(Runner(standing_then(walking)), foot, 208.0, SECONDS)
    outputs = foot_outputs(in_blocks(samples), foot, 208.0)
    assert any(isinstance(output, Calibration) for output in outputs)
    assert strides_of(outputs) == []
    assert not any(strike.running for strike in strikes_of(outputs))


@pytest.mark.parametrize(
    ("fsa_deg", "expected"),
    [
        (8.1, StrikeType.REARFOOT),
        (8.0, StrikeType.MIDFOOT),
        (-1.6, StrikeType.MIDFOOT),
        (-1.7, StrikeType.FOREFOOT),
        (float("nan"), StrikeType.UNKNOWN),
    ],
)
def test_strike_type_has_the_published_limits(fsa_deg: float, expected: StrikeType) -> None:
    strike_type, confidence = classify(fsa_deg, 2.0)
    assert strike_type is expected
    assert 0.0 <= confidence <= 1.0


def test_confidence_grows_with_the_distance_from_the_limits() -> None:
    near, far = (classify(fsa_deg, 2.0)[1] for fsa_deg in (8.2, 14.0))
    assert near == pytest.approx(0.54, abs=0.01)
    assert far > 0.99
    assert classify(14.0, 6.0)[1] < far


SWUNG_HZ = 200.0


def swinging(
    start_s: float, end_s: float, force_g: float = 1.0, measured: bool = True
) -> Orientation:
    """A foot on its way, flat, with an even force."""
    t_s = np.arange(round(start_s * SWUNG_HZ), round(end_s * SWUNG_HZ)) / SWUNG_HZ
    upward = np.tile([0.0, 0.0, 1.0], (len(t_s), 1))
    acc, gyr = force_g * GRAVITY * upward, np.tile([0.0, 6.0, 0.0], (len(t_s), 1))
    samples = CalibratedSamples(Placement.LEFT_FOOT, t_s, acc, gyr, True, acc[:, 2], measured)
    return Orientation(samples, upward, settled=True)


def told(blocks: list[Orientation]) -> list[Touchdown]:
    stage = Touchdowns(SWUNG_HZ)
    return [found for block in blocks for found in stage.push(block)]


def test_a_shock_is_a_landing_when_the_rest_after_it_may_have_fallen_into_a_gap() -> None:
    shock = [swinging(0.0, 0.4), swinging(0.4, 0.42, force_g=4.0), swinging(0.42, 0.46)]
    crossed = [swinging(0.46, 0.54, measured=False), swinging(0.54, 0.6)]
    assert told([*shock, *crossed]) == [Touchdown(pytest.approx(0.38), pytest.approx(0.54))]
    assert not told([*shock, swinging(0.46, 0.6)])
    late = [swinging(0.46, 0.6), swinging(0.6, 0.68, measured=False), swinging(0.68, 0.7)]
    assert not told([*shock, *late])
    weak = [swinging(0.0, 0.4), swinging(0.4, 0.42, force_g=2.0), swinging(0.42, 0.46)]
    assert not told([*weak, *crossed])
