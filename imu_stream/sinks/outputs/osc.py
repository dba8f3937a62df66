"""Cues as Open Sound Control messages over UDP, for music and light programs."""

import asyncio
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from imu_stream.datatypes import Cue
from imu_stream.errors import MissingExtraError, OutputError

ADDRESS = "/imu_stream/cue"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where to send."""

    host: str
    port: int


def parse_receiver(text: str) -> Receiver:
    """A receiver from "HOST:PORT"; an IPv6 address stands in brackets.

    Raises:
        ValueError: what is wrong with it.
    """
    parts = urlsplit(f"//{text}")
    if not parts.hostname or not parts.port or parts.netloc != text or "@" in text:
        raise ValueError(f"{text!r}: expected HOST:PORT")
    return Receiver(parts.hostname, parts.port)


def message(cue: Cue) -> bytes:
    """The bytes of a message: kind, value, threshold, level, placement, technique, time, expiry."""
    from pythonosc.osc_message_builder import OscMessageBuilder

    builder = OscMessageBuilder(ADDRESS)
    builder.add_arg(cue.kind.value, "s")
    builder.add_arg(cue.value, "f")
    builder.add_arg(cue.threshold, "f")
    builder.add_arg(cue.level, "i")
    builder.add_arg(cue.placement.value, "s")
    builder.add_arg(cue.technique.value, "s")
    builder.add_arg(cue.t_s, "d")
    builder.add_arg(cue.expires_s, "d")
    return bytes(builder.build().dgram)


class OscOutput:
    """Sends each cue as one datagram; UDP does not tell whether it arrives."""

    name = "osc"

    def __init__(self, receiver: Receiver, clock: Callable[[], float]) -> None:
        """Plan an output without touching the network.

        Raises:
            MissingExtraError: python-osc is not installed.
        """
        if importlib.util.find_spec("pythonosc") is None:
            raise MissingExtraError("--osc", "osc")
        self._receiver = receiver
        self._clock = clock
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        """Look the host up. Raises OutputError."""
        loop, to = asyncio.get_running_loop(), (self._receiver.host, self._receiver.port)
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=to
            )
        except OSError as error:
            said = f"cannot send to {to[0]}:{to[1]}: {error.strerror or error}"
            raise OutputError(said) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._transport is not None:
            self._transport.close()

    async def deliver(self, cue: Cue) -> float:
        """Send a cue; when it was handed to the system."""
        assert self._transport is not None
        self._transport.sendto(message(cue))
        return self._clock()
