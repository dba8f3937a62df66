"""A browser lets a page sound and vibrate only after a touch: the Start button asks for it.

Under playwright sound runs without a touch, so this is tested by way of the driver of Chromium.
"""

import asyncio
from pathlib import Path

import pytest
from browser import CHROMIUM, NO_SANDBOX, SPY, needs_chromium
from live_pages import Served, served
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from imu_stream.datatypes import Cue, CueKind

DRIVER = Path("/usr/bin/chromedriver")
pytestmark = [
    needs_chromium,
    pytest.mark.skipif(not DRIVER.exists(), reason="platform without chromedriver"),
]
WAIT_S = 10.0


def driver() -> webdriver.Chrome:
    options = Options()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", NO_SANDBOX, "--disable-gpu"):
        options.add_argument(argument)
    result = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    result.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SPY})
    return result


def give_cue(shown: Served, loop: asyncio.AbstractEventLoop) -> None:
    def give() -> None:
        now_s = shown.page.now_s
        shown.page.write(Cue(now_s, CueKind.LEAN_MORE, 5.0, 6.5, now_s + 5.0))

    loop.call_soon_threadsafe(give)


def use(shown: Served, loop: asyncio.AbstractEventLoop) -> None:
    """What a user does, without and then with the touch; called in a thread."""
    browser = driver()
    try:
        waiting = WebDriverWait(browser, WAIT_S)
        browser.get(f"{shown.origin}/?view=phone#{shown.tokens.watch}")
        waiting.until(lambda _: browser.find_elements(By.CSS_SELECTOR, "#link[data-state=live]"))
        assert browser.execute_script("return new AudioContext().state") == "suspended"
        assert browser.execute_script("return navigator.vibrate(10)") is False
        give_cue(shown, loop)
        waiting.until(
            lambda _: (
                "1 cue"
                in browser.execute_script(
                    "return document.getElementById('log').children.length + ' cue'"
                )
            )
        )
        assert browser.execute_script("return cuesHeard.length") == 0
        browser.find_element(By.ID, "start").click()
        waiting.until(lambda _: browser.find_elements(By.CSS_SELECTOR, "#start[data-on]"))
        assert browser.find_element(By.ID, "phone-sound").text == "on"
        assert browser.find_element(By.ID, "phone-vibration").text == "on"
        assert browser.execute_script("return cuesHeard.length") == 0
        give_cue(shown, loop)
        waiting.until(lambda _: browser.execute_script("return cuesHeard.length") == 2)
        heard = browser.execute_script("return cuesHeard")
        felt = browser.execute_script("return cuesFelt")
        assert {each["state"] for each in heard} == {"running"}
        assert felt[-1]["done"] is True
    finally:
        browser.quit()


async def test_sound_and_vibration_wait_for_the_start_button() -> None:
    async with served() as shown:
        await asyncio.to_thread(use, shown, asyncio.get_running_loop())
