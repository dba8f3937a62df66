"""Cues about how a foot lands: only when asked for, only when sure, one target at a time."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from chaos_session import chaos_session
from striding import CHEST, LEFT, RIGHT, STRIDE_S, foot_stride, gap, lost, stride

from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.cli.view import cue_text
from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.rules import CuePolicy
from imu_stream.datatypes import (
    FEET,
    Answer,
    Cue,
    CueCause,
    CueKind,
    CueReaction,
    Gap,
    LeanState,
    LinkState,
    Notice,
    NoticeKind,
    Placement,
    Stride,
    StrikeType,
    Technique,
)
from imu_stream.pipeline import Pipeline

REAR, MID, FORE = StrikeType.REARFOOT, StrikeType.MIDFOOT, StrikeType.FOREFOOT
FOREFOOT = CueParams(strike=WantedStrike.FOREFOOT)
Item = Stride | LeanState | Gap | LinkState | Notice


def landings(
    foot: Placement, strikes: Sequence[StrikeType], first: int = 0, confidence: float = 0.95
) -> list[Item]:
    return [
        foot_stride(foot, (first + number) * STRIDE_S, strike, confidence)
        for number, strike in enumerate(strikes)
    ]


def leans(lean_deg: float, count: int) -> list[Item]:
    return [stride(number, lean_deg) for number in range(count)]


def together(*streams: Sequence[Item]) -> list[Item]:
    """Of several sensors, in the order in which they become known."""
    return sorted((item for items in streams for item in items), key=known_s)


def known_s(item: Item) -> float:
    if isinstance(item, Gap):
        return item.end_s
    return item.known_s if isinstance(item, Stride | LeanState) else item.t_s


def given_by(
    items: Sequence[Item], params: CueParams = FOREFOOT, target_deg: float | None = 10.0
) -> list[Cue | CueReaction]:
    policy = CuePolicy(target_deg, params)
    return [output for item in items for output in policy.push(item)]


def cues_of(
    items: Sequence[Item], params: CueParams = FOREFOOT, target_deg: float | None = 10.0
) -> list[Cue]:
    return [o for o in given_by(items, params, target_deg) if isinstance(o, Cue)]


@pytest.mark.parametrize("foot", FEET)
def test_a_foot_that_lands_otherwise_than_wanted_is_cued(foot: Placement) -> None:
    (cue, *_) = cues_of(landings(foot, [FORE] * 40 + [REAR] * 12))
    assert (cue.kind, cue.placement) == (CueKind.STRIKE_CHANGE, foot)
    assert cue.value > cue.threshold == FOREFOOT.strike_wrong_percent
    assert cue.technique is Technique.FOREFOOT_WITH_LEAN
    changed_s = 41 * STRIDE_S
    assert cue.t_s <= changed_s + FOREFOOT.over_persistence_strides * STRIDE_S


def test_without_a_wish_nothing_is_said_of_landings() -> None:
    assert not cues_of(landings(LEFT, [REAR] * 300), CueParams())


@pytest.mark.parametrize(
    ("wanted", "right"),
    [
        (WantedStrike.REARFOOT, {REAR}),
        (WantedStrike.MIDFOOT, {MID}),
        (WantedStrike.FOREFOOT, {FORE}),
        (WantedStrike.OFF_HEEL, {MID, FORE}),
    ],
)
def test_each_wish_has_its_strike_types(wanted: WantedStrike, right: set[StrikeType]) -> None:
    for strike in (REAR, MID, FORE):
        cues = cues_of(landings(RIGHT, [strike] * 60), CueParams(strike=wanted))
        assert bool(cues) == (strike not in right)


def test_uncertain_landings_never_count_as_wrong() -> None:
    just_unsure = FOREFOOT.strike_confidence - 0.01
    assert not cues_of(landings(LEFT, [REAR] * 300, confidence=just_unsure))
    assert not cues_of(landings(LEFT, [StrikeType.UNKNOWN] * 300, confidence=1.0))
    sure, unsure = landings(LEFT, [REAR] * 300), landings(LEFT, [REAR] * 300, confidence=0.5)
    half = [(sure if number % 2 else unsure)[number] for number in range(300)]
    assert not cues_of(half)  # 50 % of all are surely wrong
    most = [(sure if number % 4 else unsure)[number] for number in range(300)]
    assert cues_of(most)


def test_landings_that_become_uncertain_are_not_praised() -> None:
    items = landings(LEFT, [REAR] * 40) + landings(LEFT, [REAR] * 60, 40, confidence=0.4)
    cues = cues_of(items)
    assert {cue.kind for cue in cues} == {CueKind.STRIKE_CHANGE}
    assert max(cue.t_s for cue in cues) < 41 * STRIDE_S


def test_a_change_of_the_landing_is_praised() -> None:
    given = given_by(landings(LEFT, [FORE] * 30 + [REAR] * 12 + [FORE] * 30))
    cue, praise = (output for output in given if isinstance(output, Cue))
    (reaction,) = (output for output in given if isinstance(output, CueReaction))
    assert (praise.kind, praise.cause) == (CueKind.STRIKE_GOOD, CueCause.BACK_IN_BAND)
    assert praise.placement is LEFT
    assert (reaction.answer, reaction.cue_s) == (Answer.RETURNED, cue.t_s)


def test_a_foot_speaks_for_itself_alone() -> None:
    items = together(landings(LEFT, [FORE] * 60), landings(RIGHT, [FORE] * 30 + [REAR] * 30))
    assert {cue.placement for cue in cues_of(items)} == {RIGHT}


def test_one_target_at_a_time_and_lean_goes_before_landings() -> None:
    heels = landings(LEFT, [REAR] * 100)
    assert {cue.kind for cue in cues_of(together(heels, leans(5.0, 100)))} == {CueKind.LEAN_MORE}
    kinds = {cue.kind for cue in cues_of(together(heels, leans(10.0, 100)))}
    assert kinds == {CueKind.STRIKE_CHANGE}


def test_after_advice_about_lean_a_foot_waits_too() -> None:
    back_in_band = [*leans(5.0, 40), *(stride(n, 10.0) for n in range(40, 100))]
    cues = cues_of(together(back_in_band, landings(LEFT, [REAR] * 100)))
    advice = [cue for cue in cues if not cue.kind.is_praise]
    assert {cue.kind for cue in advice} == {CueKind.LEAN_MORE, CueKind.STRIKE_CHANGE}
    for before, later in pairwise(advice):
        assert later.t_s - before.t_s >= FOREFOOT.minimum_interval_s


def interruptions(foot: Placement, at_s: float) -> list[Item]:
    return [gap(at_s, foot), lost(at_s, foot), Notice(at_s, foot, NoticeKind.WRONG_FOOT)]


@pytest.mark.parametrize("which", range(3))
def test_a_foot_s_own_stream_is_the_ground(which: int) -> None:
    before, after = landings(LEFT, [REAR] * 30), landings(LEFT, [REAR] * 40, 30)
    steady = cues_of(before + after)
    assert steady[0].t_s < 36 * STRIDE_S
    own = interruptions(LEFT, 30 * STRIDE_S)[which]
    cues = cues_of([*before, own, *after])
    assert cues[0].t_s > 30 * STRIDE_S + FOREFOOT.start_blackout_s
    for other in (CHEST, RIGHT):
        foreign = interruptions(other, 30 * STRIDE_S)[which]
        assert cues_of([*before, foreign, *after]) == steady


def test_a_foot_whose_strides_come_too_late_is_not_cued() -> None:
    late = [
        replace(item, known_s=item.ic_s + FOREFOOT.stale_s + 0.1)
        for item in landings(LEFT, [REAR] * 200)
        if isinstance(item, Stride)
    ]
    assert not cues_of(late)


def test_a_lost_chest_leaves_the_feet_their_cues_and_the_other_way_round() -> None:
    heels = landings(LEFT, [REAR] * 80)
    chest_lost = together(leans(5.0, 20), [lost(20 * STRIDE_S + 0.4)], heels)
    assert CueKind.STRIKE_CHANGE in {cue.kind for cue in cues_of(chest_lost)}
    foot_lost = together(leans(5.0, 80), heels[:20], [lost(20 * STRIDE_S + 0.4, LEFT)])
    assert {cue.kind for cue in cues_of(foot_lost)} == {CueKind.LEAN_MORE}


@pytest.mark.parametrize(
    ("wanted", "target_deg", "said"),
    [
        (WantedStrike.REARFOOT, 10.0, "heel strike"),
        (WantedStrike.FOREFOOT, 10.0, "forefoot with lean"),
        (WantedStrike.FOREFOOT, None, "forefoot with lean"),
        (WantedStrike.FOREFOOT, 4.0, "forefoot upright"),
        (WantedStrike.MIDFOOT, 10.0, "midfoot"),
    ],
)
def test_what_is_asked_for_is_a_technique(
    wanted: WantedStrike, target_deg: float | None, said: str
) -> None:
    wrong = FORE if wanted is WantedStrike.REARFOOT else REAR
    (cue, *_) = cues_of(landings(LEFT, [wrong] * 60), CueParams(strike=wanted), target_deg)
    reason = f"{said} wanted, left foot 100.0 % otherwise"
    assert cue_text(cue) == f"change how you land ({reason})"


def test_a_session_is_cued_for_how_the_feet_really_land() -> None:
    session = chaos_session(("capture2go", "capture2go", "movesense"), 60.0, 1, Faults())
    header = replace(session.header, target_deg=3.0, cues='[cues]\nstrike = "rearfoot"')
    pipeline = Pipeline(header)
    outputs = [output for item in session.items for output in pipeline.push(item)]
    (cue, *_) = (output for output in outputs if isinstance(output, Cue))
    assert (cue.kind, cue.technique) == (CueKind.STRIKE_CHANGE, Technique.HEEL_STRIKE)
    before = [o for o in outputs[: outputs.index(cue)] if isinstance(o, Stride)]
    last = [stride.strike for stride in before if stride.foot is cue.placement][-10:]
    wrong = [s for s in last if s.confidence >= 0.8 and s.strike_type is not REAR]
    assert cue.value == 10.0 * len(wrong)
    silent = Pipeline(replace(header, cues=""))
    assert not any(isinstance(o, Cue) for item in session.items for o in silent.push(item))
