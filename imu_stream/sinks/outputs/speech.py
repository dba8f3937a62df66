"""Words for cues: rendered beforehand by espeak-ng, so that saying one takes no time."""

import io
import shutil
import subprocess
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd

import numpy as np
import scipy

from imu_stream.datatypes import MOTION, Array, CueKind, Placement
from imu_stream.errors import OutputError
from imu_stream.sinks.outputs.earcons import PEAK, Waveform

PROGRAM = "espeak-ng"
PHRASES: Mapping[CueKind, str] = {
    CueKind.LEAN_MORE: "lean forward",
    CueKind.LEAN_LESS: "run taller",
    CueKind.LEAN_GOOD: "good lean",
    CueKind.CADENCE_MORE: "quicker steps",
    CueKind.CADENCE_GOOD: "good rhythm",
    CueKind.STRIKE_CHANGE: "change {side}landing",
    CueKind.STRIKE_GOOD: "good {side}landing",
}
_SIDES = {Placement.LEFT_FOOT: "left ", Placement.RIGHT_FOOT: "right "}
LONGEST_S = 1.0
"""Whoever runs hears words less well the longer they last."""
_WORDS_PER_MINUTE = 170
_PATIENCE_S = 3.0
_SILENT = 0.01


@dataclass(frozen=True, slots=True)
class Phrase:
    """Spoken words as samples, peak `PEAK`."""

    samples: Waveform
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz

    def at_rate(self, rate_hz: float) -> Waveform:
        """The same at another sampling rate, (n,)."""
        common = gcd(round(rate_hz), self.rate_hz)
        up, down = round(rate_hz) // common, self.rate_hz // common
        return _to_peak(scipy.signal.resample_poly(self.samples, up, down))


def words_of(kind: CueKind, placement: Placement) -> str:
    """What is said; of how a foot lands, which foot."""
    return PHRASES[kind].format(side=_SIDES.get(placement, ""))


def render_phrases() -> dict[str, Phrase]:
    """All that cues can say, by its words, each at most `LONGEST_S` long; some 100 ms for each.

    Raises:
        OutputError: espeak-ng is not installed, or does not do it.
    """
    if shutil.which(PROGRAM) is None:
        raise OutputError("no speech: espeak-ng is missing (Debian: apt install espeak-ng)")
    said = {words_of(kind, placement) for kind in CueKind for placement in MOTION}
    return {text: _rendered(text) for text in sorted(said)}


def _rendered(text: str) -> Phrase:
    phrase = _spoken(text, _WORDS_PER_MINUTE)
    if phrase.seconds > LONGEST_S:
        phrase = _spoken(text, int(1.1 * _WORDS_PER_MINUTE * phrase.seconds / LONGEST_S))
    if phrase.seconds > LONGEST_S:
        raise OutputError(f"no speech: {text!r} takes {phrase.seconds:.1f} s")
    return phrase


def _spoken(text: str, words_per_minute: int) -> Phrase:
    command = (PROGRAM, "-v", "en", "-s", str(words_per_minute), "--stdout", text)
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise OutputError(f"no speech: {PROGRAM} failed: {error}") from None
    return _phrase(done.stdout)


def _phrase(content: bytes) -> Phrase:
    """What a WAV file of 16 bit and one channel holds, without the silence around it.

    Raises:
        OutputError: it is another kind of file, or silent.
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            rate_hz = file.getframerate()
            data = file.readframes(len(content))  # the header of a pipe gives no true length
            is_known = (file.getnchannels(), file.getsampwidth()) == (1, 2)
    except (wave.Error, EOFError) as error:
        raise OutputError(f"no speech: {PROGRAM} gave no sound file: {error}") from None
    samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2") / 32768.0
    loud = np.flatnonzero(np.abs(samples) > _SILENT)
    if not is_known or not loud.size:
        raise OutputError(f"no speech: {PROGRAM} gave nothing that can be played")
    return Phrase(_to_peak(samples[loud[0] : loud[-1] + 1]), rate_hz)


def _to_peak(samples: Array) -> Waveform:
    return np.asarray(samples * (PEAK / np.abs(samples).max()), np.float32)
