"""The central's side of the virtual air: one virtual Bluetooth adapter."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from bumble import core, hci
from bumble.device import Advertisement, Connection, Device, DeviceConfiguration
from bumble.transport import open_transport
from bumble.transport.common import TransportLostError, TransportSink, TransportSource

from imu_stream.errors import LinkError

Listener = Callable[[Advertisement], None]

_ADDRESS = "F0:1D:50:00:00:01"

# The stack logs what it then raises; without this, unconfigured logging would show it on stderr.
logging.getLogger("bumble").addHandler(logging.NullHandler())


class VirtualAdapter:
    """One virtual Bluetooth adapter in the central role; several links at a time."""

    def __init__(self, source: TransportSource, sink: TransportSink) -> None:
        configuration = DeviceConfiguration(name="adapter", address=hci.Address(_ADDRESS))
        self._device = Device.from_config_with_hci(configuration, source, sink)
        self._device.on(Device.EVENT_ADVERTISEMENT, self._on_advertisement)
        self._device.on(Device.EVENT_FLUSH, self._on_flush)
        self._connecting = asyncio.Lock()
        self._listeners: set[Listener] = set()
        self._unplugged = False

    async def power_on(self) -> None:
        await self._device.power_on()

    async def power_off(self) -> None:
        """Drop every link; the adapter is then as good as unplugged."""
        self._on_flush()
        await self._device.power_off()

    def device(self) -> Device:
        """The host stack.

        Raises:
            TransportLostError: the other side of the transport has gone.
        """
        if self._unplugged:
            raise TransportLostError("the virtual adapter is unplugged")
        return self._device

    async def connect(self, address: hci.Address, timeout_s: float) -> Connection:
        """Connect to one peripheral; a cancelled attempt leaves nothing pending."""
        async with self._connecting:
            device = self.device()
            attempt = asyncio.ensure_future(device.connect_le(address, timeout=timeout_s))
            try:
                return await asyncio.shield(attempt)
            except asyncio.CancelledError:
                await self._abandon(attempt)
                raise

    async def _abandon(self, attempt: "asyncio.Future[Connection]") -> None:
        if self._unplugged:
            attempt.cancel()
            await asyncio.wait({attempt})
            return
        with suppress(core.BaseBumbleError, asyncio.CancelledError):
            if not attempt.done():
                await self._device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
            await (await attempt).disconnect()

    async def start_scanning(self, listener: Listener) -> None:
        """Report every advertisement heard to this listener too."""
        device = self.device()
        self._listeners.add(listener)
        if not device.is_scanning:
            await device.start_scanning(active=True, filter_duplicates=False)

    async def stop_scanning(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners and not self._unplugged and self._device.is_scanning:
            await self._device.stop_scanning()

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        for listener in list(self._listeners):
            listener(advertisement)

    def _on_flush(self) -> None:
        # Powering on flushes too; only a running adapter can be unplugged.
        self._unplugged = self._device.powered_on


@asynccontextmanager
async def open_adapter(port: int) -> AsyncIterator[VirtualAdapter]:
    """An adapter on the air whose hub listens on this TCP port; switched on.

    Raises:
        LinkError: there is no such hub.
    """
    try:
        transport = await open_transport(f"tcp-client:127.0.0.1:{port}")
    except OSError as error:
        raise LinkError(f"no virtual air on port {port}: {error}") from error
    try:
        adapter = VirtualAdapter(transport.source, transport.sink)
        await adapter.power_on()
        yield adapter
        await adapter.power_off()
    finally:
        await transport.close()
        # The socket is closed one turn of the loop later.
        await transport.source.terminated
