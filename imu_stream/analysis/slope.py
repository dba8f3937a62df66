"""The slope of the ground under a runner's foot, from where the foot rests and where it goes.

The strike angle is wanted against the ground, and is measured against the vertical. On a slope
the foot at rest is pitched by it, and so is its path from rest to rest. Each alone errs: a
forefoot striker's heel may never come down (pitch), a treadmill on whose incline the runner stood
for calibration already counts as level (path). So the slope is what both agree on, and small
values, which level ground gives too (see REST_OFFSET_DEG), are left alone.
"""

from collections import deque
from statistics import median

REST_OFFSET_DEG = -0.9
"""Half of what both show on level ground, where a rigid foot would show 0: pitch at rest
-1.9 ± 1.1°, path -1.7 ± 0.7° (between runners, treadmill recordings)."""
IGNORED_BELOW_DEG, FULL_ABOVE_DEG = 2.0, 3.0
STANCES, FEWEST_STANCES = 8, 4
"""How many stances the slope is the median of."""


class SlopeEstimate:
    """Slope of the ground in the direction of running, deg, uphill positive."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=STANCES)

    def add(self, rest_pitch_deg: float, grade_deg: float) -> None:
        """Take in a stance; NaN when it had no stride before it."""
        if grade_deg == grade_deg and rest_pitch_deg == rest_pitch_deg:
            self._seen.append(agreed(rest_pitch_deg - REST_OFFSET_DEG, grade_deg - REST_OFFSET_DEG))

    @property
    def slope_deg(self) -> float:
        """0 while too few stances are known, and on what may be level ground."""
        if len(self._seen) < FEWEST_STANCES:
            return 0.0
        slope = median(self._seen)
        share = (abs(slope) - IGNORED_BELOW_DEG) / (FULL_ABOVE_DEG - IGNORED_BELOW_DEG)
        return slope * min(max(share, 0.0), 1.0)


def agreed(first: float, second: float) -> float:
    """The smaller of two values that point the same way, else 0."""
    if first * second <= 0.0:
        return 0.0
    return first if abs(first) < abs(second) else second
