"""Holds a stream back until something about it is known; of a long wait only the last part."""

from collections import deque
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from imu_stream.datatypes import Array, Gap


class Block(Protocol):
    """Consecutive samples of any stage."""

    @property
    def t_s(self) -> Array:
        """(n,) session time, s."""

    @property
    def end_s(self) -> float:
        """Time of the last sample."""

    def part(self, start: int, end: int) -> Self:
        """Samples [start, end)."""


_Block = TypeVar("_Block", bound=Block)


class Held(Generic[_Block]):
    """The last `longest_s` of a stream, in blocks as they came: nonempty ones, and gaps."""

    def __init__(self, longest_s: float) -> None:
        self.items: deque[_Block | Gap] = deque()
        self._longest_s = longest_s

    def add(self, item: _Block | Gap) -> list[Gap]:
        """Forget the blocks that end too long before this one; the gaps among them."""
        self.items.append(item)
        gaps = []
        while self.items[0].end_s < item.end_s - self._longest_s:
            forgotten = self.items.popleft()
            gaps += [forgotten] if isinstance(forgotten, Gap) else []
        return gaps

    def gaps(self) -> list[Gap]:
        """The gaps that are still held."""
        return [item for item in self.items if isinstance(item, Gap)]

    def since(self, start_s: float) -> list[_Block | Gap]:
        """What is held and not older than `start_s`."""
        return [since(item, start_s) for item in self.items if item.end_s >= start_s]

    def taken_since(self, start_s: float) -> list[_Block | Gap]:
        """The same, and nothing is held any more."""
        taken = self.since(start_s)
        self.items.clear()
        return taken


def since(item: _Block | Gap, start_s: float) -> _Block | Gap:
    """A block without its samples before this time; a gap as it is."""
    if isinstance(item, Gap):
        return item
    return item.part(int(np.searchsorted(item.t_s, start_s)), len(item.t_s))
