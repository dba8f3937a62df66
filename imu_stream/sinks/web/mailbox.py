"""What waits to be sent to one page: bounded, so a page that does not read costs nothing more."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

LIMIT = 128


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it goes out."""

    text: str
    replaces: str = ""
    """Of several waiting with the same word here only the newest counts; empty: all count."""
    until_s: float = float("inf")
    """Later, on the server's clock, it is not sent any more."""


class Mailbox:
    """The newest letters for one page, oldest dropped first."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._letters: OrderedDict[str | int, Letter] = OrderedDict()
        self._number = 0
        self._filled = asyncio.Event()
        self._closed = False
        self.missed = 0
        """Dropped since it was last asked."""

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, letter: Letter) -> None:
        """Returns at once; drops the oldest letter when there are too many."""
        self._number += 1
        key = letter.replaces or self._number
        self._letters.pop(key, None)
        self._letters[key] = letter
        if len(self._letters) > self._limit:
            self._letters.popitem(last=False)
            self.missed += 1
        self._filled.set()

    def close(self) -> None:
        """What is in it can still be taken; then `take` gives None."""
        self._closed = True
        self._filled.set()

    async def take(self) -> Letter | None:
        """The oldest letter, waiting for one; None once it is closed and empty."""
        while not self._letters:
            if self._closed:
                return None
            self._filled.clear()
            await self._filled.wait()
        return self._letters.popitem(last=False)[1]

    def count_missed(self) -> int:
        """How many letters were dropped since the last call."""
        missed, self.missed = self.missed, 0
        return missed
