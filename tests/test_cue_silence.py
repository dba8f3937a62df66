"""Over any run: never a cue on doubtful ground, and never more of them than the cap.

The runs are put together from pieces. Whoever lays a piece notes when it makes silence, of which
sensor; so the judge knows the truth of the run and asks nothing of the policy but its cues.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from striding import CHEST, LEFT, RIGHT, foot_stride, gap, lost, trunk_stride

from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import PRESETS, STANDARD, Preset
from imu_stream.cueing.rules import CuePolicy
from imu_stream.datatypes import (
    FEET,
    Cue,
    CueKind,
    LeanState,
    LinkState,
    Mark,
    MarkKind,
    Notice,
    NoticeKind,
    Placement,
    Stride,
    StrikeType,
)
from imu_stream.datatypes import Gap as Missing

SENSORS = (CHEST, LEFT, RIGHT)
TARGET_DEG = 10.0
Item = LeanState | Stride | Missing | LinkState | Notice | Mark


class Kind(StrEnum):
    """What is the matter with a piece of the run."""

    PLAIN = "plain"
    SMALL_GAP = "small gap"
    """Too short to matter."""
    GAP = "gap"
    LOST = "lost"
    SLIPPED = "slipped"
    UNCALIBRATED = "uncalibrated"
    NOT_A_NUMBER = "not a number"
    STALE = "stale"
    WALKING = "walking"
    STANDING = "standing"
    PAUSED = "paused"


@dataclass(frozen=True)
class Piece:
    """So many seconds of the run; shorter than 3 s it might hold no stride at all."""

    kind: Kind = Kind.PLAIN
    seconds: float = 30.0
    lean_deg: float = 4.0
    spm: float = 165.0
    strike: StrikeType = StrikeType.REARFOOT
    sensor: Placement = CHEST
    """Of a gap or a lost link."""


@dataclass(frozen=True)
class Silence:
    """No stride of the sensor in this span is ground for a cue."""

    sensor: Placement
    start_s: float
    end_s: float
    why: str


@dataclass
class Run:
    """Lays pieces one after the other."""

    params: CueParams
    noise: Random
    t_s: float = 5.0
    spm: float | None = None
    items: list[tuple[float, Item]] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    open: dict[Placement, tuple[float, str]] = field(default_factory=dict)
    """Silences that last until running begins again, and a blackout longer."""

    def __post_init__(self) -> None:
        self.fall_silent("start", 0.0)

    def fall_silent(self, why: str, at_s: float, *sensors: Placement) -> None:
        for sensor in sensors or SENSORS:
            self.open.setdefault(sensor, (at_s, why))

    def runs_again(self, sensor: Placement, at_s: float) -> None:
        if sensor in self.open:
            since_s, why = self.open.pop(sensor)
            end_s = at_s + self.params.start_blackout_s
            self.silences.append(Silence(sensor, since_s, end_s, why))

    def add(self, known_s: float, item: Item) -> None:
        self.items.append((known_s, item))

    def lay(self, piece: Piece) -> None:
        end_s = self.t_s + piece.seconds
        if self.spm is not None and piece.spm != self.spm:
            over_s = self.t_s + self.params.change_blackout_s
            self.silences += [Silence(s, self.t_s, over_s, "speed change") for s in SENSORS]
        self.spm = piece.spm
        from_s = self.disturb(piece, end_s)
        for sensor in SENSORS:
            self.lay_strides(piece, sensor, from_s.get(sensor, self.t_s), end_s)
        self.t_s = end_s + (3.0 if piece.kind is Kind.STALE else 0.0)
        if piece.kind is Kind.PAUSED:
            self.add(end_s, Mark(end_s, MarkKind.RESUME))

    def disturb(self, piece: Piece, end_s: float) -> dict[Placement, float]:
        """Notes the silence a piece makes; from when on there are strides, where that is later."""
        at_s, sensor = self.t_s, piece.sensor
        match piece.kind:
            case Kind.SMALL_GAP:
                self.add(at_s + 0.15, gap(at_s + 0.1, sensor, 0.04))
            case Kind.GAP:
                missing = gap(at_s, sensor, self.noise.uniform(0.11, 3.0))
                self.add(missing.end_s + 0.05, missing)
                self.fall_silent("gap", at_s, sensor)
                return {sensor: missing.end_s}
            case Kind.LOST:
                self.add(at_s, lost(at_s, sensor))
                self.fall_silent("lost", at_s, sensor)
            case Kind.SLIPPED:
                self.add(at_s, Notice(at_s, CHEST, NoticeKind.SLIPPED))
                self.fall_silent("slipped", at_s, CHEST)
            case Kind.UNCALIBRATED | Kind.NOT_A_NUMBER:
                self.fall_silent(piece.kind, at_s, CHEST)
                # the foot's angle stays in doubt no longer than its landings do
                self.silences += [Silence(foot, at_s, end_s, piece.kind) for foot in FEET]
            case Kind.STALE | Kind.WALKING | Kind.STANDING:
                self.fall_silent(piece.kind, at_s)
            case Kind.PAUSED:
                self.add(at_s, Mark(at_s, MarkKind.PAUSE))
                self.fall_silent("paused", at_s)
        return {}

    def lay_strides(self, piece: Piece, sensor: Placement, from_s: float, end_s: float) -> None:
        stride_s = 120.0 / (115.0 if piece.kind is Kind.WALKING else piece.spm)
        start_s = from_s + (0.5 * stride_s if sensor is RIGHT else 0.0)
        while piece.kind is not Kind.STANDING:
            lasts_s = stride_s * self.noise.uniform(0.99, 1.01)
            if start_s + lasts_s > end_s:
                break
            made = self.stride(piece, sensor, start_s, lasts_s)
            if made is not None:
                self.add(made.known_s, made)
            start_s += lasts_s

    def stride(
        self, piece: Piece, sensor: Placement, start_s: float, stride_s: float
    ) -> LeanState | Stride | None:
        is_good = piece.kind in (Kind.PLAIN, Kind.SMALL_GAP, Kind.GAP, Kind.LOST)
        if sensor is CHEST:
            lean_deg = piece.lean_deg + self.noise.gauss(0.0, 0.8)
            if is_good:
                self.runs_again(sensor, start_s)
            return self.spoilt(piece.kind, trunk_stride(start_s, lean_deg, stride_s))
        if piece.kind is Kind.WALKING:
            return None
        sure = piece.kind not in (Kind.UNCALIBRATED, Kind.NOT_A_NUMBER)
        if is_good or piece.kind is Kind.SLIPPED or not sure:
            self.runs_again(sensor, start_s)
        confidence = self.noise.uniform(0.8, 1.0) if sure else self.noise.uniform(0.0, 0.79)
        made = foot_stride(sensor, start_s, piece.strike, confidence, stride_s)
        return replace(made, known_s=made.ic_s + 3.0) if piece.kind is Kind.STALE else made

    def spoilt(self, kind: Kind, stride: LeanState) -> LeanState:
        match kind:
            case Kind.UNCALIBRATED | Kind.SLIPPED:
                return replace(stride, valid=False, confidence=0.0)
            case Kind.NOT_A_NUMBER:
                return replace(stride, lean_deg=float("nan"))
            case Kind.STALE:
                return replace(stride, known_s=stride.end_s + 2.6)
        return stride

    def finished(self) -> list[Item]:
        """All items in the order in which they become known."""
        for sensor, (since_s, why) in self.open.items():
            self.silences.append(Silence(sensor, since_s, float("inf"), why))
        return [item for _, item in sorted(self.items, key=lambda one: one[0])]


def run_of(pieces: Sequence[Piece], params: CueParams, seed: int = 0) -> tuple[Run, list[Item]]:
    run = Run(params, Random(seed))
    for piece in pieces:
        run.lay(piece)
    return run, run.finished()


@dataclass
class Judge:
    """Holds the cues of a run to what is known of it."""

    params: CueParams
    silences: Sequence[Silence]
    times_s: list[float] = field(default_factory=list)
    seen: dict[Placement, list[LeanState | Stride]] = field(
        default_factory=lambda: {sensor: [] for sensor in SENSORS}
    )

    def hear(self, item: Item, cues: Sequence[Cue]) -> None:
        if isinstance(item, LeanState | Stride):
            sensor = CHEST if isinstance(item, LeanState) else item.foot
            self.seen[sensor].append(item)
        assert len(cues) <= 1
        for cue in cues:
            assert isinstance(item, LeanState | Stride), "a cue without a stride"
            assert cue.t_s == item.known_s
            self.times_s.append(cue.t_s)
            self.check_ground(cue, item)
            self.check_value(cue)
        self.check_cap()

    def check_ground(self, cue: Cue, stride: LeanState | Stride) -> None:
        if isinstance(stride, LeanState):
            sensor, start_s, end_s = CHEST, stride.start_s, stride.end_s
        else:
            sensor, end_s = stride.foot, stride.ic_s
            start_s = end_s - stride.stride_time_s
        assert cue.placement is sensor
        for silence in self.silences:
            if silence.sensor is sensor:
                is_within = start_s < silence.end_s - 1e-6 and end_s > silence.start_s + 1e-6
                assert not is_within, silence

    def check_value(self, cue: Cue) -> None:
        """What a cue says is the mean of the last strides of its own sensor."""
        strides = self.seen[cue.placement]
        if cue.placement is CHEST:
            leans = [s.lean_deg for s in strides if isinstance(s, LeanState)][-4:]
            assert cue.value == pytest.approx(sum(leans) / 4)
        else:
            last = [s.strike for s in strides if isinstance(s, Stride)][-10:]
            wrong = [s for s in last if s.confidence >= 0.8 and s.strike_type != "forefoot"]
            assert cue.value == pytest.approx(10.0 * len(wrong))
            assert (cue.value > 60.0) == (cue.kind is CueKind.STRIKE_CHANGE)

    def check_cap(self) -> None:
        latest = [t_s for t_s in self.times_s if max(self.times_s) - t_s <= 60.0]
        assert len(latest) <= self.params.cap_per_minute


def judged(
    pieces: Sequence[Piece],
    params: CueParams,
    played: CueParams | None = None,
    *,
    target_deg: float | None = TARGET_DEG,
    seed: int = 0,
) -> list[Cue]:
    """The cues of a run by a policy of numbers `played`, held to the rules of `params`."""
    run, items = run_of(pieces, params, seed)
    policy, judge = CuePolicy(target_deg, played or params), Judge(params, run.silences)
    given: list[Cue] = []
    for item in items:
        cues = [output for output in policy.push(item) if isinstance(output, Cue)]
        judge.hear(item, cues)
        given += cues
    return given


def with_strike(params: CueParams) -> CueParams:
    return replace(params, strike=WantedStrike.FOREFOOT)


pieces_of_any_kind = st.builds(
    Piece,
    st.sampled_from(Kind),
    st.floats(3.0, 60.0),
    st.sampled_from([4.0, 8.0, 10.0, 19.0]),
    st.sampled_from([150.0, 168.0, 188.0]),
    st.sampled_from([StrikeType.REARFOOT, StrikeType.FOREFOOT]),
    st.sampled_from(SENSORS),
)


@pytest.mark.parametrize("preset", Preset)
@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(pieces_of_any_kind, min_size=1, max_size=12),
    target_deg=st.sampled_from([TARGET_DEG, None]),
    strikes=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_no_cue_on_doubtful_ground_and_never_more_than_the_cap(
    preset: Preset, pieces: list[Piece], target_deg: float | None, strikes: bool, seed: int
) -> None:
    params = with_strike(PRESETS[preset]) if strikes else PRESETS[preset]
    cues = judged(pieces, params, target_deg=target_deg, seed=seed)
    if preset is Preset.OFF:
        assert not cues
    if not strikes:
        assert all(cue.placement is CHEST for cue in cues)


@pytest.mark.parametrize("preset", [preset for preset in Preset if preset is not Preset.OFF])
def test_such_runs_do_bring_cues_of_every_kind(preset: Preset) -> None:
    good = Piece(lean_deg=TARGET_DEG, strike=StrikeType.FOREFOOT, seconds=70.0)
    wrong = [
        replace(good, strike=StrikeType.REARFOOT, seconds=25.0),
        replace(good, lean_deg=4.0, seconds=25.0),
        replace(good, lean_deg=22.0, seconds=25.0),
    ]
    runs = [[good, piece, good] for piece in wrong]
    kinds = {cue.kind for run in runs for cue in judged(run, with_strike(PRESETS[preset]))}
    assert kinds >= {
        CueKind.LEAN_MORE,
        CueKind.LEAN_LESS,
        CueKind.LEAN_GOOD,
        CueKind.STRIKE_CHANGE,
        CueKind.STRIKE_GOOD,
    }


LAWLESS = replace(
    STANDARD,
    minimum_interval_s=1.0,
    response_wait_s=0.0,
    persistence_strides=1,
    levels=10,
    unanswered_cues=100,
    back_off_s=0.0,
)
"""Speaks at once, so that what alone keeps it silent shows."""


@pytest.mark.parametrize(
    ("kind", "played"),
    [
        (Kind.PLAIN, replace(LAWLESS, start_blackout_s=0.0)),
        (Kind.LOST, replace(LAWLESS, start_blackout_s=0.0)),
        (Kind.PAUSED, replace(LAWLESS, start_blackout_s=0.0)),
        (Kind.SLIPPED, replace(LAWLESS, start_blackout_s=0.0)),
        (Kind.GAP, replace(LAWLESS, gap_s=10.0, stale_s=5.0)),
        (Kind.STALE, replace(LAWLESS, stale_s=5.0)),
        (Kind.WALKING, replace(LAWLESS, cadence_min_spm=100.0, cadence_change=1.0)),
        (Kind.STANDING, replace(LAWLESS, stale_s=60.0)),
    ],
)
def test_the_judge_hears_a_policy_that_breaks_the_rule(kind: Kind, played: CueParams) -> None:
    pieces = [Piece(seconds=20.0), Piece(kind, seconds=8.0), Piece(seconds=20.0)]
    with pytest.raises(AssertionError):
        judged(pieces, replace(LAWLESS, cap_per_minute=1000), replace(played, cap_per_minute=1000))


def test_the_judge_hears_a_policy_that_does_not_wait_after_a_change_of_speed() -> None:
    free = replace(LAWLESS, cap_per_minute=1000)
    pieces = [Piece(seconds=20.0, spm=150.0), Piece(seconds=20.0, spm=188.0)]
    with pytest.raises(AssertionError, match="speed change"):
        judged(pieces, free, replace(free, cadence_change=1.0))


def test_the_judge_counts_the_cues_of_each_minute() -> None:
    with pytest.raises(AssertionError):
        judged([Piece(seconds=120.0)], LAWLESS, replace(LAWLESS, cap_per_minute=20))
