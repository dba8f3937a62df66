"""What joins the virtual machine's Bluetooth adapter to the air; it can be pulled out."""

import asyncio
from pathlib import Path

READ_BYTES = 1 << 16

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Cable:
    """Carries bytes between a socket of the virtual machine and the hub, while plugged in."""

    def __init__(self, machine: Path, hub_port: int) -> None:
        self._machine = machine
        self._hub_port = hub_port
        self._carrying: list[asyncio.Task[None]] = []

    async def plug(self) -> None:
        machine = await asyncio.open_unix_connection(self._machine)
        air = await asyncio.open_connection("127.0.0.1", self._hub_port)
        self._carrying = [
            asyncio.create_task(carry(machine, air)),
            asyncio.create_task(carry(air, machine)),
        ]

    async def unplug(self) -> None:
        """Close both ends: the machine loses its adapter, the sensors their link."""
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)


async def carry(source: Ends, sink: Ends) -> None:
    """Carry bytes one way until one of the ends closes."""
    try:
        while data := await source[0].read(READ_BYTES):
            sink[1].write(data)
            await sink[1].drain()
    finally:
        source[1].close()
        sink[1].close()
