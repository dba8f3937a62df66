"""Cues to an MQTT broker, for whatever a lab drives with them."""

import asyncio
import importlib.util
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from imu_stream.datatypes import Cue
from imu_stream.errors import MissingExtraError, OutputError
from imu_stream.sinks.outputs.payload import cue_json

_PATIENCE_S = 2.0
_LOGGER = logging.getLogger("imu_stream.mqtt")
_LOGGER.addHandler(logging.NullHandler())
"""Failures are told by exceptions."""

PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to publish."""

    host: str
    port: int
    topic: str
    secure: bool = False
    username: str | None = None
    password: str | None = None


def parse_broker(text: str) -> Broker:
    """A broker from "mqtt://[USER:PASSWORD@]HOST[:PORT]/TOPIC", or mqtts:// for TLS.

    Raises:
        ValueError: what is wrong with it.
    """
    parts = urlsplit(text)
    topic = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in PORTS or not parts.hostname or not topic:
        raise ValueError(f"{text!r}: expected mqtt://HOST[:PORT]/TOPIC")
    if set(topic) & set("#+\0") or parts.query or parts.fragment:
        raise ValueError(f"{text!r}: a topic to publish to has none of # + ?")
    return Broker(
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        topic,
        parts.scheme == "mqtts",
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


class MqttOutput:
    """Publishes each cue as JSON with quality of service 1, not retained."""

    name = "mqtt"

    def __init__(self, broker: Broker, clock: Callable[[], float]) -> None:
        """Plan an output without touching the network.

        Raises:
            MissingExtraError: aiomqtt is not installed.
        """
        if importlib.util.find_spec("aiomqtt") is None:
            raise MissingExtraError("--mqtt", "mqtt")
        self._broker = broker
        self._clock = clock
        self._client: Any = None
        self._connecting: asyncio.Task[Any] | None = None
        self._connected: asyncio.Task[None] | None = None
        """Ends when the connection does."""

    async def __aenter__(self) -> Self:
        """Connect. Raises OutputError.

        Once begun, connecting goes on if this is cancelled (aiomqtt cannot be cancelled there),
        and entering again waits for the same.
        """
        import aiomqtt

        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
        try:
            self._client = await asyncio.shield(self._connecting)
        except (aiomqtt.MqttError, OSError) as error:
            raise self._failure(error) from None
        self._connecting = None
        self._connected = asyncio.create_task(_watch(self._client))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import aiomqtt

        connected, client = self._connected, self._client
        assert connected is not None
        connected.cancel()
        await asyncio.wait((connected,))
        try:
            await client.__aexit__(None, None, None)
        except (aiomqtt.MqttError, OSError) as failure:
            raise self._failure(failure) from None

    async def deliver(self, cue: Cue) -> float:
        """Publish a cue; when the broker had taken it. Raises OutputError."""
        import aiomqtt

        publish = self._client.publish(self._broker.topic, cue_json(cue), qos=1)
        assert self._connected is not None
        publishing = asyncio.ensure_future(publish)
        try:
            # once the connection is lost, the answer would be waited for in vain
            either = (publishing, self._connected)
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not publishing.done():
                raise self._failure("the connection was lost")
            publishing.result()
        except (aiomqtt.MqttError, OSError) as error:
            raise self._failure(error) from None
        finally:
            publishing.cancel()
        return self._clock()

    async def _connect(self) -> Any:
        import aiomqtt

        broker = self._broker
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            timeout=_PATIENCE_S,
            tls_params=aiomqtt.TLSParameters() if broker.secure else None,
            logger=_LOGGER,
        )
        try:
            return await client.__aenter__()
        except aiomqtt.MqttError:
            # it would leave a connection open on which nothing was answered
            with suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
            raise

    def _failure(self, why: object) -> OutputError:
        where = f"{self._broker.host}:{self._broker.port}"
        return OutputError(f"the broker {where} does not answer ({why})")


async def _watch(client: Any) -> None:
    """Ends when the connection does."""
    import aiomqtt

    with suppress(aiomqtt.MqttError):
        async for _ in client.messages:
            pass
