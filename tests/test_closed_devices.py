"""Devices that cannot stream: they are known, and said to be so, wherever one asks for them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

import pytest
from bleak.backends.device import BLEDevice

from imu_stream.acquisition.ble import Found, find, scan
from imu_stream.cli import listing
from imu_stream.cli.options import plan
from imu_stream.datatypes import Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    Advertisement,
    ClosedDevice,
    available_profiles,
    builtin_profiles,
    candidates,
    find_closed_device,
    find_profile,
)
from imu_stream.profiles.closed_devices import closed_devices, parse_closed_devices
from imu_stream.profiles.schema import Signature

every_device = pytest.mark.parametrize("device", closed_devices(), ids=lambda each: each.title)
ROW = """
[[devices]]
title = "Pod"
vendor = "Maker"
match = [{ name = "Pod*" }]
why = "nobody knows how"
gives = "nothing"
evidence = "unverified"
sources = "none"
"""


def example(signature: Signature) -> Advertisement:
    """What such a device could advertise."""
    name = signature.name and signature.name.replace("*", "123456")
    uuids = () if signature.service_uuid is None else (signature.service_uuid,)
    ids = () if signature.company_id is None else (signature.company_id,)
    return Advertisement(name, uuids, ids)


# ---------------------------------------------------------------- the list


def test_well_known_devices_are_listed() -> None:
    titles = {device.title for device in closed_devices()}
    assert {"Stryd", "Garmin HRM-Pro", "RunScribe", "Hexoskin", "COROS POD"} <= titles


@every_device
def test_each_is_known_by_what_it_advertises_and_by_nothing_else(device: ClosedDevice) -> None:
    for signature in device.signatures:
        shown = example(signature)
        assert find_closed_device(shown) is device
        assert [each for each in closed_devices() if each.matches(shown)] == [device]
        assert candidates(shown, available_profiles()) == ()


@every_device
def test_each_is_explained_in_one_sentence(device: ClosedDevice) -> None:
    said = device.explanation
    assert said.startswith(f"{device.title} cannot stream raw motion here: ")
    assert device.why in said
    assert device.gives in said
    assert not said.endswith(".")
    assert "\n" not in said


def test_a_device_nobody_knows_is_not_among_them() -> None:
    assert find_closed_device(Advertisement("Kettle", ("fff0",), (0x1234,))) is None
    assert find_closed_device(Advertisement(None, ())) is None


def test_profiles_of_devices_that_stream_are_not_among_them() -> None:
    shown = [profile.advertisement("1") for profile in builtin_profiles()]
    assert shown
    assert not any(find_closed_device(each) for each in shown)


def test_a_right_list_is_read() -> None:
    (device,) = parse_closed_devices(ROW, "mine.toml")
    assert device.explanation == (
        "Pod cannot stream raw motion here: nobody knows how; it gives nothing"
    )


@pytest.mark.parametrize(
    ("right", "wrong", "where"),
    [
        ('title = "Pod"', "", r"devices\[0\].title: is missing"),
        ('title = "Pod"', "title = 7", r"devices\[0\].title: is a whole number"),
        ('why = "nobody knows how"', 'why = " "', r"devices\[0\].why: is empty"),
        ('name = "Pod*"', "", r"devices\[0\].match\[0\]: is empty"),
        ('name = "Pod*"', 'service_uuid = "zz"', r"devices\[0\].match\[0\].service_uuid: has 'zz'"),
        ('match = [{ name = "Pod*" }]', "match = []", r"devices\[0\].match: is empty"),
        ('"unverified"', '"hearsay"', r"devices\[0\].evidence: is 'hearsay'"),
        ('sources = "none"', 'sources = "none"\nrate = 3', r"devices\[0\].rate: unknown key"),
        ("[[devices]]", "[devices]", "devices: is a table; a list is needed"),
        ("[[devices]]", "[[devices", "is not valid TOML"),
    ],
)
def test_wrong_list_names_file_and_key(right: str, wrong: str, where: str) -> None:
    assert right in ROW
    with pytest.raises(ProfileError, match=f"mine.toml: {where}"):
        parse_closed_devices(ROW.replace(right, wrong), "mine.toml")


# ---------------------------------------------------------------- asking for one


def found(name: str, *uuids: str) -> Found:
    """What a scan makes of an advertisement."""
    shown = Advertisement(name, uuids)
    device = BLEDevice("C4:00:00:00:00:07", name, None)
    fitting = candidates(shown, available_profiles())
    return Found(device, name, -60, fitting, find_closed_device(shown))


@pytest.mark.parametrize("placement", [Placement.LEFT_FOOT, Placement.CHEST])
def test_asking_for_one_is_refused_with_the_reason(placement: Placement) -> None:
    with pytest.raises(ProfileError, match="RunScribe 5: RunScribe cannot stream raw motion here"):
        plan(placement, found("RunScribe 5"))


def test_what_one_gives_over_a_standard_service_can_be_used() -> None:
    stryd = found("Stryd", "1814")
    assert plan(Placement.POD, stryd).profile.name == "running_pod"
    with pytest.raises(ProfileError, match="it gives running speed and cadence, and power"):
        plan(Placement.RIGHT_FOOT, stryd)


# ---------------------------------------------------------------- on the air


@dataclass(frozen=True)
class Air:
    """A scanner, and a closed device that it can hear."""

    scanner: type
    address: str


@pytest.fixture
async def air() -> AsyncIterator[Air]:
    pytest.importorskip("bumble")
    from imu_stream.acquisition.simulation.adapter import VirtualAdapter
    from imu_stream.acquisition.simulation.bleak_backend import scanner_backend
    from imu_stream.acquisition.simulation.hub import RadioHub
    from imu_stream.acquisition.simulation.peripheral import VirtualPeripheral
    from imu_stream.acquisition.simulation.runner import Runner
    from imu_stream.acquisition.simulation.scenario import Gait, Scenario, Stage
    from imu_stream.acquisition.simulation.sensor import SensorErrors, VirtualSensor
    from imu_stream.acquisition.simulation.streaming import RunnerClock

    address = "C4:00:00:00:00:07"
    closed = replace(find_profile("polar_h10"), advertised=Advertisement("COROS POD {serial}", ()))
    runner = Runner(Scenario((Stage(0.0, Gait()),)))
    sensor = VirtualSensor(runner, Placement.CHEST, SensorErrors())
    async with AsyncExitStack() as stack:
        hub = RadioHub()
        ours, its = hub.controller("adapter"), hub.controller("pod")
        adapter = VirtualAdapter(ours, ours)
        await adapter.power_on()
        device = VirtualPeripheral(
            its, its, closed, sensor, RunnerClock(), address=address, serial="7"
        )
        await stack.enter_async_context(device)
        yield Air(scanner_backend(adapter), address)


async def test_a_scan_tells_what_it_is(air: Air) -> None:
    (one,) = await scan(available_profiles(), seconds=0.3, backend=air.scanner)
    assert one.profiles == ()
    assert one.closed is not None
    assert one.closed.title == "COROS POD"


async def test_looking_for_it_ends_as_soon_as_it_is_heard(air: Air) -> None:
    wanted = {Placement.CHEST: air.address}
    heard = await find(wanted, available_profiles(), timeout_s=60.0, scanner_backend=air.scanner)
    with pytest.raises(ProfileError, match="COROS POD 7: COROS POD cannot stream raw motion here"):
        plan(Placement.CHEST, heard[Placement.CHEST])


async def test_the_table_of_a_scan_says_why(
    air: Air, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(listing, "scan", partial(scan, backend=air.scanner))
    await listing.scan_nearby(0.3)
    said = capsys.readouterr().out
    assert "COROS POD 7" in said
    assert "COROS POD cannot stream raw motion here: no public description" in said
