"""Wait for the advertisement of one device."""

import asyncio
from contextlib import aclosing, suppress

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

from imu_stream.acquisition.ble.stale import release


async def hear(
    label: str, timeout_s: float, backend: type[BaseBleakScanner] | None
) -> tuple[BLEDevice, AdvertisementData] | None:
    """The device of this address or name, as soon as it is heard; None when it was not.

    One that is still connected though nobody uses it is let go first.

    Raises:
        BleakError: there is no usable Bluetooth adapter.
    """
    wanted = label.casefold()
    await release([label], backend)
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(timeout_s),
            BleakScanner(backend=backend) as scanner,
            aclosing(scanner.advertisement_data()) as advertisements,
        ):
            async for device, shown in advertisements:
                name = shown.local_name or device.name or ""
                if wanted in (device.address.casefold(), name.casefold()):
                    return device, shown
    return None
