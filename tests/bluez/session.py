"""A session as a program of its own, that can be killed: records the sensors for a while.

    python session.py FILE SECONDS

Says "streaming" on a line when every sensor streams.
"""

import asyncio
import sys
import time
from pathlib import Path

from wanted import ADDRESSES, found_plans

from imu_stream.acquisition.ble import BleSource
from imu_stream.acquisition.recorder import Recorder
from imu_stream.cli.options import Wanted, header


async def run(path: Path, seconds: float) -> None:
    plans = await found_plans()
    head = header(plans, Wanted(ADDRESSES, None, None))
    clock = time.monotonic
    async with BleSource(plans, clock) as source:
        with Recorder(path, head, clock=clock) as recorder:
            asyncio.get_running_loop().call_later(seconds, source.stop)
            sys.stdout.write("streaming\n")
            sys.stdout.flush()
            async for item in source:
                recorder.write(item)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2])))
