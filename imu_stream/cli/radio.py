"""The radio of a command, and the clock of its session."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner

from imu_stream.profiles import DeviceProfile

FIND_S = 20.0


class SessionClock:
    """Seconds since it was made, monotonic; times `speed`."""

    def __init__(self, speed: float = 1.0) -> None:
        self.origin_s = time.monotonic()
        self._speed = speed

    def begin(self) -> None:
        """From now on it counts from 0."""
        self.origin_s = time.monotonic()

    def __call__(self) -> float:
        return (time.monotonic() - self.origin_s) * self._speed


@dataclass(frozen=True, slots=True)
class Radio:
    """The radio to use, None for this computer's own; and what to do once all sensors stream."""

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None
    begin: Callable[[], None] | None = None
    profiles: tuple[DeviceProfile, ...] | None = None
    """To be used in the place of all that are available."""
