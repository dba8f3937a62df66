"""Setting up a sensor: why it cannot be used, which of a family it is, what it says."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

import pytest
from bumble.gatt import Characteristic
from streams import collect
from test_ble import QUICK, Room, collect_until, room, room_drops

from imu_stream.acquisition.ble.looking import look_at
from imu_stream.acquisition.simulation import said
from imu_stream.acquisition.simulation.advertising import uuid_of
from imu_stream.cli.outputs import haptic_channels
from imu_stream.datatypes import (
    FEET,
    About,
    Battery,
    Cue,
    CueDelivery,
    CueKind,
    DeviceInformation,
    Frame,
    HeartRate,
    LinkPhase,
    Output,
    Placement,
    RunningSpeed,
    SensorSetup,
    SessionHeader,
)
from imu_stream.errors import Fault, LinkError
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import DeviceProfile, Effect, find_profile, parse_profile
from imu_stream.profiles.available import companion_profiles
from imu_stream.profiles.schema import Firmware
from imu_stream.profiles.skeleton import profile_text
from imu_stream.profiles.standard_services import ALERT_LEVEL
from imu_stream.profiles.steps import Step, Subscribe, Write
from imu_stream.sinks.outputs import Channel
from imu_stream.sinks.outputs.haptic import felt_at

__all__ = ["room"]

CHEST = Placement.CHEST


async def fault_of(room: Room, put: DeviceProfile, used: DeviceProfile) -> LinkError:
    """What is said of a device that behaves like `put` and is taken for `used`."""
    await room.put(CHEST, put)
    (one,) = await room.plans()
    one = replace(one, profile=used, mode=used.default_mode)
    with pytest.raises(LinkError) as caught:
        async with room.source([one], replace(QUICK, first_sample_s=0.2)):
            pass
    return caught.value


def with_steps(profile: DeviceProfile, change: Callable[[Step], Step]) -> DeviceProfile:
    modes = tuple(replace(mode, setup=tuple(map(change, mode.setup))) for mode in profile.modes)
    return replace(profile, modes=modes)


def answering(profile: DeviceProfile, answer: bytes) -> DeviceProfile:
    def changed(step: Step) -> Step:
        if isinstance(step, Write) and step.reply and step.effect is Effect.START:
            return replace(step, reply=replace(step.reply, example=answer))
        return step

    return with_steps(profile, changed)


def never_starting(profile: DeviceProfile) -> DeviceProfile:
    def changed(step: Step) -> Step:
        has_effect = isinstance(step, Write | Subscribe)
        return replace(step, effect=Effect.NONE) if has_effect else step

    return with_steps(profile, changed)


class TestFaults:
    @pytest.mark.parametrize(
        ("answer", "fault", "advice"),
        [
            ("f0 02 02 08", Fault.RATE, "sampling rate"),
            ("f0 02 02 09", Fault.RANGE, "range"),
            ("f0 02 02 0d", Fault.BUSY, "charger"),
            ("f0 02 02 05", Fault.REFUSED, "switch it off and on"),
        ],
    )
    async def test_refusals_are_told_apart(
        self, room: Room, answer: str, fault: Fault, advice: str
    ) -> None:
        polar = find_profile("polar_h10")
        error = await fault_of(room, answering(polar, bytes.fromhex(answer)), polar)
        assert error.fault is fault
        assert advice in str(error)

    async def test_wrong_firmware(self, room: Room) -> None:
        movesense = find_profile("movesense")
        newer = replace(movesense, firmware=Firmware((2, 3), ()))
        error = await fault_of(room, replace(movesense, firmware=None), newer)
        assert error.fault is Fault.FIRMWARE
        assert "has firmware 1.0.0" in str(error)
        assert "update it" in str(error)

    async def test_empty_battery(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(said, "BATTERY_PERCENT", 2)
        movesense = find_profile("movesense")
        error = await fault_of(room, movesense, movesense)
        assert error.fault is Fault.BATTERY
        assert "has 2 % of its charge left" in str(error)
        assert "charge it" in str(error)

    async def test_silence_after_the_set_up(self, room: Room) -> None:
        movesense = find_profile("movesense")
        error = await fault_of(room, never_starting(movesense), movesense)
        assert error.fault is Fault.SILENT
        assert "has sent no samples for 0.2 s" in str(error)

    async def test_pairing_that_is_missing(self, room: Room) -> None:
        polar = find_profile("polar_h10")
        await room.put(CHEST, polar)
        for each in room.peripherals[CHEST]._characteristics.values():
            each.permissions |= Characteristic.Permissions.WRITE_REQUIRES_ENCRYPTION
        with pytest.raises(LinkError) as caught:
            async with room.source(await room.plans()):
                pass
        assert caught.value.fault is Fault.PAIRING
        assert "pair it with this computer" in str(caught.value)

    async def test_device_that_is_gone(self, room: Room) -> None:
        await room.put(CHEST, find_profile("movesense"))
        plans = await room.plans()
        await room.peripherals[CHEST].__aexit__(None, None, None)
        with pytest.raises(LinkError) as caught:
            async with room.source(plans, replace(QUICK, connect_s=0.3)):
                pass
        assert caught.value.fault is Fault.NOT_FOUND


TWIN = """
title = "Twin {which}"
vendor = "Example"
evidence = "unverified"
sources = "Invented."
placements = ["chest"]
default_rate_hz = 100
[advertised]
name = "TWIN-{{serial}}"
[[match]]
name = "TWIN-*"
[gatt]
service = "fff0"
[gatt.characteristics]
command = {{ uuid = "fff1", properties = ["write", "notify"] }}
data = {{ uuid = "fff2", properties = ["notify"] }}
[[streams]]
name = "imu"
characteristic = "data"
framing = "whole"
[[streams.packets]]
samples = "fixed"
samples_per_packet = 2
fields = [{{ field = "acc", type = "i16", scale = 0.001, unit = "g", saturation = 16 }}]
[[rates]]
hz = 100
[[setup]]
subscribe = "command"
[[setup]]
write = "command"
payload = "03 80"
response = true
[setup.reply]
on = "command"
accepted = "03 80 0{which}"
refusals = [{{ answer = "03 80 ??", fault = "other device" }}]
example = "03 80 0{which}"
[[setup]]
subscribe = "data"
effect = "start"
"""
ONE, TWO = (parse_profile(TWIN.format(which=which), f"twin_{which}") for which in (1, 2))


class TestFamilies:
    async def test_the_right_one_is_found_on_connecting(self, room: Room) -> None:
        await room.put(CHEST, TWO)
        (one,) = await room.plans_for([ONE, TWO])
        assert [each.profile for each in (one, *one.otherwise)] == [ONE, TWO]
        async with room.source([one]) as source:
            assert source.plans[CHEST].profile == TWO
            items = await collect(source, 0.2)
        assert {i.stream for i in items if isinstance(i, Frame)} >= {"imu"}

    async def test_a_third_one_is_told(self, room: Room) -> None:
        three = parse_profile(TWIN.format(which=3), "twin_3")
        await room.put(CHEST, three)
        (one,) = await room.plans_for([ONE, TWO])
        with pytest.raises(LinkError) as caught:
            async with room.source([one]):
                pass
        assert caught.value.fault is Fault.OTHER_DEVICE
        assert "choose its own profile" in str(caught.value)


async def heard(room: Room, placement: Placement, profile: DeviceProfile) -> list[Output]:
    """What the pipeline makes of 1.2 s of a sensor."""
    await room.put(placement, profile)
    (one,) = await room.plans_for([profile])
    setup = SensorSetup(placement, profile.name, one.mode.hz)
    header = SessionHeader(
        "0", "2026-01-01T00:00:00+00:00", (setup,), {profile.name: profile.text}, None
    )
    pipeline = Pipeline(header)
    async with room.source([one]) as source:
        return [out for item in await collect(source, 1.2) for out in pipeline.push(item)]


class TestStandardServices:
    async def test_a_sensor_says_who_it_is_and_how_full(self, room: Room) -> None:
        outputs = await heard(room, CHEST, find_profile("movesense"))
        told = {out.about: out.text for out in outputs if isinstance(out, DeviceInformation)}
        assert told[About.MANUFACTURER] == "Movesense"
        assert told[About.FIRMWARE]
        assert [out.percent for out in outputs if isinstance(out, Battery)] == [87]

    @pytest.mark.parametrize("name", ["metamotion_bmi160", "movella_dot"])
    async def test_a_battery_of_its_own_kind_is_told(self, room: Room, name: str) -> None:
        outputs = await heard(room, CHEST, find_profile(name))
        assert {out.percent for out in outputs if isinstance(out, Battery)} == {87}

    async def test_heart_rate_of_a_strap_that_also_streams(self, room: Room) -> None:
        outputs = await heard(room, CHEST, find_profile("polar_h10"))
        beats = [out for out in outputs if isinstance(out, HeartRate)]
        assert beats[0].bpm in (90, 91)
        assert beats[0].contact is True
        assert beats[0].rr_s == pytest.approx((60 / beats[0].bpm,), abs=1e-3)

    async def test_heart_rate_sensor_beside(self, room: Room) -> None:
        outputs = await heard(room, Placement.HEART, companion("heart_rate"))
        beats = [out for out in outputs if isinstance(out, HeartRate)]
        assert beats[0].placement is Placement.HEART

    async def test_running_pod_beside(self, room: Room) -> None:
        outputs = await heard(room, Placement.POD, companion("running_pod"))
        runs = [out for out in outputs if isinstance(out, RunningSpeed)]
        assert runs[0].speed_mps == pytest.approx(3.0)
        assert runs[0].cadence == 170
        assert runs[0].distance_m in (0.0, 3.0)


class TestVibration:
    async def test_immediate_alert_begins_and_ends(self, room: Room) -> None:
        profile = companion("buzzer")
        await room.put(Placement.BUZZER, profile)
        levels = alert_levels(room, Placement.BUZZER)
        async with room.source(await room.plans_for([profile])) as source:
            assert source.able_to_vibrate == (Placement.BUZZER,)
            await source.vibrate(Placement.BUZZER)
            assert levels == [b"\x02"]
            await collect(source, 0.8)
        assert levels == [b"\x02", b"\x00"]

    async def test_an_alert_during_an_alert_has_its_full_length(self, room: Room) -> None:
        profile = companion("buzzer")
        await room.put(Placement.BUZZER, profile)
        levels = alert_levels(room, Placement.BUZZER)
        async with room.source(await room.plans_for([profile])) as source:
            for _ in range(2):
                await source.vibrate(Placement.BUZZER)
            await collect(source, 0.8)
        assert levels == [b"\x02", b"\x02", b"\x00"]

    async def test_own_motor_is_asked(self, room: Room) -> None:
        profile = parse_profile(TWIN.format(which=1) + MOTOR, "motor")
        await room.put(CHEST, profile)
        written = commands_of(room, CHEST)
        async with room.source(await room.plans_for([profile])) as source:
            assert source.able_to_vibrate == (CHEST,)
            await source.vibrate(CHEST)
            await collect(source, 0.2)
        assert bytes.fromhex("08 01 90 01") in written

    async def test_a_sensor_without_means_is_known(self, room: Room) -> None:
        await room.put(CHEST, find_profile("polar_h10"))
        async with room.source(await room.plans()) as source:
            assert source.able_to_vibrate == ()
            await collect(source, 0.2)

    @pytest.mark.parametrize(
        ("about", "felt"),
        [(Placement.LEFT_FOOT, "left_foot"), (Placement.RIGHT_FOOT, "right_foot")],
    )
    async def test_a_cue_about_a_foot_is_felt_at_that_foot(
        self, room: Room, about: Placement, felt: str
    ) -> None:
        told = await self.given(room, find_profile("metamotion_bmi270"), about)
        assert [each.output for each in told.deliveries] == [felt]
        assert told.vibrated == {felt}

    async def test_a_cue_about_the_trunk_is_felt_at_both_feet(self, room: Room) -> None:
        told = await self.given(room, find_profile("metamotion_bmi270"), CHEST)
        assert {each.output for each in told.deliveries} == {*FEET}
        assert told.vibrated == {*FEET}

    async def given(self, room: Room, profile: DeviceProfile, about: Placement) -> "Felt":
        """A cue over the channels of a session, with a sensor that has a motor on each foot."""
        for foot in FEET:
            await room.put(foot, profile)
        clock = asyncio.get_running_loop().time
        told: asyncio.Queue[CueDelivery] = asyncio.Queue()
        channel = partial(Channel, clock=clock, on_delivery=told.put_nowait, on_failure=pytest.fail)
        async with AsyncExitStack() as stack:
            source = await stack.enter_async_context(room.source(await room.plans_for([profile])))
            written = {foot: commands_of(room, foot) for foot in FEET}
            channels = haptic_channels(channel, source, clock)
            for each in channels:
                await stack.enter_async_context(each)
            cue = Cue(clock(), CueKind.LEAN_MORE, 5.0, 8.5, clock() + 5.0, placement=about)
            for each in channels:
                each.write(cue)
            deliveries = [await told.get() for _ in felt_at(cue, FEET)]
            assert told.empty()
        motor = bytes.fromhex("08 01 f8 90 01 00")
        return Felt(deliveries, {foot for foot in FEET if motor in written[foot]})

    async def test_a_lost_sensor_does_not_vibrate_and_says_so(self, room: Room) -> None:
        profile = companion("buzzer")
        await room.put(Placement.BUZZER, profile)
        async with room.source(await room.plans_for([profile])) as source:
            room_drops(room, Placement.BUZZER)
            await collect_until(source, Placement.BUZZER, LinkPhase.LOST)
            with pytest.raises(LinkError, match="buzzer: is not connected"):
                await source.vibrate(Placement.BUZZER)


MOTOR = """
[[cues]]
name = "motor"
kind = "haptic"
write = "command"
payload = "08 01 {milliseconds}"
response = true
longest_ms = 1000
"""


@dataclass(frozen=True)
class Felt:
    """What was told, and where the motor was asked."""

    deliveries: list[CueDelivery]
    vibrated: set[Placement]


def companion(name: str) -> DeviceProfile:
    return next(profile for profile in companion_profiles() if profile.name == name)


def alert_levels(room: Room, placement: Placement) -> list[bytes]:
    """What is written to the alert level of a sensor, from now on."""
    levels: list[bytes] = []
    server = room.peripherals[placement]._device.gatt_server
    (level,) = (each for each in server.attributes if each.type == uuid_of(ALERT_LEVEL))
    level.on(level.EVENT_WRITE, lambda connection, value: levels.append(bytes(value)))
    return levels


def commands_of(room: Room, placement: Placement) -> list[bytes]:
    """What is written to a sensor's own characteristics, from now on."""
    written: list[bytes] = []
    for each in room.peripherals[placement]._characteristics.values():
        each.on(each.EVENT_WRITE, lambda connection, value: written.append(bytes(value)))
    return written


def unasked(step: Step) -> Step:
    """Streams as soon as anybody listens."""
    return replace(step, effect=Effect.START) if isinstance(step, Subscribe) else step


class TestLooking:
    async def test_a_device_is_sketched_from_what_it_shows(self, room: Room) -> None:
        await room.put(CHEST, find_profile("polar_h10"))
        sketch = await look_at(
            "Polar H10 000003",
            listen_s=0.2,
            scanner_backend=room.scanner,
            client_backend=room.client,
        )
        profile = parse_profile(profile_text(sketch), "sketch")
        assert profile.vendor == "Polar"
        assert "fb005c81-02e7-f387-1cad-8acd2d8df0c8" in profile.text
        assert profile.matches(find_profile("polar_h10").advertisement("000003"))

    async def test_what_streams_unasked_is_quoted(self, room: Room) -> None:
        streaming = with_steps(TWO, unasked)
        await room.put(CHEST, streaming)
        sketch = await look_at(
            "TWIN-000003", listen_s=0.2, scanner_backend=room.scanner, client_backend=room.client
        )
        assert sketch.data_uuid.startswith("0000fff2")
        assert "sent 12 bytes: 00 00 00 00 e8 03" in profile_text(sketch)

    async def test_absent_device_is_told(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("imu_stream.acquisition.ble.looking.FIND_S", 0.2)
        with pytest.raises(LinkError, match="not heard") as caught:
            await look_at("nobody", scanner_backend=room.scanner)
        assert caught.value.fault is Fault.NOT_FOUND
