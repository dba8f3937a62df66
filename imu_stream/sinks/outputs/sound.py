"""Cues as sound: earcons, and words after them, on one stream that stays open.

Opening a stream takes some 100 ms and more on many systems, so it is opened once and plays silence
until a cue comes.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from imu_stream.datatypes import Cue, CueKind
from imu_stream.errors import OutputError
from imu_stream.sinks.outputs.earcons import EARCONS, Waveform, gain, silence, waveform
from imu_stream.sinks.outputs.own_thread import in_own_thread
from imu_stream.sinks.outputs.player import Player, Sounding
from imu_stream.sinks.outputs.speech import Phrase, words_of

BLOCK_SIZE = 128
"""Frames a callback, 2.7 ms at 48 kHz."""
BLOCKS_AHEAD = 4
"""So many are buffered at least. A system's own "low" can be less than three (8.7 ms at 44.1 kHz on
PulseAudio), and then hardly a block came in time on a busy computer."""
BEFORE_WORDS_S = 0.08


class Stream(Protocol):
    """What is needed of `sounddevice.OutputStream`."""

    def start(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Open:
    """A stream that runs, who fills it, and what it plays."""

    stream: Stream
    player: Player
    earcons: Mapping[CueKind, Waveform]
    words: Mapping[str, Waveform]
    """Each with the pause before it."""

    def waveform(self, cue: Cue) -> Waveform:
        """The earcon, and words if there are any for it."""
        earcon = self.earcons[cue.kind]
        words = self.words.get(words_of(cue.kind, cue.placement))
        return earcon if words is None else np.concatenate((earcon, words))


class SoundOutput:
    """Plays each cue on the default sound device."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        volume: float = 1.0,
        phrases: Mapping[str, Phrase] | None = None,
        load: Callable[[], Any] | None = None,
    ) -> None:
        """Plan an output; nothing is opened before it is entered.

        Args:
            clock: session clock, s.
            volume: from 0 to 1.
            phrases: by their words, to follow the earcon; rendered beforehand.
            load: gives the `sounddevice` module; raises ImportError or OSError like its import.
        """
        self.name = "speech" if phrases else "sound"
        self._clock = clock
        self._volume = volume
        self._phrases = phrases or {}
        self._load = load or _load_sounddevice
        self._open: _Open | None = None

    async def __aenter__(self) -> Self:
        """Open the stream. Raises OutputError."""
        self._open = await in_own_thread(self._opened, _close)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # some sound servers take a while to let go, and the radio must go on meanwhile
        opened, self._open = self._open, None
        if opened is not None:
            await in_own_thread(opened.stream.close)

    async def deliver(self, cue: Cue) -> float:
        """Play a cue; when its first block was handed to the sound system, session clock, s."""
        assert self._open is not None
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[float] = loop.create_future()

        def tell(t_s: float) -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(lambda: None if begun.done() else begun.set_result(t_s))

        amplitude = np.float32(self._volume * gain(cue.level))
        sounding = Sounding(self._open.waveform(cue) * amplitude, cue.expires_s, tell)
        player = self._open.player
        player.play(sounding)
        try:
            return await begun
        finally:
            player.forget(sounding)

    def _opened(self) -> _Open:
        """Open and start a stream; called in a thread of its own."""
        try:
            sounddevice = self._load()
        except ImportError:
            raise OutputError("sounddevice is missing (pip install 'imu-stream[sound]')") from None
        except OSError:
            said = "the PortAudio library is missing (Debian: libportaudio2)"
            raise OutputError(said) from None
        try:
            return self._started(sounddevice)
        except (sounddevice.PortAudioError, ValueError) as error:
            said = f"no usable output device ({' '.join(str(error).split())})"
            raise OutputError(said) from None

    def _started(self, sounddevice: Any) -> _Open:
        device = sounddevice.query_devices(kind="output")
        rate_hz = float(device["default_samplerate"])
        low_s = float(device["default_low_output_latency"])
        player = Player(self._clock)
        stream: Stream = sounddevice.OutputStream(
            samplerate=rate_hz,
            blocksize=BLOCK_SIZE,
            # all channels get the same, so one earphone is enough
            channels=min(2, int(device["max_output_channels"])),
            dtype="float32",
            latency=max(low_s, BLOCKS_AHEAD * BLOCK_SIZE / rate_hz),
            callback=player.fill,
        )
        with ExitStack() as failed:
            failed.callback(stream.close)
            stream.start()
            failed.pop_all()
        pause = silence(BEFORE_WORDS_S, rate_hz)
        return _Open(
            stream,
            player,
            {kind: waveform(EARCONS[kind], rate_hz) for kind in CueKind},
            {
                text: np.concatenate((pause, phrase.at_rate(rate_hz)))
                for text, phrase in self._phrases.items()
            },
        )


def _close(opened: _Open) -> None:
    opened.stream.close()


def _load_sounddevice() -> Any:
    import sounddevice

    return sounddevice
