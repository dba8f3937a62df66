"""How quickly the live page shows a result, and what pages cost the session.

    python benchmarks/live_page.py

A simulated run goes through the real pipeline at its own pace, in one process with the server:

1. five pages in a real browser (needs chromium): from the pipeline's output to the paint;
2. a page that reads nothing beside one that reads: is the other delayed, does its mailbox stay
   bounded, when is it let go;
3. the pipeline's time a frame without pages and with 50, in turn, several times.

The exit status is 1 when a limit is missed.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

import numpy as np
from aiohttp import ClientSession
from cost import PROFILE, RATE_HZ, frames_of, simulated
from playwright.async_api import Page, async_playwright
from rich.console import Console
from rich.table import Table

from imu_stream.cli.web import surroundings_of
from imu_stream.datatypes import MOTION, Frame, LeanState, Output, SensorSetup, SessionHeader
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import find_profile
from imu_stream.session import Session
from imu_stream.sinks.web.access import Gate, Tokens
from imu_stream.sinks.web.answering import Actions
from imu_stream.sinks.web.live_page import LivePage
from imu_stream.sinks.web.mailbox import LIMIT
from imu_stream.sinks.web.messages import PROTOCOL
from imu_stream.sinks.web.place import Place
from imu_stream.sinks.web.refusals import Refusals
from imu_stream.sinks.web.server import LiveServer
from imu_stream.sinks.web.site import Site

CHROMIUM = "/usr/bin/chromium"
LOOPBACK = "127.0.0.1"
PAGES = 5
PAINT_P95_MS = 50.0
MANY = 50
LARGEST_COST = 1.10
STANDING_S = 9.0
"""At the start of the simulated run nothing is shown yet."""
LET_GO_S = 15.0
CLOCK_PINGS = 30
SMALL_BUFFER = 4096

PAINTS = """
window.paints = [];
addEventListener("DOMContentLoaded", () => {
  const channel = new MessageChannel();
  const waiting = [];
  channel.port1.onmessage = () => waiting.splice(0).forEach(
    (stride) => paints.push([stride, performance.now()]));
  const card = document.getElementById("lean-card");
  new MutationObserver(() => {
    waiting.push(Number(card.dataset.strideEnd));
    requestAnimationFrame(() => channel.port2.postMessage(null));
  }).observe(card, {attributes: true, attributeFilter: ["data-stride-end"]});
});
"""
"""Notes when the first frame after a change has been drawn: a message of its own comes after it."""


@dataclass(slots=True)
class Given:
    """When the pipeline gave each stride of the trunk, on this process's clock."""

    at_s: dict[float, float] = field(default_factory=dict)

    def write(self, output: Output) -> None:
        if isinstance(output, LeanState):
            self.at_s[round(output.end_s, 3)] = time.perf_counter()


@dataclass(slots=True)
class Live:
    """A session that runs, and its page."""

    session: Session
    site: Site
    url: str
    token: str
    given: Given
    costs: list["Cost"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one frame took."""

    wall_s: float
    cpu_s: float
    """Of this thread alone, so programs beside it disturb little."""


@asynccontextmanager
async def live(frames: Sequence[Frame]) -> AsyncIterator[Live]:
    """A session at the pace of its frames, from the first stride on, until it is left."""
    profile = find_profile(PROFILE)
    sensors = tuple(SensorSetup(placement, PROFILE, RATE_HZ) for placement in MOTION)
    header = SessionHeader("0", "2026-01-01T00:00:00+00:00", sensors, {PROFILE: profile.text}, 8.0)
    pipeline, given, tokens = Pipeline(header), Given(), Tokens.new()
    origin_s = time.monotonic() - STANDING_S

    def clock() -> float:
        return time.monotonic() - origin_s

    page = LivePage(surroundings_of(pipeline, clock, 1.0), clock)
    session = Session(pipeline, [given, page])
    refusals = Refusals(lambda text: print(text, file=sys.stderr), clock)
    site = Site(page, Actions(clock), Gate(tokens, False, "http"), refusals)
    async with LiveServer(site, Place(LOOPBACK, 0)) as server:
        result = Live(session, site, f"http://{LOOPBACK}:{server.port}", tokens.watch, given)
        running = asyncio.create_task(run(result, frames, clock))
        try:
            yield result
        finally:
            running.cancel()
            await asyncio.wait((running,))


async def run(live: Live, frames: Sequence[Frame], clock) -> None:  # type: ignore[no-untyped-def]
    for frame in frames:
        wait_s = frame.arrival_s - clock()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        begun_s, begun_cpu_s = time.perf_counter(), time.thread_time()
        live.session.push(frame)
        cpu_s = time.thread_time() - begun_cpu_s
        live.costs.append(Cost(time.perf_counter() - begun_s, cpu_s))


# 1: paint


async def clock_of(page: Page) -> float:
    """This process's clock less the page's, s: the quickest of some pings."""
    quickest, ahead_s = float("inf"), 0.0
    for _ in range(CLOCK_PINGS):
        left_s = time.perf_counter()
        there_ms = await page.evaluate("performance.now()")
        back_s = time.perf_counter()
        if back_s - left_s < quickest:
            quickest, ahead_s = back_s - left_s, (left_s + back_s) / 2 - there_ms / 1e3
    return ahead_s


async def paint_ms(frames: Sequence[Frame], seconds: float) -> list[float]:
    """From output to paint, over all pages and strides, ms."""
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stack.push_async_callback(browser.close)
        session = await stack.enter_async_context(live(frames))
        pages = [await browser.new_page() for _ in range(PAGES)]
        for page in pages:
            await page.add_init_script(PAINTS)
            await page.goto(f"{session.url}/#{session.token}")
            await page.wait_for_selector("#link[data-state=live]")
        await asyncio.sleep(2.0)
        for page in pages:
            await page.evaluate("paints.length = 0")
        await asyncio.sleep(seconds)
        found = []
        for page in pages:
            ahead_s = await clock_of(page)
            painted = await page.evaluate("paints")
            given = session.given.at_s
            found += [1e3 * (at_ms / 1e3 + ahead_s - given[stride]) for stride, at_ms in painted]
        return found


# 2: a page that reads nothing


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - a measurement, not the product
        await asyncio.sleep(0.01)


async def received_ms(live: Live, seconds: float) -> list[float]:
    """From output to a page that reads, ms."""
    found = []
    headers = {"Origin": live.url, "Sec-WebSocket-Protocol": f"{PROTOCOL}, {live.token}"}
    async with (
        ClientSession() as session,
        session.ws_connect(f"{live.url}/live", headers=headers) as page,
    ):
        until_s = time.perf_counter() + seconds
        while time.perf_counter() < until_s:
            content = (await page.receive()).json()
            if content["kind"] == "lean" and content["t_s"] in live.given.at_s:
                found.append(1e3 * (time.perf_counter() - live.given.at_s[content["t_s"]]))
    return found[1:]  # the first one was there before the page


def deaf(live: Live) -> socket.socket:
    """A page that opens its WebSocket properly, and then takes in nothing."""
    port = int(live.url.rpartition(":")[2])
    result = socket.socket()
    result.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    result.connect((LOOPBACK, port))
    result.sendall(
        (
            f"GET /live HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nOrigin: {live.url}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {'A' * 22}==\r\n"
            f"Sec-WebSocket-Protocol: {PROTOCOL}, {live.token}\r\n\r\n"
        ).encode()
    )
    return result


@dataclass(frozen=True, slots=True)
class Deafness:
    """What a page that reads nothing does to the others."""

    alone_ms: list[float]
    beside_ms: list[float]
    longest_mailbox: int
    let_go_s: float | None


async def deafness(frames: Sequence[Frame], seconds: float) -> Deafness:
    async with live(frames) as session:
        await asyncio.sleep(2.0)
        alone_ms = await received_ms(session, seconds)
        await until(lambda: not session.site.visits)
        with deaf(session):
            begun_s = time.perf_counter()
            await until(lambda: bool(session.site.visits))
            (visit,) = session.site.visits
            beside = asyncio.create_task(received_ms(session, seconds))
            longest, let_go_s = 0, None
            while not beside.done():
                longest = max(longest, len(visit.mailbox))
                if let_go_s is None and visit not in session.site.visits:
                    let_go_s = time.perf_counter() - begun_s
                await asyncio.sleep(0.01)
            return Deafness(alone_ms, beside.result(), longest, let_go_s)


# 3: many pages


def attend(url: str, token: str, count: int, ready, stop) -> None:  # type: ignore[no-untyped-def]
    """Pages that read all they get; a process of their own."""

    async def page(session: ClientSession) -> None:
        headers = {"Origin": url, "Sec-WebSocket-Protocol": f"{PROTOCOL}, {token}"}
        async with session.ws_connect(f"{url}/live", headers=headers) as socket:
            async for _ in socket:
                pass

    async def all_pages() -> None:
        async with ClientSession() as session:
            tasks = [asyncio.create_task(page(session)) for _ in range(count)]
            ready.set()
            await asyncio.to_thread(stop.wait)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(all_pages())


async def frame_costs(
    frames: Sequence[Frame], rounds: int, seconds: float
) -> tuple[list[list[Cost]], list[list[Cost]]]:
    """Costs of each frame without pages and with many, in turn."""
    without: list[list[Cost]] = []
    with_many: list[list[Cost]] = []
    context = multiprocessing.get_context("spawn")
    async with live(frames) as session:
        await asyncio.sleep(2.0)
        for _ in range(rounds):
            session.costs.clear()
            await asyncio.sleep(seconds)
            without.append(session.costs.copy())
            ready, stop = context.Event(), context.Event()
            others = context.Process(
                target=attend, args=(session.url, session.token, MANY, ready, stop)
            )
            others.start()
            await until(lambda: len(session.site.visits) == MANY)
            await asyncio.sleep(1.0)
            session.costs.clear()
            await asyncio.sleep(seconds)
            with_many.append(session.costs.copy())
            stop.set()
            await asyncio.to_thread(others.join)
            await until(lambda: not session.site.visits)
            await asyncio.sleep(1.0)
    return without, with_many


def frames_for(seconds: float) -> list[Frame]:
    """Of all sensors in the order in which they come."""
    frames = [frame for run in simulated(seconds) for frame in frames_of(run)]
    return sorted(frames, key=lambda frame: frame.arrival_s)


def p(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent))


def cpu_us(costs: Sequence[Cost]) -> float:
    return 1e6 * mean(cost.cpu_s for cost in costs)


def wall_us(costs: Sequence[Cost]) -> float:
    return 1e6 * median(cost.wall_s for cost in costs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=6, help="of the cost of 50 pages")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    frames = frames_for(60.0 + 2 * options.rounds * (options.seconds + 6.0))

    paints = asyncio.run(paint_ms(frames, options.seconds))
    deafs = asyncio.run(deafness(frames, options.seconds))
    without, with_many = asyncio.run(frame_costs(frames, options.rounds, options.seconds / 2))
    ratios = [cpu_us(many) / cpu_us(none) for none, many in zip(without, with_many, strict=True)]
    none, many = ([cost for one in rounds for cost in one] for rounds in (without, with_many))

    slower_ms = max(2.0 * p(deafs.alone_ms, 95), 5.0)
    rows = [
        (f"output to paint, {PAGES} pages, median", p(paints, 50), "ms", None),
        (f"… 95 % of {len(paints)}", p(paints, 95), "ms", PAINT_P95_MS),
        ("output to a page that reads, alone, 95 %", p(deafs.alone_ms, 95), "ms", None),
        ("… beside one that does not", p(deafs.beside_ms, 95), "ms", slower_ms),
        ("its mailbox, longest", deafs.longest_mailbox, "messages", LIMIT),
        ("let go after", deafs.let_go_s or float("inf"), "s", LET_GO_S),
        ("a frame without pages, processor time", cpu_us(none), "µs", None),
        (f"… with {MANY}", cpu_us(many), "µs", None),
        (f"… ratio, median of {len(ratios)} rounds", median(ratios), "", LARGEST_COST),
        ("the same by the wall clock, median frame", wall_us(many) / wall_us(none), "", None),
    ]
    table = Table("figure", "value", "limit")
    missed = False
    for name, value, unit, limit in rows:
        over = limit is not None and value > limit
        missed |= over
        mark = "!" if over else ""
        table.add_row(name, f"{value:.2f} {unit}{mark}", "" if limit is None else f"{limit:.2f}")
    Console().print(table)
    if options.json:
        figures = [{"figure": n, "value": v, "unit": u, "limit": lim} for n, v, u, lim in rows]
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(missed)


if __name__ == "__main__":
    main()
