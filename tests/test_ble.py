"""The Bluetooth client against virtual sensors in the same process: real ATT and GATT."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import numpy as np
import pytest
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import BaseBleakScanner
from bleak.exc import BleakError
from streams import (
    assert_no_sample_missing_or_twice,
    collect,
    decode,
    is_lost,
    phases,
    plan,
)

from imu_stream.acquisition.ble import (
    BleSource,
    Found,
    Patience,
    SensorLink,
    SensorPlan,
    find,
    scan,
)
from imu_stream.datatypes import (
    GRAVITY,
    Array,
    Frame,
    LinkPhase,
    LinkState,
    Placement,
)
from imu_stream.errors import ImuStreamError, LinkError
from imu_stream.profiles import (
    DeviceProfile,
    Effect,
    Step,
    Write,
    builtin_profiles,
    find_profile,
)

pytest.importorskip("bumble")

from imu_stream.acquisition.simulation.adapter import VirtualAdapter
from imu_stream.acquisition.simulation.bleak_backend import client_backend, scanner_backend
from imu_stream.acquisition.simulation.hub import RadioController, RadioHub
from imu_stream.acquisition.simulation.peripheral import VirtualPeripheral
from imu_stream.acquisition.simulation.streaming import RunnerClock

WORN = {
    Placement.LEFT_FOOT: "capture2go",
    Placement.RIGHT_FOOT: "movesense",
    Placement.CHEST: "polar_h10",
}
QUICK = Patience(
    connect_s=2.0, operation_s=1.0, reply_s=0.2, last_reply_s=0.1, close_s=0.5, silence_s=1.0
)


@dataclass(frozen=True)
class Still:
    acc: Array
    gyr: Array


class StillSensor:
    """Lies on a table."""

    def measure(self, t: Array) -> Still:
        return Still(np.tile([0.0, 0.0, GRAVITY], (len(t), 1)), np.zeros((len(t), 3)))


class Room:
    """The air of one test, with an adapter and the sensors it needs."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack = stack
        self.hub = RadioHub()
        self.adapter = self._adapter(self.hub.controller("adapter"))
        self.controllers: dict[Placement, RadioController] = {}
        self.peripherals: dict[Placement, VirtualPeripheral] = {}

    def _adapter(self, controller: RadioController) -> VirtualAdapter:
        return VirtualAdapter(controller, controller)

    @property
    def scanner(self) -> type[BaseBleakScanner]:
        return scanner_backend(self.adapter)

    @property
    def client(self) -> type[BaseBleakClient]:
        return client_backend(self.adapter)

    async def put(self, placement: Placement, profile: DeviceProfile) -> None:
        controller = self.controllers[placement] = self.hub.controller(placement)
        number = 1 + list(Placement).index(placement)
        peripheral = self.peripherals[placement] = VirtualPeripheral(
            controller,
            controller,
            profile,
            StillSensor(),
            RunnerClock(),
            address=f"C4:00:00:00:00:0{number}",
            serial=f"00000{number}",
            clock_ppm=20.0 * number,
            seed=number,
        )
        await self.stack.enter_async_context(peripheral)

    async def put_all(self) -> None:
        for placement, name in WORN.items():
            await self.put(placement, find_profile(name))

    async def found(
        self, profiles: Sequence[DeviceProfile] | None = None
    ) -> dict[Placement, Found]:
        known = builtin_profiles() if profiles is None else profiles
        places = list(Placement)
        wanted = {each: f"c4:00:00:00:00:0{1 + places.index(each)}" for each in self.peripherals}
        return dict(await find(wanted, known, timeout_s=3.0, scanner_backend=self.scanner))

    async def plans(self) -> list[SensorPlan]:
        return [plan(placement, one) for placement, one in (await self.found()).items()]

    async def plans_for(self, profiles: Sequence[DeviceProfile]) -> list[SensorPlan]:
        found = await self.found(profiles)
        return [plan(placement, one) for placement, one in found.items()]

    def source(self, plans: Sequence[SensorPlan], patience: Patience = QUICK) -> BleSource:
        return BleSource(
            plans,
            time.monotonic,
            client_backend=self.client,
            scanner_backend=self.scanner,
            patience=patience,
        )


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    asyncio.get_running_loop().set_debug(True)
    async with AsyncExitStack() as stack:
        room = Room(stack)
        await room.adapter.power_on()
        yield room
    await assert_nothing_left_running()


async def assert_nothing_left_running() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


async def collect_until(source: BleSource, placement: Placement, phase: LinkPhase) -> LinkState:
    async with asyncio.timeout(5.0):
        async for item in source:
            if isinstance(item, LinkState) and (item.placement, item.phase) == (placement, phase):
                return item
    raise AssertionError(f"{phase} never came")


class TestScanning:
    async def test_every_sensor_is_known_by_its_advertisement(self, room: Room) -> None:
        await room.put_all()
        found = await scan(builtin_profiles(), seconds=0.3, backend=room.scanner)
        assert {one.profile.name for one in found if one.profile} == set(WORN.values())
        assert [one.rssi for one in found] == sorted((one.rssi for one in found), reverse=True)

    async def test_finds_by_address_and_by_name_whatever_the_case(self, room: Room) -> None:
        await room.put_all()
        wanted = {
            Placement.LEFT_FOOT: "imu_000001",
            Placement.RIGHT_FOOT: "MOVESENSE 000002",
            Placement.CHEST: "c4:00:00:00:00:03",
        }
        found = await find(wanted, builtin_profiles(), timeout_s=3.0, scanner_backend=room.scanner)
        assert {
            placement: one.profile.name for placement, one in found.items() if one.profile
        } == WORN

    async def test_says_what_is_missing_and_what_was_heard(self, room: Room) -> None:
        await room.put(Placement.CHEST, find_profile("polar_h10"))
        wanted = {Placement.CHEST: "Polar H10 000003", Placement.LEFT_FOOT: "Movesense 7"}
        with pytest.raises(LinkError) as caught:
            await find(wanted, builtin_profiles(), timeout_s=0.4, scanner_backend=room.scanner)
        message = str(caught.value)
        assert "left_foot (Movesense 7)" in message
        assert "Polar H10 000003 [C4:00:00:00:00:03]" in message
        assert "chest (" not in message

    async def test_one_sensor_cannot_be_worn_at_two_places(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        wanted = {
            Placement.LEFT_FOOT: "C4:00:00:00:00:02",
            Placement.RIGHT_FOOT: "Movesense 000002",
        }
        with pytest.raises(LinkError, match=r"two places: Movesense 000002 \[C4:00:00:00:00:02\]"):
            await find(wanted, builtin_profiles(), timeout_s=2.0, scanner_backend=room.scanner)

    async def test_device_without_profile_is_found_as_such(self, room: Room) -> None:
        await room.put(Placement.CHEST, find_profile("polar_h10"))
        wanted = {Placement.CHEST: "C4:00:00:00:00:03"}
        found = await find(wanted, (), timeout_s=0.3, scanner_backend=room.scanner)
        assert found[Placement.CHEST].profile is None

    async def test_no_adapter_is_one_clear_sentence(self, room: Room) -> None:
        await room.adapter.power_off()
        with pytest.raises(LinkError, match="no Bluetooth adapter is available"):
            await scan(builtin_profiles(), seconds=0.1, backend=room.scanner)

    async def test_no_bluetooth_service_is_one_clear_sentence(self) -> None:
        class NoService(BaseBleakScanner):
            def __init__(self, *args: object, **options: object) -> None:
                super().__init__(None, None)

            async def start(self) -> None:
                raise FileNotFoundError(2, "No such file or directory")

            async def stop(self) -> None:
                raise NotImplementedError

        with pytest.raises(LinkError, match="no Bluetooth adapter is available"):
            await find({}, (), timeout_s=1.0, scanner_backend=NoService)


class TestStreaming:
    async def test_three_kinds_of_sensors_at_once(self, room: Room) -> None:
        await room.put_all()
        plans = await room.plans()
        async with room.source(plans) as source:
            items = await collect(source, 1.0)
        for each in plans:
            samples = decode(items, each)
            assert_no_sample_missing_or_twice(samples, each)
            assert sum(len(one) for one in samples) > 0.7 * each.mode.hz
            assert samples[-1].acc[-1] == pytest.approx([0.0, 0.0, GRAVITY], abs=0.02)
            assert phases(items, each.placement) == [
                LinkPhase.CONNECTING,
                LinkPhase.SETTING_UP,
                LinkPhase.STREAMING,
                LinkPhase.STOPPED,
            ]

    async def test_frames_are_stamped_by_the_session_clock_as_they_arrive(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        stamps = itertools.count(100.0)
        source = BleSource(await room.plans(), lambda: next(stamps), client_backend=room.client)
        async with source:
            items = await collect(source, 0.3)
        times = [item.t_s for item in items]
        assert times == [100.0 + index for index in range(len(items))]

    async def test_answers_on_other_characteristics_are_in_the_record(self, room: Room) -> None:
        await room.put(Placement.CHEST, find_profile("polar_h10"))
        async with room.source(await room.plans()) as source:
            items = await collect(source, 0.1)
        answers = [item for item in items if isinstance(item, Frame) and item.stream != "acc"]
        assert "fb005c81-02e7-f387-1cad-8acd2d8df0c8" in {each.stream for each in answers}
        assert any(each.payload.hex(" ").startswith("f0 02 02 00") for each in answers)

    async def test_iteration_stays_at_its_end(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        async with room.source(await room.plans()) as source:
            await collect(source, 0.05)
            with pytest.raises(StopAsyncIteration):
                await anext(source)

    async def test_an_error_of_the_reader_comes_out_as_it_is(self, room: Room) -> None:
        await room.put_all()
        plans = await room.plans()
        with pytest.raises(ZeroDivisionError):
            async with room.source(plans):
                raise ZeroDivisionError
        async with room.source(plans) as source:
            assert await collect(source, 0.05)

    async def test_cancelled_reader_leaves_no_sensor_connected(self, room: Room) -> None:
        await room.put_all()
        plans = await room.plans()
        reading = asyncio.Event()

        async def read() -> None:
            async with room.source(plans) as source:
                async for _ in source:
                    reading.set()

        reader = asyncio.create_task(read())
        await reading.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert not room.adapter.device().connections

    async def test_cancelled_while_letting_a_lost_sensor_go(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        disconnected: list[float] = []

        class Slow(room.client):  # type: ignore[name-defined,misc]
            async def disconnect(self) -> None:
                await asyncio.sleep(0.1)
                await super().disconnect()
                disconnected.append(time.monotonic())

        source = BleSource(await room.plans(), time.monotonic, client_backend=Slow, patience=QUICK)
        async with source:
            room_drops(room, Placement.RIGHT_FOOT)
            await collect_until(source, Placement.RIGHT_FOOT, LinkPhase.LOST)
        assert len(disconnected) == 1


class TestSetUp:
    async def refused_by(self, room: Room, profile: DeviceProfile) -> str:
        await room.put(Placement.RIGHT_FOOT, profile)
        plans = await room.plans()
        with pytest.raises(LinkError) as caught:
            async with room.source(plans):
                raise AssertionError("must not be entered")
        return str(caught.value)

    async def test_refusal_is_told_with_the_answer(self, room: Room) -> None:
        busy = answering_start_with(find_profile("movesense"), bytes.fromhex("01 63 f7 01"))
        message = await self.refused_by(room, busy)
        assert message.startswith("right_foot: Movesense 000002 answered 01 63 f7 01 to")

    async def test_missing_answer_is_told(self, room: Room) -> None:
        mute = answering_start_with(find_profile("movesense"), b"\x00")
        message = await self.refused_by(room, mute)
        assert message.startswith("right_foot: Movesense 000002 did not answer the command 01 63")

    async def test_wrong_device_lacks_the_characteristic(self, room: Room) -> None:
        await room.put(Placement.CHEST, find_profile("polar_h10"))
        (one,) = await room.plans()
        wrong = replace(
            one, profile=find_profile("movesense"), mode=find_profile("movesense").mode(208)
        )
        with pytest.raises(LinkError, match="has no characteristic 34800002"):
            async with room.source([wrong]):
                pass


def answering_start_with(profile: DeviceProfile, answer: bytes) -> DeviceProfile:
    """A device that answers the command which starts it in its own way."""

    def changed(step: Step) -> Step:
        if isinstance(step, Write) and step.reply and step.effect is Effect.START:
            return replace(step, reply=replace(step.reply, example=answer))
        return step

    modes = tuple(replace(mode, setup=tuple(map(changed, mode.setup))) for mode in profile.modes)
    return replace(profile, modes=modes)


class TestLosing:
    async def test_lost_sensor_is_told_reconnected_and_delivers_once(self, room: Room) -> None:
        await room.put_all()
        plans = await room.plans()
        pauses: list[float] = []

        async def pause(seconds: float) -> None:
            pauses.append(seconds)

        source = BleSource(
            plans,
            time.monotonic,
            client_backend=room.client,
            scanner_backend=room.scanner,
            patience=QUICK,
            sleep=pause,
        )
        items: list[Frame | LinkState] = []
        async with source:
            asyncio.get_running_loop().call_later(0.3, room_drops, room, Placement.LEFT_FOOT)
            items = await collect(source, 1.2)
        assert pauses == [0.5]
        assert phases(items, Placement.LEFT_FOOT) == [
            LinkPhase.CONNECTING,
            LinkPhase.SETTING_UP,
            LinkPhase.STREAMING,
            LinkPhase.LOST,
            LinkPhase.BACKING_OFF,
            LinkPhase.SCANNING,
            LinkPhase.CONNECTING,
            LinkPhase.SETTING_UP,
            LinkPhase.STREAMING,
            LinkPhase.STOPPED,
        ]
        for each in plans[1:]:
            assert LinkPhase.LOST not in phases(items, each.placement)
            assert_no_sample_missing_or_twice(decode(items, each), each)
        again = next(i for i, item in enumerate(items) if is_lost(item))
        assert_no_sample_missing_or_twice(decode(items[again:], plans[0]), plans[0])

    async def test_pauses_grow_while_the_sensor_stays_away(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        plans = await room.plans()
        pauses: list[float] = []
        enough = asyncio.Event()

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 4:
                enough.set()
                await asyncio.Event().wait()

        patience = replace(QUICK, rescan_s=0.2, longest_pause_s=1.5)
        source = BleSource(
            plans,
            time.monotonic,
            client_backend=room.client,
            scanner_backend=room.scanner,
            patience=patience,
            sleep=pause,
        )
        async with source:
            switch_off(room, Placement.RIGHT_FOOT)
            async with asyncio.timeout(5.0):
                await enough.wait()
        assert pauses == [0.5, 1.0, 1.5, 1.5]

    async def test_silent_sensor_counts_as_lost(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        plans = await room.plans()
        quick = replace(QUICK, silence_s=0.2, close_s=0.2)
        async with room.source(plans, quick) as source:
            session = room.peripherals[Placement.RIGHT_FOOT]._session
            assert session is not None
            session.end()
            state = await collect_until(source, Placement.RIGHT_FOOT, LinkPhase.LOST)
        assert "silent" in state.detail

    async def test_unplugged_adapter_loses_all_and_does_not_hang(self, room: Room) -> None:
        await room.put_all()
        async with room.source(await room.plans()) as source:
            await room.adapter.power_off()
            for placement in WORN:
                await collect_until(source, placement, LinkPhase.LOST)


def room_drops(room: Room, placement: Placement) -> None:
    """The sensor ends its link, and advertises again."""
    device = room.peripherals[placement]._device
    for connection in list(device.connections.values()):
        task = asyncio.ensure_future(connection.disconnect())
        task.add_done_callback(lambda done: done.result())


def switch_off(room: Room, placement: Placement) -> None:
    controller = room.controllers[placement]
    controller.silence()
    room.hub.link.lose(controller)


class TestConnecting:
    async def test_absent_sensor_is_told(self, room: Room) -> None:
        absent = BLEDevice("C4:00:00:00:00:09", "Movesense 9", room_address())
        one = SensorPlan(
            Placement.CHEST, absent, find_profile("movesense"), find_profile("movesense").mode(208)
        )
        with pytest.raises(LinkError, match="chest: cannot connect Movesense 9: no answer"):
            async with room.source([one], replace(QUICK, connect_s=0.2)):
                pass

    async def test_cancel_while_connecting_leaves_nothing_behind(self, room: Room) -> None:
        absent = BLEDevice("C4:00:00:00:00:09", "Movesense 9", room_address())
        one = SensorPlan(
            Placement.CHEST, absent, find_profile("movesense"), find_profile("movesense").mode(208)
        )
        entering = asyncio.create_task(room.source([one]).__aenter__())
        await asyncio.sleep(0.1)
        assert room.adapter.device().is_le_connecting
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        assert not room.adapter.device().is_le_connecting
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        async with room.source(await room.plans()) as source:
            assert await collect(source, 0.1)

    async def test_lost_race_in_service_discovery_is_tried_again(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))
        attempts: list[BaseBleakClient] = []
        pauses: list[float] = []

        class Flaky(room.client):  # type: ignore[name-defined,misc]
            async def connect(self, pair: bool, **options: object) -> None:
                attempts.append(self)
                await super().connect(pair, **options)
                if len(attempts) < 3:
                    await self.disconnect()
                    raise BleakError("failed to discover services, device disconnected")

        async def pause(seconds: float) -> None:
            pauses.append(seconds)

        link = SensorLink(
            (await room.plans())[0],
            lambda characteristic, payload: None,
            connecting=asyncio.Lock(),
            client_backend=Flaky,
            patience=QUICK,
            sleep=pause,
        )
        async with link:
            assert len(attempts) == 3
        assert len(pauses) == 2

    async def test_closing_ends_in_time_when_the_system_does_not_answer(self, room: Room) -> None:
        await room.put(Placement.RIGHT_FOOT, find_profile("movesense"))

        class Hanging(room.client):  # type: ignore[name-defined,misc]
            async def disconnect(self) -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    await super().disconnect()

        source = BleSource(
            await room.plans(), time.monotonic, client_backend=Hanging, patience=QUICK
        )
        async with source:
            before_s = time.monotonic()
        assert time.monotonic() - before_s < 1.5

    async def test_one_refusing_sensor_lets_the_others_go(self, room: Room) -> None:
        await room.put_all()
        plans = await room.plans()
        absent = BLEDevice("C4:00:00:00:00:09", "Polar", room_address())
        plans[2] = replace(plans[2], device=absent)
        with pytest.raises(ImuStreamError, match="chest"):
            async with room.source(plans, replace(QUICK, connect_s=0.5)):
                pass
        assert not room.adapter.device().connections


def room_address() -> object:
    from bumble.hci import Address

    return Address("C4:00:00:00:00:09")
