"""The slope of the ground under a runner's foot, from where the foot rests and where it goes.

The strike angle is wanted against the ground, and is measured against the vertical. On a slope
the foot at rest is pitched by it, and so is its path from rest to rest. Each alone errs: a
forefoot striker's heel may never come down (pitch), a treadmill on whose incline the runner stood
for calibration already counts as level (path). So the slope is what both agree on, and small
values, which level ground gives too, are left alone.
"""

from collections import deque
from statistics import median

LEVEL_DEG = -0.9
"""Half of what both show on level ground, where a rigid foot would show 0: pitch at rest
-1.9 ± 1.1°, path -1.7 ± 0.7° (between runners, treadmill recordings)."""
IGNORED_BELOW_DEG, FULL_ABOVE_DEG = 1.8, 2.5
"""Distance from that at which a slope is first, and then fully, believed."""
STANCES, FEWEST_STANCES = 8, 2
"""How many stances the slope is the median of."""


class SlopeEstimate:
    """Slope of the ground in the direction of running, deg, uphill positive."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=STANCES)
        self.slope_deg = 0.0
        """0 while too few stances are known, and on what may be level ground."""

    def add(self, rest_pitch_deg: float, grade_deg: float) -> None:
        """Take in a stance; NaN when it had no stride before it."""
        if grade_deg != grade_deg or rest_pitch_deg != rest_pitch_deg:
            return
        self._seen.append(agreed(rest_pitch_deg, grade_deg))
        if len(self._seen) >= FEWEST_STANCES:
            slope_deg = median(self._seen)
            self.slope_deg = slope_deg * belief(slope_deg)


def agreed(first: float, second: float) -> float:
    """The one nearer to level of two values that lie on the same side of it, else level."""
    if (first - LEVEL_DEG) * (second - LEVEL_DEG) <= 0.0:
        return LEVEL_DEG
    return first if abs(first - LEVEL_DEG) < abs(second - LEVEL_DEG) else second


def belief(slope_deg: float) -> float:
    """0 for what may be level, 1 for what is surely a slope."""
    away = abs(slope_deg - LEVEL_DEG)
    share = (away - IGNORED_BELOW_DEG) / (FULL_ABOVE_DEG - IGNORED_BELOW_DEG)
    return min(max(share, 0.0), 1.0)
