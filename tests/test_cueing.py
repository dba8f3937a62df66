"""The rule of the lean cue: rarely, with reason, and never on doubtful ground."""

from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.cueing.rules import CueParams, LeanCue, target_from_baseline
from imu_stream.datatypes import (
    Cue,
    CueKind,
    Gap,
    GapReason,
    LeanState,
    LinkPhase,
    LinkState,
    Placement,
)

CHEST = Placement.CHEST
PARAMS = CueParams()
STRIDE_S = 0.7
KNOWN_LATER_S = 0.3

Item = LeanState | Gap | LinkState


def stride(number: int, lean_deg: float, **changes: float | bool) -> LeanState:
    start_s = number * STRIDE_S
    end_s = start_s + STRIDE_S
    state = LeanState(
        start_s,
        end_s,
        lean_deg,
        side_lean_deg=0.0,
        cadence_spm=120.0 / STRIDE_S,
        vertical_oscillation_m=0.08,
        valid=True,
        confidence=0.99,
        known_s=end_s + KNOWN_LATER_S,
    )
    return replace(state, **changes)  # type: ignore[arg-type]


def strides(leans_deg: list[float], first: int = 0) -> list[Item]:
    return [stride(first + number, lean) for number, lean in enumerate(leans_deg)]


def gap(at_s: float, placement: Placement = CHEST, seconds: float = 0.2) -> Gap:
    return Gap(placement, at_s, at_s + seconds, GapReason.LOST, 40)


def lost(at_s: float, placement: Placement = CHEST) -> LinkState:
    return LinkState(at_s, placement, LinkPhase.LOST)


def cues_of(items: list[Item], target_deg: float | None = 10.0) -> list[Cue]:
    rule = LeanCue(target_deg)
    return [cue for item in items for cue in rule.push(item)]


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
    assert not cues_of(strides([18.0 + noise for noise in seed]))


def test_a_short_dip_is_not_cued() -> None:
    assert not cues_of(strides([10.0] * 60 + [4.0] * 2 + [10.0] * 60))


def test_a_runner_who_stays_below_is_cued_every_interval() -> None:
    times = [cue.t_s for cue in cues_of(strides([5.0] * 150))]
    steps = [later - before for before, later in pairwise(times)]
    assert len(times) >= 6
    assert all(12.0 <= step < 12.0 + STRIDE_S for step in steps)


def test_only_a_good_stride_starts_counting_anew() -> None:
    # below is less than 8.5, good is 9.25 and more
    dips = [5.0] * 2 + [12.0] * 6
    assert not cues_of(strides([10.0] * 40 + dips * 12))
    hovering = [10.0] * 40 + [8.3] * 7 + [9.0] * 1 + [8.3] * 4
    assert len(cues_of(strides(hovering))) == 1


def test_no_cue_while_within_the_hysteresis() -> None:
    for cue in cues_of(strides([10.0] * 40 + ([8.3] * 5 + [9.0] * 5) * 12)):
        assert cue.value < cue.threshold


def test_strides_too_early_to_be_an_answer_do_not_count() -> None:
    params = CueParams(minimum_interval_s=0.0, response_wait_s=6.0)
    rule = LeanCue(10.0, params)
    times = [cue.t_s for item in strides([5.0] * 60) for cue in rule.push(item)]
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
]


@given(
    extra=st.lists(st.tuples(st.integers(0, 100), st.sampled_from(UNRELATED)), max_size=30),
    leans=st.lists(st.floats(3.0, 12.0), min_size=60, max_size=100),
)
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


@dataclass
class Watch:
    """Follows a run beside the rule and knows when it must be silent."""

    blackout_end_s: float = float("inf")
    last_end_s: float | None = None

    def follow(self, item: Item) -> None:
        if not isinstance(item, LeanState):
            if item.placement is CHEST and not (
                isinstance(item, LinkState) and item.phase is not LinkPhase.LOST
            ):
                self.last_end_s = None
            return
        if not item.valid or not 130.0 <= item.cadence_spm <= 220.0:
            self.last_end_s = None
            return
        if self.last_end_s is None or item.start_s - self.last_end_s > 2.0:
            self.blackout_end_s = item.start_s + PARAMS.start_blackout_s
        self.last_end_s = item.end_s


@st.composite
def runs(draw: st.DrawFn) -> list[Item]:
    """A run with anything that may happen in it, mostly below the target."""
    items: list[Item] = []
    number = 0
    for _ in range(draw(st.integers(1, 8))):
        lean = draw(st.sampled_from([4.0, 8.4, 9.0, 11.0]))
        count = draw(st.integers(1, 60))
        items += strides([lean] * count, first=number)
        number += count
        at_s = number * STRIDE_S
        number += draw(st.sampled_from([0, 0, 1, 4]))
        items += draw(
            st.sampled_from(
                [[], [gap(at_s)], [lost(at_s)], [stride(number, lean, valid=False)], UNRELATED]
            )
        )
        number += 1
    return items


@settings(max_examples=300)
@given(items=runs(), target_deg=st.sampled_from([9.0, 10.0, 12.0, None]))
def test_every_cue_keeps_the_rules(items: list[Item], target_deg: float | None) -> None:
    rule, watch = LeanCue(target_deg), Watch()
    last_s = float("-inf")
    for item in items:
        cues = rule.push(item)
        watch.follow(item)
        for cue in cues:
            assert isinstance(item, LeanState)
            assert item.valid
            assert rule.target_deg is not None
            assert cue.t_s == item.known_s
            assert cue.t_s - last_s >= PARAMS.minimum_interval_s
            assert item.start_s >= watch.blackout_end_s
            assert cue.value < cue.threshold == rule.target_deg - PARAMS.dead_band_deg
            last_s = cue.t_s
        assert len(cues) <= 1


@pytest.mark.parametrize(
    ("baseline_deg", "target_deg"),
    [(-2.0, 6.0), (2.9, 6.0), (5.0, 8.0), (9.9, 12.9), (10.0, 10.0), (12.0, 12.0), (19.0, 14.0)],
)
def test_the_target_follows_from_the_baseline(baseline_deg: float, target_deg: float) -> None:
    assert target_from_baseline(baseline_deg, PARAMS) == pytest.approx(target_deg)


def test_the_baseline_is_the_median_of_the_first_minute_of_steady_running() -> None:
    rule = LeanCue(None)
    leans = [0.0] * 15 + [5.0 + 0.01 * number for number in range(100)]
    known_s = None
    for item in strides(leans):
        assert known_s is not None or not rule.push(item)
        if known_s is None and rule.target_deg is not None:
            assert isinstance(item, LeanState)
            known_s = item.end_s
    assert known_s == pytest.approx(10.0 + 60.0, abs=2 * STRIDE_S)
    assert rule.target_deg == pytest.approx(median(leans[15:101]) + 3.0, abs=0.02)


def test_the_baseline_is_gathered_across_interruptions() -> None:
    rule = LeanCue(None)
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
    assert LeanCue(9.0).target_deg == 9.0
    assert LeanCue(None).target_deg is None


@pytest.mark.parametrize("target_deg", [float("nan"), float("inf")])
def test_a_target_must_be_a_number(target_deg: float) -> None:
    with pytest.raises(ValueError, match="target_deg"):
        LeanCue(target_deg)


def test_smoothing_is_the_mean_of_the_last_strides() -> None:
    leans = [10.0] * 40 + [5.0, 6.0, 7.0, 8.0] * 3
    (cue,) = cues_of(strides(leans))
    count = round((cue.t_s - KNOWN_LATER_S) / STRIDE_S)
    assert cue.value == pytest.approx(fmean(leans[count - 4 : count]))
