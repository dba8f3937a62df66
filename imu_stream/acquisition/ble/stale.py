"""Sensors that are still connected though nobody uses them: a killed program could not let go.

BlueZ keeps a link until somebody ends it, whoever has made it and whether they still live, and a
connected sensor does not advertise: no scan would ever find it. Other systems end such links.
"""

import asyncio
import sys
from collections.abc import Collection
from contextlib import suppress

from bleak import BleakAdapter, BleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import BaseBleakScanner

from imu_stream.acquisition.ble.failures import RADIO_ERRORS

_RELEASE_S = 8.0
"""BlueZ takes two seconds to end a link."""
_EVERY_DEVICE = ["1800", "1801"]
"""Services that every device has: Generic Access, Generic Attribute."""


async def release(labels: Collection[str], backend: type[BaseBleakScanner] | None) -> None:
    """Disconnect those of these devices, by address or name, that the system holds connected.

    Nothing happens on another radio than this computer's own, and without an adapter: the scan
    that follows says so.
    """
    if backend is None and sys.platform == "linux":
        wanted = {label.casefold() for label in labels}
        with suppress(*RADIO_ERRORS):
            adapter = await BleakAdapter.get()
            held = await adapter.get_connected_devices(_EVERY_DEVICE)
            ours = [each for each in held if wanted & _labels(each)]
            await asyncio.gather(*map(_disconnect, ours))


def _labels(device: BLEDevice) -> set[str]:
    return {device.address.casefold(), (device.name or "").casefold()}


async def _disconnect(device: BLEDevice) -> None:
    with suppress(*RADIO_ERRORS):
        async with asyncio.timeout(_RELEASE_S):
            # only who is connected can disconnect: this joins the link that is there
            async with BleakClient(device):
                pass
