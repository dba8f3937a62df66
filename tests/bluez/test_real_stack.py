"""The product on Linux's own Bluetooth: kernel, bluetoothd, bleak's BlueZ backend, D-Bus."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bleak import BleakAdapter
from bleak.backends.device import BLEDevice
from streams import assert_no_sample_missing_or_twice, collect, decode, is_lost, phases
from wanted import ADDRESSES, PROFILES, found_plans, header_of
from world import World

from imu_stream.acquisition.ble import BleSource, SensorPlan
from imu_stream.acquisition.recording import Recording
from imu_stream.analysis.reception import Reception
from imu_stream.datatypes import Frame, LinkPhase, LinkState, Placement
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import DeviceProfile, find_profile

LONGEST_S = 60.0
"""For a sensor to be lost, or found again, on an emulated processor."""
STREAM_S = 60.0
AFTER_S = 5.0
CHEST = Placement.CHEST
SESSION = Path(__file__).with_name("session.py")

Items = list[Frame | LinkState]


async def read_until(source: BleSource, items: Items, done: Callable[[], bool]) -> None:
    """Read on until a change of phase after which it is enough."""
    async with asyncio.timeout(LONGEST_S):
        async for item in source:
            items.append(item)
            if isinstance(item, LinkState) and done():
                return


def are_lost(items: Items, placements: Iterable[Placement]) -> bool:
    """Whether each of these sensors has been lost."""
    return all(LinkPhase.LOST in phases(items, each) for each in placements)


def are_back(items: Items, placements: Iterable[Placement]) -> bool:
    """Whether each of these sensors has been lost and streams again."""
    streaming = (phases(items, each)[-1:] == [LinkPhase.STREAMING] for each in placements)
    return are_lost(items, placements) and all(streaming)


def since_loss(items: Items, placement: Placement) -> Items:
    """What came after the last time a sensor was lost."""
    losses = [
        number for number, item in enumerate(items) if is_lost(item) and item.placement is placement
    ]
    return items[losses[-1] :] if losses else items


def assert_whole(items: Items, plan: SensorPlan, seconds: float = AFTER_S) -> int:
    """Each sample exactly once, and as many as were to come; how many."""
    samples = decode(items, plan)
    assert_no_sample_missing_or_twice(samples, plan)
    count = sum(map(len, samples))
    assert count > 0.8 * seconds * plan.mode.hz
    return count


async def test_three_sensors_stream_without_loss_or_doubling(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    plans = await found_plans()
    async with BleSource(plans, time.monotonic) as source:
        items = await collect(source, STREAM_S)
    for each in plans:
        assert LinkPhase.LOST not in phases(items, each.placement)
        count = assert_whole(items, each, STREAM_S)
        record_testsuite_property(f"samples of {each.placement}", count)
    received = receptions(plans, items)
    for each in plans:
        assert (received[each.placement].lost, received[each.placement].gaps) == (0, 0)
        assert received[each.placement].samples == sum(map(len, decode(items, each)))


def receptions(plans: Sequence[SensorPlan], items: Items) -> Mapping[Placement, Reception]:
    """What the product itself counts."""
    pipeline = Pipeline(header_of(plans))
    for item in items:
        pipeline.push(item)
    pipeline.finish()
    return pipeline.receptions


async def test_a_killed_sensor_comes_back_and_each_sample_arrives_once(world: World) -> None:
    plans = await found_plans()
    items: Items = []
    async with BleSource(plans, time.monotonic) as source:
        await world.kill(CHEST)
        await read_until(source, items, lambda: are_lost(items, [CHEST]))
        await world.revive(CHEST)
        await read_until(source, items, lambda: are_back(items, [CHEST]))
        items += await collect(source, AFTER_S)
    for each in plans:
        assert_whole(since_loss(items, each.placement), each)
        assert are_lost(items, [each.placement]) == (each.placement is CHEST)


async def test_an_adapter_is_unplugged_and_plugged_in_again(world: World) -> None:
    plans = await found_plans()
    items: Items = []
    async with BleSource(plans, time.monotonic) as source:
        await world.unplug()
        await read_until(source, items, lambda: are_lost(items, PROFILES))
        await world.plug()
        await read_until(source, items, lambda: are_back(items, PROFILES))
        items += await collect(source, AFTER_S)
    for each in plans:
        assert_whole(since_loss(items, each.placement), each)


async def test_bluetoothd_is_killed_and_comes_back(world: World) -> None:
    plans = await found_plans()
    items: Items = []
    async with BleSource(plans, time.monotonic) as source:
        world.kill_bluetoothd()
        await read_until(source, items, lambda: are_back(items, PROFILES))
        items += await collect(source, AFTER_S)
    for each in plans:
        assert_whole(since_loss(items, each.placement), each)


async def test_a_killed_session_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mcap"
    first = await started_session(tmp_path / "cut.mcap")
    first.kill()
    await first.wait()
    assert await connected() == set(ADDRESSES.values())
    second = await started_session(whole)
    assert await second.wait() == 0
    read = Recording(whole)
    items = list(read)
    assert not read.truncated
    for placement, name in PROFILES.items():
        assert_whole(items, recorded_plan(placement, find_profile(name)))


async def started_session(path: Path) -> asyncio.subprocess.Process:
    """A program that records; returns when all its sensors stream."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SESSION), str(path), str(AFTER_S), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"streaming\n"
    return process


async def connected() -> set[str]:
    adapter = await BleakAdapter.get()
    return {each.address for each in await adapter.get_connected_devices(["1800"])}


def recorded_plan(placement: Placement, profile: DeviceProfile) -> SensorPlan:
    device = BLEDevice(ADDRESSES[placement], None, None)
    return SensorPlan(placement, device, profile, profile.default_mode)
