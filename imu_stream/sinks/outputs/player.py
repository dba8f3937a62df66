"""The sound thread's side of a stream: fills block after block, with silence or what is played."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imu_stream.sinks.outputs.earcons import Waveform

_NOTHING = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Sounding:
    """Something to be played."""

    samples: Waveform
    """(n,)."""
    expires_s: float
    """Session clock; later than this it is not begun."""
    begun: Callable[[float], None]
    """Told when its first block is filled, session clock, s; called by the sound thread."""


class Player:
    """Plays one thing at a time; what is still sounding when a newer one comes is faded out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next: Sounding | None = None
        self._left = _NOTHING
        """What has still to sound of the one that was begun."""

    def play(self, sounding: Sounding) -> None:
        """Begin with the next block; safe from any thread."""
        self._next = sounding

    def forget(self, sounding: Sounding) -> None:
        """Do not begin it any more, if it waits."""
        if self._next is sounding:
            self._next = None

    def fill(self, output: Waveform, frames: int, _time: object, _status: object) -> None:
        """Fill the next block, (frames, channels), all channels alike."""
        if self._next is not None:
            if len(self._left):
                self._fade_out(frames)
            else:
                self._begin(self._next)
        now = self._left[:frames]
        output[: len(now)] = now[:, None]
        output[len(now) :] = 0.0
        self._left = self._left[frames:]

    def _begin(self, sounding: Sounding) -> None:
        self._next = None
        now_s = self._clock()
        if now_s <= sounding.expires_s:
            self._left = sounding.samples
            sounding.begun(now_s)

    def _fade_out(self, frames: int) -> None:
        """Let what sounds end with this block; cut at once it would click."""
        last = self._left[:frames]
        self._left = last * np.linspace(1.0, 0.0, len(last), dtype=np.float32)
