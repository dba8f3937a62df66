"""Frames and link states of several Bluetooth sensors as one stream."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from bleak.backends.client import BaseBleakClient

from imu_stream.acquisition.ble.failures import end_all
from imu_stream.acquisition.ble.link import SensorLink, Sleep
from imu_stream.acquisition.ble.plan import Patience, SensorPlan
from imu_stream.datatypes import Frame, LinkPhase, LinkState, Placement
from imu_stream.errors import Fault, LinkError

Clock = Callable[[], float]

_FIRST_PAUSE_S = 0.5


class BleSource:
    """Frames and link states of several sensors, in order of arrival.

    Entering returns when every sensor streams; what arrives meanwhile is kept. Nothing is ever
    dropped: the queue between radio and reader has no limit.
    """

    def __init__(
        self,
        sensors: Sequence[SensorPlan],
        clock: Clock,
        *,
        client_backend: type[BaseBleakClient] | None = None,
        patience: Patience | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Plan a source without touching the radio.

        Args:
            sensors: the sensors, one for each placement.
            clock: the session clock, monotonic seconds.
            client_backend: another radio than this computer's own.
            patience: timeouts and retries.
            sleep: pause between connection attempts.
        """
        self._sensors = tuple(sensors)
        self.plans = {plan.placement: plan for plan in sensors}
        """What each sensor turned out to be, once it streams."""
        self._clock = clock
        self._backend = client_backend
        self._patience = patience or Patience()
        self._sleep = sleep
        self._connecting = asyncio.Lock()
        self._arrived: asyncio.Queue[Frame | LinkState | None] = asyncio.Queue()
        self._keepers: list[asyncio.Task[None]] = []
        self._links: dict[Placement, SensorLink] = {}
        self._vibrating: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect and set up every sensor.

        Raises:
            LinkError: one of them cannot be connected or refuses its set-up.
        """
        streaming = [asyncio.Event() for _ in self._sensors]
        for plan, event in zip(self._sensors, streaming, strict=True):
            keeper = asyncio.create_task(self._keep(plan, event))
            keeper.add_done_callback(self._on_keeper_done)
            self._keepers.append(keeper)
        try:
            await self._all_streaming(streaming)
        except BaseException:
            await end_all(self._keepers)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await end_all((*self._vibrating, *self._keepers))

    def vibrate(self) -> None:
        """Let every device that can vibrate or beep do so now; returns at once.

        A device that fails or is slow holds up nothing; while one cue is under way no other begins.
        """
        if not self._vibrating:
            for link in self._links.values():
                task = asyncio.create_task(_quietly(link.vibrate()))
                self._vibrating.add(task)
                task.add_done_callback(self._vibrating.discard)

    def stop(self) -> None:
        """Stop the sensors; iteration ends after their last frame and STOPPED state."""
        for keeper in self._keepers:
            keeper.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame | LinkState:
        item = await self._arrived.get()
        if item is None:
            self._arrived.put_nowait(None)
            _raise_failure(self._keepers)
            raise StopAsyncIteration
        return item

    async def _all_streaming(self, streaming: Sequence[asyncio.Event]) -> None:
        async def all_set() -> None:
            for event in streaming:
                await event.wait()

        ready = asyncio.create_task(all_set())
        try:
            await asyncio.wait((ready, *self._keepers), return_when="FIRST_COMPLETED")
            _raise_failure(self._keepers)
        finally:
            await end_all((ready,))

    async def _keep(self, plan: SensorPlan, streaming: asyncio.Event) -> None:
        """Keep one sensor streaming until cancelled; only the first link may fail."""
        try:
            plan = await self._first_link(plan, streaming)
            pause_s = _FIRST_PAUSE_S
            while True:
                await self._sleep(pause_s)
                try:
                    await self._stream(plan, streaming)
                    pause_s = _FIRST_PAUSE_S
                except LinkError as error:
                    self._announce(plan, LinkPhase.LOST, str(error))
                    pause_s = min(2 * pause_s, self._patience.longest_pause_s)
        finally:
            self._announce(plan, LinkPhase.STOPPED)

    async def _first_link(self, plan: SensorPlan, streaming: asyncio.Event) -> SensorPlan:
        """Stream until the first loss, as the device that it turns out to be."""
        *likelier, last = plan, *plan.otherwise
        for option in likelier:
            self.plans[plan.placement] = option
            try:
                await self._stream(option, streaming)
            except LinkError as error:
                if error.fault is not Fault.OTHER_DEVICE:
                    raise
            else:
                return option
        self.plans[plan.placement] = last
        await self._stream(last, streaming)
        return last

    async def _stream(self, plan: SensorPlan, streaming: asyncio.Event) -> None:
        """One link of one sensor, from connecting to its loss."""
        link = SensorLink(
            plan,
            self._notified(plan),
            connecting=self._connecting,
            on_phase=lambda phase: self._announce(plan, phase),
            client_backend=self._backend,
            patience=self._patience,
            sleep=self._sleep,
        )
        async with link:
            streaming.set()
            self._links[plan.placement] = link
            try:
                reason = await link.wait_lost()
            finally:
                del self._links[plan.placement]
            self._announce(plan, LinkPhase.LOST, reason)

    def _notified(self, plan: SensorPlan) -> Callable[[str, bytes], None]:
        streams = {stream.characteristic: stream.name for stream in plan.profile.streams}
        clock, put, placement = self._clock, self._arrived.put_nowait, plan.placement

        def notified(characteristic: str, payload: bytes) -> None:
            # Answers to commands are kept in the record too, under the characteristic's UUID.
            put(Frame(clock(), placement, streams.get(characteristic, characteristic), payload))

        return notified

    def _announce(self, plan: SensorPlan, phase: LinkPhase, detail: str = "") -> None:
        self._arrived.put_nowait(LinkState(self._clock(), plan.placement, phase, detail))

    def _on_keeper_done(self, keeper: asyncio.Task[None]) -> None:
        failed = not keeper.cancelled() and keeper.exception() is not None
        if failed or all(each.done() for each in self._keepers):
            self._arrived.put_nowait(None)


async def _quietly(action: Coroutine[None, None, None]) -> None:
    with suppress(LinkError):
        await action


def _raise_failure(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()
