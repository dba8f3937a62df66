"""An event loop in virtual time: what waits costs no time, and a slow computer loses nothing."""

import asyncio
import selectors


class LeapingSelector(selectors.DefaultSelector):
    """Does not wait: it takes the clock to when something is due."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0.0)
        if not ready:
            assert timeout is not None, "everything waits for something that never comes"
            self.now_s += max(timeout, 0.0)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock goes on when nothing is left to do."""

    def __init__(self) -> None:
        self._leaping = LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now_s
