"""What the virtual device does when it is written to or subscribed to."""

from dataclasses import dataclass

from imu_stream.errors import Fault
from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.schema import Mode
from imu_stream.profiles.steps import Effect, Read, Reply, Subscribe, Write

BATTERY_PERCENT = 87
"""Charge of every virtual device."""


@dataclass(frozen=True, slots=True)
class Notification:
    """Bytes to notify (or indicate) on a characteristic."""

    characteristic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What a device does when something is done to it."""

    replies: tuple[Notification, ...] = ()
    start: Mode | None = None
    """Streaming starts now, in this mode; None: no start."""
    stop: bool = False
    """Streaming ends now."""


class Responder:
    """The device's side of the commands: one for each connection.

    It knows the steps of the profile and answers nothing to others. Which mode is meant it
    finds out as a device does: from what is written, the later write having the last word.
    """

    def __init__(self, profile: DeviceProfile) -> None:
        default = profile.default_mode
        self._modes = (default, *(mode for mode in profile.modes if mode is not default))
        self._meant = default
        self._said: list[frozenset[int]] = []
        """Of the last writes, the latest first: the numbers of the modes that have them."""
        self._most = max(len(mode.setup) + len(mode.shutdown) for mode in profile.modes)
        self._begun = b""
        self._battery = profile.battery

    def respond(self, characteristic: str, written: bytes) -> Response:
        """Take in a write and give what follows from it."""
        key = (characteristic.lower(), self._begun + written)
        meant = frozenset(k for k, mode in enumerate(self._modes) if _writes(mode, *key))
        if not meant:
            self._begun = key[1] if any(_begun(mode, *key) for mode in self._modes) else b""
            if self._begun:
                return Response()
            return Response(self._charge(*key) or self._objection(*key))
        self._begun = b""
        self._understand(meant)
        writes = _writes(self._meant, *key)
        # the same write may be awaited in one place and not in another; a device always answers
        replies = [write.reply for write in writes if write.reply is not None][:1]
        return self._response(writes[0].effect, replies)

    def _understand(self, meant: frozenset[int]) -> None:
        """Take in which modes a write belongs to; what was written before holds if it still can."""
        self._said = [meant, *self._said][: self._most]
        for earlier in self._said:
            meant = meant & earlier or meant
        self._meant = self._modes[min(meant)]

    def subscribed(self, characteristic: str) -> Response:
        """Take in that notifications have been enabled."""
        for step in self._meant.setup:
            if isinstance(step, Subscribe) and step.characteristic == characteristic.lower():
                return self._response(step.effect, [])
        return Response()

    def unsubscribed(self, characteristic: str) -> Response:
        """Take in that notifications have been disabled."""
        started = self.subscribed(characteristic).start is not None
        return Response(stop=started)

    def value(self, characteristic: str) -> bytes:
        """Give what a characteristic holds; empty when the profile says nothing of it."""
        for step in self._meant.setup:
            if isinstance(step, Read) and step.reply.characteristic == characteristic.lower():
                return step.reply.example
        own = self._battery
        read = own is not None and own.ask is None and own.characteristic == characteristic.lower()
        return bytes([BATTERY_PERCENT]) if read else b""

    def _charge(self, characteristic: str, written: bytes) -> tuple[Notification, ...]:
        """Tell the battery, if that is what was asked."""
        own = self._battery
        if own is None or own.ask is None:
            return ()
        if (own.ask.characteristic, own.ask.payload) != (characteristic, written):
            return ()
        return (Notification(own.characteristic, own.begins + bytes([BATTERY_PERCENT])),)

    def _objection(self, characteristic: str, written: bytes) -> tuple[Notification, ...]:
        """Say no to a command that is like a known one but for its rate, if devices do."""
        for step in self._meant.setup:
            if isinstance(step, Write) and step.reply and _alike(step, characteristic, written):
                for refusal in step.reply.refusals:
                    if refusal.fault is Fault.RATE and all(refusal.answer.mask):
                        answer = Notification(step.reply.characteristic, refusal.answer.value)
                        return (answer,)
        return ()

    def _response(self, effect: Effect, replies: list[Reply]) -> Response:
        return Response(
            replies=tuple(Notification(reply.characteristic, reply.example) for reply in replies),
            start=self._meant if effect is Effect.START else None,
            stop=effect is Effect.STOP,
        )


def _alike(step: Write, characteristic: str, written: bytes) -> bool:
    """Whether a write is of the same kind: same place, length and first byte."""
    return (
        step.characteristic == characteristic
        and len(step.payload) == len(written)
        and step.payload[:1] == written[:1]
    )


def _begun(mode: Mode, characteristic: str, written: bytes) -> bool:
    """Whether a write in pieces may go on from here."""
    return any(
        step.piece is not None
        and step.characteristic == characteristic
        and step.payload.startswith(written)
        for step in (*mode.setup, *mode.shutdown)
        if isinstance(step, Write)
    )


def _writes(mode: Mode, characteristic: str, written: bytes) -> list[Write]:
    return [
        step
        for step in (*mode.setup, *mode.shutdown)
        if isinstance(step, Write)
        and (step.characteristic, step.payload) == (characteristic, written)
    ]
