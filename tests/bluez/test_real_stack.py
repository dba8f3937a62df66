"""The product on Linux's own Bluetooth: kernel, bluetoothd, bleak's BlueZ backend, D-Bus."""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bleak import BleakAdapter
from bleak.backends.device import BLEDevice
from streams import assert_no_sample_missing_or_twice, collect, decode, is_lost, phases
from wanted import ADDRESSES, PROFILES, found_plans
from world import World

from imu_stream.acquisition.ble import BleSource, SensorPlan
from imu_stream.acquisition.recording import Recording
from imu_stream.datatypes import Frame, LinkPhase, LinkState, Placement
from imu_stream.profiles import DeviceProfile, find_profile

LONGEST_S = 60.0
"""For a sensor to be lost, or found again, on an emulated processor."""
STREAM_S = 60.0
AFTER_S = 5.0
CHEST = Placement.CHEST
EVERY = tuple(PROFILES)
SESSION = Path(__file__).with_name("session.py")

Items = list[Frame | LinkState]


async def read_until(
    source: BleSource, items: Items, phase: LinkPhase, awaited: Sequence[Placement]
) -> None:
    """Read on until each of these sensors has come to this phase."""
    missing = set(awaited)
    async with asyncio.timeout(LONGEST_S):
        while missing:
            item = await anext(source)
            items.append(item)
            if isinstance(item, LinkState) and item.phase is phase:
                missing.discard(item.placement)


async def read_on(source: BleSource, items: Items) -> None:
    """Read for a while, then stop the sensors."""
    items += await collect(source, AFTER_S)


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


async def test_three_sensors_stream_without_loss_or_doubling() -> None:
    plans = await found_plans()
    async with BleSource(plans, time.monotonic) as source:
        items = await collect(source, STREAM_S)
    for each in plans:
        assert LinkPhase.LOST not in phases(items, each.placement)
        count = assert_whole(items, each, STREAM_S)
        print(f"{each.placement}: {count} samples in {STREAM_S:g} s")
    from imu_stream.cli.options import Wanted, header
    from imu_stream.pipeline import Pipeline

    begun = time.monotonic()
    pipeline = Pipeline(header(plans, Wanted(ADDRESSES, None, None)))
    for item in items:
        pipeline.push(item)
    pipeline.finish()
    print("analysed in", time.monotonic() - begun)
    for each in plans:
        received = pipeline.receptions[each.placement]
        print(received)
        assert (received.lost, received.gaps) == (0, 0)
        assert received.samples == sum(map(len, decode(items, each)))


async def test_a_killed_sensor_comes_back_and_each_sample_arrives_once(world: World) -> None:
    plans = await found_plans()
    items: Items = []
    async with BleSource(plans, time.monotonic) as source:
        await world.kill(CHEST)
        await read_until(source, items, LinkPhase.LOST, [CHEST])
        await world.revive(CHEST)
        await read_until(source, items, LinkPhase.STREAMING, [CHEST])
        await read_on(source, items)
    for each in plans:
        assert_whole(since_loss(items, each.placement), each)
        assert (LinkPhase.LOST in phases(items, each.placement)) == (each.placement is CHEST)


async def test_an_adapter_is_unplugged_and_plugged_in_again(world: World) -> None:
    plans = await found_plans()
    items: Items = []
    async with BleSource(plans, time.monotonic) as source:
        await world.unplug()
        await read_until(source, items, LinkPhase.LOST, EVERY)
        await world.plug()
        await read_until(source, items, LinkPhase.STREAMING, EVERY)
        await read_on(source, items)
    for each in plans:
        assert_whole(since_loss(items, each.placement), each)


async def test_bluetoothd_is_killed_and_comes_back(world: World) -> None:
    plans = await found_plans()
    items: Items = []
    async with BleSource(plans, time.monotonic) as source:
        world.kill_bluetoothd()
        await read_until(source, items, LinkPhase.LOST, EVERY)
        await read_until(source, items, LinkPhase.STREAMING, EVERY)
        await read_on(source, items)
    for each in plans:
        assert_whole(since_loss(items, each.placement), each)


async def test_a_killed_session_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    cut, whole = tmp_path / "cut.mcap", tmp_path / "whole.mcap"
    first = await started_session(cut)
    first.kill()
    await first.wait()
    assert await connected() == set(ADDRESSES.values())
    second = await started_session(whole)
    assert await second.wait() == 0
    assert Recording(cut).truncated
    assert not Recording(whole).truncated
    for placement, name in PROFILES.items():
        assert_whole(list(Recording(whole)), recorded_plan(placement, find_profile(name)))


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
