"""A child process of the virtual radio: the air, virtual sensors, or both.

    python -m imu_stream.acquisition.simulation.process --seconds 60 --sensor chest=polar_h10

With `--hub PORT` the sensors join the air of another process, so that one of them can be killed
on its own. The child writes one line, "port N" or "error …". Then it takes lines: "start T" lets
runner time be 0 at the instant T of the monotonic clock all processes share (until then the
runner stands still), and the end of its input ends it.
"""

import asyncio
import logging
import signal
import sys
import threading
from contextlib import AsyncExitStack

from bumble.transport import open_transport
from bumble.transport.common import TransportSink, TransportSource

from imu_stream.acquisition.simulation.child import Options, address_of, number_of
from imu_stream.acquisition.simulation.hub import RadioHub
from imu_stream.acquisition.simulation.peripheral import VirtualPeripheral
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import demo_scenario
from imu_stream.acquisition.simulation.sensor import VirtualSensor
from imu_stream.acquisition.simulation.streaming import RunnerClock
from imu_stream.acquisition.simulation.wearing import wear
from imu_stream.datatypes import Placement
from imu_stream.errors import ImuStreamError, LinkError
from imu_stream.profiles import profile_of


def main() -> None:
    """Be the child that the command line asks for, until the input ends."""
    # Ctrl-C reaches the whole process group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("bumble").addHandler(logging.NullHandler())
    try:
        asyncio.run(_run(Options.parse(sys.argv[1:])))
    except ImuStreamError as error:
        _say(f"error {error}")
        sys.exit(1)


async def _run(options: Options) -> None:
    clock = RunnerClock()
    runner = Runner(demo_scenario(options.seconds), options.seed)
    async with AsyncExitStack() as stack:
        air = _Air(stack, options.hub_port)
        port = await air.open()
        for placement, name in options.sensors:
            source, sink = await air.attach(placement)
            profile = profile_of(name)
            worn = wear(profile, placement, options.seed)
            peripheral = VirtualPeripheral(
                source,
                sink,
                profile,
                VirtualSensor(runner, placement, worn.errors, options.seed + number_of(placement)),
                clock,
                address=address_of(placement),
                serial=f"{number_of(placement):06d}",
                clock_ppm=worn.clock_ppm,
                seed=options.seed + number_of(placement),
            )
            await stack.enter_async_context(peripheral)
        _say(f"port {port}")
        await _obey(clock)


class _Air:
    """The air of this process, or that of another one."""

    def __init__(self, stack: AsyncExitStack, hub_port: int | None) -> None:
        self._stack = stack
        self._hub_port = hub_port
        self._hub = RadioHub()

    async def open(self) -> int:
        """Let others in, unless they meet elsewhere; the port where they meet."""
        if self._hub_port is None:
            await self._stack.enter_async_context(self._hub)
        return self._hub_port or self._hub.port

    async def attach(self, placement: Placement) -> tuple[TransportSource, TransportSink]:
        if self._hub_port is None:
            controller = self._hub.controller(placement)
            return controller, controller
        try:
            transport = await open_transport(f"tcp-client:127.0.0.1:{self._hub_port}")
        except OSError as error:
            raise LinkError(f"no virtual air on port {self._hub_port}: {error}") from error
        await self._stack.enter_async_context(transport)
        return transport.source, transport.sink


async def _obey(clock: RunnerClock) -> None:
    """Carry out the lines of the input until it ends."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    # A thread, since not every system can await a pipe it was given; a daemon, so that it keeps
    # nobody waiting.
    threading.Thread(target=read, daemon=True).start()
    while line := await lines.get():
        command, _, argument = line.strip().partition(" ")
        if command == "start":
            clock.start(float(argument))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
