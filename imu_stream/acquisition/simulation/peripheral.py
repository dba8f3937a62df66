"""A virtual sensor on the virtual air: what it advertises and its GATT server."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from bumble import att, core, hci
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.transport.common import TransportSink, TransportSource

from imu_stream.acquisition.simulation.advertising import advertising_bytes, uuid_of
from imu_stream.acquisition.simulation.said import (
    characteristics_of,
    standard_services,
)
from imu_stream.acquisition.simulation.streaming import (
    DeviceClock,
    Measures,
    RunnerClock,
    StreamingSession,
)
from imu_stream.profiles import Advertisement, DeviceProfile, Notification

_ADVERTISING_INTERVAL_MS = 100.0
_CLOSE_S = 1.0
_PROPERTY_BITS = {
    "read": Characteristic.Properties.READ,
    "write": Characteristic.Properties.WRITE,
    "write-without-response": Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": Characteristic.Properties.NOTIFY,
    "indicate": Characteristic.Properties.INDICATE,
}


class VirtualPeripheral:
    """One virtual sensor, on the air while entered as an async context manager.

    It serves one central at a time and streams from the command that starts it to the one that
    stops it or the end of the link.
    """

    def __init__(
        self,
        source: TransportSource,
        sink: TransportSink,
        profile: DeviceProfile,
        sensor: Measures,
        runner_clock: RunnerClock,
        *,
        address: str,
        serial: str,
        clock_ppm: float = 0.0,
        seed: int = 1,
    ) -> None:
        """Build the sensor on a controller given by its HCI source and sink.

        Args:
            source: packets from the controller.
            sink: packets to the controller.
            profile: the kind of device to be.
            sensor: what it measures.
            runner_clock: shared by all sensors of one runner.
            address: static random Bluetooth address, "C4:…".
            serial: as it appears in the advertised name.
            clock_ppm: how much its clock runs fast.
            seed: of the epoch of its clock.
        """
        self._profile = profile
        self._sensor = sensor
        self._runner_clock = runner_clock
        self._device_clock = DeviceClock(clock_ppm, seed)
        self._session: StreamingSession | None = None
        self._characteristics: dict[str, Characteristic[bytes]] = {}
        own, standard = self._services(), standard_services(profile, serial)
        self._characteristics |= characteristics_of(standard)
        services = [*own, *standard]
        self._device = self._host(source, sink, address, profile.advertisement(serial), services)

    async def __aenter__(self) -> Self:
        await self._device.power_on()
        await self._device.start_advertising(auto_restart=True)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            self._session.end()
        # The air may be gone already: then nothing answers any more.
        with suppress(TimeoutError, core.BaseBumbleError):
            async with asyncio.timeout(_CLOSE_S):
                await self._device.stop_advertising()
                for connection in list(self._device.connections.values()):
                    await connection.disconnect()
                await self._device.power_off()

    def _host(
        self,
        source: TransportSource,
        sink: TransportSink,
        address: str,
        shown: Advertisement,
        services: Sequence[Service],
    ) -> Device:
        advertising_data, scan_response_data = advertising_bytes(shown)
        configuration = DeviceConfiguration(
            name=shown.name or self._profile.title,
            address=hci.Address(address),
            advertising_data=advertising_data,
            scan_response_data=scan_response_data,
            advertising_interval_min=_ADVERTISING_INTERVAL_MS,
            advertising_interval_max=_ADVERTISING_INTERVAL_MS,
        )
        device = Device.from_config_with_hci(configuration, source, sink)
        for service in services:
            device.add_service(service)
        device.on(Device.EVENT_CONNECTION, self._on_connection)
        return device

    def _services(self) -> list[Service]:
        """The profile's own services; a characteristic may stand in several of them."""
        services: dict[str, list[Characteristic[bytes]]] = {}
        for each in self._profile.characteristics:
            made = self._characteristic(each.uuid, each.properties)
            self._characteristics[each.uuid] = made
            services.setdefault(each.service_uuid, []).append(made)
        return [Service(uuid_of(uuid), made) for uuid, made in services.items()]

    def _characteristic(self, uuid: str, properties: Sequence[str]) -> Characteristic[bytes]:
        def written(connection: Connection, value: bytes) -> None:
            if self._session is not None:
                self._session.command(uuid, bytes(value))

        def read(connection: Connection) -> bytes:
            return b"" if self._session is None else self._session.value(uuid)

        def subscribed(connection: Connection, notify: bool, indicate: bool) -> None:
            if self._session is not None:
                self._session.subscription(uuid, notify or indicate)

        bits = Characteristic.Properties(0)
        for name in properties:
            bits |= _PROPERTY_BITS[name]
        # The server answers a read it cannot serve with silence; refusing has to be asked for.
        served = read if "read" in properties else _refuse_to_read
        characteristic: Characteristic[bytes] = Characteristic(
            uuid_of(uuid),
            bits,
            Characteristic.Permissions.READABLE | Characteristic.Permissions.WRITEABLE,
            CharacteristicValue(read=served, write=written),
        )
        characteristic.on(Characteristic.EVENT_SUBSCRIPTION, subscribed)
        return characteristic

    def _on_connection(self, connection: Connection) -> None:
        session = StreamingSession(
            self._profile,
            self._sensor,
            self._runner_clock,
            self._device_clock,
            partial(self._send, connection),
            lambda: connection.att_mtu,
        )

        def disconnected(reason: int) -> None:
            session.end()
            self._session = None

        self._session = session
        connection.on(Connection.EVENT_DISCONNECTION, disconnected)

    async def _send(self, connection: Connection, sent: Notification) -> None:
        characteristic = self._characteristics[sent.characteristic]
        if characteristic.properties & Characteristic.Properties.NOTIFY:
            await self._device.notify_subscriber(connection, characteristic, sent.payload)
        else:
            await self._device.indicate_subscriber(connection, characteristic, sent.payload)


def _refuse_to_read(connection: Connection) -> bytes:
    raise att.ATT_Error(att.ATT_READ_NOT_PERMITTED_ERROR)
