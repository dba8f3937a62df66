"""Around each output its own queue and task: one that fails or stalls holds up nothing else."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from imu_stream.datatypes import Cue, CueDelivery, Outcome, Output
from imu_stream.errors import OutputError
from imu_stream.sinks.outputs.output import CueOutput

OPEN_S = 5.0
CLOSE_S = 1.0
"""How long an output may take; what it has not done by then is given up."""


class Channel:
    """Takes the cues for one output; an async context manager and a sink.

    One cue may wait, and a newer one takes its place. A cue that has expired is not handed over,
    nor is one finished whose time runs out meanwhile. After a failure the output is closed, and
    opened again for the next cue.
    """

    def __init__(
        self,
        output: CueOutput,
        clock: Callable[[], float],
        *,
        on_delivery: Callable[[CueDelivery], None],
        on_failure: Callable[[str], None],
        accepts: Callable[[Cue], bool] = lambda cue: True,
    ) -> None:
        """Plan a channel; the output is opened when it is entered.

        Args:
            output: the only user of it is this channel.
            clock: session clock, s, the one cues expire by.
            on_delivery: told what became of each cue, never from within `write`.
            on_failure: told the first failure, and the first one after it has worked again.
            accepts: which cues are for this output; of others nothing is told.
        """
        self._output = output
        self._clock = clock
        self._on_delivery = on_delivery
        self._on_failure = on_failure
        self._accepts = accepts
        self._waiting: Cue | None = None
        self._under_way: Cue | None = None
        self._arrived = asyncio.Event()
        self._opened = AsyncExitStack()
        self._is_open = False
        self._is_failing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to open the output; this does not wait for it."""
        self._task = asyncio.create_task(self._run(), name=f"cues to {self._output.name}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the output in bounded time; what is not handed over by now has failed."""
        task = self._task
        assert task is not None
        task.cancel()
        await asyncio.wait((task,), timeout=2.0 * CLOSE_S)
        for cue in (self._under_way, self._waiting):
            if cue is not None:
                self._tell(cue, Outcome.FAILED, self._clock())
        if task.done() and not task.cancelled():
            task.result()

    def write(self, output: Output) -> None:
        """Take a cue and return at once; anything else is passed over."""
        if not isinstance(output, Cue) or not self._accepts(output):
            return
        if self._waiting is not None:
            # not told at once: the caller is in the midst of giving out this very cue
            loop = asyncio.get_running_loop()
            loop.call_soon(self._tell, self._waiting, Outcome.DISPLACED, self._clock())
        self._waiting = output
        self._arrived.set()

    async def _run(self) -> None:
        try:
            await self._open_ahead()
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                self._under_way, self._waiting = self._waiting, None
                if self._under_way is not None:
                    await self._deliver(self._under_way)
        finally:
            await self._close()

    async def _open_ahead(self) -> None:
        try:
            async with asyncio.timeout(OPEN_S):
                await self._open()
        except TimeoutError:
            await self._failed(f"could not be opened within {OPEN_S:g} s")
        except OutputError as error:
            await self._failed(str(error))

    async def _deliver(self, cue: Cue) -> None:
        left_s = cue.expires_s - self._clock()
        if left_s <= 0.0:
            self._tell(cue, Outcome.EXPIRED, self._clock())
            return
        try:
            async with asyncio.timeout(left_s):
                await self._open()
                emitted_s = await self._output.deliver(cue)
        except TimeoutError:
            self._tell(cue, Outcome.EXPIRED, self._clock())
            await self._failed("did not take a cue in time")
        except OutputError as error:
            self._tell(cue, Outcome.FAILED, self._clock())
            await self._failed(str(error))
        else:
            self._is_failing = False
            self._tell(cue, Outcome.EMITTED, emitted_s)

    async def _open(self) -> None:
        if not self._is_open:
            await self._opened.enter_async_context(self._output)
            self._is_open = True

    async def _close(self) -> None:
        self._is_open = False
        with suppress(TimeoutError, OutputError):
            async with asyncio.timeout(CLOSE_S):
                await self._opened.aclose()

    async def _failed(self, why: str) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._on_failure(f"{self._output.name}: {why}")
        await self._close()

    def _tell(self, cue: Cue, outcome: Outcome, t_s: float) -> None:
        if cue is self._under_way:
            self._under_way = None
        self._on_delivery(CueDelivery(t_s, cue.t_s, cue.kind, self._output.name, outcome))
