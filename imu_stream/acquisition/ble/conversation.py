"""The steps of a profile over an open link: subscribe, write, read, and hear the answers."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError

from imu_stream.acquisition.ble.failures import (
    PAIR_FIRST,
    RADIO_ERRORS,
    end_all,
    fault_of,
    reason,
)
from imu_stream.acquisition.ble.plan import Patience, SensorPlan
from imu_stream.errors import Fault, LinkError
from imu_stream.profiles import Read, Step, Subscribe, Write

Result = TypeVar("Result")

ADVICE = {
    Fault.OTHER_DEVICE: "it is another kind of device: choose its own profile",
    Fault.FIRMWARE: "its firmware does not fit: update it with its maker's app",
    Fault.PAIRING: PAIR_FIRST,
    Fault.RATE: "it does not offer this sampling rate: choose another, or update its firmware",
    Fault.RANGE: "it does not offer this range: choose another, or update its firmware",
    Fault.BUSY: "it is busy or on its charger: take it off, switch it off and on again",
    Fault.SILENT: "switch it off and on, bring it near, and try again",
    Fault.BATTERY: "its battery is empty: charge it",
}
"""What to do about a fault that the device itself tells."""


class _Awaited:
    """A command whose answer has to come before the next step."""

    def __init__(self, step: Write) -> None:
        self.step = step
        self.answered = asyncio.Event()
        self.fault: Fault | None = None
        self.answer = b""

    def hear(self, characteristic: str, payload: bytes) -> None:
        reply = self.step.reply
        if reply is None or reply.characteristic != characteristic or self.answered.is_set():
            return
        self.fault = reply.refuses(payload)
        if self.fault is not None or reply.accepts(payload):
            self.answer = payload
            self.answered.set()


class Conversation:
    """Takes the steps of one link; every await on the radio races against its loss."""

    def __init__(
        self,
        client: BleakClient,
        plan: SensorPlan,
        gone: asyncio.Event,
        on_notification: Callable[[str, bytes], None],
        patience: Patience,
    ) -> None:
        """Prepare to talk over a client.

        Args:
            client: connected when the first step is taken.
            plan: the sensor.
            gone: set when the link is lost.
            on_notification: called with characteristic and payload of every notification, and
                of every value that is read.
            patience: timeouts.
        """
        self._client = client
        self._plan = plan
        self._gone = gone
        self._on_notification = on_notification
        self._patience = patience
        self._awaited: _Awaited | None = None
        self._subscribed: list[str] = []

    @property
    def begun(self) -> bool:
        """Whether anything has been subscribed to."""
        return bool(self._subscribed)

    async def take(self, steps: Sequence[Step], reply_s: float) -> None:
        """Take steps in order; a reply is awaited for `reply_s`.

        Raises:
            LinkError: a step failed or was refused; its fault says why.
        """
        for step in steps:
            match step:
                case Subscribe(characteristic):
                    await self.subscribe(characteristic)
                case Write():
                    await self._write(step, reply_s)
                case Read():
                    await self._read(step)

    async def subscribe(self, characteristic: str) -> None:
        """Enable notifications; LinkError when that fails."""
        with self.explained("subscribe to"):
            await self.raced(
                self._client.start_notify(characteristic, self._on_data),
                self._patience.operation_s,
            )
        self._subscribed.append(characteristic)

    async def unsubscribe(self) -> None:
        """Disable all notifications, as far as the sensor still answers."""
        while self._subscribed and not self._gone.is_set():
            with suppress(*RADIO_ERRORS):
                await self.raced(
                    self._client.stop_notify(self._subscribed.pop()), self._patience.operation_s
                )

    def can_notify(self, characteristic: str) -> bool:
        """Whether the sensor has this characteristic, it notifies, and nobody listens yet."""
        offered = {"notify", "indicate"} & self._properties(characteristic)
        return bool(offered) and characteristic not in self._subscribed

    def can_write(self, characteristic: str) -> bool:
        """Whether the sensor has this characteristic and takes writes without response."""
        return "write-without-response" in self._properties(characteristic)

    async def write(
        self, characteristic: str, payload: bytes, response: bool, service: str | None = None
    ) -> None:
        """Write bytes; LinkError when that fails."""
        with self.explained("write to"):
            target = self._in(service, characteristic) or characteristic
            written = self._client.write_gatt_char(target, payload, response=response)
            await self.raced(written, self._patience.operation_s)

    def _in(self, service: str | None, characteristic: str) -> BleakGATTCharacteristic | None:
        """The same characteristic may stand in several services: that of this one."""
        found = None if service is None else self._client.services.get_service(service)
        return None if found is None else found.get_characteristic(characteristic)

    async def read(self, characteristic: str) -> bytes | None:
        """Read a value that a sensor may have, and pass it on; None when it has none."""
        if "read" not in self._properties(characteristic):
            return None
        with self.explained("read"):
            operation = self._client.read_gatt_char(characteristic)
            value = bytes(await self.raced(operation, self._patience.operation_s))
        self._on_notification(characteristic, value)
        return value

    def _properties(self, characteristic: str) -> set[str]:
        with self.explained("look at"):
            found = self._client.services.get_characteristic(characteristic)
        return set() if found is None else {*found.properties}

    async def raced(self, operation: Coroutine[Any, Any, Result], timeout_s: float) -> Result:
        """One radio operation; some stacks never answer once the sensor has gone."""
        work = asyncio.ensure_future(operation)
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait((work, gone), timeout=timeout_s, return_when="FIRST_COMPLETED")
            if work.done():
                return work.result()
            if gone.done():
                raise BleakError("the link was lost")
            raise TimeoutError
        finally:
            await end_all((work, gone))

    def failure(self, fault: Fault, what: str) -> LinkError:
        """The error for a sensor that cannot be used, with what to do."""
        advice = ADVICE.get(fault, "")
        return LinkError(f"{self._plan.placement}: {self._name} {what}; {advice}", fault)

    @contextmanager
    def explained(self, doing: str, unheard: Fault = Fault.NO_ANSWER) -> Iterator[None]:
        """Turn what the radio throws into a LinkError; `unheard` when nothing came back."""
        try:
            yield
        except RADIO_ERRORS as error:
            said = f"{self._plan.placement}: cannot {doing} {self._name}: {reason(error)}"
            fault = unheard if isinstance(error, TimeoutError) else fault_of(error)
            raise LinkError(said, fault) from error

    def _on_data(self, characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        payload = bytes(data)
        self._on_notification(characteristic.uuid, payload)
        if self._awaited is not None:
            self._awaited.hear(characteristic.uuid, payload)

    async def _write(self, step: Write, reply_s: float) -> None:
        awaited = self._awaited = _Awaited(step)
        size = step.piece or max(len(step.payload), 1)
        for start in range(0, len(step.payload), size):
            piece = step.payload[start : start + size]
            await self.write(step.characteristic, piece, step.response, step.service)
        if step.reply is not None:
            with self.explained("configure"):
                await self._wait_for_answer(awaited, reply_s)
        self._awaited = None

    async def _wait_for_answer(self, awaited: _Awaited, reply_s: float) -> None:
        command = awaited.step.payload.hex(" ")
        try:
            await self.raced(awaited.answered.wait(), reply_s)
        except TimeoutError:
            raise self._refused(Fault.NO_ANSWER, f"did not answer the command {command}") from None
        if awaited.fault is not None:
            answer = awaited.answer.hex(" ")
            raise self._refused(awaited.fault, f"answered {answer} to the command {command}")

    async def _read(self, step: Read) -> None:
        value = await self.read(step.reply.characteristic)
        if value is None:
            lacks = f"has no characteristic {step.reply.characteristic}"
            raise self.failure(Fault.OTHER_DEVICE, lacks)
        if not step.reply.accepts(value):
            fault = step.reply.refuses(value) or Fault.OTHER_DEVICE
            raise self._refused(fault, f"holds {value!r} in {step.reply.characteristic}")

    def _refused(self, fault: Fault, what: str) -> LinkError:
        if fault in ADVICE:
            return self.failure(fault, what)
        mode = self._plan.mode
        return LinkError(
            f"{self._plan.placement}: {self._name} {what}; switch it off and on, and check that it"
            f" is a {self._plan.profile.title} that can do {mode.hz:g} Hz",
            fault,
        )

    @property
    def _name(self) -> str:
        return self._plan.device.name or self._plan.device.address
