"""Frames and link states of several Bluetooth sensors as one stream."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner

from imu_stream.acquisition.ble.failures import end_all
from imu_stream.acquisition.ble.link import Sleep
from imu_stream.acquisition.ble.plan import Patience, SensorPlan
from imu_stream.acquisition.ble.supervision import Adapter, Supervisor
from imu_stream.datatypes import Frame, LinkPhase, LinkState, Placement

Clock = Callable[[], float]


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
        scanner_backend: type[BaseBleakScanner] | None = None,
        patience: Patience | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Plan a source without touching the radio.

        Args:
            sensors: the sensors, one for each placement.
            clock: the session clock, monotonic seconds.
            client_backend: another radio than this computer's own.
            scanner_backend: the same for finding lost sensors.
            patience: timeouts and retries.
            sleep: pause between connection attempts.
        """
        self._clock = clock
        adapter = Adapter(
            asyncio.Lock(), client_backend, scanner_backend, patience or Patience(), sleep
        )
        self._supervisors = [self._supervisor(plan, adapter) for plan in sensors]
        self._arrived: asyncio.Queue[Frame | LinkState | None] = asyncio.Queue()
        self._keepers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Connect and set up every sensor.

        Raises:
            LinkError: one of them cannot be connected or refuses its set-up.
        """
        for each in self._supervisors:
            keeper = asyncio.create_task(each.run())
            keeper.add_done_callback(self._on_keeper_done)
            self._keepers.append(keeper)
        try:
            await self._all_streaming()
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
        await end_all(self._keepers)

    @property
    def plans(self) -> Mapping[Placement, SensorPlan]:
        """What each sensor has turned out to be."""
        return {each.plan.placement: each.plan for each in self._supervisors}

    @property
    def able_to_vibrate(self) -> tuple[Placement, ...]:
        """Where a device is worn that streams and can vibrate or beep."""
        return tuple(each.plan.placement for each in self._supervisors if each.can_vibrate)

    async def vibrate(self, placement: Placement) -> None:
        """Let one device vibrate or beep; returns once it has taken the command.

        Raises:
            LinkError: it did not, or it is not connected at the moment.
        """
        (supervisor,) = (each for each in self._supervisors if each.plan.placement is placement)
        await supervisor.vibrate()

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

    async def _all_streaming(self) -> None:
        async def all_set() -> None:
            for each in self._supervisors:
                await each.streaming.wait()

        ready = asyncio.create_task(all_set())
        try:
            await asyncio.wait((ready, *self._keepers), return_when="FIRST_COMPLETED")
            _raise_failure(self._keepers)
        finally:
            await end_all((ready,))

    def _supervisor(self, plan: SensorPlan, adapter: Adapter) -> Supervisor:
        clock, placement = self._clock, plan.placement

        def notified(stream: str, payload: bytes) -> None:
            self._arrived.put_nowait(Frame(clock(), placement, stream, payload))

        def changed(phase: LinkPhase, detail: str) -> None:
            self._arrived.put_nowait(LinkState(clock(), placement, phase, detail))

        return Supervisor(plan, adapter, notified, changed)

    def _on_keeper_done(self, keeper: asyncio.Task[None]) -> None:
        failed = not keeper.cancelled() and keeper.exception() is not None
        if failed or all(each.done() for each in self._keepers):
            self._arrived.put_nowait(None)


def _raise_failure(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()
