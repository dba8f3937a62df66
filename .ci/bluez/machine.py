"""The virtual machine as QEMU starts it: no disk, no network; two folders and two ports of ours."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

PROBE_S = 8.0
KERNEL_ARGUMENTS = "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check mitigations=off"
OWN_PROCESSOR = ["-accel", "kvm", "-cpu", "host"]
EMULATED = ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]


async def started(cache: Path, out: Path, guest: Path) -> asyncio.subprocess.Process:
    """A machine whose root is this one's, read-only, and that runs `guest`; it can write to `out`.

    Its port "hci" waits for us on a socket in `out`, its port "control" comes to ours there.
    """
    acceleration = await fastest_acceleration(cache)
    print("a virtual machine on", acceleration[1], flush=True)
    return await asyncio.create_subprocess_exec(
        *command(cache, acceleration, f"guest={guest}"),
        *("-m", "1024", "-smp", "2"),
        *folder("host", Path("/"), "readonly=on,multidevs=remap"),
        *folder("out", out, "readonly=off"),
        *("-device", "virtio-serial-pci"),
        *port("hci", out, "server=on,wait=off"),
        *port("control", out, "server=off"),
        stdin=asyncio.subprocess.DEVNULL,
    )


async def stop(qemu: asyncio.subprocess.Process) -> None:
    """End it, however far it is."""
    with suppress(ProcessLookupError):
        qemu.kill()
    await qemu.wait()


async def fastest_acceleration(cache: Path) -> list[str]:
    """The processor's own if a kernel really runs on it, else emulation."""
    if not os.access("/dev/kvm", os.W_OK):
        return EMULATED
    probe = await asyncio.create_subprocess_exec(
        *command(cache, OWN_PROCESSOR, "probe"),
        *("-m", "256"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(PROBE_S):
            said, _ = await probe.communicate()
    await stop(probe)
    return OWN_PROCESSOR if b"the kernel runs" in said else EMULATED


def command(cache: Path, acceleration: list[str], arguments: str) -> list[str]:
    """A machine with this kernel; its console is our output."""
    return [
        *("qemu-system-x86_64", "-M", "q35", *acceleration),
        *("-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot"),
        *("-kernel", str(cache / "vmlinuz"), "-initrd", str(cache / "initramfs")),
        *("-append", f"{KERNEL_ARGUMENTS} {arguments}"),
    ]


def folder(tag: str, path: Path, options: str) -> list[str]:
    """A folder of this machine that the virtual one can mount."""
    device = f"local,id={tag},path={path},security_model=none,{options}"
    return ["-fsdev", device, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def port(name: str, out: Path, options: str) -> list[str]:
    """A stream of bytes between the virtual machine and a socket of this one."""
    socket = f"socket,id={name},path={out / name},{options}"
    return ["-chardev", socket, "-device", f"virtserialport,chardev={name},name={name}"]
