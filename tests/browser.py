"""A real Chromium for the tests of the live page; they are skipped only where there is none."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="platform without chromium")
NO_SANDBOX = "--no-sandbox"
"""Tests in a container run as root."""

SPY = """
window.cuesHeard = []; window.cuesFelt = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) {
  cuesHeard.push({pitch: this.frequency.value, at: at[0], now: this.context.currentTime,
                  state: this.context.state});
  document.documentElement.dataset.heard = cuesHeard.length;
  return start.apply(this, at);
};
const vibrate = navigator.vibrate?.bind(navigator);
Object.defineProperty(Navigator.prototype, "vibrate", {configurable: true, value: (pattern) => {
  const done = vibrate(pattern);
  cuesFelt.push({pattern, done});
  document.documentElement.dataset.felt = cuesFelt.length;
  return done;
}});
"""
"""Notes what the page plays and lets be felt: in the page, and how often on its root element."""


@dataclass(slots=True)
class Opened:
    """A page in the browser, and what it did beside showing things."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    async def text(self, selector: str) -> str:
        return (await self.page.inner_text(selector)).strip()


@asynccontextmanager
async def chromium(sound_server: Mapping[str, str] | None = None) -> AsyncIterator[Browser]:
    """The browser; silent, or sounding on the server of that environment."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[NO_SANDBOX],
            env=None if sound_server is None else {**sound_server},
            ignore_default_args=None if sound_server is None else ["--mute-audio"],
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser, url: str, size: tuple[int, int] = (1280, 720), scheme: str = "light"
) -> AsyncIterator[Opened]:
    """The page, with everything it complains of and asks for noted."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    try:
        await context.add_init_script(SPY)
        page = await context.new_page()
        result = Opened(page)

        def complained(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                result.console.append(message.text)

        def asked(request: Request) -> None:
            result.requests.append(request.url)

        page.on("console", complained)
        page.on("pageerror", lambda error: result.console.append(str(error)))
        page.on("request", asked)
        page.on("websocket", lambda socket: result.requests.append(socket.url))
        await page.goto(url)
        yield result
    finally:
        await context.close()
