"""What a stance shows beyond its beginning and end: rest of the foot, stride, roll, shock.

The foot is taken to rest on the ground where it turns least in early stance (running mid-stance is
not quite at rest). From there its acceleration, turned level with the vertical known, gives its
velocity: forward at mid-swing, and by integrating once more to the next rest, the stride's length
and the grade of its path. On a treadmill the belt is the ground: a frame of constant velocity.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import atan2, degrees, nan

import numpy as np

from imu_stream.analysis.filters import largest, total
from imu_stream.analysis.foot_history import FootHistory, Signal
from imu_stream.datatypes import GRAVITY, Array

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
    askew_deg: float
    """How far the vertical stands askew, seen toe up, by the velocity that the foot seems to gain
    from rest to rest; NaN for a bout's first stance, and where samples are missing or clipped."""
    rest_s: float
    rest: int
    """Where the foot rested, index in the history."""
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
        self._before, self._after = past.span(SHOCK_BEFORE_S), past.span(SHOCK_AFTER_S)
        self._last_rest: int | None = None

    def swing_speed(self, rest: int, swings: int) -> float:
        """Forward velocity at `swings` of a foot that rested on the ground at `rest`, m/s."""
        ahead = self._past.column(Signal.AHEAD, rest, swings)
        return float(total(ahead)) / self._past.rate_hz

    def shock_g(self, landed: int) -> float:
        """Largest force about a landing."""
        return float(largest(self._about(landed)[0]))

    def measure(self, landed: int, released: int) -> Stance:
        """A stance from its landing to its release."""
        past = self._past
        rest = self._rest(landed, released)
        before, self._last_rest = self._last_rest, rest
        shock_g, readings = self._about(landed)
        clipped = has_flat_top(readings)
        length_m = height_m = duration_s = askew_deg = nan
        if before is not None and past.start <= before < rest - 1:
            duration_s = (rest - before) / past.rate_hz
            if duration_s <= LONGEST_STRIDE_S:
                acc = past.columns(Signal.AHEAD, Signal.UPWARD, before, rest)
                length_m, height_m = self._travelled(acc)
                if not clipped and not past.missing(before, rest):
                    askew_deg = askew(acc)
        return Stance(
            rest_pitch_deg=past.sample(Signal.PITCH, rest),
            askew_deg=askew_deg,
            rest_s=past.sample(Signal.TIME, rest),
            rest=rest,
            stride_length_m=length_m,
            speed_mps=length_m / duration_s,
            grade_deg=degrees(atan2(height_m, length_m)),
            shoe_roll_deg=self._roll(landed, released),
            shock_g=float(largest(shock_g)),
            shock_clipped=clipped,
        )

    def _rest(self, landed: int, released: int) -> int:
        contact = released - landed
        start, end = landed + int(REST_FROM * contact), landed + int(REST_TO * contact) + 1
        return start + int(np.abs(self._past.column(Signal.RATE, start, end)).argmin())

    def _travelled(self, acc: Array) -> tuple[float, float]:
        """Distance ahead and upward between two rests, from the accelerations (2, n) between."""
        per_square = self._past.rate_hz**2
        ahead, upward = total(acc * what_is_left(acc.shape[1]), axis=1).tolist()
        return ahead / per_square, upward / per_square

    def _roll(self, landed: int, released: int) -> float:
        end = landed + max(2, int(ROLL_UNTIL * (released - landed)))
        roll = self._past.column(Signal.ROLL, landed, end)
        return float(largest(roll) - roll[0])

    def _about(self, landed: int) -> Array:
        """Sizes of the force and readings about a landing, (2, n): the span of its shock."""
        start = max(landed - self._before, self._past.start)
        end = min(landed + self._after + 1, self._past.end)
        return self._past.columns(Signal.SHOCK, Signal.READING, start, end)


def askew(acc: Array) -> float:
    """Direction, deg, of the mean force between two rests, which should be straight up."""
    ahead, upward = total(acc, axis=1).tolist()
    return degrees(atan2(-ahead, upward + GRAVITY * acc.shape[1]))


@lru_cache(maxsize=256)
def what_is_left(samples: int) -> Array:
    """Weights (n,) that turn accelerations between two rests into distance, in samples squared.

    An acceleration moves the foot on for what is left of the way. Velocity is zero at both ends
    and its drift is taken to be even: so the mean of the accelerations, and with it the mean of
    the weights, is left out.
    """
    return np.arange(0.5 * (samples - 1), -0.5 * samples, -1.0)


def has_flat_top(readings: Array) -> bool:
    """Whether the peak of the readings (n,), g, stands still at its top."""
    top = float(largest(readings))
    return top > FLAT_TOP_G and int(np.count_nonzero(readings >= top * (1.0 - 1e-4))) > 1
