"""The live page by the command line: its options, its links, and a replay through the page."""

import asyncio
import importlib.util
import ipaddress
import sys
from pathlib import Path

import pytest
import segno
from aiohttp import ClientSession
from conftest import header_of
from live_pages import until
from sessions import recorded
from typer.testing import CliRunner

from imu_stream.acquisition.recording import Recording
from imu_stream.afterwards.collected import CollectedOutputs
from imu_stream.cli import app, live, web
from imu_stream.datatypes import LeanState, Placement, SensorSetup
from imu_stream.errors import MissingExtraError
from imu_stream.pipeline import Pipeline
from imu_stream.session import Session
from imu_stream.sinks.outputs.settings import OutputSettings
from imu_stream.sinks.web.messages import PROTOCOL

SPEED = 6.0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["demo", "--lan"], "--web"),
        (["demo", "--tls"], "--web"),
        (["replay", "x.mcap", "--web", "--speed", "max"], "--speed"),
        (["demo", "--web", "--port", "65536"], "--port"),
    ],
)
def test_options_that_make_no_sense_together_are_told(arguments: list[str], word: str) -> None:
    ended = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert ended.exit_code == 2
    assert word in ended.output


async def test_without_its_packages_the_page_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    header = header_of([SensorSetup(Placement.CHEST, "table", 200.0)])
    screen = web.Screen(web.Web(wanted=True), Pipeline(header), lambda: 0.0)
    with pytest.raises(MissingExtraError, match=r"imu-stream\[web\]"):
        async with screen.shown():
            pass


@pytest.mark.parametrize(
    ("module", "wanted", "extra"),
    [("aiohttp", ["--web"], "web"), ("aiomqtt", ["--mqtt", "mqtt://127.0.0.1/cues"], "mqtt")],
)
def test_what_is_missing_is_told_before_a_session_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, wanted: list[str], extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: find(name) if name != module else None
    )
    ended = CliRunner().invoke(app, ["demo", "--no-sound", "--out", str(tmp_path), *wanted])
    assert isinstance(ended.exception, MissingExtraError)
    assert f"imu-stream[{extra}]" in str(ended.exception)
    assert not list(tmp_path.iterdir())


def test_the_code_for_the_phone_is_the_link() -> None:
    link = "http://192.0.2.7:8730/?view=phone#" + "x" * 32
    matrix = [list(map(bool, row)) for row in segno.make(link, error="l").matrix_iter(border=2)]
    shown = []
    for line in web.qr_code(link).plain.split("\n"):
        shown += [[mark in "▀█" for mark in line], [mark in "▄█" for mark in line]]
    assert shown[: len(matrix)] == matrix


def test_addresses_for_others_are_no_loopback() -> None:
    assert not any(ipaddress.ip_address(each).is_loopback for each in web.own_addresses())


async def test_a_replay_shows_what_the_pipeline_said_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path / "session.mcap", 20.0)
    recording, kept = Recording(path), CollectedOutputs()
    Session(Pipeline(recording.header), [kept]).run_at_once(recording)
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(web, "say", lambda text, *_: said.put_nowait(text))
    wanted = web.Web(wanted=True, port=0)
    results = live.Results(None, None, OutputSettings(sound=False), wanted)
    replay = asyncio.create_task(live.replay(path, SPEED, results))
    origin, _, token = (await said.get()).partition("/#")
    headers = {"Origin": origin, "Sec-WebSocket-Protocol": f"{PROTOCOL}, {token}"}
    leans = []
    async with (
        ClientSession() as session,
        session.ws_connect(f"{origin}/live", headers=headers) as page,
    ):
        assert (await until(page, "hello"))["is_replay"] is True
        while (message := await page.receive_json())["kind"] != "ended":
            if message["kind"] == "lean":
                leans.append((message["t_s"], message["lean_deg"]))
            if message["kind"] == "status":
                ages = [sensor["age_s"] for sensor in message["sensors"]]
                assert all(age is None or age < 20.0 for age in ages)
    await replay
    expected = [(round(each.end_s, 3), round(each.lean_deg, 2)) for each in kept.of(LeanState)]
    assert leans == expected
    assert len(leans) >= 10
    assert said.empty()
