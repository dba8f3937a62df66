"""Cues as sound: short tone patterns on one stream that stays open.

Opening a stream takes some 100 ms and more on many systems, so it is opened once and plays silence
until a cue comes.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import Cue, CueKind

Waveform = NDArray[np.float32]

BLOCK_SIZE = 128
"""Frames a callback, 2.7 ms at 48 kHz."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone of a pattern, followed by a pause."""

    pitch_hz: float
    duration_s: float
    pause_s: float = 0.0


EARCONS = {
    # falling: the trunk has come up; 400 to 900 Hz carries over traffic and through small speakers
    CueKind.LEAN_MORE: (Tone(784.0, 0.08, 0.015), Tone(523.0, 0.09)),
    CueKind.LEAN_LESS: (Tone(440.0, 0.06, 0.05), Tone(440.0, 0.06)),
    CueKind.LEAN_GOOD: (Tone(523.0, 0.05, 0.01), Tone(784.0, 0.09)),
    CueKind.CADENCE_MORE: tuple(Tone(880.0, 0.03, 0.03) for _ in range(3)),
    CueKind.CADENCE_GOOD: (Tone(523.0, 0.05, 0.01), Tone(784.0, 0.09)),
}
"""How each cue sounds; every pattern is shorter than 200 ms, so it ends within a step."""

PEAK = 0.6
FADE_S = 0.006
"""A tone that starts or ends at once clicks."""


class Stream(Protocol):
    """What is needed of `sounddevice.OutputStream`."""

    def start(self) -> None: ...
    def close(self) -> None: ...


class Sound:
    """Plays cues; an async context manager over one open stream.

    A cue waits at most until the one before it has sounded; of several waiting only the newest is
    kept, and one that has expired by then is dropped.

    Args:
        clock: session clock, s, the one cues expire by.
        stream_class: `sounddevice.OutputStream` or a class with its constructor; what its
            constructor or `start` raises is passed on.
        rate_hz: of the output.
        channels: of the output; all get the same, so one earphone is enough.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        stream_class: Callable[..., Stream],
        rate_hz: float = 48_000.0,
        channels: int = 2,
    ) -> None:
        self._clock = clock
        self._earcons = {kind: waveform(tones, rate_hz) for kind, tones in EARCONS.items()}
        self._waiting: deque[Cue] = deque(maxlen=1)
        self._playing: Waveform = np.zeros(0, np.float32)
        self._stream = stream_class(
            samplerate=rate_hz,
            blocksize=BLOCK_SIZE,
            channels=channels,
            dtype="float32",
            latency="low",
            callback=self._fill,
        )
        with ExitStack() as failed:
            failed.callback(self._stream.close)
            self._stream.start()
            failed.pop_all()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # some sound servers take a while to let go, and the radio must go on meanwhile
        await asyncio.to_thread(self._stream.close)

    def play(self, cue: Cue) -> None:
        """Hands a cue to the sound thread and returns at once; safe from any thread."""
        self._waiting.append(cue)

    def _fill(self, output: Waveform, frames: int, _time: object, _status: object) -> None:
        """Fills the next block, (frames, channels); called by the sound thread."""
        if not len(self._playing):
            self._playing = self._next_earcon()
        sounding = self._playing[:frames]
        output[: len(sounding)] = sounding[:, None]
        output[len(sounding) :] = 0.0
        self._playing = self._playing[frames:]

    def _next_earcon(self) -> Waveform:
        try:
            cue = self._waiting.popleft()
        except IndexError:
            return np.zeros(0, np.float32)
        if self._clock() > cue.expires_s:
            return np.zeros(0, np.float32)
        return self._earcons[cue.kind]


@dataclass(frozen=True, slots=True)
class NoSound:
    """Stands in for `Sound` where nothing can sound; says why in one line."""

    reason: str

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def play(self, cue: Cue) -> None:
        """Does nothing."""


def open_sound(
    clock: Callable[[], float], *, load: Callable[[], ModuleType | Any] | None = None
) -> Sound | NoSound:
    """Opens the default output, or says why there is none; enter the result at once.

    Args:
        clock: session clock, s.
        load: gives the `sounddevice` module; raises ImportError or OSError like its import.
    """
    try:
        sounddevice = (load or _load_sounddevice)()
    except ImportError:
        return NoSound("no sound: sounddevice is missing (pip install 'imu-stream[sound]')")
    except OSError:
        return NoSound("no sound: the PortAudio library is missing (Debian: libportaudio2)")
    try:
        device = sounddevice.query_devices(kind="output")
        return Sound(
            clock,
            stream_class=sounddevice.OutputStream,
            rate_hz=float(device["default_samplerate"]),
            channels=min(2, int(device["max_output_channels"])),
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        return NoSound(f"no sound: no usable output device ({' '.join(str(error).split())})")


def _load_sounddevice() -> Any:
    import sounddevice

    return sounddevice


def waveform(tones: tuple[Tone, ...], rate_hz: float) -> Waveform:
    """The samples of a pattern, (n,), peak `PEAK`."""
    return np.concatenate([_tone(tone, rate_hz) for tone in tones])


def _tone(tone: Tone, rate_hz: float) -> Waveform:
    t_s = np.arange(round(tone.duration_s * rate_hz)) / rate_hz
    edge_s = np.minimum(t_s, tone.duration_s - t_s)
    envelope = np.sin(0.5 * np.pi * np.clip(edge_s / FADE_S, 0.0, 1.0)) ** 2
    samples = PEAK * envelope * np.sin(2.0 * np.pi * tone.pitch_hz * t_s)
    pause = np.zeros(round(tone.pause_s * rate_hz))
    return np.concatenate((samples, pause)).astype(np.float32)
