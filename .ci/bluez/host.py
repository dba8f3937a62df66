"""The world around the virtual machine: the air, its adapter's cable, sensors as processes.

    python host.py PROJECT CACHE [arguments of pytest …]

The tests inside ask for what shall happen by lines over a virtio port: "kill chest", "revive
chest", "unplug", "plug"; each is answered by a line once it has happened.
"""

import asyncio
import os
import shlex
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from cable import Cable

from imu_stream.acquisition.simulation.child import Child, Options
from imu_stream.acquisition.simulation.hub import RadioHub
from imu_stream.datatypes import Placement

SENSORS = {
    Placement.LEFT_FOOT: "capture2go",
    Placement.RIGHT_FOOT: "movesense",
    Placement.CHEST: "polar_h10",
}
SCENARIO_S = 600.0
LONGEST_RUN_S = 900.0
PROBE_S = 8.0
LOOK_S = 0.05


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


async def obey(port: Path, actions: Mapping[str, Callable[..., Awaitable[None]]]) -> None:
    """Do what the tests ask for, one line after another, until the machine ends."""
    reader, writer = await asyncio.open_unix_connection(port)
    while line := (await reader.readline()).decode():
        name, *arguments = line.split()
        await actions[name](*arguments)
        writer.write(f"done {line}".encode())


async def run(project: Path, cache: Path, arguments: list[str]) -> int:
    out = Path(tempfile.mkdtemp(prefix="imu_stream_bluez_"))
    write_settings(out, project, arguments)
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(RadioHub())
        sensors = Sensors(hub.port)
        stack.push_async_callback(sensors.end)
        for placement in SENSORS:
            await sensors.start(placement)
        qemu = await start_machine(cache, out)
        stack.push_async_callback(stop_machine, qemu)
        cable = Cable(out / "hci", hub.port)
        stack.push_async_callback(cable.unplug)
        await cable.plug()
        actions = {
            "kill": sensors.kill,
            "revive": sensors.start,
            "unplug": cable.unplug,
            "plug": cable.plug,
        }
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_RUN_S):
                await obey(out / "control", actions)
                await qemu.wait()
    return result(out)


def write_settings(out: Path, project: Path, arguments: list[str]) -> None:
    """What the virtual machine has to know, as shell variables."""
    settings = {
        "here": str(Path(__file__).parent),
        "project": str(project),
        "python": sys.executable,
    }
    lines = [f"{name}={shlex.quote(value)}" for name, value in settings.items()]
    lines.append(f"arguments=({shlex.join(arguments)})")
    (out / "settings").write_text("\n".join(lines) + "\n")


async def start_machine(cache: Path, out: Path) -> asyncio.subprocess.Process:
    acceleration = await fastest_acceleration(cache)
    print(f"virtual machine: {acceleration[1]}, results in {out}", flush=True)
    guest = Path(__file__).parent / "guest"
    qemu = await asyncio.create_subprocess_exec(
        *machine(cache, acceleration, f"guest={guest}"),
        *("-m", "1024", "-smp", "2"),
        *share("host", Path("/"), "readonly=on,multidevs=remap"),
        *share("out", out, "readonly=off"),
        *("-device", "virtio-serial-pci"),
        *virtio_port("hci", out),
        *virtio_port("control", out),
        stdin=asyncio.subprocess.DEVNULL,
    )
    while not (out / "control").exists() and qemu.returncode is None:
        await asyncio.sleep(LOOK_S)
    return qemu


async def stop_machine(qemu: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        qemu.kill()
    await qemu.wait()


def machine(cache: Path, acceleration: list[str], arguments: str) -> list[str]:
    """A machine without any disk or network; its console is our output."""
    console = "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check mitigations=off"
    return [
        *("qemu-system-x86_64", "-M", "q35", *acceleration),
        *("-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot"),
        *("-kernel", str(cache / "vmlinuz"), "-initrd", str(cache / "initramfs")),
        *("-append", f"{console} {arguments}"),
    ]


def share(tag: str, folder: Path, options: str) -> list[str]:
    """A folder of this machine that the virtual one can mount."""
    device = f"local,id={tag},path={folder},security_model=none,{options}"
    return ["-fsdev", device, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def virtio_port(name: str, out: Path) -> list[str]:
    """A stream of bytes between the virtual machine and a socket of this one."""
    socket = f"socket,id={name},path={out / name},server=on,wait=off"
    return ["-chardev", socket, "-device", f"virtserialport,chardev={name},name={name}"]


async def fastest_acceleration(cache: Path) -> list[str]:
    """The processor's own if a kernel really runs on it, else emulation."""
    own, emulated = ["-accel", "kvm", "-cpu", "host"], ["-accel", "tcg,thread=multi,tb-size=512"]
    if not os.access("/dev/kvm", os.W_OK):
        return [*emulated, "-cpu", "max"]
    probe = await asyncio.create_subprocess_exec(
        *machine(cache, own, "probe"),
        *("-m", "256"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(PROBE_S):
            said, _ = await probe.communicate()
    await stop_machine(probe)
    return own if b"the kernel runs" in said else [*emulated, "-cpu", "max"]


def result(out: Path) -> int:
    """The exit code of pytest, or 1 when it did not come to an end."""
    code = out / "exit_code"
    if not code.exists():
        print(f"the virtual machine did not come to an end; see {out}")
        return 1
    return int(code.read_text())


if __name__ == "__main__":
    sys.exit(asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])))
