"""The parent's side of a child process of the virtual radio, and what both sides agree on."""

import argparse
import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from imu_stream.datatypes import Placement
from imu_stream.errors import LinkError

_MODULE = "imu_stream.acquisition.simulation.process"
_START_S = 30.0
_END_S = 3.0


@dataclass(frozen=True, slots=True)
class Options:
    """What a child is to be."""

    sensors: tuple[tuple[Placement, str], ...]
    """Placement and profile, by name or by the path of a TOML file."""
    seconds: float
    """Length of the runner's scenario."""
    seed: int
    hub_port: int | None
    """Port of the air to join; None to be the air."""

    def arguments(self) -> list[str]:
        """The command line that `parse` turns into these options."""
        sensors = [f"--sensor={placement}={profile}" for placement, profile in self.sensors]
        hub = [] if self.hub_port is None else [f"--hub={self.hub_port}"]
        return [f"--seconds={self.seconds!r}", f"--seed={self.seed}", *hub, *sensors]

    @classmethod
    def parse(cls, arguments: list[str]) -> "Options":
        parser = argparse.ArgumentParser(description="A child process of the virtual radio.")
        parser.add_argument("--sensor", action="append", default=[], metavar="PLACEMENT=PROFILE")
        parser.add_argument("--seconds", type=float, default=60.0)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--hub", type=int)
        given = parser.parse_args(arguments)
        sensors = (text.partition("=") for text in given.sensor)
        return cls(
            tuple((Placement(placement), profile) for placement, _, profile in sensors),
            given.seconds,
            given.seed,
            given.hub,
        )


def number_of(placement: Placement) -> int:
    """Serial number of the virtual sensor worn there."""
    return 1 + list(Placement).index(placement)


def address_of(placement: Placement) -> str:
    """Bluetooth address of the virtual sensor worn there."""
    return f"C4:1D:50:00:00:{number_of(placement):02X}"


class Child:
    """A running child process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port
        """TCP port of the air it is on."""

    @classmethod
    async def start(cls, options: Options) -> Self:
        """Start a child and wait until its sensors are on the air.

        Raises:
            LinkError: it could not start; the message is its own.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _MODULE,
            *options.arguments(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            return cls(process, await _port_of(process))
        except BaseException:
            process.kill()
            await process.communicate(b"")
            raise

    def tell(self, line: str) -> None:
        """Send it a line; one that has died does not hear it."""
        if self._process.stdin is not None and self._process.returncode is None:
            self._process.stdin.write(f"{line}\n".encode())

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """Ask it to end, make it end, and wait for that."""
        try:
            async with asyncio.timeout(_END_S):
                await self._process.communicate(b"")
        except TimeoutError:
            self.kill()
            await self._process.communicate(b"")


async def _port_of(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_S):
            line = (await process.stdout.readline()).decode(errors="replace").strip()
    except TimeoutError:
        line = "error it did not come up in time"
    kind, _, content = line.partition(" ")
    if kind != "port":
        raise LinkError(f"the virtual radio did not start: {content or 'see its output above'}")
    return int(content)
