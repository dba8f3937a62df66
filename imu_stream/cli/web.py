"""The live page of a session: what was asked for, and how to open it."""

import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from platformdirs import user_data_path
from rich.text import Text

from imu_stream.cli.speaking import console, say
from imu_stream.datatypes import Entry, Placement
from imu_stream.errors import MissingExtraError
from imu_stream.pipeline import Pipeline
from imu_stream.sinks.web.access import Gate, Tokens
from imu_stream.sinks.web.answering import Actions
from imu_stream.sinks.web.live_page import LivePage
from imu_stream.sinks.web.messages import Band
from imu_stream.sinks.web.page_state import Received, Surroundings
from imu_stream.sinks.web.place import Place
from imu_stream.sinks.web.refusals import Refusals

PORT = 8730
LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Web:
    """The live page as it was asked for."""

    wanted: bool = False
    beyond_loopback: bool = False
    port: int = PORT
    tls: bool = False


NO_PAGE = Web()


@dataclass(frozen=True, slots=True)
class SessionControl:
    """What a page may do to a session."""

    take: Callable[[Entry], None]
    stop: Callable[[], None]


class Screen:
    """The live page of one session: a sink, and the server that shows it.

    Args:
        wanted: whether and where.
        pipeline: of the session.
        clock: session clock, s.
        replay_speed: how much faster than it was; None for a session that is live.
    """

    def __init__(
        self,
        wanted: Web,
        pipeline: Pipeline,
        clock: Callable[[], float],
        replay_speed: float | None = None,
    ) -> None:
        self._wanted = wanted
        self._clock = clock
        speed = replay_speed or 1.0
        surroundings = surroundings_of(pipeline, clock, speed)
        self._page = LivePage(surroundings, clock, speed, replay_speed is not None)

    @property
    def sinks(self) -> Sequence[LivePage]:
        """None when no page is wanted."""
        return (self._page,) if self._wanted.wanted else ()

    @asynccontextmanager
    async def shown(self, control: SessionControl | None = None) -> AsyncIterator[None]:
        """Serve the page, if it is wanted; without `control` it can only be watched.

        Raises:
            MissingExtraError: a package that it needs is not installed.
            ServingError: it cannot be served there.
        """
        if not self._wanted.wanted:
            yield
            return
        require_page(self._wanted)
        from imu_stream.sinks.web.server import LiveServer
        from imu_stream.sinks.web.site import Site

        tokens, scheme = Tokens.new(), "https" if self._wanted.tls else "http"
        gate = Gate(tokens, self._wanted.beyond_loopback, scheme)
        actions = Actions(self._clock, *((control.take, control.stop) if control else (None, None)))
        refusals = Refusals(lambda text: say(text, "live page:", "yellow"), time.monotonic)
        site = Site(self._page, actions, gate, refusals)
        async with LiveServer(site, self._place()) as server:
            self._tell(tokens, f"{scheme}://{self._address()}:{server.port}/", control is not None)
            yield

    def _place(self) -> Place:
        host = EVERYWHERE if self._wanted.beyond_loopback else LOOPBACK
        if not self._wanted.tls:
            return Place(host, self._wanted.port)
        from imu_stream.sinks.web.certificate import tls_context

        names = ["localhost", LOOPBACK, *self._addresses()]
        folder = user_data_path("imu-stream", appauthor=False)
        return Place(host, self._wanted.port, tls_context(folder, names))

    def _addresses(self) -> list[str]:
        return own_addresses() if self._wanted.beyond_loopback else []

    def _address(self) -> str:
        return next(iter(self._addresses()), LOOPBACK)

    def _tell(self, tokens: Tokens, base: str, can_control: bool) -> None:
        say(f"{base}#{tokens.watch}", "live page:", "bold green")
        if can_control:
            say(f"{base}?view=coach#{tokens.control}", "coach, may control:", "bold green")
        if self._wanted.beyond_loopback:
            phone = f"{base}?view=phone#{tokens.watch}"
            say(phone, "phone that sounds and vibrates:", "bold green")
            console.print(qr_code(phone))
            limits = "; only the coach's can change it" if can_control else ""
            say(f"Whoever has a link sees this session{limits}.")


def surroundings_of(pipeline: Pipeline, clock: Callable[[], float], speed: float) -> Surroundings:
    """What the page shows beside the outputs of a session."""

    def band() -> Band | None:
        target_deg, limits_deg = pipeline.target_deg, pipeline.lean_band_deg
        if target_deg is None or limits_deg is None:
            return None
        low_deg, high_deg = limits_deg
        return Band(round(low_deg, 2), round(target_deg, 2), round(high_deg, 2))

    def received() -> dict[Placement, Received]:
        now_s = clock()
        return {
            placement: Received(
                each.rate_hz,
                each.lost_percent,
                None if each.last_arrival_s is None else (now_s - each.last_arrival_s) / speed,
            )
            for placement, each in pipeline.receptions.items()
        }

    return Surroundings(band, received)


def own_addresses() -> list[str]:
    """Under which others reach this computer, the likeliest first; nothing is sent to find out."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # only asks the routing table
        found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    return [each for each in dict.fromkeys(found) if not ipaddress.ip_address(each).is_loopback]


def qr_code(text: str) -> Text:
    """A code for a phone's camera, dark on light whatever the terminal's colours are."""
    import segno

    rows = [
        [bool(dark) for dark in row] for row in segno.make(text, error="l").matrix_iter(border=2)
    ]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    blocks = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
    lines = [
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]
    return Text("\n".join(lines), style="black on white", no_wrap=True)


def require_page(wanted: Web) -> None:
    """Raise MissingExtraError when the page is wanted and a package that it needs is absent."""
    if not wanted.wanted:
        return
    try:
        import aiohttp  # noqa: F401
        import cryptography  # noqa: F401
        import segno  # noqa: F401
    except ImportError:
        raise MissingExtraError("the live page", "web") from None
