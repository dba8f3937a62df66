"""The virtual radio: its air, its sensors, its processes, with the product's own client on it."""

import asyncio
import importlib.util
import logging
import time
from collections.abc import Mapping

import numpy as np
import pytest
from bleak import BleakClient
from bleak.exc import BleakGATTProtocolError

from imu_stream.acquisition.ble import BleSource, Patience, SensorPlan, find
from imu_stream.acquisition.simulation.child import Options
from imu_stream.acquisition.simulation.radio import VirtualRadio
from imu_stream.datatypes import (
    GRAVITY,
    DeviceSamples,
    Frame,
    LinkPhase,
    LinkState,
    Mount,
    Placement,
)
from imu_stream.errors import LinkError, MissingExtraError
from imu_stream.profiles import ClockMark, Decoder, builtin_profiles, find_profile

pytest.importorskip("bumble")

from imu_stream.acquisition.simulation.adapter import open_adapter
from imu_stream.acquisition.simulation.hub import RadioHub
from imu_stream.acquisition.simulation.streaming import DeviceClock, RunnerClock
from imu_stream.acquisition.simulation.wearing import segment_to_sensor, wear

WORN = {
    Placement.LEFT_FOOT: "capture2go",
    Placement.RIGHT_FOOT: "movesense",
    Placement.CHEST: "polar_h10",
}
QUICK = Patience(connect_s=3.0, reply_s=1.0, close_s=1.0, longest_pause_s=0.5)
BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
MOVESENSE_COMMAND = "34800001-7185-4d5d-b431-630e7050e8f0"


async def plans_for(radio: VirtualRadio) -> list[SensorPlan]:
    found = await find(
        radio.addresses, builtin_profiles(), timeout_s=5.0, scanner_backend=radio.scanner_backend
    )
    return [
        SensorPlan(placement, one.device, one.profile, one.profile.default_mode)
        for placement, one in found.items()
        if one.profile is not None
    ]


def source_on(radio: VirtualRadio, plans: list[SensorPlan]) -> BleSource:
    return BleSource(
        plans,
        time.monotonic,
        client_backend=radio.client_backend,
        scanner_backend=radio.scanner_backend,
        patience=QUICK,
    )


async def until(source: BleSource, placement: Placement, phase: LinkPhase) -> list[LinkState]:
    """Read on until this comes; all states on the way."""
    states = []
    async with asyncio.timeout(5.0):
        async for item in source:
            if isinstance(item, LinkState):
                states.append(item)
                if (item.placement, item.phase) == (placement, phase):
                    return states
    raise AssertionError(f"{phase} never came")


class Received:
    """What one run delivered, decoded."""

    def __init__(self, plans: list[SensorPlan]) -> None:
        self._plans = {plan.placement: plan for plan in plans}
        self._decoders = {p.placement: Decoder(p.mode, p.placement) for p in plans}
        self.samples: Mapping[Placement, list[DeviceSamples]] = {p.placement: [] for p in plans}

    def take(self, item: Frame | LinkState) -> None:
        if isinstance(item, Frame):
            for decoded in self._decoders[item.placement].decode(item):
                assert isinstance(decoded, DeviceSamples)
                self.samples[item.placement].append(decoded)

    def device_times(self, placement: Placement) -> np.ndarray:
        """Time of the first sample of every packet on the device's clock, s."""
        plan = self._plans[placement]
        clock = plan.mode.packets[0].clock
        assert clock is not None
        packets = self.samples[placement]
        times = np.array([packet.ticks for packet in packets], dtype=np.float64)
        lengths = np.array([len(packet) - 1 for packet in packets])
        marked = 0 if clock.mark is ClockMark.FIRST else lengths / plan.mode.hz
        return times * clock.seconds_per_tick - marked

    def assert_complete(self, placement: Placement, at_least_s: float) -> None:
        plan = self._plans[placement]
        lengths = np.array([len(packet) for packet in self.samples[placement]])
        passed = np.diff(self.device_times(placement)) * plan.mode.hz
        assert np.abs(passed - lengths[:-1]).max() < 0.5
        assert lengths.sum() >= at_least_s * plan.mode.hz


async def collect(source: BleSource, received: Received, seconds: float) -> None:
    asyncio.get_running_loop().call_later(seconds, source.stop)
    async for item in source:
        received.take(item)


async def assert_nothing_left_running() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_demo_delivers_every_sample_and_the_run_begins_when_told() -> None:
    asyncio.get_running_loop().set_debug(True)
    async with VirtualRadio(WORN, seconds=30.0) as radio:
        with pytest.raises(LinkError, match="waiting for start"):
            _ = radio.origin_monotonic_s
        plans = await plans_for(radio)
        received = Received(plans)
        async with source_on(radio, plans) as source:
            radio.start()
            began_s = time.monotonic()
            assert 0.0 <= radio.origin_monotonic_s - began_s < 0.2
            await collect(source, received, 3.2)
    for placement in WORN:
        received.assert_complete(placement, at_least_s=3.0)
        standing = received.samples[placement][-1].acc
        assert np.linalg.norm(standing, axis=1) == pytest.approx(GRAVITY, abs=1.0)
    await assert_nothing_left_running()


async def test_second_run_in_the_same_process_is_like_the_first() -> None:
    for _ in range(2):
        async with VirtualRadio({Placement.CHEST: "polar_h10"}, seconds=10.0) as radio:
            plans = await plans_for(radio)
            received = Received(plans)
            async with source_on(radio, plans) as source:
                await collect(source, received, 0.6)
        received.assert_complete(Placement.CHEST, at_least_s=0.3)
        await assert_nothing_left_running()


async def test_killed_sensor_is_lost_the_others_go_on_and_it_comes_back() -> None:
    worn = {Placement.LEFT_FOOT: "movesense", Placement.RIGHT_FOOT: "movesense"}
    async with VirtualRadio(worn, seconds=30.0, separate_processes=True) as radio:
        plans = await plans_for(radio)
        async with source_on(radio, plans) as source:
            radio.start()
            radio.kill_sensor(Placement.LEFT_FOOT)
            killed_s = time.monotonic()
            states = await until(source, Placement.LEFT_FOOT, LinkPhase.LOST)
            # The supervision timeout is 1 s.
            assert 0.9 < states[-1].t_s - killed_s < 2.0
            await radio.revive_sensor(Placement.LEFT_FOOT)
            states += await until(source, Placement.LEFT_FOOT, LinkPhase.STREAMING)
            received = Received(plans)
            await collect(source, received, 0.5)
        assert not [each for each in states if each.placement is Placement.RIGHT_FOOT][3:]
        for placement in worn:
            received.assert_complete(placement, at_least_s=0.3)
    await assert_nothing_left_running()


async def test_killed_air_loses_every_sensor_at_once() -> None:
    async with VirtualRadio(WORN, seconds=30.0) as radio:
        plans = await plans_for(radio)
        async with source_on(radio, plans) as source:
            radio.kill()
            killed_s = time.monotonic()
            lost: dict[Placement, float] = {}
            async for item in source:
                if isinstance(item, LinkState) and item.phase is LinkPhase.LOST:
                    lost.setdefault(item.placement, item.t_s)
                    if len(lost) == len(WORN):
                        break
            assert max(lost.values()) - killed_s < 0.5
        with pytest.raises(LinkError, match="no Bluetooth adapter"):
            await plans_for(radio)
    await assert_nothing_left_running()


async def test_only_a_sensor_with_its_own_process_can_be_killed() -> None:
    async with VirtualRadio({Placement.CHEST: "polar_h10"}, seconds=10.0) as radio:
        with pytest.raises(LinkError, match="no process of its own"):
            radio.kill_sensor(Placement.CHEST)


async def test_child_that_cannot_start_says_why() -> None:
    with pytest.raises(LinkError, match=r"did not start: .*no known device profile"):
        async with VirtualRadio({Placement.CHEST: "nonsense"}, seconds=10.0):
            pass
    await assert_nothing_left_running()


async def test_missing_bumble_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"imu-stream\[demo\]"):
        async with VirtualRadio(WORN, seconds=10.0):
            pass


async def test_battery_is_read_and_a_write_only_characteristic_refuses_to_be() -> None:
    async with VirtualRadio({Placement.LEFT_FOOT: "movesense"}, seconds=10.0) as radio:
        (plan,) = await plans_for(radio)
        async with BleakClient(plan.device, backend=radio.client_backend) as client:
            assert 0 < (await client.read_gatt_char(BATTERY_LEVEL))[0] <= 100
            with pytest.raises(BleakGATTProtocolError):
                await client.read_gatt_char(MOVESENSE_COMMAND)


async def test_no_hub_is_told() -> None:
    async with RadioHub() as hub:
        port = hub.port
    with pytest.raises(LinkError, match="no virtual air"):
        async with open_adapter(port):
            pass


async def test_hub_survives_clients_that_do_not_speak_hci(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "bumble")
    async with RadioHub() as hub:
        for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x01\xff\xff\x00", b"\x04\x3e\x00", bytes(64)):
            reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
            writer.write(junk)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 2.0)
            writer.close()
            await writer.wait_closed()
        async with open_adapter(hub.port) as adapter:
            assert adapter.device().powered_on


def test_options_survive_the_command_line() -> None:
    options = Options(tuple(WORN.items()), 12.5, 7, 4711)
    assert Options.parse(options.arguments()) == options


def test_runner_stands_still_until_the_start() -> None:
    clock = RunnerClock()
    instants = np.array([10.0, 11.0, 12.0])
    assert clock.at(instants).tolist() == [0.0, 0.0, 0.0]
    clock.start(10.5)
    assert clock.at(instants).tolist() == [0.0, 0.5, 1.5]


@pytest.mark.parametrize("name", WORN.values())
def test_device_clock_runs_at_its_own_pace_and_wraps(name: str) -> None:
    carried = find_profile(name).default_mode.packets[0].clock
    assert carried is not None
    clock = DeviceClock(clock_ppm=100.0, seed=3)
    assert clock.instants(5.0, np.array([1000.0])) == pytest.approx([1004.9], abs=1e-3)
    start_s = time.monotonic()
    ticks = clock.ticks(carried, start_s, 0.0), clock.ticks(carried, start_s, 1.0)
    modulus = 1 << carried.bits
    assert (ticks[1] - ticks[0]) % modulus * carried.seconds_per_tick == pytest.approx(1.0)
    assert all(0 <= each < modulus for each in ticks)


def test_sensor_is_worn_as_its_profile_says() -> None:
    turned = segment_to_sensor(Mount(forward="z", up="x"))
    assert turned @ [1.0, 0.0, 0.0] == pytest.approx([0.0, 0.0, 1.0])
    assert turned @ [0.0, 0.0, 1.0] == pytest.approx([1.0, 0.0, 0.0])
    assert np.linalg.det(turned) == pytest.approx(1.0)
    assert segment_to_sensor(Mount()) == pytest.approx(np.eye(3))
    profile = find_profile("polar_h10")
    worn = wear(profile, Placement.CHEST, seed=1)
    assert np.array(worn.errors.mount) @ [0.0, 0.0, 1.0] == pytest.approx([1.0, 0, 0], abs=0.35)
    assert wear(profile, Placement.CHEST, seed=1) == worn
    assert wear(profile, Placement.CHEST, seed=2) != worn
