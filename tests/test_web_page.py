"""What the live page shows, plays and says, in a real browser."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from browser import Opened, chromium, needs_chromium, opened
from conftest import ORDINARY, WORN_ON_CHEST, in_blocks, standing_then, worn
from live_pages import Served, served
from playwright.async_api import Browser, expect

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Gait
from imu_stream.datatypes import (
    FEET,
    Battery,
    Cue,
    CueDelivery,
    CueKind,
    Gap,
    GapReason,
    LeanState,
    Mark,
    Output,
    Placement,
    SensorSetup,
    SessionHeader,
    Strike,
    StrikeType,
    TargetChange,
)
from imu_stream.pipeline import Pipeline
from imu_stream.sinks.outputs.earcons import EARCONS
from imu_stream.sinks.web.patterns import VIBRATIONS_MS

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

RATE_HZ = 200.0
LETTERS = {
    StrikeType.REARFOOT: "R",
    StrikeType.MIDFOOT: "M",
    StrikeType.FOREFOOT: "F",
    StrikeType.UNKNOWN: "?",
}
SHOWN_STRIKES = 8


@pytest.fixture(scope="module")
def outputs() -> Sequence[Output]:
    """What the real pipeline makes of a runner who leans, and then straightens up."""
    heel = Gait(lean_deg=10.0, strike_left_deg=15.0, strike_right_deg=14.0)
    forefoot = Gait(lean_deg=3.0, strike_left_deg=-8.0, strike_right_deg=-7.0)
    runner = Runner(standing_then(heel, forefoot, each_s=16.0), seed=3)
    places = {Placement.CHEST: WORN_ON_CHEST, **dict.fromkeys(FEET, ORDINARY)}
    setups = tuple(SensorSetup(place, "table", RATE_HZ) for place in places)
    pipeline = Pipeline(SessionHeader("0", "2026-01-01T12:00:00+00:00", setups, {}, 8.0))
    blocks = [
        block
        for place, errors in places.items()
        for block in in_blocks(worn(runner, place, RATE_HZ, 36.0, errors))
    ]
    blocks.sort(key=lambda block: block.end_s)
    return [output for block in blocks for output in pipeline.push(block)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as result:
        yield result


@dataclass(slots=True)
class Time:
    """A session clock that is set."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def runner_url(shown: Served, view: str = "runner", token: str | None = None) -> str:
    return f"{shown.origin}/?view={view}#{token or shown.tokens.watch}"


def known_s(output: Output) -> float:
    """When it was known, as far as that matters here."""
    match output:
        case LeanState() | Strike():
            return output.known_s
        case Cue():
            return output.t_s
    return 0.0


def write(shown: Served, time: Time, some: Iterable[Output]) -> None:
    for output in some:
        time.now_s = max(time.now_s, known_s(output))
        shown.page.write(output)


async def shows_stride(page: Opened, lean: LeanState) -> None:
    """Waits until this stride is on the screen."""
    await page.page.wait_for_selector(f"#lean-card[data-stride-end='{round(lean.end_s, 3)}']")


async def shows_live(page: Opened) -> None:
    await page.page.wait_for_selector("#link[data-state='live']")
    await page.page.wait_for_selector("#sensors li", state="attached")


async def test_lean_strikes_and_cadence_are_what_the_pipeline_said(
    browser: Browser, outputs: Sequence[Output]
) -> None:
    time = Time()
    async with served(clock=time) as shown, opened(browser, runner_url(shown)) as page:
        await shows_live(page)
        leans: list[LeanState] = []
        strikes: dict[Placement, list[Strike]] = {foot: [] for foot in FEET}
        checked = 0
        for output in outputs:
            write(shown, time, [output])
            if isinstance(output, Strike):
                strikes[output.foot].append(output)
            if not isinstance(output, LeanState):
                continue
            leans.append(output)
            if len(leans) % 5:
                continue
            await shows_stride(page, output)
            shown_deg = float((await page.text("#lean")).replace("−", "-"))
            assert shown_deg == pytest.approx(fmean(each.lean_deg for each in leans[-4:]), abs=0.5)
            assert float(await page.text("#cadence")) == pytest.approx(output.cadence_spm, abs=1)
            for foot, known in strikes.items():
                letters = await page.page.locator(f"#{foot} .past li").all_inner_texts()
                assert letters == [LETTERS[each.strike_type] for each in known[-SHOWN_STRIKES:]]
            checked += 1
        assert checked >= 6
        assert {"R", "F"} <= {LETTERS[each.strike_type] for each in strikes[FEET[0]]}
        assert page.console == []
        assert {urlsplit(url).netloc for url in page.requests} == {f"127.0.0.1:{shown.port}"}


async def test_a_cue_of_the_pipeline_is_played_felt_and_shown(
    browser: Browser, outputs: Sequence[Output]
) -> None:
    time = Time()
    number, cue = next((n, each) for n, each in enumerate(outputs) if isinstance(each, Cue))
    assert cue.kind is CueKind.LEAN_MORE
    async with served(clock=time) as shown, opened(browser, runner_url(shown, "phone")) as page:
        await shows_live(page)
        await page.page.click("#start")
        await page.page.wait_for_selector("#start[data-on]")
        write(shown, time, outputs[:number])
        assert await page.page.evaluate("cuesHeard") == []
        write(shown, time, [cue])
        await page.page.wait_for_selector("html[data-heard='2'][data-felt='2']")
        heard = await page.page.evaluate("cuesHeard")
        felt = await page.page.evaluate("cuesFelt")
        assert await page.text("#phone-cue") == "Lean forward"
        tones = EARCONS[cue.kind]
        assert [each["pitch"] for each in heard] == [tone.pitch_hz for tone in tones]
        assert {each["state"] for each in heard} == {"running"}
        assert heard[1]["at"] - heard[0]["at"] == pytest.approx(
            tones[0].duration_s + tones[0].pause_s
        )
        assert felt[-1] == {"pattern": list(VIBRATIONS_MS[cue.kind]), "done": True}
        await page.page.click("nav a[data-view=runner]")
        assert await page.text("#cue-words") == "Lean forward"
        await shown.until(lambda: len(shown.events) == 2)
        ways = {each.output for each in shown.events if isinstance(each, CueDelivery)}
        assert ways == {"page 1 sound", "page 1 vibration"}
        assert page.console == []


async def test_a_page_that_comes_back_plays_no_old_cue(browser: Browser) -> None:
    time = Time()
    async with served(clock=time) as shown, opened(browser, runner_url(shown, "phone")) as page:
        await shows_live(page)
        await page.page.click("#start")
        await page.page.wait_for_selector("#start[data-on]")
        for visit in list(shown.site.visits):
            visit.mailbox.close()  # the server lets it go
        await page.page.wait_for_selector("#link:not([data-state='live'])")
        shown.page.write(Cue(0.0, CueKind.LEAN_MORE, 5.0, 6.5, 60.0))
        await shows_live(page)
        shown.page.write(Cue(1.0, CueKind.LEAN_LESS, 16.0, 15.0, 61.0))
        await page.page.wait_for_selector("html[data-felt='2']")
        _touch, *felt = await page.page.evaluate("cuesFelt.map((each) => each.pattern)")
        assert felt == [list(VIBRATIONS_MS[CueKind.LEAN_LESS])]


async def test_silence_of_the_chest_freezes_the_number_and_is_said(
    browser: Browser, outputs: Sequence[Output]
) -> None:
    async with served() as shown, opened(browser, runner_url(shown)) as page:
        await shows_live(page)
        lean = next(each for each in outputs if isinstance(each, LeanState) and each.valid)
        shown.page.write(lean)
        await page.page.wait_for_selector("#lean-card:not(.frozen)")
        before = await page.text("#lean")
        shown.ages_s[Placement.CHEST] = 0.6
        await page.page.wait_for_selector("#lean-card.frozen")
        assert await page.text("#lean") == before
        assert "NO DATA" in await page.text("#lean-stale")
        assert "chest silent" in await page.text("#lean-stale")
        assert await page.text("#cue-words") == "No cues"
        assert "silent" in await page.text("[data-placement=chest] .age")
        assert await page.page.inner_text("#say") == "No data: Chest is silent"


async def test_without_messages_the_page_freezes_by_its_own_clock(browser: Browser) -> None:
    async with served() as shown, opened(browser, runner_url(shown)) as page:
        await shows_live(page)
        await page.page.wait_for_selector("[data-placement=chest]:not(.silent)")
        begun_ms = await page.page.evaluate("performance.now()")
        shown.site.page.tell_status = lambda: None  # type: ignore[method-assign]
        await page.page.wait_for_selector("[data-placement=chest].silent")
        took_ms = await page.page.evaluate("performance.now()") - begun_ms
        assert took_ms < 1500.0


async def test_a_link_that_is_no_more_valid_says_so(browser: Browser) -> None:
    async with served() as shown, opened(browser, f"{shown.origin}/#{'x' * 32}") as page:
        await page.page.wait_for_selector("#link[data-state=refused]")
        assert "not valid any more" in await page.text("#message")


async def test_the_token_leaves_the_address_bar_and_survives_a_reload(browser: Browser) -> None:
    async with served() as shown, opened(browser, runner_url(shown)) as page:
        await shows_live(page)
        assert shown.tokens.watch not in page.page.url
        await page.page.reload()
        await shows_live(page)
        assert not any(shown.tokens.watch in url for url in page.requests)


async def test_doubt_about_lean_and_strike_is_shown(browser: Browser) -> None:
    async with served() as shown, opened(browser, runner_url(shown)) as page:
        await shows_live(page)
        shown.page.write(LeanState(0.0, 0.7, 8.0, 0.0, 170.0, 0.08, True, 0.6, 0.8))
        shown.page.write(Strike(FEET[0], 0.5, 7.0, StrikeType.MIDFOOT, 0.55, True, 0.6))
        await page.page.wait_for_selector("#lean-doubt:not([hidden])")
        assert "unsure" in await page.text("#left_foot .said")
        shown.page.write(Strike(FEET[1], 0.8, float("nan"), StrikeType.UNKNOWN, 0.0, True, 0.9))
        await page.page.wait_for_selector("#right_foot .strike[data-type=unknown]")
        assert "not measured" in await page.text("#right_foot .said")


async def test_the_coach_sees_the_past_and_changes_the_session(
    browser: Browser, outputs: Sequence[Output]
) -> None:
    time = Time()
    async with served(clock=time) as shown:
        write(shown, time, outputs)
        shown.page.write(Gap(Placement.CHEST, 20.0, 21.0, GapReason.LOST, 200))
        url = runner_url(shown, "coach", shown.tokens.control)
        async with opened(browser, url, size=(1280, 900)) as page:
            await page.page.wait_for_selector("#log li[data-what=gap]")
            assert await page.page.locator("#strips canvas").count() == 4
            assert "°" in await page.page.locator("figcaption span").nth(0).inner_text()
            assert await page.page.locator("#log li[data-what=cue]").count() >= 1
            await page.page.click("#target-more")
            await page.page.fill("#note", "new shoes")
            await page.page.press("#note", "Enter")
            await page.page.click("#lap")
            await page.page.click("#pause")
            await expect(page.page.locator("#pause")).to_have_text("Start again")
            await page.page.click("#stop")
            assert shown.stopped == 0
            await page.page.click("#stop")
            await expect(page.page.locator("#answer")).to_have_text("Stopped")
            await shown.until(lambda: shown.stopped == 1)
            kinds = [type(event) for event in shown.events]
            assert kinds == [TargetChange, Mark, Mark, Mark]
            target = shown.events[0]
            assert isinstance(target, TargetChange)
            assert target.target_deg == 8.5
            assert page.console == []


async def test_who_may_only_watch_sees_no_controls(browser: Browser) -> None:
    async with served() as shown, opened(browser, runner_url(shown, "coach")) as page:
        await shows_live(page)
        assert not await page.page.is_visible("#controls")
        assert await page.page.is_visible("#watching")


async def test_every_view_is_reached_by_the_keyboard(browser: Browser) -> None:
    async with served() as shown, opened(browser, runner_url(shown)) as page:
        await shows_live(page)
        for view in ("phone", "coach", "runner"):
            await page.page.focus(f"nav a[data-view={view}]")
            await page.page.keyboard.press("Enter")
            assert await page.page.is_visible(f"#{view}")
        await page.page.go_back()
        assert await page.page.is_visible("#coach")


async def test_nothing_lies_beyond_the_edge_of_a_narrow_phone(
    browser: Browser, outputs: Sequence[Output]
) -> None:
    time = Time()
    async with served(clock=time) as shown:
        write(shown, time, outputs)
        shown.page.write(Battery(time.now_s, Placement.CHEST, 9))
        for view in ("runner", "phone", "coach"):
            url = runner_url(shown, view, shown.tokens.control)
            async with opened(browser, url, size=(320, 640)) as page:
                await shows_live(page)
                wide = await page.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= 320, view
