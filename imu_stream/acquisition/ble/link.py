"""The link to one sensor: connect, set up, stream, shut down."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from bleak import BleakClient
from bleak.backends.client import BaseBleakClient
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakDeviceNotFoundError,
    BleakError,
)

from imu_stream.acquisition.ble.conversation import Conversation
from imu_stream.acquisition.ble.failures import RADIO_ERRORS, end_all
from imu_stream.acquisition.ble.introduction import introduce, listen
from imu_stream.acquisition.ble.plan import Patience, SensorPlan
from imu_stream.acquisition.ble.vibration import (
    DURATION_MS,
    begin_vibration,
    can_vibrate,
    end_vibration,
)
from imu_stream.datatypes import LinkPhase
from imu_stream.errors import Fault, LinkError

Sleep = Callable[[float], Awaitable[None]]

_RETRY_PAUSE_S = 0.3


class SensorLink:
    """The link to one sensor: entered when it streams, left when it is stopped and let go.

    Leaving sends the profile's shutdown steps and disconnects: also when cancelled, in bounded
    time, and without hiding the error that ended the link.
    """

    def __init__(
        self,
        plan: SensorPlan,
        on_notification: Callable[[str, bytes], None],
        *,
        connecting: asyncio.Lock,
        on_phase: Callable[[LinkPhase], None] = lambda phase: None,
        client_backend: type[BaseBleakClient] | None = None,
        patience: Patience | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Plan a link without touching the radio.

        Args:
            plan: the sensor.
            on_notification: called with characteristic and payload of every notification.
            connecting: shared by all links of one adapter, which makes one at a time.
            on_phase: told when the link goes on to connecting, setting up and streaming.
            client_backend: another radio than this computer's own.
            patience: timeouts and retries.
            sleep: pause between connection attempts.
        """
        self._plan = plan
        self._on_notification = on_notification
        self._connecting = connecting
        self._on_phase = on_phase
        self._patience = patience or Patience()
        self._sleep = sleep
        self._gone = asyncio.Event()
        self._client = BleakClient(
            plan.device,
            self._on_disconnected,
            timeout=self._patience.connect_s,
            backend=client_backend,
        )
        self._talk = Conversation(self._client, plan, self._gone, self._heard, self._patience)
        self._streams = {stream.characteristic for stream in plan.mode.streams}
        self._sampling = asyncio.Event()
        self._heard_s = 0.0
        """When samples came last, on the loop's clock."""
        self._ending_vibration: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            self._on_phase(LinkPhase.CONNECTING)
            await self._connect()
            self._on_phase(LinkPhase.SETTING_UP)
            await introduce(self._talk, self._plan.profile)
            await self._talk.take(self._plan.mode.setup, self._patience.reply_s)
            await self._wait_for_samples()
            await listen(self._talk, self._plan.profile)
            self._on_phase(LinkPhase.STREAMING)
            stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    @property
    def can_vibrate(self) -> bool:
        """Whether the device can vibrate or beep. Raises LinkError when it is gone."""
        return can_vibrate(self._talk, self._plan.profile)

    async def vibrate(self) -> None:
        """Draw the wearer's attention; returns once the device has taken it. Raises LinkError."""
        await end_all(self._ending_vibration)
        self._ending_vibration.clear()
        if await begin_vibration(self._talk, self._plan.profile):
            self._ending_vibration.append(asyncio.create_task(self._end_vibration()))

    async def _end_vibration(self) -> None:
        await self._sleep(DURATION_MS / 1000)
        with suppress(LinkError):
            await end_vibration(self._talk)

    async def wait_lost(self) -> str:
        """Wait until the sensor is gone or silent; why, in a few words."""
        loop, silence_s = asyncio.get_running_loop(), self._patience.silence_s
        self._heard_s = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(self._heard_s + silence_s):
                    await self._gone.wait()
                    return "the link was lost"
            except TimeoutError:
                if not self._streams:  # it has nothing to send
                    self._heard_s = loop.time()
                # A dead Bluetooth service tells nobody: the data just stops.
                elif loop.time() - self._heard_s >= silence_s:
                    return f"connected, but silent for {silence_s:g} s"

    def _heard(self, characteristic: str, payload: bytes) -> None:
        if characteristic in self._streams:
            self._heard_s = asyncio.get_running_loop().time()
            self._sampling.set()
        self._on_notification(characteristic, payload)

    async def _wait_for_samples(self) -> None:
        """A sensor that takes every command and then sends nothing is no use."""
        if not self._streams:
            return
        # answers may have come over the characteristic of the samples
        self._sampling.clear()
        silence_s = self._patience.first_sample_s
        try:
            with self._talk.explained("start"):
                await self._talk.raced(self._sampling.wait(), silence_s)
        except LinkError as error:
            if error.fault is not Fault.NO_ANSWER:
                raise
            silent = f"was set up, but has sent no samples for {silence_s:g} s"
            raise self._talk.failure(Fault.SILENT, silent) from None

    def _on_disconnected(self, client: BleakClient) -> None:
        self._gone.set()

    async def _connect(self) -> None:
        with self._talk.explained("connect", Fault.NOT_FOUND):
            for attempt in range(1, self._patience.attempts):
                if await self._try_to_connect():
                    return
                await self._sleep(_RETRY_PAUSE_S * attempt)
            await self._connect_once()

    async def _try_to_connect(self) -> bool:
        """False when it makes sense to try again at once."""
        try:
            await self._connect_once()
        except (BleakDeviceNotFoundError, BleakBluetoothNotAvailableError):
            raise
        except BleakError:
            # Systems lose a race now and then and drop the link during service discovery.
            return False
        return True

    async def _connect_once(self) -> None:
        self._gone.clear()
        try:
            async with self._connecting:
                await self._talk.raced(self._client.connect(), self._patience.connect_s)
        except BaseException:
            await self._disconnect()
            raise

    async def _close(self) -> None:
        closing = asyncio.create_task(self._let_go())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            # Cancelled while letting go: that still has to be done, and it ends soon.
            await closing
            raise

    async def _let_go(self) -> None:
        await end_all(self._ending_vibration)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.close_s):
                await self._shut_down()
        await self._disconnect()

    async def _shut_down(self) -> None:
        """Leave the sensor as it was found, as far as it still answers."""
        if self._talk.begun:
            for step in self._plan.mode.shutdown:
                if not self._gone.is_set():
                    with suppress(LinkError):
                        await self._talk.take([step], self._patience.last_reply_s)
        await self._talk.unsubscribe()

    async def _disconnect(self) -> None:
        # Also after a loss: without it, bleak delivers every notification of the next link twice.
        with suppress(*RADIO_ERRORS):
            async with asyncio.timeout(self._patience.close_s):
                await self._client.disconnect()
