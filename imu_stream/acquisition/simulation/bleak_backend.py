"""bleak's scanner and client on the virtual adapter, to be passed to bleak as `backend=`.

Everything above them is the product's own code; everything below is real ATT, GATT, L2CAP and HCI.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from bumble import att, core, hci
from bumble.device import Advertisement, Connection, Peer
from bumble.transport.common import TransportLostError

from imu_stream.acquisition.simulation.adapter import VirtualAdapter
from imu_stream.acquisition.simulation.advertising import bleak_advertisement, uuid_text

_MTU = 517


def scanner_backend(adapter: VirtualAdapter) -> type[BaseBleakScanner]:
    """The type that `bleak.BleakScanner` takes as `backend=`, bound to this adapter."""
    return type("VirtualScanner", (VirtualScanner,), {"adapter": adapter})


def client_backend(adapter: VirtualAdapter) -> type[BaseBleakClient]:
    """The type that `bleak.BleakClient` takes as `backend=`, bound to this adapter."""
    return type("VirtualClient", (VirtualClient,), {"adapter": adapter})


class VirtualScanner(BaseBleakScanner):
    adapter: ClassVar[VirtualAdapter]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **options: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        self.seen_devices = {}
        with _bleak_errors():
            await self.adapter.start_scanning(self._heard)

    async def stop(self) -> None:
        with _bleak_errors():
            await self.adapter.stop_scanning(self._heard)

    def _heard(self, advertisement: Advertisement) -> None:
        seen = bleak_advertisement(advertisement)
        if not self.is_allowed_uuid(seen.service_uuids):
            return
        address = advertisement.address.to_string(False)
        device = self.create_or_update_device(
            address, address, seen.local_name, advertisement.address, seen
        )
        self.call_detection_callbacks(device, seen)


class VirtualClient(BaseBleakClient):
    adapter: ClassVar[VirtualAdapter]

    def __init__(self, address_or_ble_device: BLEDevice | str, **options: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=options.get("disconnected_callback"),
            timeout=options.get("timeout", 30.0),
        )
        found = address_or_ble_device if isinstance(address_or_ble_device, BLEDevice) else None
        self._name = found.name if found else None
        self._target = found.details if found else hci.Address(self.address)
        self._connection: Connection | None = None

    @property
    def name(self) -> str:
        return self._name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return self._connection.att_mtu if self._connection else att.ATT_DEFAULT_MTU

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **options: Any) -> None:
        if self.is_connected:
            raise BleakError("already connected")
        with _bleak_errors():
            try:
                connection = await self.adapter.connect(self._target, self._timeout)
            except core.TimeoutError:
                raise BleakDeviceNotFoundError(self.address, "no answer to connecting") from None
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        try:
            await self._discover(connection)
        except BaseException:
            await self.disconnect()
            raise

    async def _discover(self, connection: Connection) -> None:
        with _bleak_errors():
            peer = Peer(connection)
            await peer.request_mtu(_MTU)
            self.services = await self._services(peer)
        if not self.is_connected:
            raise BleakError("failed to discover services, device disconnected")

    async def _services(self, peer: Peer) -> BleakGATTServiceCollection:
        services = BleakGATTServiceCollection()
        for service in await peer.discover_services():
            entry = BleakGATTService(service, service.handle, uuid_text(service.uuid))
            services.add_service(entry)
            for characteristic in await service.discover_characteristics():
                found = self._characteristic(characteristic, entry)
                services.add_characteristic(found)
                for descriptor in await characteristic.discover_descriptors():
                    uuid = uuid_text(descriptor.type)
                    services.add_descriptor(
                        BleakGATTDescriptor(descriptor, descriptor.handle, uuid, found)
                    )
        return services

    def _characteristic(self, proxy: Any, service: BleakGATTService) -> BleakGATTCharacteristic:
        return BleakGATTCharacteristic(
            proxy,
            proxy.handle,
            uuid_text(proxy.uuid),
            list(gatt_char_props_to_strs(int(proxy.properties))),
            lambda: self.mtu_size - 3,
            service,
        )

    def _on_disconnection(self, reason: int) -> None:
        if self._connection is None:
            return
        self._connection = self.services = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._connection is not None:
            with suppress(BleakError), _bleak_errors():
                await self._connection.disconnect()

    async def pair(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError("the virtual radio does not pair")

    async def unpair(self) -> None:
        raise NotImplementedError("the virtual radio does not pair")

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, **options: Any
    ) -> bytearray:
        with self._on_link():
            return bytearray(await characteristic.obj.read_value())

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, **options: Any
    ) -> bytearray:
        with self._on_link():
            return bytearray(await descriptor.obj.read_value())

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        with self._on_link():
            await characteristic.obj.write_value(bytes(data), with_response=response)

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        with self._on_link():
            await descriptor.obj.write_value(bytes(data), with_response=True)

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **options: Any
    ) -> None:
        with self._on_link():
            await characteristic.obj.subscribe(
                lambda value: callback(bytearray(value)), prefer_notify=True
            )

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        with self._on_link():
            await characteristic.obj.unsubscribe(force=True)

    @contextmanager
    def _on_link(self) -> Iterator[None]:
        if self._connection is None:
            raise BleakError("Not connected")
        with _bleak_errors():
            yield


@contextmanager
def _bleak_errors() -> Iterator[None]:
    """Turn the host stack's errors into bleak's, as its own backends do."""
    try:
        yield
    except TransportLostError as error:
        raise BleakBluetoothNotAvailableError(
            str(error), BleakBluetoothNotAvailableReason.NO_BLUETOOTH
        ) from error
    except att.ATT_Error as error:
        raise BleakGATTProtocolError(error.error_code) from error
    except (core.BaseBumbleError, hci.HCI_Error, TimeoutError) as error:
        raise BleakError(str(error) or type(error).__name__) from error
    except asyncio.CancelledError:
        # The stack cancels its own futures when a link drops; that is no wish of the caller's.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise BleakError("the link was lost") from None
