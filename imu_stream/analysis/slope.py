"""The slope of the ground under a runner's foot, from where the foot rests and where it goes.

The strike angle is wanted against the ground, and is measured against the vertical. On a slope
the foot at rest is pitched by it, and so is its path from rest to rest. Each alone errs: a
forefoot striker's heel may never come down (pitch), a treadmill on whose incline the runner stood
for calibration already counts as level (path). So a slope is believed when both tell of it, and is
then the pitch at rest. What level ground may show too is left alone.
"""

from collections import deque
from statistics import median

LEVEL_DEG = -0.9
"""Half of what both show on level ground, where a rigid foot would show 0: pitch at rest
-1.9 ± 1.1°, path -1.7 ± 0.7° (between runners, treadmill recordings)."""
MOST_BEYOND_DEG = 1.5
"""How much of what one tells beyond the other counts, by half."""
IGNORED_BELOW_DEG, FULL_ABOVE_DEG = 2.1, 2.5
"""Evidence at which a slope is first, and then fully, believed."""
STANCES, FEWEST_STANCES = 8, 2
"""How many stances the slope is the median of."""


class SlopeEstimate:
    """Slope of the ground in the direction of running, deg, uphill positive."""

    def __init__(self) -> None:
        self._rests_deg: deque[float] = deque(maxlen=STANCES)
        self._grades_deg: deque[float] = deque(maxlen=STANCES)
        self.slope_deg = 0.0
        """0 while too few stances are known, and on what may be level ground."""

    def add(self, rest_pitch_deg: float, grade_deg: float) -> None:
        """Take in a stance; NaN when it had no stride before it."""
        if grade_deg != grade_deg or rest_pitch_deg != rest_pitch_deg:
            return
        self._rests_deg.append(rest_pitch_deg)
        self._grades_deg.append(grade_deg)
        if len(self._rests_deg) >= FEWEST_STANCES:
            rest_deg, grade_deg = median(self._rests_deg), median(self._grades_deg)
            self.slope_deg = rest_deg * belief(rest_deg - LEVEL_DEG, grade_deg - LEVEL_DEG)


def belief(rest_deg: float, grade_deg: float) -> float:
    """0 for what may be level, 1 for what is surely a slope; both counted from level."""
    if rest_deg * grade_deg <= 0.0:
        return 0.0
    less, more = sorted((abs(rest_deg), abs(grade_deg)))
    evidence = less + 0.5 * min(more - less, MOST_BEYOND_DEG)
    share = (evidence - IGNORED_BELOW_DEG) / (FULL_ABOVE_DEG - IGNORED_BELOW_DEG)
    return min(max(share, 0.0), 1.0)
