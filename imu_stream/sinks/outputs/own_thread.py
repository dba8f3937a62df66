"""Blocking work in a thread of its own, for which nobody has to wait, not even the end."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from imu_stream.errors import OutputError

Result = TypeVar("Result")


async def in_own_thread(
    work: Callable[[], Result], undo: Callable[[Result], None] | None = None
) -> Result:
    """Wait for work in a new thread.

    The thread is a daemon, unlike those of `asyncio.to_thread`, for which a loop waits at its end:
    a sound server or a pipe that hangs would keep the program from ending.

    Args:
        work: raises OutputError and no other.
        undo: given the result, in a thread, when nobody waits for it any more.

    Raises:
        OutputError: as the work does.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except OutputError as error:
            tell(partial(fail, error))
        else:
            tell(partial(finish, result))

    def fail(error: OutputError) -> None:
        if not done.done():
            done.set_exception(error)

    def finish(result: Result) -> None:
        if not done.done():
            done.set_result(result)
        elif undo is not None:
            threading.Thread(target=undo, args=(result,), daemon=True).start()

    def tell(change: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(change)

    threading.Thread(target=run, daemon=True).start()
    return await done
