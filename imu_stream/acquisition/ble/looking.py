"""Look at an unknown device: what it advertises, its GATT table, what it sends unasked."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

from imu_stream.acquisition.ble.failures import RADIO_ERRORS, fault_of, reason
from imu_stream.acquisition.ble.hearing import hear
from imu_stream.errors import Fault, LinkError
from imu_stream.profiles.skeleton import Heard, Sketch
from imu_stream.profiles.standard_services import (
    BATTERY_SERVICE,
    DEVICE_INFORMATION_SERVICE,
    FIRMWARE_REVISION,
    MANUFACTURER_NAME,
    MODEL_NUMBER,
    read_text,
)

FIND_S = 10.0
_CONNECT_S = 20.0
_EXAMPLES = 3
"""Notifications of each characteristic that are kept."""
_COMMON = (
    DEVICE_INFORMATION_SERVICE,
    BATTERY_SERVICE,
    "00001800-0000-1000-8000-00805f9b34fb",
    "00001801-0000-1000-8000-00805f9b34fb",
)
"""Services that every second device has and that hold no samples."""
_TEXTS = (MANUFACTURER_NAME, MODEL_NUMBER, FIRMWARE_REVISION)
_PROPERTIES = ("read", "write", "write-without-response", "notify", "indicate")


async def look_at(
    label: str,
    *,
    listen_s: float = 2.0,
    scanner_backend: type[BaseBleakScanner] | None = None,
    client_backend: type[BaseBleakClient] | None = None,
) -> Sketch:
    """Connect to a device, given by address or name, and sketch a profile of it.

    Raises:
        LinkError: it was not heard, could not be connected, or has nothing that notifies.
    """
    with _explained(label):
        device, shown = await _find(label, scanner_backend)
        client = BleakClient(device, timeout=_CONNECT_S, backend=client_backend)
        async with client:
            texts = [await _text_of(client, uuid) for uuid in _TEXTS]
            heard = await _listen(client, listen_s)
    return _sketch(shown.local_name or device.name or label, shown, texts, heard)


async def _find(
    label: str, backend: type[BaseBleakScanner] | None
) -> tuple[BLEDevice, AdvertisementData]:
    heard = await hear(label, FIND_S, backend)
    if heard is None:
        raise LinkError(
            f"{label}: not heard in {FIND_S:g} s; switch it on, bring it near, and make sure that"
            " no other program or phone is connected to it",
            Fault.NOT_FOUND,
        )
    return heard


async def _text_of(client: BleakClient, uuid: str) -> str:
    if client.services.get_characteristic(uuid) is None:
        return ""
    with suppress(*RADIO_ERRORS):  # a device may keep it to itself
        return read_text(bytes(await client.read_gatt_char(uuid)))
    return ""


async def _listen(client: BleakClient, listen_s: float) -> list[Heard]:
    """Every characteristic, and what those that notify send in this time."""
    sent: dict[str, list[bytes]] = {}

    def notified(characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        examples = sent.setdefault(characteristic.uuid, [])
        if len(examples) < _EXAMPLES:
            examples.append(bytes(data))

    offered = [
        each
        for service in client.services
        if service.uuid not in _COMMON
        for each in service.characteristics
    ]
    for each in offered:
        if {"notify", "indicate"} & {*each.properties}:
            with suppress(*RADIO_ERRORS):  # some want pairing first
                await client.start_notify(each, notified)
    await asyncio.sleep(listen_s)
    return [_heard(each, tuple(sent.get(each.uuid, ()))) for each in offered]


def _heard(each: BleakGATTCharacteristic, sent: tuple[bytes, ...]) -> Heard:
    kept = tuple(name for name in _PROPERTIES if name in each.properties)
    return Heard(each.uuid, each.service_uuid, kept, sent)


def _sketch(name: str, shown: AdvertisementData, texts: list[str], heard: list[Heard]) -> Sketch:
    """What has sent the most is taken for the data, the first that can be written for commands."""
    notifying = [each for each in heard if {"notify", "indicate"} & {*each.properties}]
    if not notifying:
        raise LinkError(f"{name}: has no characteristic that notifies, so it streams nothing")
    data = max(notifying, key=lambda each: sum(map(len, each.notifications)))
    writable = [each.uuid for each in heard if "write" in each.properties]
    maker, model, firmware = texts
    return Sketch(
        title=model or name,
        vendor=maker or "unknown",
        name=name,
        service_uuid=data.service_uuid,
        data_uuid=data.uuid,
        command_uuid=next((uuid for uuid in writable if uuid != data.uuid), ""),
        service_uuids=tuple(shown.service_uuids),
        company_ids=tuple(shown.manufacturer_data),
        sources=f"GATT table of one device (firmware {firmware or 'not told'}); else guessed.",
        heard=tuple(heard),
    )


@contextmanager
def _explained(label: str) -> Iterator[None]:
    try:
        yield
    except RADIO_ERRORS as error:
        said = f"{label}: cannot be looked at: {reason(error)}"
        raise LinkError(said, fault_of(error)) from error
