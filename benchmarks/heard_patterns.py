"""The pattern of tones in a recording: when each began, how long it lasted, and its pitch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FRAME_S = 0.004
_SPLIT_S = 0.012
"""Shorter silences belong to one tone."""


@dataclass(frozen=True, slots=True)
class HeardTone:
    """One tone that was heard."""

    start_s: float
    duration_s: float
    pitch_hz: float


def heard_tones(samples: NDArray[np.float64], rate_hz: float) -> list[HeardTone]:
    """The tones in a recording, each above half of the loudest one's amplitude."""
    size = round(_FRAME_S * rate_hz)
    padded = np.concatenate((np.zeros(size), samples, np.zeros(size)))
    level = np.sqrt(np.convolve(padded**2, np.ones(size) / size, mode="same"))[size:-size]
    loud = np.flatnonzero(level > 0.5 * level.max()) if samples.size and level.max() > 0 else []
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > _SPLIT_S * rate_hz)
    starts = loud[np.concatenate(([0], breaks + 1))]
    ends = loud[np.concatenate((breaks, [len(loud) - 1]))] + 1
    return [
        HeardTone(
            float(start / rate_hz),
            float((end - start) / rate_hz),
            _pitch_hz(samples[start:end], rate_hz),
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def _pitch_hz(samples: NDArray[np.float64], rate_hz: float) -> float:
    size = 1 << 16
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    return float(np.argmax(spectrum) * rate_hz / size)
