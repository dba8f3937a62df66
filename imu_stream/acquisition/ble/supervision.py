"""Keeps one sensor streaming: links it, waits for its loss, finds it again, until cancelled."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import BaseBleakScanner

from imu_stream.acquisition.ble.failures import RADIO_ERRORS, fault_of, reason
from imu_stream.acquisition.ble.hearing import hear
from imu_stream.acquisition.ble.link import SensorLink, Sleep
from imu_stream.acquisition.ble.phases import LinkMachine
from imu_stream.acquisition.ble.plan import Patience, SensorPlan
from imu_stream.datatypes import LinkPhase
from imu_stream.errors import Fault, LinkError

_FIRST_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Adapter:
    """What all links of one adapter share."""

    busy: asyncio.Lock
    """Held while one link is being made or looked for: stacks do one at a time."""
    client_backend: type[BaseBleakClient] | None
    scanner_backend: type[BaseBleakScanner] | None
    patience: Patience
    sleep: Sleep


class Supervisor:
    """Keeps one sensor streaming.

    Attributes:
        plan: the sensor, as what it has turned out to be.
        link: while it streams.
        streaming: set once it has streamed.
    """

    def __init__(
        self,
        plan: SensorPlan,
        adapter: Adapter,
        on_notification: Callable[[str, bytes], None],
        on_phase: Callable[[LinkPhase, str], None],
    ) -> None:
        """Plan without touching the radio.

        Args:
            plan: the sensor, found by a scan just before.
            adapter: shared with the other sensors.
            on_notification: called with the stream's name, or the UUID of another
                characteristic, and the payload of every notification.
            on_phase: told every change of phase, with why.
        """
        self.plan = plan
        self.link: SensorLink | None = None
        self.streaming = asyncio.Event()
        self._adapter = adapter
        self._on_notification = on_notification
        self._machine = LinkMachine(on_phase)

    async def run(self) -> None:
        """Keep it streaming until cancelled.

        Raises:
            LinkError: the first link could not be made; later ones are tried again for ever.
        """
        try:
            await self._first_link()
            pause_s = _FIRST_PAUSE_S
            while True:
                self._machine.go(LinkPhase.BACKING_OFF)
                await self._adapter.sleep(pause_s)
                try:
                    await self._again()
                    pause_s = _FIRST_PAUSE_S
                except LinkError as error:
                    self._machine.go(LinkPhase.LOST, str(error))
                    pause_s = min(2 * pause_s, self._adapter.patience.longest_pause_s)
        finally:
            self._machine.go(LinkPhase.STOPPED)

    async def _first_link(self) -> None:
        """Stream until the first loss, as the device that it turns out to be."""
        *likelier, last = self.plan, *self.plan.otherwise
        for option in likelier:
            self.plan = option
            try:
                await self._stream()
            except LinkError as error:
                if error.fault is not Fault.OTHER_DEVICE:
                    raise
            else:
                return
        self.plan = last
        await self._stream()

    async def _again(self) -> None:
        """Find it, link it with its whole set-up, and stream until the next loss."""
        self._machine.go(LinkPhase.SCANNING)
        self.plan = replace(self.plan, device=await self._heard_again())
        await self._stream()

    async def _heard_again(self) -> BLEDevice:
        """The device as a fresh scan gives it: a system may have forgotten the one before.

        Raises:
            LinkError: it was not heard.
        """
        patience, address = self._adapter.patience, self.plan.device.address
        try:
            async with self._adapter.busy:
                heard = await hear(address, patience.rescan_s, self._adapter.scanner_backend)
        except RADIO_ERRORS as error:
            said = f"{self.plan.placement}: cannot look for it: {reason(error)}"
            raise LinkError(said, fault_of(error)) from error
        if heard is None:
            raise LinkError(f"{self.plan.placement}: not heard", Fault.NOT_FOUND)
        return heard[0]

    async def _stream(self) -> None:
        """One link, from connecting to its loss."""
        plan, adapter, names = self.plan, self._adapter, self.plan.stream_names
        link = SensorLink(
            plan,
            lambda uuid, payload: self._on_notification(names.get(uuid, uuid), payload),
            connecting=adapter.busy,
            on_phase=self._machine.go,
            client_backend=adapter.client_backend,
            patience=adapter.patience,
            sleep=adapter.sleep,
        )
        async with link:
            self.streaming.set()
            self.link = link
            try:
                why = await link.wait_lost()
            finally:
                self.link = None
            self._machine.go(LinkPhase.LOST, why)

    @property
    def can_vibrate(self) -> bool:
        """Whether the sensor streams and can vibrate or beep."""
        with suppress(LinkError):
            return self.link is not None and self.link.can_vibrate
        return False

    async def vibrate(self) -> None:
        """Let the sensor vibrate; returns once it has taken the command.

        Raises:
            LinkError: it did not, or is not linked at the moment.
        """
        if self.link is None:
            raise LinkError(f"{self.plan.placement}: is not connected at the moment")
        await self.link.vibrate()
