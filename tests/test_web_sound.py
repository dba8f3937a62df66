"""What a page really plays: recorded from a sound server that needs no sound card."""

import asyncio
import time
from collections.abc import Iterator, Mapping

import pytest
from browser import chromium, needs_chromium, opened
from heard_patterns import HeardTone, heard_tones
from live_pages import served
from sound_server import RATE_HZ, missing_programs, recorded, sound_server
from test_sound import is_pattern

from imu_stream.datatypes import Cue, CueKind
from imu_stream.sinks.outputs.earcons import EARCONS

AFTER_S = 0.6
TRIES = 5
"""A busy computer may drop a block now and then; the pattern must still come through."""

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(bool(missing_programs()), reason="platform: no PulseAudio is installed"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with sound_server(tmp_path_factory.mktemp("sound")) as environment:
        yield environment


async def test_a_page_plays_each_cue_as_the_computer_does(server: Mapping[str, str]) -> None:
    heard: dict[CueKind, list[HeardTone]] = {}
    async with served() as shown, chromium(server) as browser:
        url = f"{shown.origin}/?view=phone#{shown.tokens.watch}"
        async with opened(browser, url) as page:
            await page.page.wait_for_selector("#link[data-state=live]")
            await page.page.click("#start")
            await page.page.wait_for_selector("#start[data-on]")
            with recorded(server) as recorder:
                for kind in CueKind:
                    for _ in range(TRIES):
                        begun_s = time.monotonic()
                        now_s = shown.page.now_s
                        shown.page.write(Cue(now_s, kind, 5.0, 6.5, now_s + 1.0))
                        await asyncio.to_thread(recorder.wait_until, begun_s + AFTER_S)
                        heard[kind] = heard_tones(recorder.since(begun_s), RATE_HZ)
                        if is_pattern(heard[kind], EARCONS[kind]):
                            break
    for kind, tones in heard.items():
        assert is_pattern(tones, EARCONS[kind]), (kind, tones)
