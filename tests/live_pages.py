"""A served live page for the tests: a site, its server, and what was refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, ClientWebSocketResponse, WSMessage, WSMsgType

from imu_stream.datatypes import Event, Placement
from imu_stream.sinks.web.access import Gate, Tokens
from imu_stream.sinks.web.answering import Actions
from imu_stream.sinks.web.live_page import LivePage
from imu_stream.sinks.web.messages import PROTOCOL, Band
from imu_stream.sinks.web.page_state import Received, Surroundings
from imu_stream.sinks.web.place import Place
from imu_stream.sinks.web.refusals import Refusals
from imu_stream.sinks.web.server import LiveServer
from imu_stream.sinks.web.site import Site

LOOPBACK = "127.0.0.1"
WAIT_S = 10.0
"""Far longer than anything here takes."""


@dataclass(slots=True)
class Served:
    """A page that is being served."""

    page: LivePage
    site: Site
    tokens: Tokens
    port: int
    ages_s: dict[Placement, float]
    """How old each sensor's data is said to be."""
    events: list[Event] = field(default_factory=list)
    stopped: int = 0
    told: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits for what a page does to the session."""
        async with asyncio.timeout(WAIT_S):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    @property
    def origin(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def headers(self, token: str, **others: str) -> dict[str, str]:
        """Those with which a browser opens the WebSocket."""
        offer = f"{PROTOCOL}, {token}"
        return {"Origin": self.origin, "Sec-WebSocket-Protocol": offer, **others}

    @asynccontextmanager
    async def opened(self, token: str) -> AsyncIterator[ClientWebSocketResponse]:
        """A page that came with a token; its first messages are still to be read."""
        async with (
            ClientSession() as session,
            session.ws_connect(f"{self.origin}/live", headers=self.headers(token)) as socket,
        ):
            yield socket


@asynccontextmanager
async def served(
    beyond_loopback: bool = False,
    clock: Callable[[], float] | None = None,
    can_control: bool = True,
) -> AsyncIterator[Served]:
    """A page on a free port, all sensors fresh, the target 8°."""
    now = clock or asyncio.get_running_loop().time
    ages_s = dict.fromkeys((Placement.LEFT_FOOT, Placement.RIGHT_FOOT, Placement.CHEST), 0.02)

    def received() -> dict[Placement, Received]:
        return {place: Received(208.0, 0.1, age_s) for place, age_s in ages_s.items()}

    page = LivePage(Surroundings(lambda: Band(6.5, 8.0, 15.0), received), now)
    tokens = Tokens.new()
    events: list[Event] = []
    told: list[str] = []

    def take(event: Event) -> None:
        events.append(event)
        page.write(event)
        result.changed.set()

    def stop() -> None:
        result.stopped += 1
        result.changed.set()

    actions = Actions(now, take, stop) if can_control else Actions(now)
    refusals = Refusals(told.append, now)
    site = Site(page, actions, Gate(tokens, beyond_loopback, "http"), refusals)
    async with LiveServer(site, Place(LOOPBACK, 0)) as server:
        result = Served(page, site, tokens, server.port, ages_s, events, 0, told)
        yield result


async def until(socket: ClientWebSocketResponse, kind: str) -> dict[str, object]:
    """The next message of a kind; those before it are passed over."""
    async with asyncio.timeout(WAIT_S):
        while True:
            message: WSMessage = await socket.receive()
            assert message.type is WSMsgType.TEXT, message
            content: dict[str, object] = message.json()
            if content["kind"] == kind:
                return content
