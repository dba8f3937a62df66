"""What a stance shows beyond its beginning and end: rest of the foot, stride, roll, shock.

The foot is taken to rest on the ground where it turns least in early stance (running mid-stance is
not quite at rest). From there its acceleration, turned level with the vertical known, gives its
velocity: forward at mid-swing, and by integrating once more to the next rest, the stride's length
and the grade of its path. On a treadmill the belt is the ground: a frame of constant velocity.
"""

from dataclasses import dataclass
from math import degrees, nan

import numpy as np

from imu_stream.analysis.foot_history import FootHistory, Signal
from imu_stream.datatypes import Array

REST_FROM, REST_TO = 0.2, 0.6
"""Share of the contact in which the foot is looked for at rest (biomechanics notes C3)."""
LONGEST_STRIDE_S = 1.2
ROLL_UNTIL = 0.6
"""Share of the contact after which the heel has left the ground and the shoe rolls off."""
SHOCK_BEFORE_S, SHOCK_AFTER_S = 0.02, 0.05
"""Span about the landing's rate minimum in which the peak force falls."""
FLAT_TOP_G = 4.0
"""Two neighbouring readings alike to the last digit above this are a clipped peak."""


@dataclass(frozen=True, slots=True)
class Stance:
    """One stance, and the stride that led to it."""

    rest_pitch_deg: float
    """Pitch of the foot at rest on the ground."""
    swing_speed_mps: float
    """Forward velocity of the foot, once it swings, against the ground it stood on."""
    stride_length_m: float
    """From the rest before to this one; NaN for a bout's first."""
    speed_mps: float
    grade_deg: float
    """Slope of the path from rest to rest."""
    shoe_roll_deg: float
    """How far the shoe rolls inward from contact to its innermost (pronation excursion)."""
    shock_g: float
    shock_clipped: bool


class StanceMeter:
    """Measures stances in a foot's history; remembers where the last one rested."""

    def __init__(self, past: FootHistory) -> None:
        self._past = past
        self._last_rest: int | None = None

    def measure(self, landed: int, released: int, swings: int) -> Stance:
        """A stance from its landing to its release; `swings` is where the foot surely swings."""
        past = self._past
        rest = self._rest(landed, released)
        before, self._last_rest = self._last_rest, rest
        length_m = height_m = duration_s = nan
        if before is not None and past.start <= before < rest - 1:
            duration_s = (rest - before) / past.rate_hz
            if duration_s <= LONGEST_STRIDE_S:
                length_m = self._travelled(Signal.AHEAD, before, rest)
                height_m = self._travelled(Signal.UPWARD, before, rest)
        ahead = past.column(Signal.AHEAD, rest, swings)
        return Stance(
            rest_pitch_deg=past.at(Signal.PITCH, rest),
            swing_speed_mps=float(np.sum(ahead)) / past.rate_hz,
            stride_length_m=length_m,
            speed_mps=length_m / duration_s,
            grade_deg=degrees(float(np.arctan2(height_m, length_m))),
            shoe_roll_deg=self._roll(landed, released),
            shock_g=float(self._near(Signal.SHOCK, landed).max()),
            shock_clipped=has_flat_top(self._near(Signal.READING, landed)),
        )

    def _rest(self, landed: int, released: int) -> int:
        contact = released - landed
        start, end = landed + int(REST_FROM * contact), landed + int(REST_TO * contact) + 1
        return start + int(np.argmin(np.abs(self._past.column(Signal.RATE, start, end))))

    def _travelled(self, signal: Signal, start: int, end: int) -> float:
        """Distance between two rests: the velocity's drift is taken to be even."""
        velocity = np.cumsum(self._past.column(signal, start, end)) / self._past.rate_hz
        drift = velocity[-1] * np.arange(1, len(velocity) + 1) / len(velocity)
        return float(np.sum(velocity - drift)) / self._past.rate_hz

    def _roll(self, landed: int, released: int) -> float:
        end = landed + max(2, int(ROLL_UNTIL * (released - landed)))
        roll = self._past.column(Signal.ROLL, landed, end)
        return float(roll.max() - roll[0])

    def _near(self, signal: Signal, landed: int) -> Array:
        before, after = self._past.span(SHOCK_BEFORE_S), self._past.span(SHOCK_AFTER_S)
        start = max(landed - before, self._past.start)
        return self._past.column(signal, start, min(landed + after + 1, self._past.end))


def has_flat_top(readings: Array) -> bool:
    """Whether the peak of the readings (n,), g, stands still at its top."""
    top = float(readings.max())
    return top > FLAT_TOP_G and int(np.count_nonzero(readings >= top * (1.0 - 1e-4))) > 1
