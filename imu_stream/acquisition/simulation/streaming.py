"""What a virtual sensor does while connected: answers commands and samples in real time."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import numpy as np

from imu_stream.acquisition.simulation.said import measure
from imu_stream.datatypes import Array
from imu_stream.profiles import (
    Clock,
    ClockMark,
    DeviceProfile,
    Encoder,
    Mode,
    Notification,
    Responder,
    Response,
)

Send = Callable[[Notification], Awaitable[None]]
"""Sends one notification or indication."""

_LONGEST_UPTIME_S = 1e6


class Measured(Protocol):
    """Readings in sensor axes."""

    @property
    def acc(self) -> Array:
        """(n, 3) m/s², specific force."""

    @property
    def gyr(self) -> Array:
        """(n, 3) rad/s."""


class Measures(Protocol):
    """Something that moves and is measured."""

    def measure(self, t: Array) -> Measured:
        """Readings at runner times `t`, (n,) s."""


class RunnerClock:
    """Runner time; it stands at 0 until the run is started."""

    def __init__(self) -> None:
        self._origin_s: float | None = None

    def start(self, origin_monotonic_s: float) -> None:
        """Let runner time be 0 at this instant of `time.monotonic` and go on from there."""
        self._origin_s = origin_monotonic_s

    def at(self, monotonic_s: Array) -> Array:
        """Runner time at instants of `time.monotonic`, both (n,) s."""
        if self._origin_s is None:
            return np.zeros_like(monotonic_s)
        return np.maximum(0.0, monotonic_s - self._origin_s)


class DeviceClock:
    """The sensor's own clock: its own epoch, its own pace."""

    def __init__(self, clock_ppm: float, seed: int) -> None:
        self._pace = 1.0 + 1e-6 * clock_ppm
        self._booted_s = time.monotonic() - random.Random(seed).uniform(0.0, _LONGEST_UPTIME_S)

    def instants(self, start_s: float, elapsed_s: Array) -> Array:
        """When that much of this clock's time has passed since `start_s`, monotonic s."""
        return start_s + elapsed_s / self._pace

    def ticks(self, clock: Clock | None, start_s: float, elapsed_s: float) -> int:
        """The counter when that much of this clock's time has passed since `start_s`."""
        if clock is None:
            return 0
        uptime_s = (start_s - self._booted_s) * self._pace + elapsed_s
        return round(uptime_s / clock.seconds_per_tick) % (1 << clock.bits)


class StreamingSession:
    """One central's time with a virtual sensor, from connecting to disconnecting.

    Sample k is taken k periods of the sensor's own clock after the start of the stream, and a
    packet leaves when its last sample is taken. A process that is late sends at once what is due,
    so no sample is lost.
    """

    def __init__(
        self,
        profile: DeviceProfile,
        sensor: Measures,
        runner_clock: RunnerClock,
        device_clock: DeviceClock,
        send: Send,
        mtu: Callable[[], int],
    ) -> None:
        """Serve one connection until `end`.

        Args:
            profile: the kind of device to be.
            sensor: what it measures.
            runner_clock: turns the time of a sample into runner time.
            device_clock: the sensor's own clock.
            send: to the central; called for one payload at a time.
            mtu: the ATT MTU as it stands; it is agreed on after connecting.
        """
        self._sensor = sensor
        self._runner_clock = runner_clock
        self._device_clock = device_clock
        self._send = send
        self._mtu = mtu
        self._responder = Responder(profile)
        self._outbox: asyncio.Queue[Notification] = asyncio.Queue()
        self._sending = asyncio.create_task(self._send_all())
        self._measuring = asyncio.create_task(measure(profile.advertised, self._outbox.put_nowait))
        self._streaming: list[asyncio.Task[None]] = []

    def command(self, characteristic: str, written: bytes) -> None:
        """Take a command the central has written and answer it."""
        self._obey(self._responder.respond(characteristic, written))

    def subscription(self, characteristic: str, enabled: bool) -> None:
        """Take in that the central enables or disables notifications."""
        responder = self._responder
        change = responder.subscribed if enabled else responder.unsubscribed
        self._obey(change(characteristic))

    def value(self, characteristic: str) -> bytes:
        """What the central reads from a characteristic."""
        return self._responder.value(characteristic)

    def _obey(self, response: Response) -> None:
        for reply in response.replies:
            self._outbox.put_nowait(reply)
        if response.stop or response.start is not None:
            self._stop_streaming()
        if response.start is not None:
            kinds = range(len(response.start.packets))
            streams = [self._stream(response.start, kind) for kind in kinds]
            self._streaming = [asyncio.create_task(stream) for stream in streams]

    def end(self) -> None:
        """Stop sampling and sending at once: the central is gone."""
        self._stop_streaming()
        self._sending.cancel()
        self._measuring.cancel()

    def _stop_streaming(self) -> None:
        for stream in self._streaming:
            stream.cancel()

    async def _send_all(self) -> None:
        # One at a time and in order: replies and samples can share one stream of bytes.
        while True:
            await self._send(await self._outbox.get())

    async def _stream(self, mode: Mode, kind: int) -> None:
        encoder = Encoder(mode, self._mtu(), kind)
        clock = mode.packets[kind].clock
        marked = -1 if clock is not None and clock.mark is ClockMark.LAST else 0
        start_s = time.monotonic()
        for first in itertools.count(step=encoder.samples_per_packet):
            elapsed_s = np.arange(first, first + encoder.samples_per_packet) / mode.hz
            taken_s = self._device_clock.instants(start_s, elapsed_s)
            await asyncio.sleep(max(0.0, taken_s[-1] - time.monotonic()))
            motion = self._sensor.measure(self._runner_clock.at(taken_s))
            ticks = self._device_clock.ticks(clock, start_s, elapsed_s[marked])
            for payload in encoder.encode(ticks, motion.acc, motion.gyr):
                self._outbox.put_nowait(Notification(encoder.characteristic, payload))
