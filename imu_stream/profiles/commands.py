"""Commands and answers: what a reply means to us, and what the virtual device replies."""

from dataclasses import dataclass

from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.schema import Effect, Rate, Write


def is_reply(step: Write, notification: bytes) -> bool:
    """Whether a notification on the reply's characteristic is the answer yes to a step."""
    return step.reply is not None and step.reply.accepts(notification)


def is_refusal(step: Write, notification: bytes) -> bool:
    """Whether a notification on the reply's characteristic is the answer no to a step."""
    return step.reply is not None and step.reply.refuses(notification)


@dataclass(frozen=True, slots=True)
class Notification:
    """Bytes to notify (or indicate) on a characteristic."""

    characteristic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What a device does when something is written to it."""

    replies: tuple[Notification, ...] = ()
    streaming_rate_hz: float | None = None
    """The rate at which streaming starts now; None: no start."""
    stop: bool = False
    """Streaming ends now."""


class Responder:
    """The device's side of the commands: one for each connection.

    It knows the writes of the profile's own steps and answers nothing to others.
    """

    def __init__(self, profile: DeviceProfile) -> None:
        self._profile = profile
        self._rate_hz = profile.default_rate_hz

    def respond(self, characteristic: str, written: bytes) -> Response:
        """Take in a write and give what follows from it."""
        known = {
            rate.hz: writes
            for rate in self._profile.rates
            if (writes := _find_writes(rate, characteristic.lower(), written))
        }
        if not known:
            return Response()
        if self._rate_hz not in known:
            self._rate_hz = min(known)
        return self._answer(known[self._rate_hz])

    def _answer(self, writes: list[Write]) -> Response:
        # the same write may be awaited in one place and not in another; a device always answers
        replies = [write.reply for write in writes if write.reply is not None][:1]
        effect = writes[0].effect
        return Response(
            replies=tuple(Notification(reply.characteristic, reply.example) for reply in replies),
            streaming_rate_hz=self._rate_hz if effect is Effect.START else None,
            stop=effect is Effect.STOP,
        )


def _find_writes(rate: Rate, characteristic: str, written: bytes) -> list[Write]:
    return [
        step
        for step in (*rate.setup, *rate.shutdown)
        if isinstance(step, Write)
        and (step.characteristic, step.payload) == (characteristic, written)
    ]
