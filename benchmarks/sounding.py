"""Gives cues over the product's own sound output, one for each line of standard input.

A line is the kind of a cue; the answer is a line of JSON with when it was written to the channel
and when it was handed to the sound system (`time.monotonic`). A process of its own, because
PortAudio looks for its devices when it is loaded.
"""

import asyncio
import json
import sys
import time

from imu_stream.datatypes import Cue, CueDelivery, CueKind
from imu_stream.sinks.outputs import Channel
from imu_stream.sinks.outputs.sound import SoundOutput


async def main() -> None:
    told: asyncio.Queue[CueDelivery] = asyncio.Queue()
    clock = time.monotonic
    output = SoundOutput(clock)
    channel = Channel(output, clock, on_delivery=told.put_nowait, on_failure=sys.exit)
    async with channel:
        while line := await asyncio.to_thread(sys.stdin.readline):
            now_s = clock()
            channel.write(Cue(now_s, CueKind(line.strip()), 5.0, 8.0, now_s + 10.0))
            delivery = await told.get()
            answer = {"cue_s": now_s, "handed_s": delivery.t_s, "outcome": delivery.outcome}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
