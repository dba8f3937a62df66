"""Looking for sensors: what advertises nearby, and which of it is wanted."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

from imu_stream.acquisition.ble.failures import RADIO_ERRORS, reason
from imu_stream.acquisition.ble.stale import release
from imu_stream.datatypes import Placement
from imu_stream.errors import LinkError
from imu_stream.profiles import (
    Advertisement,
    ClosedDevice,
    DeviceProfile,
    candidates,
    find_closed_device,
)


@dataclass(frozen=True, slots=True)
class Found:
    """One device heard while scanning."""

    device: BLEDevice
    name: str
    """Advertised name, "" when it has none."""
    rssi: int
    """Signal strength, dBm."""
    profiles: tuple[DeviceProfile, ...]
    """The profiles that fit its advertisement, the likeliest first; which of several it is shows
    only when it is connected."""
    closed: ClosedDevice | None = None
    """A device that is known not to stream motion."""

    @property
    def profile(self) -> DeviceProfile | None:
        """The likeliest profile."""
        return self.profiles[0] if self.profiles else None

    @property
    def is_known(self) -> bool:
        """Whether it is clear what it is."""
        return bool(self.profiles) or self.closed is not None

    @property
    def address(self) -> str:
        return self.device.address


async def scan(
    profiles: Sequence[DeviceProfile],
    *,
    seconds: float,
    backend: type[BaseBleakScanner] | None = None,
) -> list[Found]:
    """All devices heard in `seconds`, strongest first.

    Raises:
        LinkError: there is no usable Bluetooth adapter.
    """
    with _scanning_errors():
        async with BleakScanner(backend=backend) as scanner:
            await asyncio.sleep(seconds)
        heard = scanner.discovered_devices_and_advertisement_data.values()
    found = [_found(device, seen, profiles) for device, seen in heard]
    return sorted(found, key=lambda one: -one.rssi)


async def find(
    wanted: Mapping[Placement, str],
    profiles: Sequence[DeviceProfile],
    *,
    timeout_s: float,
    scanner_backend: type[BaseBleakScanner] | None = None,
) -> Mapping[Placement, Found]:
    """Scan until every wanted sensor, given by address or name, is heard and known.

    One that a killed program has left connected is let go first.

    Raises:
        LinkError: some were not heard in time, or there is no usable Bluetooth adapter.
    """
    heard: dict[str, Found] = {}
    await release(wanted.values(), scanner_backend)
    with _scanning_errors():
        async with BleakScanner(backend=scanner_backend) as scanner:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await _listen(scanner, wanted, profiles, heard)
    return _all_chosen(wanted, heard)


async def _listen(
    scanner: BleakScanner,
    wanted: Mapping[Placement, str],
    profiles: Sequence[DeviceProfile],
    heard: dict[str, Found],
) -> None:
    """Add to `heard` until every wanted sensor is among it and known."""
    async with aclosing(scanner.advertisement_data()) as advertisements:
        async for device, seen in advertisements:
            found, before = _found(device, seen, profiles), heard.get(device.address)
            heard[device.address] = found if before is None else _together(before, found)
            chosen = _chosen(wanted, heard)
            if len(chosen) == len(wanted) and all(each.is_known for each in chosen.values()):
                return


def _found(device: BLEDevice, seen: AdvertisementData, profiles: Sequence[DeviceProfile]) -> Found:
    name = seen.local_name or device.name
    advertisement = Advertisement(name, tuple(seen.service_uuids), tuple(seen.manufacturer_data))
    fitting = candidates(advertisement, profiles)
    streams = any(profile.streams for profile in fitting)
    closed = None if streams else find_closed_device(advertisement)
    return Found(device, name or "", seen.rssi, fitting, closed)


def _together(before: Found, now: Found) -> Found:
    """One advertisement can lack what another of the same device tells."""
    return Found(
        now.device,
        now.name or before.name,
        now.rssi,
        now.profiles or before.profiles,
        now.closed or before.closed,
    )


def _chosen(wanted: Mapping[Placement, str], heard: Mapping[str, Found]) -> dict[Placement, Found]:
    """Those wanted that are heard; the strongest where several share a name."""
    chosen = {}
    for found in sorted(heard.values(), key=lambda one: one.rssi):
        for placement, label in wanted.items():
            if label.casefold() in (found.address.casefold(), found.name.casefold()):
                chosen[placement] = found
    return chosen


def _all_chosen(
    wanted: Mapping[Placement, str], heard: Mapping[str, Found]
) -> Mapping[Placement, Found]:
    chosen = _chosen(wanted, heard)
    if missing := sorted(wanted.keys() - chosen.keys()):
        raise LinkError(
            f"not found: {', '.join(f'{each} ({wanted[each]})' for each in missing)};"
            f" heard: {_listing(heard.values())}. Switch the sensor on, bring it near, and make"
            " sure that no other program or phone is connected to it"
        )
    if len({each.address for each in chosen.values()}) < len(chosen):
        raise LinkError(
            f"one sensor is to be worn at two places: {_listing(chosen.values())};"
            " give each its own address"
        )
    return chosen


def _listing(devices: Iterable[Found]) -> str:
    names = sorted({f"{each.name or 'unnamed'} [{each.address}]" for each in devices})
    return ", ".join(names) or "no device at all"


@contextmanager
def _scanning_errors() -> Iterator[None]:
    try:
        yield
    except RADIO_ERRORS as error:
        raise LinkError(f"cannot scan: {reason(error)}") from error
