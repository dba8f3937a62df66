"""Sound: the pattern of each cue, the words, and how they get into the blocks of a stream."""

import asyncio
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from imu_stream.cli.view import CUE_WORDS
from imu_stream.datatypes import MOTION, Cue, CueKind, Placement
from imu_stream.errors import OutputError
from imu_stream.sinks.outputs import own_thread, speech
from imu_stream.sinks.outputs.earcons import EARCONS, LEVELS, PEAK, gain, waveform
from imu_stream.sinks.outputs.own_thread import in_own_thread
from imu_stream.sinks.outputs.player import Player, Sounding
from imu_stream.sinks.outputs.sound import BLOCK_SIZE, SoundOutput
from imu_stream.sinks.outputs.speech import LONGEST_S, PHRASES, Phrase, render_phrases, words_of

RATE_HZ = 48_000.0
EARCON_BLOCKS = 80
"""More than an earcon lasts."""
Blocks = NDArray[np.float32]


def cue(kind: CueKind = CueKind.LEAN_MORE, level: int = 1, expires_s: float = 1.0) -> Cue:
    return Cue(0.0, kind, 5.0, 8.5, expires_s, level=level)


# ------------------------------------------------------------------------------------ patterns


def rhythm(kind: CueKind) -> tuple[bool, ...]:
    return tuple(tone.is_dash for tone in EARCONS[kind])


@pytest.mark.parametrize("kind", CueKind)
def test_every_kind_of_cue_has_a_sound_and_words(kind: CueKind) -> None:
    assert kind in EARCONS
    assert kind in PHRASES
    assert kind in CUE_WORDS


def test_no_two_cues_have_the_same_rhythm() -> None:
    """Pitch alone is lost on many: in traffic, in wind, and on those who do not hear it."""
    assert len({rhythm(kind) for kind in CueKind}) == len(CueKind)
    assert len({PHRASES[kind] for kind in CueKind}) == len(CueKind)


@pytest.mark.parametrize("kind", CueKind)
def test_dots_and_dashes_are_told_apart_and_pauses_are_heard(kind: CueKind) -> None:
    for tone in EARCONS[kind]:
        assert tone.duration_s <= 0.06 or tone.duration_s >= 0.07
    for tone in EARCONS[kind][:-1]:
        assert tone.pause_s >= 0.02


@pytest.mark.parametrize("kind", CueKind)
@pytest.mark.parametrize("level", [1, 2, 3, 10])
def test_an_earcon_is_short_and_never_clips(kind: CueKind, level: int) -> None:
    samples = waveform(EARCONS[kind], RATE_HZ) * gain(level)
    assert 0.08 < len(samples) / RATE_HZ < 0.2
    assert 0.3 < np.abs(samples).max() <= 1.0
    assert np.abs(np.diff(samples)).max() < 0.15
    assert abs(samples[0]) < 1e-3
    assert abs(samples[-1]) < 2e-3


def test_advice_that_was_not_answered_sounds_clearer() -> None:
    gains = [gain(level) for level in range(6)]
    assert gains == sorted(gains)
    assert gains[1] == 1.0
    assert gains[2] > 1.2
    assert PEAK * LEVELS[-1] <= 1.0


@pytest.mark.parametrize("rate_hz", [16_000.0, 44_100.0, 96_000.0])
def test_an_earcon_lasts_as_long_at_any_rate(rate_hz: float) -> None:
    tones = EARCONS[CueKind.LEAN_MORE]
    duration_s = sum(tone.duration_s + tone.pause_s for tone in tones)
    assert len(waveform(tones, rate_hz)) / rate_hz == pytest.approx(duration_s, abs=1e-3)


def test_lean_more_falls() -> None:
    samples = waveform(EARCONS[CueKind.LEAN_MORE], RATE_HZ)
    first, second = pitch_hz(samples[:3800]), pitch_hz(samples[4800:])
    assert first == pytest.approx(784.0, abs=5.0)
    assert second == pytest.approx(523.0, abs=5.0)


def pitch_hz(samples: Blocks) -> float:
    spectrum = np.abs(np.fft.rfft(samples, 1 << 16))
    return float(np.argmax(spectrum) * RATE_HZ / (1 << 16))


# --------------------------------------------------------------------------------- the stream


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

    def pull(self, blocks: int = EARCON_BLOCKS) -> Blocks:
        pulled = []
        for _ in range(blocks):
            block = np.full((BLOCK_SIZE, self.channels), np.nan, np.float32)
            self.callback(block, BLOCK_SIZE, None, None)
            pulled.append(block)
        return np.concatenate(pulled)


class PortAudioError(Exception):
    """Stands in for sounddevice's error."""


class Speaker:
    """Stands in for `sounddevice`; its clock stands where it is put."""

    PortAudioError = PortAudioError

    def __init__(self, outputs: int | None = 2, stream: type[FakeStream] = FakeStream) -> None:
        self.now_s = 0.0
        self.low_s = 0.009
        self.streams: list[FakeStream] = []
        self._outputs = outputs
        self._class = stream

    def query_devices(self, kind: str) -> dict[str, float]:
        assert kind == "output"
        if self._outputs is None:
            raise PortAudioError("Error querying\ndevice -1")
        return {
            "default_samplerate": RATE_HZ,
            "max_output_channels": self._outputs,
            "default_low_output_latency": self.low_s,
        }

    def OutputStream(self, **options: Any) -> FakeStream:  # noqa: N802 - sounddevice's name
        self.streams.append(self._class(**options))
        return self.streams[-1]

    @property
    def stream(self) -> FakeStream:
        return self.streams[-1]

    def sound(self, **options: Any) -> SoundOutput:
        return SoundOutput(lambda: self.now_s, load=lambda: self, **options)


@pytest.fixture
def speaker() -> Speaker:
    return Speaker()


@asynccontextmanager
async def giving(sound: SoundOutput, given: Cue) -> AsyncIterator["asyncio.Task[float]"]:
    """A cue that is under way and waits for the sound thread."""
    task = asyncio.create_task(sound.deliver(given))
    await asyncio.sleep(0)
    yield task
    task.cancel()
    await asyncio.wait((task,))


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
        "latency": pytest.approx(4 * 128 / 48_000.0),
    }


async def test_a_slower_device_gets_the_buffer_it_wants(speaker: Speaker) -> None:
    speaker.low_s = 0.09
    async with speaker.sound():
        assert speaker.stream.options["latency"] == 0.09


@pytest.mark.parametrize(("outputs", "channels"), [(1, 1), (2, 2), (8, 2)])
async def test_a_cue_sounds_alike_on_all_channels_from_the_next_block(
    outputs: int, channels: int
) -> None:
    speaker = Speaker(outputs)
    async with speaker.sound() as sound, giving(sound, cue()) as delivery:
        speaker.now_s = 0.5
        heard = speaker.stream.pull()
        assert await delivery == 0.5  # when the block was filled
    samples = waveform(EARCONS[CueKind.LEAN_MORE], RATE_HZ)
    assert speaker.stream.channels == channels
    for channel in heard.T:
        assert np.array_equal(channel[: len(samples)], samples)
        assert not channel[len(samples) :].any()


@pytest.mark.parametrize(
    ("volume", "level", "peak"), [(1.0, 1, 0.6), (0.5, 1, 0.3), (0.5, 2, 0.375)]
)
async def test_volume_and_level_scale_it(
    speaker: Speaker, volume: float, level: int, peak: float
) -> None:
    async with speaker.sound(volume=volume) as sound, giving(sound, cue(level=level)):
        assert np.abs(speaker.stream.pull()).max() == pytest.approx(peak, abs=0.005)


async def test_an_expired_cue_is_not_begun(speaker: Speaker) -> None:
    async with speaker.sound() as sound:
        speaker.now_s = 1.5
        async with giving(sound, cue(expires_s=1.4)) as delivery:
            assert not speaker.stream.pull().any()
            assert not delivery.done()


async def test_a_cue_that_was_given_up_does_not_come_later(speaker: Speaker) -> None:
    async with speaker.sound() as sound:
        async with giving(sound, cue()):
            pass
        assert not speaker.stream.pull().any()


async def test_a_newer_cue_ends_the_one_that_sounds_without_a_click(speaker: Speaker) -> None:
    async with speaker.sound() as sound, giving(sound, cue()):
        speaker.stream.pull(8)
        async with giving(sound, cue(CueKind.CADENCE_MORE)):
            heard = speaker.stream.pull()[:, 0]
    assert np.abs(np.diff(heard)).max() < 0.1
    samples = waveform(EARCONS[CueKind.CADENCE_MORE], RATE_HZ)
    assert np.array_equal(heard[BLOCK_SIZE : BLOCK_SIZE + len(samples)], samples)


async def test_a_stream_that_does_not_start_is_closed() -> None:
    class Broken(FakeStream):
        def start(self) -> None:
            raise PortAudioError("busy")

    speaker = Speaker(stream=Broken)
    with pytest.raises(OutputError, match=r"no usable output device \(busy\)"):
        async with speaker.sound():
            pass
    assert not speaker.stream.is_open


async def test_it_can_be_opened_again(speaker: Speaker) -> None:
    sound = speaker.sound()
    for _ in range(2):
        async with sound, giving(sound, cue()) as delivery:
            assert speaker.stream.pull().any()
            await delivery
    assert [each.is_open for each in speaker.streams] == [False, False]


def raising(error: Exception) -> Callable[[], Any]:
    def load() -> Any:
        raise error

    return load


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (raising(ModuleNotFoundError("sounddevice")), r"imu-stream\[sound\]"),
        (raising(OSError("PortAudio library not found")), "PortAudio library is missing"),
        (lambda: Speaker(None), r"no usable output device \(Error querying device -1\)"),
    ],
)
async def test_without_sound_the_reason_is_one_line(load: Callable[[], Any], reason: str) -> None:
    with pytest.raises(OutputError, match=reason) as caught:
        async with SoundOutput(lambda: 0.0, load=load):
            pass
    assert "\n" not in str(caught.value)


async def test_a_stream_that_opens_after_all_is_closed_when_nobody_waits(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_open, closed = threading.Event(), threading.Event()

    class Slow(FakeStream):
        def close(self) -> None:
            super().close()
            closed.set()

    speaker = Speaker(stream=Slow)

    def load() -> Speaker:
        assert may_open.wait(10.0)
        return speaker

    opening = asyncio.create_task(SoundOutput(lambda: 0.0, load=load).__aenter__())
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait((opening,))
    may_open.set()
    assert await in_own_thread(lambda: closed.wait(10.0))


def test_the_sound_thread_may_outlive_the_loop() -> None:
    done = threading.Event()

    def late() -> None:
        assert done.wait(10.0)

    async def give_up() -> None:
        task = asyncio.create_task(own_thread.in_own_thread(late))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))

    before = set(threading.enumerate())
    asyncio.run(give_up())
    (left,) = set(threading.enumerate()) - before
    done.set()
    left.join(10.0)
    assert not left.is_alive()


def test_a_player_is_silent_until_it_is_told() -> None:
    player = Player(lambda: 0.0)
    block = np.full((4, 1), np.nan, np.float32)
    player.fill(block, 4, None, None)
    assert not block.any()
    told: list[float] = []
    player.play(Sounding(np.ones(3, np.float32), 1.0, told.append))
    player.fill(block, 4, None, None)
    assert block[:, 0].tolist() == [1.0, 1.0, 1.0, 0.0]
    assert told == [0.0]


# -------------------------------------------------------------------------------------- words


needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="platform: espeak-ng is not installed"
)


@needs_espeak
def test_words_are_spoken_and_short() -> None:
    phrases = render_phrases()
    assert set(phrases) == {words_of(kind, place) for kind in CueKind for place in MOTION}
    assert {"lean forward", "change left landing", "good right landing"} < set(phrases)
    for phrase in phrases.values():
        assert 0.2 < phrase.seconds <= LONGEST_S
        assert np.abs(phrase.samples).max() == pytest.approx(PEAK, abs=1e-3)
        at_48 = phrase.at_rate(RATE_HZ)
        assert len(at_48) / RATE_HZ == pytest.approx(phrase.seconds, abs=1e-3)


@pytest.mark.parametrize(
    ("foot", "is_said"), [(Placement.RIGHT_FOOT, True), (Placement.LEFT_FOOT, False)]
)
async def test_words_about_a_landing_are_those_of_its_foot(
    speaker: Speaker, foot: Placement, is_said: bool
) -> None:
    phrases = {"change right landing": Phrase(np.full(2205, 0.3, np.float32), 22_050)}
    about = replace(cue(CueKind.STRIKE_CHANGE), placement=foot)
    async with speaker.sound(phrases=phrases) as sound, giving(sound, about):
        heard = speaker.stream.pull(200)[:, 0]
    after_earcon = heard[len(waveform(EARCONS[about.kind], RATE_HZ)) :]
    assert after_earcon.any() == is_said


async def test_words_follow_the_earcon(speaker: Speaker) -> None:
    hum = np.full(2205, 0.3, np.float32)
    phrases = {"lean forward": Phrase(hum, 22_050)}
    async with speaker.sound(phrases=phrases) as sound, giving(sound, cue()):
        assert sound.name == "speech"
        heard = speaker.stream.pull(200)[:, 0]
    earcon = waveform(EARCONS[CueKind.LEAN_MORE], RATE_HZ)
    assert np.array_equal(heard[: len(earcon)], earcon)
    pause = round(0.08 * RATE_HZ)
    words = heard[len(earcon) + pause :]
    assert np.median(np.abs(words[480:4320])) > 0.4
    assert not words[4810:].any()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "gave no sound file"),
        (b"RIFF", "gave no sound file"),
        (b"not a sound file at all, but rather long", "gave no sound file"),
    ],
)
def test_what_is_no_speech_is_told(
    monkeypatch: pytest.MonkeyPatch, said: bytes, reason: str
) -> None:
    monkeypatch.setattr(speech.shutil, "which", lambda program: program)
    monkeypatch.setattr(speech.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=said))
    with pytest.raises(OutputError, match=reason):
        render_phrases()


def test_missing_espeak_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech.shutil, "which", lambda program: None)
    with pytest.raises(OutputError, match="apt install espeak-ng"):
        render_phrases()


def test_espeak_that_fails_or_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("espeak-ng", 3.0)

    monkeypatch.setattr(speech.shutil, "which", lambda program: program)
    monkeypatch.setattr(speech.subprocess, "run", hang)
    with pytest.raises(OutputError, match="espeak-ng failed"):
        render_phrases()
