"""Cues to other programs: an MQTT broker, OSC over UDP, JSON through a pipe; the settings."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from math import inf, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu_stream.cli.output_options import output_settings
from imu_stream.config.remembered import Config
from imu_stream.config.text import config_text, parse_config
from imu_stream.datatypes import Cue, CueDelivery, CueKind, Outcome, Placement, Technique
from imu_stream.errors import ConfigError, MissingExtraError, OutputError
from imu_stream.sinks.outputs import Channel, CueOutput
from imu_stream.sinks.outputs.json_lines import JsonLinesOutput
from imu_stream.sinks.outputs.mqtt import Broker, MqttOutput, parse_broker
from imu_stream.sinks.outputs.osc import OscOutput, Receiver, message, parse_receiver
from imu_stream.sinks.outputs.payload import cue_json
from imu_stream.sinks.outputs.settings import OutputSettings

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
LEFT = Placement.LEFT_FOOT
WANTED = Technique.FOREFOOT_WITH_LEAN
CUE = Cue(62.5, CueKind.LEAN_MORE, 4.75, 6.5, 1e9, level=2, placement=LEFT, technique=WANTED)
SAID = {
    "event": "cue",
    "t_s": 62.5,
    "kind": "lean_more",
    "value": 4.75,
    "threshold": 6.5,
    "expires_s": 1e9,
    "cause": "out of band",
    "level": 2,
    "placement": "left_foot",
    "technique": "forefoot_with_lean",
}
"""The payload of docs/outputs.md."""


now_s = time.monotonic


@dataclass
class Line:
    """A channel under test, and what it tells."""

    channel: Channel
    told: "asyncio.Queue[CueDelivery]"
    failures: list[str]

    async def outcome(self, given: Cue = CUE) -> Outcome:
        self.channel.write(given)
        async with asyncio.timeout(10.0):
            return (await self.told.get()).outcome


@asynccontextmanager
async def line_to(output: CueOutput) -> AsyncIterator[Line]:
    told: asyncio.Queue[CueDelivery] = asyncio.Queue()
    failures: list[str] = []
    channel = Channel(output, now_s, on_delivery=told.put_nowait, on_failure=failures.append)
    async with channel:
        yield Line(channel, told, failures)


# ------------------------------------------------------------------------------------ payload


def test_the_payload_is_what_the_document_says() -> None:
    assert json.loads(cue_json(CUE)) == SAID
    document = (Path(__file__).parents[1] / "docs" / "outputs.md").read_text(encoding="utf-8")
    example = document.partition("```json\n")[2].partition("\n```")[0]
    assert list(json.loads(example)) == list(SAID)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_was_not_measured_is_null(value: float) -> None:
    assert json.loads(cue_json(replace(CUE, value=value)))["value"] is None


@given(st.builds(Cue, st.floats(), st.sampled_from(CueKind), st.floats(), st.floats(), st.floats()))
def test_every_cue_is_one_line_of_strict_json(given_cue: Cue) -> None:
    text = cue_json(given_cue)
    assert "\n" not in text
    assert json.loads(text, parse_constant=pytest.fail)["kind"] == given_cue.kind


# --------------------------------------------------------------------------------------- MQTT


needs_broker = pytest.mark.skipif(
    MOSQUITTO is None, reason="platform: no MQTT broker (mosquitto) is installed"
)


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def broker(port: int, folder: Path) -> Iterator[None]:
    """A mosquitto that takes anybody, on this computer only."""
    assert MOSQUITTO is not None
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    command = (MOSQUITTO, "-c", str(config), "-v")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any(" running" in line for line in process.stderr)
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield
        finally:
            process.terminate()
            process.wait(10.0)


@needs_broker
async def test_a_cue_reaches_whoever_subscribed(port: int, tmp_path: Path) -> None:
    aiomqtt = pytest.importorskip("aiomqtt")
    with broker(port, tmp_path):
        async with aiomqtt.Client("127.0.0.1", port) as listener:
            await listener.subscribe("lab/cues")
            where = Broker("127.0.0.1", port, "lab/cues")
            async with line_to(MqttOutput(where, now_s)) as line:
                assert await line.outcome() is Outcome.EMITTED
                async with asyncio.timeout(10.0):
                    heard = await anext(aiter(listener.messages))
    assert (str(heard.topic), heard.qos, heard.retain) == ("lab/cues", 0, False)
    assert json.loads(heard.payload) == SAID
    assert line.failures == []


@needs_broker
async def test_a_broker_that_goes_and_comes_back_is_told_once(port: int, tmp_path: Path) -> None:
    pytest.importorskip("aiomqtt")
    async with line_to(MqttOutput(Broker("127.0.0.1", port, "cues"), now_s)) as line:
        for _ in range(2):
            assert await line.outcome() is Outcome.FAILED
        with broker(port, tmp_path):
            assert await line.outcome() is Outcome.EMITTED
        for _ in range(2):
            assert await line.outcome() is Outcome.FAILED
    assert len(line.failures) == 2
    assert all(f"127.0.0.1:{port} does not answer" in failure for failure in line.failures)


async def test_a_broker_that_says_nothing_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes connections and never answers: the cue expires, the end is prompt, none stays."""
    pytest.importorskip("aiomqtt")
    monkeypatch.setattr("imu_stream.sinks.outputs.channel.OPEN_S", 0.2)
    left: asyncio.Queue[None] = asyncio.Queue()
    connections = 0

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.put_nowait(None)

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        where = Broker("127.0.0.1", server.sockets[0].getsockname()[1], "cues")
        async with line_to(MqttOutput(where, now_s)) as line:
            soon = replace(CUE, expires_s=now_s() + 0.5)
            assert await line.outcome(soon) is Outcome.EXPIRED
            ending_s = now_s()
        assert now_s() - ending_s < 3.0
        async with asyncio.timeout(10.0):
            for _ in range(connections):
                await left.get()
    assert connections == 1
    assert line.failures == ["mqtt: could not be opened within 0.2 s"]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"imu-stream\[mqtt\]"):
        MqttOutput(Broker("127.0.0.1", 1883, "cues"), now_s)
    with pytest.raises(MissingExtraError, match=r"imu-stream\[osc\]"):
        OscOutput(Receiver("127.0.0.1", 9000), now_s)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("mqtt://broker/cues", Broker("broker", 1883, "cues")),
        ("mqtts://broker/lab/cues", Broker("broker", 8883, "lab/cues", secure=True)),
        (
            "mqtt://ann:p%40ss@10.0.0.1:1884/a%20b",
            Broker("10.0.0.1", 1884, "a b", False, "ann", "p@ss"),
        ),
        ("mqtt://[::1]:1884/cues", Broker("::1", 1884, "cues")),
    ],
)
def test_an_address_of_a_broker(text: str, where: Broker) -> None:
    assert parse_broker(text) == where


WRONG_BROKERS = (
    "",
    "broker/cues",
    "http://broker/cues",
    "mqtt://broker",
    "mqtt://broker/",
    "mqtt:///cues",
    "mqtt://broker/+/cues",
    "mqtt://broker/%23",
    "mqtt://broker/cues?x",
    "mqtt://broker:port/cues",
    "mqtt://broker:99999/cues",
    "mqtt://[::1/cues",
)


@pytest.mark.parametrize("text", WRONG_BROKERS)
def test_a_wrong_address_of_a_broker(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_broker(text)


@given(st.text() | st.from_regex(r"mqtts?://.*"))
def test_any_address_is_taken_or_is_a_value_error(text: str) -> None:
    for parse in (parse_broker, parse_receiver):
        try:
            parse(text)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - both outcomes are right in their place


# ---------------------------------------------------------------------------------------- OSC


async def test_a_cue_comes_as_an_osc_message() -> None:
    osc_message = pytest.importorskip("pythonosc.osc_message")
    loop = asyncio.get_running_loop()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        where = Receiver(*receiver.getsockname())
        async with line_to(OscOutput(where, now_s)) as line, asyncio.timeout(10.0):
            assert await line.outcome() is Outcome.EMITTED
            heard = osc_message.OscMessage(await loop.sock_recv(receiver, 1000))
    assert heard.address == "/imu_stream/cue"
    assert heard.params == ["lean_more", 4.75, 6.5, 2, "left_foot", "forefoot_with_lean", 62.5, 1e9]
    assert b",sffissdd\0" in message(CUE)


async def test_a_receiver_that_is_not_known_is_told() -> None:
    pytest.importorskip("pythonosc")
    with pytest.raises(OutputError, match=r"cannot send to no\.such\.invalid:9000"):
        async with OscOutput(Receiver("no.such.invalid", 9000), now_s):
            pass


async def test_nobody_listening_is_no_failure() -> None:
    pytest.importorskip("pythonosc")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
        free.bind(("127.0.0.1", 0))
        where = Receiver(*free.getsockname())
    async with line_to(OscOutput(where, now_s)) as line:
        for _ in range(3):
            assert await line.outcome() is Outcome.EMITTED


def test_an_address_of_a_receiver() -> None:
    assert parse_receiver("127.0.0.1:9000") == Receiver("127.0.0.1", 9000)
    assert parse_receiver("[::1]:9000") == Receiver("::1", 9000)


WRONG_RECEIVERS = ["", "host", ":9000", "host:", "host:0", "host:x", "h:1/x", "a@h:1"]


@pytest.mark.parametrize("text", WRONG_RECEIVERS)
def test_a_wrong_address_of_a_receiver(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_receiver(text)


# --------------------------------------------------------------------------------- JSON lines


async def test_each_cue_is_a_line() -> None:
    written: list[bytes] = []
    async with line_to(JsonLinesOutput(written.append, now_s)) as line:
        for _ in range(3):
            assert await line.outcome() is Outcome.EMITTED
    assert [json.loads(text) for text in written] == [SAID] * 3
    assert all(text.endswith(b"\n") for text in written)


async def test_a_pipe_that_nobody_reads_holds_up_nothing() -> None:
    """The first cue expires; those after it fail at once, and one thread is all that hangs."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 512)
    except BlockingIOError:
        os.set_blocking(writing, True)
    before = set(threading.enumerate())
    async with line_to(JsonLinesOutput(lambda line: os.write(writing, line), now_s)) as line:
        soon = replace(CUE, expires_s=now_s() + 0.2)
        assert await line.outcome(soon) is Outcome.EXPIRED
        for _ in range(3):
            assert await line.outcome() is Outcome.FAILED
        assert len(set(threading.enumerate()) - before) == 1
    assert line.failures == ["json: did not take a cue in time"]
    os.close(reading)  # wakes the thread with a broken pipe
    os.close(writing)


async def test_a_broken_pipe_is_told() -> None:
    def broken(line: bytes) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    async with line_to(JsonLinesOutput(broken, now_s)) as line:
        assert await line.outcome() is Outcome.FAILED
    assert line.failures == ["json: standard output cannot be written: Broken pipe"]


TRY = "from imu_stream.cli import main; main()"


def imu_stream(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    places = ("HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA")
    environment = os.environ | dict.fromkeys(places, str(home))
    command = [sys.executable, "-c", TRY, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=120.0
    )


def test_standard_output_holds_nothing_but_the_cues(tmp_path: Path) -> None:
    done = imu_stream("cues", "--try", "--no-sound", "--json-lines", home=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["kind"] for line in lines] == [kind.value for kind in CueKind]
    assert "lean forward from the ankles" in done.stderr
    assert done.stderr.count("json emitted") == len(CueKind)


# ----------------------------------------------------------------------------------- settings


texts = st.from_regex(r"[a-z0-9.]{1,12}", fullmatch=True)
settings = st.builds(
    OutputSettings,
    sound=st.booleans(),
    volume=st.floats(0.0, 1.0),
    speech=st.booleans(),
    vibration=st.booleans(),
    mqtt=st.just("") | texts.map(lambda topic: f"mqtt://host/{topic}\u00e9\"'\\"),
    osc=st.just("") | st.integers(1, 65535).map(lambda port: f"[::1]:{port}"),
    json_lines=st.booleans(),
)


@given(settings)
def test_what_is_written_to_the_config_is_read_from_it(wanted: OutputSettings) -> None:
    config = Config(outputs=wanted)
    assert parse_config(config_text(config), "config.toml") == config


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("volume = 1.5", r"config\.toml: outputs\.volume: is 1\.5"),
        ("sound = 1", r"config\.toml: outputs\.sound: must be true or false"),
        ('mqtt = "broker"', r"config\.toml: outputs\.mqtt: 'broker': expected mqtt://"),
        ('osc = "host"', r"config\.toml: outputs\.osc: 'host': expected HOST:PORT"),
        ("lamp = true", r"config\.toml: outputs\.lamp: is not known here"),
    ],
)
def test_a_wrong_setting_is_named(line: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_config(f"[outputs]\n{line}\n", "config.toml")


def test_options_change_what_is_remembered() -> None:
    remembered = OutputSettings(volume=0.5, mqtt="mqtt://host/cues")
    assert output_settings(remembered) == remembered
    changed = output_settings(
        remembered, no_sound=True, speech=True, volume=0.0, mqtt="", osc="h:1", json_lines=True
    )
    assert changed == OutputSettings(False, 0.0, True, True, "", "h:1", True)


@pytest.mark.parametrize("option", [("--mqtt", "broker"), ("--osc", "host"), ("--volume", "2")])
def test_a_wrong_option_is_explained(tmp_path: Path, option: tuple[str, str]) -> None:
    done = imu_stream("cues", *option, home=tmp_path)
    assert done.returncode == 2
    assert option[0] in done.stderr
    assert "Traceback" not in done.stderr
