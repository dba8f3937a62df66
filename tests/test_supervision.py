"""Keeping sensors streaming: the phases of a link, and many sessions in a row."""

import asyncio
import gc
from dataclasses import replace
from pathlib import Path

import pytest
from streams import collect
from test_ble import QUICK, Room, room

from imu_stream.acquisition.ble.phases import NEXT, LinkMachine
from imu_stream.datatypes import Frame, LinkPhase

__all__ = ["room"]

CYCLES = 50
WARM_UP = 6
QUICKER = replace(QUICK, last_reply_s=0.05)


async def the_rest() -> None:
    """What a virtual sensor still does when its link has ended."""
    for _ in range(100):
        await asyncio.sleep(0.01)
        if len(asyncio.all_tasks()) == 1:
            return


def open_files() -> int:
    return len([*Path("/dev/fd").iterdir()])


def test_every_phase_can_be_reached_and_left() -> None:
    reached = {phase for following in NEXT.values() for phase in following}
    assert reached == set(LinkPhase)
    assert all(NEXT[phase] for phase in set(LinkPhase) - {LinkPhase.STOPPED})
    assert all(LinkPhase.STOPPED in NEXT[phase] for phase in set(LinkPhase) - {LinkPhase.STOPPED})


@pytest.mark.parametrize("phase", list(NEXT), ids=str)
@pytest.mark.parametrize("following", list(LinkPhase), ids=str)
def test_only_what_can_follow_follows(phase: LinkPhase | None, following: LinkPhase) -> None:
    told: list[LinkPhase] = []
    machine = LinkMachine(lambda new, detail: told.append(new))
    machine.phase = phase
    if following in NEXT[phase]:
        machine.go(following)
        assert (machine.phase, told) == (following, [following])
    else:
        with pytest.raises(RuntimeError, match="cannot be"):
            machine.go(following)
        assert (machine.phase, told) == (phase, [])


async def test_the_fiftieth_session_leaves_as_little_as_the_first(room: Room) -> None:
    """No task, no file descriptor, no memory; and every one of them streams."""
    asyncio.get_running_loop().set_debug(False)
    await room.put_all()
    plans = await room.plans()
    left: list[tuple[int, int]] = []
    objects: list[int] = []
    for number in range(WARM_UP + CYCLES):
        plan = plans[number % len(plans)]
        async with room.source([plan], QUICKER) as source:
            items = await collect(source, 0.02)
        assert {item.placement for item in items if isinstance(item, Frame)} == {plan.placement}
        del items, source
        await the_rest()
        gc.collect()
        left.append((len(asyncio.all_tasks()), open_files()))
        objects.append(len(gc.get_objects()))
    assert len(set(left[WARM_UP:])) == 1
    assert objects[-1] - objects[WARM_UP] < CYCLES * 20
