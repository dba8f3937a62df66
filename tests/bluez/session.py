"""A session as a program of its own, that can be killed: records the sensors for a while.

    python session.py FILE SECONDS

Says "streaming" on a line when every sensor streams.
"""

import asyncio
import sys
import time
from pathlib import Path

from wanted import found_plans, header_of

from imu_stream.acquisition.ble import BleSource
from imu_stream.acquisition.recorder import Recorder


async def run(path: Path, seconds: float) -> None:
    plans = await found_plans()
    clock = time.monotonic
    async with BleSource(plans, clock) as source:
        with Recorder(path, header_of(plans), clock=clock) as recorder:
            asyncio.get_running_loop().call_later(seconds, source.stop)
            sys.stdout.write("streaming\n")
            sys.stdout.flush()
            async for item in source:
                recorder.write(item)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2])))
