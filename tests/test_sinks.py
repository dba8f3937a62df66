"""Sinks: the sound of a cue, and the tables of an analysis."""

import csv
import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from imu_stream.datatypes import (
    Calibration,
    Cue,
    CueKind,
    Gap,
    GapReason,
    LeanState,
    LinkPhase,
    LinkState,
    Output,
    Placement,
    Step,
    Stride,
    Strike,
    StrikeType,
)
from imu_stream.errors import RecordingError
from imu_stream.sinks.audio import BLOCK_SIZE, EARCONS, NoSound, Sound, open_sound, waveform
from imu_stream.sinks.tables import TableWriter

RATE_HZ = 48_000.0
EARCON_BLOCKS = 80
"""More than an earcon lasts."""


def cue(expires_s: float = 1.0) -> Cue:
    return Cue(0.0, CueKind.LEAN_MORE, 5.0, 8.5, expires_s)


class FakeStream:
    """An output stream whose blocks are pulled by the test."""

    def __init__(self, *, channels: int, callback: Callable[..., None], **options: Any) -> None:
        self.options = options
        self.callback = callback
        self.channels = channels
        self.is_open = True
        self.is_running = False

    def start(self) -> None:
        self.is_running = True

    def close(self) -> None:
        self.is_open = self.is_running = False

    def pull(self, blocks: int = EARCON_BLOCKS) -> NDArray[np.float32]:
        pulled = []
        for _ in range(blocks):
            block = np.full((BLOCK_SIZE, self.channels), np.nan, np.float32)
            self.callback(block, BLOCK_SIZE, None, None)
            pulled.append(block)
        return np.concatenate(pulled)


class Speaker:
    """Makes the streams of a test and keeps the last one; its clock stands where it is put."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.streams: list[FakeStream] = []

    def __call__(self, **options: Any) -> FakeStream:
        self.streams.append(FakeStream(**options))
        return self.streams[-1]

    @property
    def stream(self) -> FakeStream:
        return self.streams[-1]

    def sound(self, channels: int = 2) -> Sound:
        return Sound(lambda: self.now_s, stream_class=self, channels=channels)


@pytest.fixture
def speaker() -> Speaker:
    return Speaker()


def pitch_hz(samples: NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(samples, 1 << 16))
    return float(np.argmax(spectrum) * RATE_HZ / (1 << 16))


@pytest.mark.parametrize("kind", CueKind)
def test_an_earcon_is_short_and_never_clips(kind: CueKind) -> None:
    samples = waveform(EARCONS[kind], RATE_HZ)
    assert 0.08 < len(samples) / RATE_HZ < 0.2
    assert 0.3 < np.abs(samples).max() <= 1.0
    assert np.abs(np.diff(samples)).max() < 0.1
    assert abs(samples[0]) < 1e-3
    assert abs(samples[-1]) < 1e-3


@pytest.mark.parametrize("rate_hz", [16_000.0, 44_100.0, 96_000.0])
def test_an_earcon_lasts_as_long_at_any_rate(rate_hz: float) -> None:
    tones = EARCONS[CueKind.LEAN_MORE]
    duration_s = sum(tone.duration_s + tone.pause_s for tone in tones)
    assert len(waveform(tones, rate_hz)) / rate_hz == pytest.approx(duration_s, abs=1e-3)


def test_lean_more_falls() -> None:
    samples = waveform(EARCONS[CueKind.LEAN_MORE], RATE_HZ)
    first, second = pitch_hz(samples[:3800]), pitch_hz(samples[4700:])
    assert first == pytest.approx(784.0, abs=5.0)
    assert second == pytest.approx(523.0, abs=5.0)


async def test_the_stream_is_open_as_long_as_the_context(speaker: Speaker) -> None:
    async with speaker.sound():
        assert speaker.stream.is_running
        assert not speaker.stream.pull().any()
    assert not speaker.stream.is_open
    assert len(speaker.streams) == 1
    assert speaker.stream.options == {
        "samplerate": RATE_HZ,
        "blocksize": 128,
        "dtype": "float32",
        "latency": "low",
    }


@pytest.mark.parametrize("channels", [1, 2])
async def test_a_cue_sounds_alike_on_all_channels_from_the_next_block(
    speaker: Speaker, channels: int
) -> None:
    async with speaker.sound(channels) as sound:
        sound.play(cue())
        heard = speaker.stream.pull()
    samples = waveform(EARCONS[CueKind.LEAN_MORE], RATE_HZ)
    for channel in heard.T:
        assert np.array_equal(channel[: len(samples)], samples)
        assert not channel[len(samples) :].any()


async def test_an_expired_cue_is_dropped(speaker: Speaker) -> None:
    async with speaker.sound() as sound:
        speaker.now_s = 1.5
        sound.play(cue(expires_s=1.4))
        assert not speaker.stream.pull().any()
        sound.play(cue(expires_s=1.6))
        assert speaker.stream.pull().any()


async def test_a_cue_that_expires_while_another_sounds_is_dropped(speaker: Speaker) -> None:
    async with speaker.sound() as sound:
        sound.play(cue())
        speaker.stream.pull(2)
        sound.play(cue(expires_s=0.05))
        speaker.now_s = 0.2
        speaker.stream.pull()
        assert not speaker.stream.pull().any()


async def test_of_several_waiting_cues_only_one_sounds(speaker: Speaker) -> None:
    async with speaker.sound() as sound:
        for _ in range(5):
            sound.play(cue())
        speaker.stream.pull()
        assert not speaker.stream.pull().any()


async def test_a_stream_that_does_not_start_is_closed() -> None:
    class Broken(FakeStream):
        def start(self) -> None:
            raise ValueError("busy")

    made: list[FakeStream] = []

    def make(**options: Any) -> FakeStream:
        made.append(Broken(**options))
        return made[-1]

    with pytest.raises(ValueError, match="busy"):
        Sound(lambda: 0.0, stream_class=make)
    assert not made[0].is_open


class PortAudioError(Exception):
    """Stands in for sounddevice's error."""


def fake_sounddevice(speaker: Speaker, device: dict[str, float] | None) -> SimpleNamespace:
    def query_devices(kind: str) -> dict[str, float]:
        assert kind == "output"
        if device is None:
            raise PortAudioError("Error querying device -1")
        return device

    return SimpleNamespace(
        OutputStream=speaker, query_devices=query_devices, PortAudioError=PortAudioError
    )


@pytest.mark.parametrize(("outputs", "channels"), [(1, 1), (2, 2), (8, 2)])
async def test_sound_opens_at_the_rate_of_the_device(
    speaker: Speaker, outputs: int, channels: int
) -> None:
    device = {"default_samplerate": 44_100.0, "max_output_channels": outputs}
    sound = open_sound(lambda: 0.0, load=lambda: fake_sounddevice(speaker, device))
    assert isinstance(sound, Sound)
    async with sound:
        assert speaker.stream.options["samplerate"] == 44_100.0
        assert speaker.stream.channels == channels


def raising(error: Exception) -> Callable[[], Any]:
    def load() -> Any:
        raise error

    return load


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (raising(ModuleNotFoundError("sounddevice")), r"imu-stream\[sound\]"),
        (raising(OSError("PortAudio library not found")), "PortAudio library is missing"),
        (lambda: fake_sounddevice(Speaker(), None), "no usable output device"),
    ],
)
async def test_without_sound_the_reason_is_one_line(load: Callable[[], Any], reason: str) -> None:
    sound = open_sound(lambda: 0.0, load=load)
    assert isinstance(sound, NoSound)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(sound.reason)
    assert "\n" not in sound.reason
    async with sound:
        sound.play(cue())


async def test_this_machine_has_sound_or_says_why_not() -> None:
    async with open_sound(lambda: 0.0) as sound:
        assert isinstance(sound, Sound) or sound.reason


NAN = float("nan")
STRIKE = Strike(Placement.LEFT_FOOT, 1.23456, -7.891, StrikeType.FOREFOOT, 0.98765, True, 1.3)
UNKNOWN = Strike(Placement.RIGHT_FOOT, 1.6, float("nan"), StrikeType.UNKNOWN, 0.0, False, 1.7)
OUTPUTS: tuple[Output, ...] = (
    LinkState(0.0, Placement.CHEST, LinkPhase.STREAMING),
    Calibration(Placement.CHEST, 3.0, 3.0, ((1, 0, 0), (0, 1, 0), (0, 0, 1)), (0, 0, 0), True),
    STRIKE,
    Stride(STRIKE, 1.5, 0.7, 0.46, 2.34567, 3.351, 9.5, 8.25, True, 1.8),
    Stride(UNKNOWN, 1.85, NAN, NAN, NAN, NAN, NAN, NAN, False, 2.0),
    Step(Placement.RIGHT_FOOT, 1.6, 0.36544, 0.1),
    LeanState(1.0, 1.7, 9.876, -0.001, 171.43, 0.08123, True, 0.9957, 1.8),
    LeanState(1.7, 2.4, NAN, 0.5, 171.43, 0.08, False, 0.0, 2.5),
    Gap(Placement.CHEST, 2.0, 2.5, GapReason.NOT_A_NUMBER, 52),
    Cue(2.5, CueKind.LEAN_MORE, 5.125, 8.5, 3.5),
)


def write_tables(directory: Path, outputs: tuple[Output, ...]) -> dict[str, str]:
    with TableWriter(directory) as tables:
        for output in outputs:
            tables.write(output)
    return {path.name: path.read_text() for path in directory.iterdir()}


def test_the_tables_of_an_analysis(tmp_path: Path) -> None:
    assert write_tables(tmp_path / "a" / "b", OUTPUTS) == {
        "strides.csv": "foot,ic_s,tc_s,contact_time_s,stride_time_s,cadence_spm,"
        "fsa_deg,strike_type,confidence,swing_time_s,duty_factor,stride_length_m,speed_mps,"
        "shoe_roll_deg,shock_g,shock_clipped,known_s\n"
        "left_foot,1.2346,1.5000,0.2654,0.7000,171.43,-7.89,forefoot,0.988,"
        "0.4600,0.379,2.346,3.351,9.50,8.25,true,1.8000\n"
        "right_foot,1.6000,1.8500,0.2500,,,,unknown,0.000,,,,,,,false,2.0000\n",
        "steps.csv": "foot,ic_s,step_time_s,flight_time_s\nright_foot,1.6000,0.3654,0.1000\n",
        "lean.csv": "start_s,end_s,lean_deg,side_lean_deg,cadence_spm,valid,confidence,"
        "vertical_oscillation_m,known_s\n"
        "1.0000,1.7000,9.88,0.00,171.43,true,0.996,0.0812,1.8000\n"
        "1.7000,2.4000,,0.50,171.43,false,0.000,0.0800,2.5000\n",
        "gaps.csv": "placement,start_s,end_s,reason,samples\nchest,2.0000,2.5000,not a number,52\n",
        "cues.csv": "time_s,kind,value,threshold,cause,level\n"
        "2.5000,lean_more,5.12,8.50,out of band,1\n",
    }


def test_tables_without_rows_have_their_header(tmp_path: Path) -> None:
    for text in write_tables(tmp_path, ()).values():
        assert text.count("\n") == 1


def test_an_earlier_analysis_is_replaced(tmp_path: Path) -> None:
    first = write_tables(tmp_path, OUTPUTS)
    assert write_tables(tmp_path, OUTPUTS) == first


def test_every_row_has_every_column(tmp_path: Path) -> None:
    for text in write_tables(tmp_path, OUTPUTS).values():
        widths = {len(row) for row in csv.reader(text.splitlines())}
        assert len(widths) == 1


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="cannot be written"), TableWriter(tmp_path / "file"):
        pass


def test_a_table_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lean.csv").mkdir()
    with pytest.raises(RecordingError, match=r"lean\.csv"), TableWriter(tmp_path):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").symlink_to("/dev/full")
    with pytest.raises(RecordingError, match=os.strerror(errno.ENOSPC)):
        write_tables(tmp_path, OUTPUTS)
    with pytest.raises(RecordingError, match=os.strerror(errno.ENOSPC)):
        write_tables(tmp_path, OUTPUTS * 1000)
