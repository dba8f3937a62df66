"""Cues as they are heard: recorded from a real sound server, which needs no sound card."""

import ctypes.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from heard_patterns import HeardTone, heard_tones
from sound_server import RATE_HZ, Recorder, missing_programs, recorded, sound_server
from test_audio import needs_espeak

from imu_stream.datatypes import CueKind
from imu_stream.sinks.outputs.earcons import EARCONS, Tone

ROOT = Path(__file__).parents[1]
AFTER_S = 0.5
TRIES = 5
"""A busy computer may drop a block now and then; the pattern must still come through."""

pytestmark = pytest.mark.skipif(
    bool(missing_programs()) or ctypes.util.find_library("portaudio") is None,
    reason="platform: no PulseAudio or no PortAudio is installed",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with sound_server(tmp_path_factory.mktemp("sound")) as environment:
        yield {**environment, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def recorder(server: Mapping[str, str]) -> Iterator[Recorder]:
    with recorded(server) as recorder:
        yield recorder


@dataclass
class Sounding:
    """The product's sound output, in a process of its own."""

    lines: IO[str]
    answers: IO[str]

    def give(self, kind: CueKind) -> float:
        """Give a cue; when it was handed to the sound system."""
        self.lines.write(f"{kind.value}\n")
        self.lines.flush()
        answer = json.loads(self.answers.readline())
        assert answer["outcome"] == "emitted"
        assert answer["cue_s"] <= answer["handed_s"] <= time.monotonic()
        return float(answer["handed_s"])


@contextmanager
def sounding(environment: Mapping[str, str]) -> Iterator[Sounding]:
    command = [sys.executable, str(ROOT / "benchmarks" / "sounding.py")]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Sounding(process.stdin, process.stdout)
        process.stdin.close()
        assert process.wait(20.0) == 0


def is_pattern(heard: list[HeardTone], wanted: tuple[Tone, ...]) -> bool:
    """As many tones, each of its length and pitch, and each begins when it should."""
    if len(heard) != len(wanted):
        return False
    begins_s = 0.0
    for tone, want in zip(heard, wanted, strict=True):
        pitch_right = abs(tone.pitch_hz - want.pitch_hz) < 0.03 * want.pitch_hz
        length_right = abs(tone.duration_s - want.duration_s) < 0.012
        start_right = abs(tone.start_s - heard[0].start_s - begins_s) < 0.008
        if not (pitch_right and length_right and start_right):
            return False
        begins_s += want.duration_s + want.pause_s
    return True


def test_every_cue_is_heard_in_its_own_pattern(
    server: Mapping[str, str], recorder: Recorder
) -> None:
    heard: dict[CueKind, list[list[HeardTone]]] = {kind: [] for kind in CueKind}
    with sounding(server) as output:
        output.give(CueKind.LEAN_GOOD)  # the first one may find the stream not yet running
        for kind in CueKind:
            for _ in range(TRIES):
                recorder.wait_until(time.monotonic() + AFTER_S)
                handed_s = output.give(kind)
                recorder.wait_until(handed_s + AFTER_S)
                heard[kind].append(heard_tones(recorder.since(handed_s), RATE_HZ))
                if is_pattern(heard[kind][-1], EARCONS[kind]):
                    break
    for kind, tries in heard.items():
        assert is_pattern(tries[-1], EARCONS[kind]), (kind, tries)
        others = [other for other in CueKind if other is not kind]
        assert not any(is_pattern(tries[-1], EARCONS[other]) for other in others)


def test_without_a_cue_there_is_silence(server: Mapping[str, str], recorder: Recorder) -> None:
    begun_s = time.monotonic()
    with sounding(server):
        recorder.wait_until(begun_s + 1.0)
    assert recorder.onset_s(begun_s) is None


@needs_espeak
def test_words_are_heard_after_the_earcon(
    server: Mapping[str, str], recorder: Recorder, tmp_path: Path
) -> None:
    begun_s = time.monotonic()
    command = "from imu_stream.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "cues", "--try", "--speech"],
        env={**server, "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120.0,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("speech emitted") == len(CueKind)
    recorder.wait_until(time.monotonic() + AFTER_S)
    samples = recorder.since(begun_s)
    audible_s = (abs(samples) > 0.02).sum() / RATE_HZ
    earcons_s = sum(tone.duration_s for tones in EARCONS.values() for tone in tones)
    assert audible_s > 1.5 * earcons_s
