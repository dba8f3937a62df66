"""The virtual radio: sensors worn by a virtual runner, to be scanned and connected like real ones.

    async with VirtualRadio({Placement.CHEST: "polar_h10"}, seconds=60) as radio:
        found = await find(radio.addresses, profiles, scanner_backend=radio.scanner_backend, …)
        async with BleSource(plans, clock, client_backend=radio.client_backend) as source:
            radio.start()            # until now the runner has been standing still
            …

Needs the "demo" extra (bumble), which nothing here imports before a radio is entered.
"""

import asyncio
import importlib.util
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner

from imu_stream.acquisition.simulation.child import Child, Options, address_of
from imu_stream.datatypes import Placement
from imu_stream.errors import LinkError, MissingExtraError

_LEAD_S = 0.05
"""The start lies this far ahead, so that every child has heard of it by then."""


class VirtualRadio:
    """Virtual sensors in child processes, and a virtual adapter in this one that hears them.

    Attributes:
        addresses: where each sensor can be found; what `find` wants.
        scanner_backend: for `backend=` of bleak's scanner, while entered.
        client_backend: for `backend=` of bleak's clients, while entered.
    """

    scanner_backend: type[BaseBleakScanner]
    client_backend: type[BaseBleakClient]

    def __init__(
        self,
        sensors: Mapping[Placement, str],
        *,
        seconds: float,
        seed: int = 1,
        separate_processes: bool = False,
    ) -> None:
        """Plan a radio; nothing is started before it is entered.

        Args:
            sensors: profile of the sensor worn at each placement, by name or path of its TOML.
            seconds: length of the runner's scenario.
            seed: of the runner and of all sensor faults.
            separate_processes: one process for each sensor, so that one can be killed alone.
        """
        self.addresses: Mapping[Placement, str] = {each: address_of(each) for each in sensors}
        self._sensors = dict(sensors)
        self._seconds = seconds
        self._seed = seed
        self._separate = separate_processes
        self._stack = AsyncExitStack()
        self._hub: Child | None = None
        self._worn: dict[Placement, Child] = {}
        self._origin_s: float | None = None

    async def __aenter__(self) -> Self:
        """Start the children and switch the adapter on.

        Raises:
            MissingExtraError: bumble is not installed.
            LinkError: a child could not start.
        """
        if importlib.util.find_spec("bumble") is None:
            raise MissingExtraError("the virtual radio", "demo")
        async with AsyncExitStack() as stack:
            self._hub = await self._start_children(stack)
            await self._switch_on(stack, self._hub.port)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def origin_monotonic_s(self) -> float:
        """Instant of `time.monotonic` at which runner time is 0.

        Raises:
            LinkError: the runner has not been started.
        """
        if self._origin_s is None:
            raise LinkError("the virtual runner is still waiting for start()")
        return self._origin_s

    def start(self) -> None:
        """Let the runner's scenario begin; until then it stands still."""
        self._origin_s = time.monotonic() + _LEAD_S
        for child in (self._hub, *self._worn.values()):
            if child is not None:
                child.tell(f"start {self._origin_s!r}")

    def kill(self) -> None:
        """Kill the process that is the air: to this side, the adapter is unplugged."""
        if self._hub is not None:
            self._hub.kill()

    def kill_sensor(self, placement: Placement) -> None:
        """Kill one sensor, as an empty battery would.

        Raises:
            LinkError: it has no process of its own.
        """
        self._own_process(placement).kill()

    async def revive_sensor(self, placement: Placement) -> None:
        """Start a killed sensor again; it wakes in the midst of the run.

        Raises:
            LinkError: it has no process of its own, or could not start.
        """
        await self._own_process(placement).end()
        self._worn[placement] = await self._start_sensor(placement)
        if self._origin_s is not None:
            self._worn[placement].tell(f"start {self._origin_s!r}")

    def _own_process(self, placement: Placement) -> Child:
        if placement not in self._worn:
            raise LinkError(f"the {placement} sensor has no process of its own")
        return self._worn[placement]

    async def _start_children(self, stack: AsyncExitStack) -> Child:
        inside = {} if self._separate else self._sensors
        hub = self._hub = await Child.start(self._options(inside, None))
        stack.push_async_callback(hub.end)
        if self._separate:
            stack.push_async_callback(self._end_sensors)
            for placement in self._sensors:
                self._worn[placement] = await self._start_sensor(placement)
        return hub

    async def _start_sensor(self, placement: Placement) -> Child:
        assert self._hub is not None
        only = {placement: self._sensors[placement]}
        return await Child.start(self._options(only, self._hub.port))

    async def _end_sensors(self) -> None:
        await asyncio.gather(*(child.end() for child in self._worn.values()))
        self._worn.clear()

    def _options(self, sensors: Mapping[Placement, str], hub_port: int | None) -> Options:
        return Options(tuple(sensors.items()), self._seconds, self._seed, hub_port)

    async def _switch_on(self, stack: AsyncExitStack, port: int) -> None:
        from imu_stream.acquisition.simulation.adapter import open_adapter
        from imu_stream.acquisition.simulation.bleak_backend import client_backend, scanner_backend

        adapter = await stack.enter_async_context(open_adapter(port))
        self.scanner_backend = scanner_backend(adapter)
        self.client_backend = client_backend(adapter)
