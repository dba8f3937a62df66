"""Says at the start of a run how well the sensors agree."""

import math
from collections.abc import AsyncGenerator, AsyncIterable

from imu_stream.agreement import StartWatch
from imu_stream.cli.speaking import say
from imu_stream.datatypes import Entry, SessionHeader


async def agreeing(
    source: AsyncIterable[Entry], header: SessionHeader
) -> AsyncGenerator[Entry, None]:
    """The items of a source as they are; says how well the sensors agree when it is known."""
    watch = StartWatch(header)
    async for item in source:
        yield item
        if not watch.over and (found := watch.take(item)) is not None:
            say(f"sensors agree within {math.ceil(found.spread_ms)} ms")
