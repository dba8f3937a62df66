"""The rule of the lean cue: rarely, with reason, and never on doubtful ground."""

from itertools import pairwise
from random import Random
from statistics import fmean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from striding import CHEST, KNOWN_LATER_S, STRIDE_S, gap, lost, stride

from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.rules import CuePolicy
from imu_stream.cueing.schedule import Programme, cues_are_on
from imu_stream.cueing.target import Reading, target_from_baseline
from imu_stream.cueing.watch import NEXT, Happening, Phase
from imu_stream.datatypes import (
    Answer,
    Cue,
    CueCause,
    CueKind,
    CueReaction,
    Gap,
    LeanState,
    LinkPhase,
    LinkState,
    Notice,
    NoticeKind,
    Placement,
)

PARAMS = CueParams(dead_band_deg=1.5, persistence_strides=6)
"""Numbers of its own: here the mechanism is tested, not how it is tuned."""

Item = LeanState | Gap | LinkState | Notice


def strides(leans_deg: list[float], first: int = 0) -> list[Item]:
    return [stride(first + number, lean) for number, lean in enumerate(leans_deg)]


def given_by(policy: CuePolicy, items: list[Item]) -> list[Cue | CueReaction]:
    return [output for item in items for output in policy.push(item)]


def cues_of(
    items: list[Item], target_deg: float | None = 10.0, params: CueParams = PARAMS
) -> list[Cue]:
    given = given_by(CuePolicy(target_deg, params), items)
    return [output for output in given if isinstance(output, Cue)]


def reactions_of(items: list[Item], params: CueParams = PARAMS) -> list[CueReaction]:
    given = given_by(CuePolicy(10.0, params), items)
    return [output for output in given if isinstance(output, CueReaction)]


def first_cue_s(drop: int) -> float:
    """When the cue comes after a lasting drop beginning with stride `drop`, at the latest."""
    last = drop + PARAMS.smoothing_strides + PARAMS.persistence_strides - 1
    return (last + 1) * STRIDE_S + KNOWN_LATER_S


def test_a_lasting_drop_is_cued_with_its_reason() -> None:
    (cue, *_) = cues_of(strides([10.0] * 60 + [5.0] * 20))
    assert cue.kind is CueKind.LEAN_MORE
    assert cue.t_s <= first_cue_s(60)
    assert cue.value == pytest.approx(5.0)
    assert cue.threshold == 8.5
    assert cue.expires_s == cue.t_s + 1.0


@given(
    drop=st.integers(40, 80),
    target_deg=st.floats(5.0, 15.0),
    depth_deg=st.floats(PARAMS.dead_band_deg + 0.01, 20.0),
)
def test_a_lasting_drop_is_cued_within_persistence_and_smoothing(
    drop: int, target_deg: float, depth_deg: float
) -> None:
    leans = [target_deg] * drop + [target_deg - depth_deg] * 12
    (cue,) = cues_of(strides(leans), target_deg)
    assert cue.t_s <= first_cue_s(drop) + 1e-9
    assert cue.t_s > (drop + PARAMS.persistence_strides) * STRIDE_S


@given(seed=st.lists(st.floats(-1.0, 1.0), min_size=30, max_size=300))
def test_a_runner_on_target_hears_nothing(seed: list[float]) -> None:
    assert not cues_of(strides([10.0 + noise for noise in seed]))
    assert not cues_of(strides([14.4 + noise for noise in seed]))


def test_a_short_dip_is_not_cued() -> None:
    assert not cues_of(strides([10.0] * 60 + [4.0] * 2 + [10.0] * 60))


def test_a_runner_who_stays_below_is_cued_more_clearly_then_rarely_then_not() -> None:
    cues = cues_of(strides([5.0] * 500))
    steps = [later.t_s - before.t_s for before, later in pairwise(cues)]
    expected = [12.0, 12.0, 30.0, 180.0, 12.0, 12.0]
    assert all(
        least <= step < least + STRIDE_S for least, step in zip(expected, steps, strict=False)
    )
    assert len(steps) >= len(expected)
    assert [cue.level for cue in cues][:7] == [1, 2, 3, 3, 1, 2, 3]
    assert [cue.cause for cue in cues][:2] == [CueCause.OUT_OF_BAND, CueCause.STILL_OUT]


def test_only_a_good_stride_starts_counting_anew() -> None:
    # below is less than 8.5, good is 9.25 and more
    dips = [5.0] * 2 + [12.0] * 6
    assert not cues_of(strides([10.0] * 40 + dips * 12))
    hovering = [10.0] * 40 + [8.3] * 7 + [9.0] * 1 + [8.3] * 4
    assert len(cues_of(strides(hovering))) == 1


def test_about_the_threshold_only_those_mostly_beyond_it_are_cued() -> None:
    # the mean of four is out of band with three of 8.3 in it, else within the hysteresis
    assert not cues_of(strides([10.0] * 40 + ([8.3] * 5 + [9.0] * 5) * 30))
    cues = cues_of(strides([10.0] * 40 + ([8.3] * 12 + [9.0] * 3) * 30))
    assert cues
    for cue in cues:
        assert cue.value < cue.threshold


def test_strides_too_early_to_be_an_answer_do_not_count() -> None:
    params = CueParams(minimum_interval_s=0.0, response_wait_s=6.0)
    times = [cue.t_s for cue in cues_of(strides([5.0] * 60), params=params)]
    assert len(times) >= 3
    for before, later in pairwise(times):
        assert later - before >= 6.0 + (params.persistence_strides - 1) * STRIDE_S


INTERRUPTIONS: dict[str, list[Item]] = {
    "gap": [gap(60 * STRIDE_S)],
    "two short gaps in one stride": [gap(42.0, seconds=0.06), gap(42.2, seconds=0.06)],
    "link lost": [lost(60 * STRIDE_S)],
    "invalid": [stride(60, 10.0, valid=False)],
    "not a number": [stride(60, float("nan"))],
    "walking": [stride(60, 10.0, cadence_spm=110.0)],
    "too fast to be true": [stride(60, 10.0, cadence_spm=230.0)],
    "break": [stride(64, 5.0)],
    "clock set back": [stride(-9, 5.0)],
    "known too late": [stride(60, 10.0, known_s=61 * STRIDE_S + 2.1)],
    "slipped": [Notice(60 * STRIDE_S, CHEST, NoticeKind.SLIPPED)],
    "worn otherwise": [Notice(60 * STRIDE_S, CHEST, NoticeKind.WORN_OTHERWISE)],
}


@pytest.mark.parametrize("name", INTERRUPTIONS)
def test_an_interruption_starts_over(name: str) -> None:
    before = strides([10.0] * 55 + [5.0] * 5)
    after = strides([5.0] * 40, first=65)
    assert cues_of(before + strides([5.0] * 40, first=60))[0].t_s < 50.0
    cues = cues_of(before + INTERRUPTIONS[name] + after)
    assert cues
    assert cues[0].t_s >= 64 * STRIDE_S + PARAMS.start_blackout_s


UNRELATED: list[Item] = [
    gap(1.0, Placement.LEFT_FOOT),
    gap(1.0, Placement.RIGHT_FOOT, 60.0),
    lost(1.0, Placement.LEFT_FOOT),
    LinkState(1.0, CHEST, LinkPhase.STREAMING),
    LinkState(1.0, CHEST, LinkPhase.CONNECTING),
    Notice(1.0, Placement.LEFT_FOOT, NoticeKind.SLIPPED),
    Notice(1.0, Placement.RIGHT_FOOT, NoticeKind.WRONG_FOOT),
]


@given(
    extra=st.lists(st.tuples(st.integers(0, 100), st.sampled_from(UNRELATED)), max_size=30),
    leans=st.lists(st.floats(3.0, 12.0), min_size=60, max_size=100),
)
@settings(deadline=None)
def test_unrelated_items_change_nothing(extra: list[tuple[int, Item]], leans: list[float]) -> None:
    items = strides(leans)
    mixed = list(items)
    for place, item in extra:
        mixed.insert(place, item)
    assert cues_of(mixed) == cues_of(items)


def test_a_change_of_cadence_blacks_out() -> None:
    faster = {"cadence_spm": 1.1 * 120.0 / STRIDE_S}
    items = strides([10.0] * 57 + [5.0] * 5)
    items += [stride(62 + number, 5.0, **faster) for number in range(30)]
    (cue, *_) = cues_of(items)
    assert cue.t_s >= 63 * STRIDE_S + PARAMS.change_blackout_s
    assert cue.t_s <= 63 * STRIDE_S + PARAMS.change_blackout_s + 11 * STRIDE_S


def test_drifting_cadence_is_no_change() -> None:
    items = [stride(number, 5.0, cadence_spm=160.0 + 0.2 * number) for number in range(100)]
    assert cues_of(list(items)) == cues_of(strides([5.0] * 100))


@pytest.mark.parametrize(
    ("baseline_deg", "target_deg"),
    [(-2.0, 6.0), (2.9, 6.0), (5.0, 8.0), (9.9, 12.9), (10.0, 10.0), (12.0, 12.0), (19.0, 14.0)],
)
def test_the_target_follows_from_the_baseline(baseline_deg: float, target_deg: float) -> None:
    assert target_from_baseline(baseline_deg, PARAMS) == pytest.approx(target_deg)


def test_the_baseline_is_the_median_of_the_first_minute_of_steady_running() -> None:
    rule = CuePolicy(None, PARAMS)
    leans = [0.0] * 15 + [5.0 + 0.01 * number for number in range(100)]
    known_s = None
    for item in strides(leans):
        assert known_s is not None or not rule.push(item)
        if known_s is None and rule.target_deg is not None:
            assert isinstance(item, LeanState)
            known_s = item.end_s
    assert known_s == pytest.approx(10.0 + 60.0, abs=2 * STRIDE_S)
    assert rule.target_deg == pytest.approx(median(leans[15:101]) + 3.0, abs=0.02)


def test_no_increase_is_proposed_to_who_leans_by_10_degrees_already() -> None:
    policy = CuePolicy(None)
    assert not given_by(policy, strides([10.4, 10.2, 10.0] * 60))
    assert policy.target_deg == 10.2
    assert policy.lean_band_deg == pytest.approx((10.2 - 1.75, 16.2))


def test_a_lean_that_varies_much_from_stride_to_stride_widens_the_dead_band() -> None:
    def low_deg(leans_deg: list[float]) -> float:
        policy = CuePolicy(None)
        given_by(policy, strides(leans_deg))
        assert policy.lean_band_deg is not None
        assert policy.target_deg is not None
        return policy.target_deg - policy.lean_band_deg[0]

    random = Random(1)
    calm, loose = ([5.0 + random.gauss(0.0, sd) for _ in range(120)] for sd in (1.0, 1.5))
    drifting = [4.0 + number / 60.0 for number in range(120)]
    assert low_deg(calm) == low_deg(drifting) == 1.75
    assert low_deg(loose) == pytest.approx(2.75 * 1.5 / 2.0, rel=0.2)
    assert low_deg([5.0 + 3.0 * (lean - 5.0) for lean in loose]) == 2.5


def test_the_baseline_is_gathered_across_interruptions() -> None:
    rule = CuePolicy(None, PARAMS)
    for bout in range(4):
        for item in strides([5.0] * 60, first=100 * bout):
            rule.push(item)
        rule.push(gap((100 * bout + 60) * STRIDE_S))
    assert rule.target_deg == 8.0


def test_a_runner_of_unknown_target_is_cued_once_it_is_known() -> None:
    cues = cues_of(strides([7.0] * 110 + [7.0 - 4.0] * 30), None)
    assert cues
    assert cues[0].threshold == pytest.approx(8.5)


def test_the_target_is_known_at_once_when_given() -> None:
    assert CuePolicy(9.0).target_deg == 9.0
    assert CuePolicy(None).target_deg is None


@pytest.mark.parametrize("target_deg", [float("nan"), float("inf")])
def test_a_target_must_be_a_number(target_deg: float) -> None:
    with pytest.raises(ValueError, match="target_deg"):
        CuePolicy(target_deg)


def test_smoothing_is_the_mean_of_the_last_strides() -> None:
    leans = [10.0] * 40 + [5.0, 6.0, 7.0, 8.0] * 3
    (cue,) = cues_of(strides(leans))
    count = round((cue.t_s - KNOWN_LATER_S) / STRIDE_S)
    assert cue.value == pytest.approx(fmean(leans[count - 4 : count]))


def test_a_return_is_praised_once_and_told() -> None:
    items = strides([10.0] * 40 + [5.0] * 14 + [10.0] * 30)
    cue, praise = cues_of(items)
    assert (praise.kind, praise.cause) == (CueKind.LEAN_GOOD, CueCause.BACK_IN_BAND)
    assert praise.value >= praise.threshold == 9.25
    (reaction,) = reactions_of(items)
    assert (reaction.t_s, reaction.cue_s) == (praise.t_s, cue.t_s)
    assert (reaction.kind, reaction.answer) == (CueKind.LEAN_MORE, Answer.RETURNED)
    assert reaction.strides == round((praise.t_s - cue.t_s) / STRIDE_S)


def test_praise_comes_at_most_once_in_its_interval_and_advice_starts_anew() -> None:
    cues = cues_of(strides([10.0] * 40 + ([5.0] * 20 + [10.0] * 20) * 8))
    praised_s = [cue.t_s for cue in cues if cue.kind.is_praise]
    assert len(praised_s) >= 3
    assert all(later - before >= 60.0 for before, later in pairwise(praised_s))
    assert {cue.level for cue in cues} == {1}


def test_a_return_that_goes_beyond_the_target_is_not_praised() -> None:
    items = strides([10.0] * 40 + [5.0] * 14 + [40.0] * 2 + [13.0] * 10)
    assert not any(cue.kind.is_praise for cue in cues_of(items))
    assert [reaction.answer for reaction in reactions_of(items)] == [Answer.RETURNED]


@pytest.mark.parametrize("name", sorted(INTERRUPTIONS.keys() - {"two short gaps in one stride"}))
def test_advice_is_broken_off_by_an_interruption(name: str) -> None:
    items = strides([10.0] * 40 + [5.0] * 20) + INTERRUPTIONS[name] + strides([5.0] * 5, first=65)
    assert [reaction.answer for reaction in reactions_of(items)] == [Answer.BROKEN_OFF]


def test_advice_without_answer_is_told_when_it_is_given_again() -> None:
    items = strides([10.0] * 40 + [5.0] * 35)
    first, second = cues_of(items)
    (reaction,) = reactions_of(items)
    assert (reaction.cue_s, reaction.t_s) == (first.t_s, second.t_s)
    assert reaction.answer is Answer.NONE


def test_every_advice_has_its_answer_also_at_the_end() -> None:
    policy = CuePolicy(10.0)
    given = given_by(policy, strides([10.0] * 40 + [5.0] * 20))
    assert [type(output) for output in given] == [Cue]
    (reaction,) = policy.finish()
    assert isinstance(reaction, CueReaction)
    assert reaction.answer is Answer.BROKEN_OFF
    assert reaction.t_s == 60 * STRIDE_S + KNOWN_LATER_S
    assert not policy.finish()


def test_leaning_too_far_has_its_own_cue() -> None:
    (cue, *_) = cues_of(strides([10.0] * 40 + [18.0] * 20))
    assert (cue.kind, cue.threshold) == (CueKind.LEAN_LESS, 16.0)
    assert cue.value > cue.threshold
    assert cues_of(strides([14.9] * 60), 6.0) == []
    assert cues_of(strides([15.1] * 60), 6.0)[0].kind is CueKind.LEAN_LESS


QUICK = CueParams(cadence_increase=0.05)


def at_cadence(spm: float, lean_deg: float, first: int, count: int) -> list[Item]:
    return [stride(first + n, lean_deg, cadence_spm=spm) for n in range(count)]


def test_cadence_is_cued_relative_to_the_baseline_and_only_when_asked_for() -> None:
    steady = at_cadence(160.0, 10.0, 0, 140)
    assert not cues_of(steady)
    (cue, *_) = cues_of(steady, params=QUICK)
    assert (cue.kind, cue.value) == (CueKind.CADENCE_MORE, pytest.approx(160.0))
    assert cue.threshold == pytest.approx(160.0 * 1.05 * 0.98)
    assert cue.t_s > 70.0
    faster = steady + at_cadence(168.0, 10.0, 140, 20)
    assert [cue.kind for cue in cues_of(faster, params=QUICK)][-1] is CueKind.CADENCE_GOOD


def test_while_lean_is_wanting_nothing_is_said_of_cadence() -> None:
    low = at_cadence(160.0, 10.0, 0, 98) + at_cadence(160.0, 5.0, 98, 200)
    assert {cue.kind for cue in cues_of(low, params=QUICK)} == {CueKind.LEAN_MORE}


def test_switched_off_nothing_is_said_but_the_target_is_learnt() -> None:
    policy = CuePolicy(None, CueParams(enabled=False))
    assert not given_by(policy, strides([5.0] * 120 + [0.0] * 100))
    assert policy.target_deg == 8.0


def test_nothing_is_said_in_the_blocks_that_are_off() -> None:
    programme = Programme(session=6, minutes=20.0, block_s=60.0)
    params = CueParams(programme=programme, unanswered_cues=30, back_off_s=0.0)
    cues = cues_of(strides([5.0] * 2000), params=params)
    begun_s = 15 * STRIDE_S
    assert len(cues) > 15
    assert all(cues_are_on(programme, cue.t_s - begun_s) for cue in cues)
    assert max(cue.t_s for cue in cues) - begun_s < 17 * 60.0


@given(
    programme=st.builds(
        Programme,
        session=st.integers(1, 12),
        minutes=st.floats(5.0, 60.0),
        block_s=st.floats(60.0, 120.0),
    ),
    running_s=st.floats(0.0, 5000.0),
)
def test_a_programme_ends_each_session_in_silence(programme: Programme, running_s: float) -> None:
    assert cues_are_on(Programme(), running_s)
    if running_s >= 60.0 * programme.minutes - programme.silent_s:
        assert not cues_are_on(programme, running_s)


@pytest.mark.parametrize(("session", "blocks"), [(1, 100), (3, 85), (4, 70), (8, 10), (20, 10)])
def test_cues_fade_from_session_to_session(session: int, blocks: int) -> None:
    programme = Programme(session, minutes=1000.0, block_s=60.0)
    on = [cues_are_on(programme, 60.0 * block + 30.0) for block in range(100)]
    assert sum(on) == blocks
    assert on[0]


def test_there_is_no_way_to_advice_but_from_out_of_band() -> None:
    for phase, ways in NEXT.items():
        assert set(Reading) <= ways.keys()
        assert ways[Happening.DOUBT] is Phase.UNKNOWN
        assert (Happening.ADVICE in ways) == (phase in (Phase.OUT, Phase.CUED))
