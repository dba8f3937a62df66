"""The world around the virtual machine: the air, its adapter's cable, sensors as processes.

    python host.py PROJECT CACHE [arguments of pytest …]

The tests inside ask for what shall happen by lines over a virtio port: "kill chest", "revive
chest", "unplug", "plug"; each is answered by a line once it has happened.
"""

import asyncio
import shlex
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from cable import Cable, Ends
from machine import started, stop

from imu_stream.acquisition.simulation.child import Child, Options
from imu_stream.acquisition.simulation.hub import RadioHub
from imu_stream.datatypes import Placement

SENSORS = {
    Placement.LEFT_FOOT: "capture2go",
    Placement.RIGHT_FOOT: "movesense",
    Placement.CHEST: "polar_h10",
}
SCENARIO_S = 600.0
START_S = 10.0
LONGEST_RUN_S = 900.0

Actions = Mapping[str, Callable[..., Awaitable[None]]]


class Sensors:
    """Virtual sensors, each a process of its own."""

    def __init__(self, hub_port: int) -> None:
        self._hub_port = hub_port
        self._children: dict[Placement, Child] = {}

    async def start(self, name: str) -> None:
        placement = Placement(name)
        worn = ((placement, SENSORS[placement]),)
        self._children[placement] = await Child.start(Options(worn, SCENARIO_S, 1, self._hub_port))

    async def kill(self, name: str) -> None:
        """By SIGKILL: it has no chance to say goodbye."""
        child = self._children.pop(Placement(name))
        child.kill()
        await child.end()

    async def end(self) -> None:
        for name in list(self._children):
            await self.kill(name)


async def run(project: Path, cache: Path, arguments: list[str]) -> int:
    """The exit code of pytest in the virtual machine, or 1 when it did not come to an end."""
    out = Path(tempfile.mkdtemp(prefix="imu_stream_bluez_"))
    write_settings(out, project, arguments)
    try:
        async with asyncio.timeout(LONGEST_RUN_S), AsyncExitStack() as stack:
            hub = await stack.enter_async_context(RadioHub())
            sensors = Sensors(hub.port)
            stack.push_async_callback(sensors.end)
            for placement in SENSORS:
                await sensors.start(placement)
            await run_machine(stack, cache, out, sensors, Cable(out / "hci", hub.port))
    except TimeoutError:
        print(f"the virtual machine did not end in {LONGEST_RUN_S:g} s")
    print(f"results in {out}")
    code = out / "exit_code"
    return int(code.read_text()) if code.exists() else 1


async def run_machine(
    stack: AsyncExitStack, cache: Path, out: Path, sensors: Sensors, cable: Cable
) -> None:
    """Run the machine until it ends."""
    joined: asyncio.Future[Ends] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_unix_server(lambda *ends: joined.set_result(ends), out / "control")
    stack.callback(server.close)
    qemu = await started(cache, out, Path(__file__).with_name("guest"))
    stack.push_async_callback(stop, qemu)
    control = await asyncio.wait_for(joined, START_S)
    stack.push_async_callback(cable.unplug)
    await cable.plug()
    actions = {
        "kill": sensors.kill,
        "revive": sensors.start,
        "unplug": cable.unplug,
        "plug": cable.plug,
    }
    await obey(control, actions)
    await qemu.wait()


async def obey(control: Ends, actions: Actions) -> None:
    """Do what the tests ask for, one line after another, until the machine ends."""
    reader, writer = control
    while line := (await reader.readline()).decode():
        name, *arguments = line.split()
        await actions[name](*arguments)
        writer.write(f"done {line}".encode())
    writer.close()


def write_settings(out: Path, project: Path, arguments: list[str]) -> None:
    """What the virtual machine has to know, as shell variables."""
    settings = {"here": Path(__file__).parent, "project": project, "python": sys.executable}
    lines = [f"{name}={shlex.quote(str(value))}" for name, value in settings.items()]
    lines.append(f"arguments=({shlex.join(arguments)})")
    (out / "settings").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])))
