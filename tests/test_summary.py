"""What a session adds up to: steps, techniques, asymmetry, means."""

from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu_stream.analysis.slope import SlopeEstimate
from imu_stream.analysis.steps import StepJoin
from imu_stream.cli.summary_view import answers_text
from imu_stream.datatypes import (
    Answer,
    CueKind,
    CueReaction,
    LeanState,
    Placement,
    Step,
    Stride,
    Strike,
    StrikeType,
)
from imu_stream.sinks.summary import AnswerSummary
from imu_stream.sinks.summary_sink import SummarySink, asymmetry_percent
from imu_stream.sinks.technique import TechniqueTimes

LEFT, RIGHT = Placement.LEFT_FOOT, Placement.RIGHT_FOOT


def stride(
    foot: Placement,
    ic_s: float,
    contact_s: float = 0.25,
    kind: StrikeType = StrikeType.REARFOOT,
    length_m: float = 2.0,
) -> Stride:
    strike = Strike(foot, ic_s, 12.0, kind, 0.95, True, ic_s + 0.03)
    return Stride(
        strike, ic_s + contact_s, 0.7, 0.45, length_m, length_m / 0.7, 8.0, 9.0, False, ic_s + 0.5
    )


def lean(start_s: float, lean_deg: float) -> LeanState:
    return LeanState(start_s, start_s + 0.7, lean_deg, 0.0, 171.4, 0.08, True, 0.99, start_s + 0.75)


def run(strides: int = 10) -> list[Stride]:
    return [stride(RIGHT if n % 2 else LEFT, 1.0 + 0.35 * n) for n in range(strides)]


def steps_of(strides: list[Stride]) -> list[Step]:
    join = StepJoin()
    return sorted((s for one in strides for s in join.push(one)), key=lambda s: s.ic_s)


def test_a_step_runs_from_the_other_foot() -> None:
    steps = steps_of(run())
    assert [s.ic_s for s in steps] == [s.ic_s for s in run()[1:-1]]
    assert all(s.step_time_s == pytest.approx(0.35) for s in steps)
    assert all(s.flight_time_s == pytest.approx(0.10) for s in steps)


@given(st.data())
def test_steps_do_not_depend_on_the_interleaving_of_the_feet(data: st.DataObject) -> None:
    left = [s for s in run(12) if s.foot is LEFT]
    right = [s for s in run(12) if s.foot is RIGHT]
    mixed, ahead = [], 0
    while left or right:
        # a foot runs ahead by a second at most, as blocks of a second do
        take_left = bool(left) and (
            not right or ahead < -2 or (ahead < 3 and data.draw(st.booleans()))
        )
        mixed.append((left if take_left else right).pop(0))
        ahead += 1 if take_left else -1
    assert steps_of(mixed) == steps_of(run(12))


def test_no_step_from_a_foot_that_is_missing() -> None:
    assert steps_of([s for s in run() if s.foot is LEFT]) == []


def test_techniques_take_the_lean_at_the_strike() -> None:
    kinds = [StrikeType.REARFOOT, StrikeType.MIDFOOT, StrikeType.FOREFOOT, StrikeType.FOREFOOT]
    strides = [stride(LEFT, 1.0 + 0.7 * n, kind=kind) for n, kind in enumerate(kinds)]
    leans = [lean(0.9 + 0.7 * n, lean_deg) for n, lean_deg in enumerate([9.0, 9.0, 9.0, 3.0])]
    in_turn = [one for pair in zip(strides, leans, strict=True) for one in pair]
    for outputs in (strides + leans, leans + strides, in_turn):
        times = TechniqueTimes()
        for output in outputs:
            times.write(output)
        assert times.seconds() == {
            "heel_strike": 0.35,
            "midfoot": 0.35,
            "forefoot_with_lean": 0.35,
            "forefoot_upright": 0.35,
            "unknown": 0.0,
        }


def test_a_forefoot_strike_without_a_lean_is_of_unknown_technique() -> None:
    times = TechniqueTimes()
    times.write(stride(LEFT, 1.0, kind=StrikeType.FOREFOOT))
    assert times.seconds()["unknown"] == 0.35


def test_the_summary_has_means_asymmetry_and_distance() -> None:
    sink = SummarySink()
    for one in run(20):
        longer = stride(one.foot, one.ic_s, 0.26 if one.foot is LEFT else 0.24)
        sink.write(longer)
    summary = sink.result({})
    assert summary.strides["left_foot"].total == 10
    assert summary.strides["left_foot"].means.contact_time_s == pytest.approx(0.26)
    assert summary.asymmetry_percent["contact_time_s"] == pytest.approx(8.0)
    assert summary.distance_m == pytest.approx(20.0)
    assert summary.lean_mean_deg is None


def test_what_is_not_measured_stays_out_of_the_means() -> None:
    sink = SummarySink()
    sink.write(stride(LEFT, 1.0, length_m=nan))
    sink.write(stride(LEFT, 1.7, length_m=2.4))
    assert sink.result({}).strides["left_foot"].means.stride_length_m == pytest.approx(2.4)


def test_asymmetry_of_a_missing_foot_is_none() -> None:
    assert asymmetry_percent(0.25, None) is None


@pytest.mark.parametrize(
    ("rest_pitch_deg", "grade_deg", "slope_deg"),
    [
        (-1.9, -1.7, 0.0),  # level, as real feet show it
        (0.0, 0.0, 0.0),  # level, as a rigid foot would
        (4.6, 5.2, 4.6),  # 8 % up
        (-6.5, -6.3, -6.5),  # 8 % down
        (-9.0, -1.5, 0.0),  # a forefoot striker whose heel stays up
        (-1.5, 3.0, 0.0),  # a treadmill on whose incline the runner stood
    ],
)
def test_slope_is_what_rest_and_path_agree_on(
    rest_pitch_deg: float, grade_deg: float, slope_deg: float
) -> None:
    estimate = SlopeEstimate()
    for _ in range(5):
        estimate.add(rest_pitch_deg, grade_deg)
    assert estimate.slope_deg == pytest.approx(slope_deg)


def test_no_slope_from_too_few_stances() -> None:
    estimate = SlopeEstimate()
    estimate.add(5.0, 5.0)
    estimate.add(5.0, nan)
    assert estimate.slope_deg == 0.0
    assert not isnan(estimate.slope_deg)


def reaction(kind: CueKind, answer: Answer, strides: int) -> CueReaction:
    return CueReaction(20.0, 10.0, kind, answer, strides)


def test_the_summary_tells_how_advice_was_answered() -> None:
    sink = SummarySink()
    assert sink.result({}).answers == {}
    for strides in (6, 7, 12):
        sink.write(reaction(CueKind.LEAN_MORE, Answer.RETURNED, strides))
    sink.write(reaction(CueKind.LEAN_MORE, Answer.NONE, 17))
    sink.write(reaction(CueKind.STRIKE_CHANGE, Answer.BROKEN_OFF, 2))
    answers = sink.result({}).answers
    assert answers == {
        "lean_more": AnswerSummary(3, 1, 0, 7),
        "strike_change": AnswerSummary(0, 0, 1, None),
    }
    assert answers_text(answers["lean_more"]) == "3 followed within 7 strides, 1 not"
    assert answers_text(answers["strike_change"]) == "0 followed, 0 not, 1 not known"


def test_running_time_is_that_of_the_sensor_that_saw_most_of_it() -> None:
    sink = SummarySink()
    assert sink.result({}).running_s == 0.0
    for one in (*run(6), *(lean(0.7 * n, 5.0) for n in range(5)), stride(LEFT, 9.0)):
        sink.write(one)
    assert sink.result({}).running_s == pytest.approx(3.5)
    sink.write(stride(LEFT, 9.7))
    sink.write(stride(LEFT, 10.4))
    assert sink.result({}).running_s == pytest.approx(4.2)
