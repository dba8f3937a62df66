"""Says at the start of a run how well the sensors agree."""

import math
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Protocol

from imu_stream.analysis.tapping import Alignment
from imu_stream.cli.speaking import say
from imu_stream.datatypes import Entry


class Watch(Protocol):
    """Looks for a knock that all sensors feel; gives it once."""

    def take(self, item: Entry) -> Alignment | None: ...


async def agreeing(source: AsyncIterable[Entry], watch: Watch) -> AsyncGenerator[Entry, None]:
    """The items of a source as they are; says how well the sensors agree when it is known."""
    async for item in source:
        yield item
        if (found := watch.take(item)) is not None:
            say(f"sensors agree within {math.ceil(found.spread_ms)} ms")
