"""What surrounds the virtual machine's tests: sensors and adapter outside, bluetoothd inside."""

import asyncio
import os
import signal
from pathlib import Path

from imu_stream.datatypes import Placement

PORTS = Path("/sys/class/virtio-ports")
PROCESSES = Path("/proc")


class World:
    """Lets things happen to the radio; each call returns once it has happened."""

    def __init__(self) -> None:
        self._port = os.open(_port_named("control"), os.O_RDWR)

    async def kill(self, placement: Placement) -> None:
        """End a sensor's process with SIGKILL."""
        await self._ask(f"kill {placement}")

    async def revive(self, placement: Placement) -> None:
        """Start it again; its clock begins anew."""
        await self._ask(f"revive {placement}")

    async def unplug(self) -> None:
        """Pull out the Bluetooth adapter."""
        await self._ask("unplug")

    async def plug(self) -> None:
        await self._ask("plug")

    def kill_bluetoothd(self) -> None:
        """The machine's first process starts it again after a while, as systemd would."""
        for process in PROCESSES.glob("[0-9]*"):
            if (process / "comm").read_text().strip() == "bluetoothd":
                os.kill(int(process.name), signal.SIGKILL)

    async def _ask(self, line: str) -> None:
        answer = await asyncio.to_thread(self._exchange, f"{line}\n".encode())
        assert answer == f"done {line}\n"

    def _exchange(self, line: bytes) -> str:
        os.write(self._port, line)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += os.read(self._port, 1024)
        return answer.decode()


def _port_named(name: str) -> Path:
    named = {(each / "name").read_text().strip(): each.name for each in PORTS.iterdir()}
    return Path("/dev") / named[name]
