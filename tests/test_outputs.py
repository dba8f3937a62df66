"""Outputs for cues: what fails or stalls holds up nothing else, and nothing comes late."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import VirtualTimeLoop

from imu_stream.datatypes import Cue, CueDelivery, CueKind, Outcome, Placement
from imu_stream.errors import OutputError
from imu_stream.sinks.outputs import Channel
from imu_stream.sinks.outputs.channel import CLOSE_S, OPEN_S
from imu_stream.sinks.outputs.haptic import felt_at

EXPIRY_S = 1.0
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Takes:
    """How an output does with one cue."""

    seconds: float = 0.0
    fails: bool = False


STALLS = Takes(1e6)
FAILS = Takes(fails=True)


@dataclass
class FakeOutput:
    """Does with each cue in turn what it is told, then takes all at once."""

    behaviour: Sequence[Takes] = ()
    opening: Sequence[Takes] = ()
    closing: Takes = Takes()
    name: str = "fake"
    given: list[float] = field(default_factory=list)
    """`t_s` of the cues that came out, in order."""
    opened: int = 0

    def __post_init__(self) -> None:
        self._turns = itertools.chain(self.behaviour, itertools.repeat(Takes()))
        self._openings = itertools.chain(self.opening, itertools.repeat(Takes()))

    async def __aenter__(self) -> Self:
        await self._do(next(self._openings))
        self.opened += 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._do(self.closing)

    async def deliver(self, cue: Cue) -> float:
        await self._do(next(self._turns))
        self.given.append(cue.t_s)
        return now_s()

    async def _do(self, turn: Takes) -> None:
        await asyncio.sleep(turn.seconds)
        if turn.fails:
            raise OutputError("broken")


@dataclass
class Told:
    """What a channel says."""

    deliveries: list[CueDelivery] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> dict[float, Outcome]:
        """By the `t_s` of the cue; one each."""
        assert len({each.cue_s for each in self.deliveries}) == len(self.deliveries)
        return {each.cue_s: each.outcome for each in self.deliveries}

    @asynccontextmanager
    async def channel(
        self, output: FakeOutput, accepts: Callable[[Cue], bool] = lambda cue: True
    ) -> AsyncIterator[Channel]:
        channel = Channel(
            output,
            now_s,
            on_delivery=self.deliveries.append,
            on_failure=self.failures.append,
            accepts=accepts,
        )
        async with channel:
            yield channel


def now_s() -> float:
    return asyncio.get_running_loop().time()


def cue(kind: CueKind = CueKind.LEAN_MORE, placement: Placement = Placement.CHEST) -> Cue:
    """Advice that is given now."""
    at_s = now_s()
    return Cue(at_s, kind, 5.0, 8.5, at_s + EXPIRY_S, placement=placement)


def in_virtual_time(work: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)


async def given_at(output: FakeOutput, *times_s: float, until_s: float = 20.0) -> Told:
    """Cues at those times, counted from when the output is open."""
    told = Told()
    async with told.channel(output) as channel:
        for at_s in times_s:
            await asyncio.sleep(at_s - now_s())
            channel.write(cue())
        await asyncio.sleep(until_s - now_s())
    return told


def test_a_cue_is_given_and_its_delivery_told() -> None:
    output = FakeOutput([Takes(0.25)])
    told = in_virtual_time(given_at(output, 1.0))
    assert told.deliveries == [CueDelivery(1.25, 1.0, CueKind.LEAN_MORE, "fake", Outcome.EMITTED)]
    assert (output.given, output.opened, told.failures) == ([1.0], 1, [])


def test_what_is_no_cue_or_not_for_it_is_passed_over() -> None:
    async def work() -> Told:
        told = Told()
        async with told.channel(FakeOutput(), lambda cue: not cue.kind.is_praise) as channel:
            channel.write(CueDelivery(0.0, 0.0, CueKind.LEAN_MORE, "other", Outcome.EMITTED))
            channel.write(cue(CueKind.LEAN_GOOD))
            await asyncio.sleep(1.0)
        return told

    assert in_virtual_time(work()).deliveries == []


def test_a_stalled_cue_expires_and_never_comes_late() -> None:
    output = FakeOutput([STALLS])
    told = in_virtual_time(given_at(output, 1.0, until_s=100.0))
    assert told.deliveries == [CueDelivery(2.0, 1.0, CueKind.LEAN_MORE, "fake", Outcome.EXPIRED)]
    assert output.given == []
    assert told.failures == ["fake: did not take a cue in time"]


def test_a_newer_cue_takes_the_place_of_the_one_that_waits() -> None:
    output = FakeOutput([Takes(0.5)])
    told = in_virtual_time(given_at(output, 1.0, 1.1, 1.2, 1.3))
    assert told.outcomes == {
        1.0: Outcome.EMITTED,
        1.1: Outcome.DISPLACED,
        1.2: Outcome.DISPLACED,
        1.3: Outcome.EMITTED,
    }
    assert [each.t_s for each in told.deliveries] == [1.2, 1.3, 1.5, 1.5]
    assert output.given == [1.0, 1.3]


def test_what_became_of_a_cue_is_never_told_within_write() -> None:
    """The session gives out this very cue at that moment; another order would not replay."""

    async def work() -> None:
        told = Told()
        async with told.channel(FakeOutput([STALLS])) as channel:
            for _ in range(3):
                channel.write(cue())
                assert told.deliveries == []

    in_virtual_time(work())


def test_a_cue_that_waited_too_long_is_not_begun() -> None:
    output = FakeOutput([STALLS])
    told = in_virtual_time(given_at(output, 1.0, 1.0 + 1e-9, 3.0))
    assert told.outcomes[3.0] is Outcome.EMITTED
    late = in_virtual_time(given_at(FakeOutput(opening=[Takes(3.0)]), 1.0))
    assert late.outcomes == {1.0: Outcome.EXPIRED}
    assert late.failures == []


def test_a_failure_is_said_once_and_again_after_it_has_worked() -> None:
    output = FakeOutput([FAILS, FAILS, Takes(), FAILS])
    told = in_virtual_time(given_at(output, 1.0, 2.0, 3.0, 4.0))
    failed, emitted = Outcome.FAILED, Outcome.EMITTED
    assert told.outcomes == {1.0: failed, 2.0: failed, 3.0: emitted, 4.0: failed}
    assert told.failures == ["fake: broken", "fake: broken"]
    assert output.opened == 3  # after a failure it is opened anew


def test_an_output_that_cannot_be_opened_is_tried_again_with_the_next_cue() -> None:
    output = FakeOutput(opening=[FAILS, FAILS])
    told = in_virtual_time(given_at(output, 1.0, 2.0))
    assert told.outcomes == {1.0: Outcome.FAILED, 2.0: Outcome.EMITTED}
    assert told.failures == ["fake: broken"]


def test_an_output_that_hangs_while_it_is_opened_is_told() -> None:
    told = in_virtual_time(given_at(FakeOutput(opening=[STALLS]), OPEN_S + 1.0))
    assert told.failures == [f"fake: could not be opened within {OPEN_S:g} s"]
    assert told.outcomes == {OPEN_S + 1.0: Outcome.EMITTED}


@pytest.mark.parametrize("closing", [Takes(), STALLS, FAILS])
@pytest.mark.parametrize("opening", [Takes(), STALLS, FAILS])
@pytest.mark.parametrize("delivering", [Takes(), STALLS, FAILS])
def test_the_end_is_prompt_and_every_cue_has_its_fate(
    closing: Takes, opening: Takes, delivering: Takes
) -> None:
    async def work() -> tuple[Told, float]:
        told = Told()
        output = FakeOutput([delivering], [opening], closing)
        async with told.channel(output) as channel:
            channel.write(cue())
            await asyncio.sleep(0.1)
            channel.write(cue())
            await asyncio.sleep(0.1)
            ending_s = now_s()
        return told, now_s() - ending_s

    told, took_s = in_virtual_time(work())
    assert took_s <= CLOSE_S + 1e-6
    assert sorted(told.outcomes) == pytest.approx([0.0, 0.1])


def test_an_output_that_will_not_be_cancelled_does_not_hold_up_the_end() -> None:
    class Stubborn(FakeOutput):
        async def deliver(self, cue: Cue) -> float:
            for _ in ("the end of the channel", "the cue's expiry"):
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(50.0)
            await asyncio.sleep(50.0)
            return now_s()

    async def work() -> float:
        async with Told().channel(Stubborn()) as channel:
            channel.write(cue())
            await asyncio.sleep(0.1)
            ending_s = now_s()
        return now_s() - ending_s

    assert in_virtual_time(work()) <= 2.0 * CLOSE_S + 1e-6


def test_a_mistake_in_an_output_is_not_hidden() -> None:
    class Mistaken(FakeOutput):
        async def deliver(self, cue: Cue) -> float:
            raise ZeroDivisionError

    async def work() -> None:
        async with Told().channel(Mistaken()) as channel:
            channel.write(cue())
            await asyncio.sleep(0.1)

    with pytest.raises(ZeroDivisionError):
        in_virtual_time(work())


behaviours = st.lists(
    st.sampled_from([Takes(), Takes(0.3), Takes(0.999), Takes(1.5), STALLS, FAILS]), max_size=8
)
pauses = st.lists(st.sampled_from([0.0, 0.01, 0.2, 0.7, 1.0, 3.0]), max_size=12)


@given(behaviour=behaviours, opening=behaviours, closing=behaviours, waits=pauses)
def test_whatever_an_output_does(
    behaviour: list[Takes], opening: list[Takes], closing: list[Takes], waits: list[float]
) -> None:
    """Beside one that works: each cue has one fate, none is late, and the other notices nothing."""
    bad = FakeOutput(behaviour, opening, closing[0] if closing else Takes())
    good = FakeOutput(name="good")
    of_bad, of_good = Told(), Told()

    async def work() -> list[Cue]:
        written = []
        async with of_bad.channel(bad) as one, of_good.channel(good) as other:
            for wait_s in waits:
                await asyncio.sleep(wait_s + 1e-3)
                written.append(cue())
                before_s = now_s()
                one.write(written[-1])
                other.write(written[-1])
                assert now_s() == before_s
            await asyncio.sleep(2.0 * EXPIRY_S + OPEN_S + 4.0 * CLOSE_S)
        return written

    cues = in_virtual_time(work())
    assert sorted(of_bad.outcomes) == [each.t_s for each in cues]
    assert set(of_good.outcomes.values()) <= {Outcome.EMITTED}
    assert [each.t_s for each in of_good.deliveries] == [each.t_s for each in cues]
    emitted = [each for each in of_bad.deliveries if each.outcome is Outcome.EMITTED]
    assert all(each.t_s <= each.cue_s + EXPIRY_S for each in emitted)
    assert bad.given == [each.cue_s for each in emitted] == sorted(bad.given)


LEFT, RIGHT, CHEST = Placement.LEFT_FOOT, Placement.RIGHT_FOOT, Placement.CHEST
BUZZER = Placement.BUZZER


@pytest.mark.parametrize(
    ("about", "able", "felt"),
    [
        (LEFT, {LEFT, RIGHT}, {LEFT}),
        (RIGHT, {LEFT, RIGHT, CHEST}, {RIGHT}),
        (LEFT, {RIGHT}, set()),
        (LEFT, {RIGHT, BUZZER}, {BUZZER}),
        (CHEST, {LEFT, RIGHT}, {LEFT, RIGHT}),
        (CHEST, {LEFT, CHEST, BUZZER}, {LEFT, CHEST, BUZZER}),
        (CHEST, set(), set()),
    ],
)
def test_a_cue_about_a_foot_is_felt_at_that_foot_only(
    about: Placement, able: set[Placement], felt: set[Placement]
) -> None:
    advice = Cue(0.0, CueKind.LEAN_MORE, 5.0, 8.5, 1.0, placement=about)
    assert felt_at(advice, able) == felt


@given(
    kind=st.sampled_from(CueKind),
    about=st.sampled_from(Placement),
    able=st.sets(st.sampled_from(Placement)),
)
def test_the_other_foot_is_never_felt_and_praise_neither(
    kind: CueKind, about: Placement, able: set[Placement]
) -> None:
    felt = felt_at(Cue(0.0, kind, 5.0, 8.5, 1.0, placement=about), able)
    assert felt <= able
    assert not (kind.is_praise and felt)
    if about.is_foot:
        assert ({LEFT, RIGHT} - {about}).isdisjoint(felt)
