"""How each cue sounds: short patterns of tones, told apart by rhythm, so that pitch may be lost."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import CueKind

Waveform = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone of a pattern, followed by a pause."""

    pitch_hz: float
    duration_s: float
    pause_s: float = 0.0

    @property
    def is_dash(self) -> bool:
        """Whether it is one of the long tones; the others are dots."""
        return self.duration_s >= 0.07


EARCONS: Mapping[CueKind, tuple[Tone, ...]] = {
    # falling: the trunk has come up; 400 to 900 Hz carries over traffic and through small speakers
    CueKind.LEAN_MORE: (Tone(784.0, 0.08, 0.02), Tone(523.0, 0.09)),
    CueKind.LEAN_LESS: (Tone(440.0, 0.06, 0.05), Tone(440.0, 0.06)),
    CueKind.LEAN_GOOD: (Tone(523.0, 0.05, 0.02), Tone(784.0, 0.09)),
    CueKind.CADENCE_MORE: (Tone(880.0, 0.03, 0.03), Tone(880.0, 0.03, 0.03), Tone(880.0, 0.03)),
    CueKind.CADENCE_GOOD: (Tone(587.0, 0.03, 0.02), Tone(587.0, 0.03, 0.02), Tone(880.0, 0.09)),
    CueKind.STRIKE_CHANGE: (Tone(659.0, 0.03, 0.02), Tone(659.0, 0.07, 0.02), Tone(440.0, 0.03)),
    CueKind.STRIKE_GOOD: (*(Tone(659.0, 0.02, 0.02) for _ in range(3)), Tone(988.0, 0.075)),
}
"""Every pattern is shorter than 200 ms, so it ends within a step, and no two have one rhythm.
Praise rises and ends in a dash."""

PEAK = 0.6
LEVELS = (1.0, 1.25, 1.55)
"""Louder by 2 dB for each time the advice before had no answer, up to the largest amplitude."""
FADE_S = 0.006
"""A tone that starts or ends at once clicks."""


def gain(level: int) -> float:
    """Amplitude of a cue of this level against one of the first."""
    return LEVELS[min(max(level, 1), len(LEVELS)) - 1]


def waveform(tones: tuple[Tone, ...], rate_hz: float) -> Waveform:
    """The samples of a pattern, (n,), peak `PEAK`."""
    return np.concatenate([_tone(tone, rate_hz) for tone in tones])


def silence(seconds: float, rate_hz: float) -> Waveform:
    """So much of nothing, (n,)."""
    return np.zeros(round(seconds * rate_hz), np.float32)


def _tone(tone: Tone, rate_hz: float) -> Waveform:
    t_s = np.arange(round(tone.duration_s * rate_hz)) / rate_hz
    edge_s = np.minimum(t_s, tone.duration_s - t_s)
    envelope = np.sin(0.5 * np.pi * np.clip(edge_s / FADE_S, 0.0, 1.0)) ** 2
    samples = PEAK * envelope * np.sin(2.0 * np.pi * tone.pitch_hz * t_s)
    return np.concatenate((samples.astype(np.float32), silence(tone.pause_s, rate_hz)))
