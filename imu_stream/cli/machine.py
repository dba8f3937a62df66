"""What can be asked of this computer; `doctor` judges the answers."""

import asyncio
import os
import platform
import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

from imu_stream.errors import OutputError
from imu_stream.sinks.outputs.sound import SoundOutput

_WRITTEN = 4 << 20
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class BluetoothAdapter:
    """One adapter that the Bluetooth service knows."""

    name: str
    """Such as hci0."""
    powered: bool


class BluetoothServiceError(Exception):
    """The Bluetooth service cannot be asked.

    Attributes:
        denied: it is there, but this user may not use it.
    """

    def __init__(self, message: str, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


class Machine(Protocol):
    """A computer to be examined. Methods raise OSError when they cannot tell."""

    @property
    def system(self) -> str:
        """Of `platform.system`: Linux, Darwin, Windows."""

    @property
    def python(self) -> str: ...

    def package(self, name: str) -> str | None:
        """The version that is installed, None when it is not."""

    def read(self, path: str) -> str:
        """A small text file of the system."""

    def output(self, *command: str) -> str:
        """What a command prints; OSError when it fails or takes long."""

    def adapters(self) -> tuple[BluetoothAdapter, ...]:
        """All Bluetooth adapters (Linux); raises BluetoothServiceError."""

    def clock_disagreement_s(self) -> float:
        """How far the wall clock departs from the monotonic one within half a second."""

    def year(self) -> int: ...

    def free_bytes(self, folder: Path) -> int: ...

    def written_bytes_per_s(self, folder: Path) -> float:
        """How fast a file gets onto the disk there; nothing of it stays."""

    def sound_fault(self) -> str:
        """Why nothing can sound; "" when an output could be opened."""


class ThisMachine:
    """The computer this runs on."""

    system = platform.system()
    python = platform.python_version()

    def package(self, name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    def read(self, path: str) -> str:
        return Path(path).read_text(encoding="utf-8", errors="replace")

    def output(self, *command: str) -> str:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True
            )
        except subprocess.SubprocessError as error:
            raise OSError(str(error)) from None
        return done.stdout

    def adapters(self) -> tuple[BluetoothAdapter, ...]:
        return asyncio.run(_adapters())

    def clock_disagreement_s(self) -> float:
        before_s = time.time() - time.monotonic()
        time.sleep(0.5)
        return time.time() - time.monotonic() - before_s

    def year(self) -> int:
        return time.gmtime().tm_year

    def free_bytes(self, folder: Path) -> int:
        return shutil.disk_usage(_existing(folder)).free

    def written_bytes_per_s(self, folder: Path) -> float:
        begun_s = time.perf_counter()
        with TemporaryFile(dir=_existing(folder)) as file:
            file.write(bytes(_WRITTEN))
            file.flush()
            os.fsync(file.fileno())
        return _WRITTEN / (time.perf_counter() - begun_s)

    def sound_fault(self) -> str:
        return asyncio.run(_sound_fault())


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.is_dir())


async def _sound_fault() -> str:
    try:
        async with asyncio.timeout(_PATIENCE_S), SoundOutput(time.monotonic):
            return ""
    except TimeoutError:
        return "the sound system does not answer"
    except OutputError as error:
        return f"no sound: {error}"


async def _adapters() -> tuple[BluetoothAdapter, ...]:
    """Ask the BlueZ service over the system's D-Bus, as bleak will."""
    try:
        from dbus_fast import BusType, DBusFastError, Message, MessageType
        from dbus_fast.aio import MessageBus
    except ImportError:
        raise BluetoothServiceError("the package dbus-fast is missing") from None
    question = Message(
        destination="org.bluez",
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="GetManagedObjects",
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
            try:
                reply = await bus.call(question)
            finally:
                bus.disconnect()
    except (OSError, EOFError, DBusFastError) as error:
        # a timeout is an OSError without a text
        why = str(error) or "no answer"
        raise BluetoothServiceError(f"the system's D-Bus cannot be used: {why}") from None
    if reply is None or reply.message_type is MessageType.ERROR:
        name = "no answer" if reply is None else reply.error_name or ""
        raise BluetoothServiceError(name.rpartition(".")[2], name.endswith("AccessDenied"))
    found = (
        BluetoothAdapter(path.rpartition("/")[2], bool(shown["Powered"].value))
        for path, interfaces in reply.body[0].items()
        if (shown := interfaces.get("org.bluez.Adapter1")) is not None
    )
    return tuple(sorted(found, key=lambda adapter: adapter.name))
