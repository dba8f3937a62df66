"""The link to one sensor: connect, set up, stream, shut down."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakDeviceNotFoundError,
    BleakError,
)

from imu_stream.acquisition.ble.failures import RADIO_ERRORS, end_all, reason
from imu_stream.acquisition.ble.plan import Patience, SensorPlan
from imu_stream.datatypes import LinkPhase
from imu_stream.errors import LinkError
from imu_stream.profiles import Step, Subscribe, Write, is_refusal, is_reply

Sleep = Callable[[float], Awaitable[None]]
Result = TypeVar("Result")

_RETRY_PAUSE_S = 0.3


class _Awaited:
    """A command whose answer has to come before the next step."""

    def __init__(self, step: Write) -> None:
        self.step = step
        self.answered = asyncio.Event()
        self.accepted = False
        self.answer = b""

    def hear(self, characteristic: str, payload: bytes) -> None:
        reply = self.step.reply
        if reply is None or reply.characteristic != characteristic or self.answered.is_set():
            return
        self.accepted = is_reply(self.step, payload)
        if self.accepted or is_refusal(self.step, payload):
            self.answer = payload
            self.answered.set()


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
        self._client = BleakClient(
            plan.device,
            self._on_disconnected,
            timeout=self._patience.connect_s,
            backend=client_backend,
        )
        self._gone = asyncio.Event()
        self._received = 0
        self._subscribed: list[str] = []
        self._awaited: _Awaited | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            self._on_phase(LinkPhase.CONNECTING)
            await self._connect()
            self._on_phase(LinkPhase.SETTING_UP)
            for step in self._plan.profile.setup(self._plan.rate_hz):
                await self._take(step, self._patience.reply_s)
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

    async def wait_lost(self) -> str:
        """Wait until the sensor is gone or silent; why, in a few words."""
        while True:
            received = self._received
            try:
                async with asyncio.timeout(self._patience.silence_s):
                    await self._gone.wait()
                    return "the link was lost"
            except TimeoutError:
                # A dead Bluetooth service tells nobody: the data just stops.
                if received == self._received:
                    return f"connected, but silent for {self._patience.silence_s:g} s"

    def _on_disconnected(self, client: BleakClient) -> None:
        self._gone.set()

    def _on_data(self, characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        payload = bytes(data)
        self._on_notification(characteristic.uuid, payload)
        self._received += 1
        if self._awaited is not None:
            self._awaited.hear(characteristic.uuid, payload)

    async def _connect(self) -> None:
        with self._explained("connect"):
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
                await self._raced(self._client.connect(), self._patience.connect_s)
        except BaseException:
            await self._disconnect()
            raise

    async def _take(self, step: Step, reply_s: float) -> None:
        match step:
            case Subscribe(characteristic):
                await self._subscribe(characteristic)
            case Write():
                await self._write(step, reply_s)

    async def _subscribe(self, characteristic: str) -> None:
        with self._explained("subscribe to"):
            await self._raced(
                self._client.start_notify(characteristic, self._on_data),
                self._patience.operation_s,
            )
        self._subscribed.append(characteristic)

    async def _write(self, step: Write, reply_s: float) -> None:
        awaited = self._awaited = _Awaited(step)
        with self._explained("configure"):
            await self._raced(
                self._client.write_gatt_char(
                    step.characteristic, step.payload, response=step.response
                ),
                self._patience.operation_s,
            )
            if step.reply is not None:
                await self._wait_for_answer(awaited, reply_s)
        self._awaited = None

    async def _wait_for_answer(self, awaited: "_Awaited", reply_s: float) -> None:
        try:
            await self._raced(awaited.answered.wait(), reply_s)
        except TimeoutError:
            raise self._refused(awaited, "did not answer") from None
        if not awaited.accepted:
            raise self._refused(awaited, f"answered {awaited.answer.hex(' ')} to")

    def _refused(self, awaited: "_Awaited", did: str) -> LinkError:
        return LinkError(
            f"{self._plan.placement}: {self._name} {did} the command"
            f" {awaited.step.payload.hex(' ')}; switch it off and on, and check that it is a"
            f" {self._plan.profile.title} that can do {self._plan.rate_hz:g} Hz"
        )

    async def _raced(self, operation: Coroutine[Any, Any, Result], timeout_s: float) -> Result:
        """One radio operation; some stacks never answer once the sensor has gone."""
        work = asyncio.ensure_future(operation)
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait((work, gone), timeout=timeout_s, return_when="FIRST_COMPLETED")
            if work.done():
                return work.result()
            if gone.done():
                raise BleakError("the link was lost")
            raise TimeoutError
        finally:
            await end_all((work, gone))

    async def _close(self) -> None:
        closing = asyncio.create_task(self._let_go())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            # Cancelled while letting go: that still has to be done, and it ends soon.
            await closing
            raise

    async def _let_go(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.close_s):
                await self._shut_down()
        await self._disconnect()

    async def _shut_down(self) -> None:
        """Leave the sensor as it was found, as far as it still answers."""
        if self._subscribed:
            for step in self._plan.profile.shutdown(self._plan.rate_hz):
                if not self._gone.is_set():
                    with suppress(LinkError):
                        await self._take(step, self._patience.last_reply_s)
        while self._subscribed and not self._gone.is_set():
            with suppress(*RADIO_ERRORS):
                await self._raced(
                    self._client.stop_notify(self._subscribed.pop()), self._patience.operation_s
                )

    async def _disconnect(self) -> None:
        # Also after a loss: without it, bleak delivers every notification of the next link twice.
        with suppress(*RADIO_ERRORS):
            async with asyncio.timeout(self._patience.close_s):
                await self._client.disconnect()

    @property
    def _name(self) -> str:
        return self._plan.device.name or self._plan.device.address

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except RADIO_ERRORS as error:
            raise LinkError(
                f"{self._plan.placement}: cannot {doing} {self._name}: {reason(error)}"
            ) from error
