"""The live page for all: an accessibility checker finds nothing serious in any view."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_core_python.async_playwright import Axe
from browser import chromium, needs_chromium, opened
from live_pages import served
from playwright.async_api import Browser

from imu_stream.datatypes import (
    FEET,
    Cue,
    CueKind,
    Gap,
    GapReason,
    LeanState,
    Placement,
    Strike,
    StrikeType,
)

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

OUTPUTS = (
    LeanState(0.0, 0.7, 5.0, 0.0, 170.0, 0.08, True, 0.6, 0.8),
    *(
        Strike(foot, 0.3 * number, 1.0, kind, confidence, True, 0.9)
        for foot in FEET
        for number, (kind, confidence) in enumerate(
            [(kind, sure) for kind in StrikeType for sure in (0.5, 0.95)]
        )
    ),
    Gap(Placement.CHEST, 0.1, 0.2, GapReason.LOST, 20),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as result:
        yield result


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (390, 844)], ids=["wide", "phone"])
@pytest.mark.parametrize("view", ["runner", "phone", "coach"])
async def test_the_checker_finds_no_violation(
    browser: Browser, view: str, size: tuple[int, int], scheme: str
) -> None:
    async with served() as shown:
        url = f"{shown.origin}/?view={view}#{shown.tokens.control}"
        async with opened(browser, url, size, scheme) as page:
            await page.page.wait_for_selector("#sensors li", state="attached")
            for output in OUTPUTS:
                shown.page.write(output)
            now_s = shown.page.now_s
            shown.page.write(Cue(now_s, CueKind.LEAN_MORE, 5.0, 6.5, now_s + 5.0))
            if view == "phone":
                await page.page.click("#start")
                await page.page.wait_for_selector("#start[data-on]")
            shown.ages_s[Placement.LEFT_FOOT] = 3.0
            await page.page.wait_for_selector("[data-placement=left_foot].silent", state="attached")
            found = await Axe().run(page.page)
    violations = [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
    assert violations == []
