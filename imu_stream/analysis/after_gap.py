"""What a gap does to a foot's angle, and how the foot's rests on the ground mend it.

In a gap the foot may turn by much that nobody measured; the vertical then stands askew and comes
back over some seconds only. But a foot does not move where it rests: what velocity the filtered
vertical makes it gain from one rest to the next is a share of gravity, and tells how far it stands
askew. Where no whole stride has been measured since the gap, the pitch at which the foot rests
tells it too, for it is much the same from stance to stance.
"""

import math
from collections import deque
from collections.abc import Iterable
from statistics import median

from imu_stream.analysis.contacts import Landing
from imu_stream.analysis.stance import Stance
from imu_stream.analysis.strike import ANGLE_SIGMA_DEG, GUESSED_ANGLE_SIGMA_DEG

RECOVERY_S = 9.0
"""Time until the vertical is right again by itself: three times its filter's time constant."""
LEARN_S = 14.0
"""Without a gap for so long, a stance shows what is usual for the runner."""
STANCES = 8
ASKEW_DEG = 0.9
"""What a vertical that is right shows (0.9 ± 0.8° between runners, treadmill recordings), since a
running foot is not quite at rest; until the runner's own is known."""
REST_DEG = -1.9
"""Likewise the pitch of the foot at rest (-1.9 ± 1.1°)."""
MENDED_SIGMA_DEG = 2.5
"""Standard deviation of an angle that was mended by a rest; …"""
UNMENDED_SIGMA_DEG = 8.0
"""… and of one that was not."""


class AfterGap:
    """Keeps what one foot's stances usually show, and what the last one says against it."""

    def __init__(self) -> None:
        self._askew: deque[float] = deque(maxlen=STANCES)
        self._rests: deque[float] = deque(maxlen=STANCES)
        self._offset_deg, self._rest_s = math.nan, -math.inf

    def add(self, stance: Stance, since_gap_s: float, settled: bool) -> None:
        """Take in a stance of running, and how long before its end the last gap was.

        What follows a landing without an angle tells nothing of the runner: the vertical may
        still turn.
        """
        if since_gap_s > LEARN_S:
            self._askew += known(stance.askew_deg)
        recovered = since_gap_s >= RECOVERY_S
        self._offset_deg = 0.0 if recovered else stance.askew_deg - self._usual_askew_deg
        if settled:
            self._rests += known(stance.rest_pitch_deg - self._offset_deg)
        self._rest_s = stance.rest_s

    @property
    def _usual_askew_deg(self) -> float:
        return median(self._askew) if self._askew else ASKEW_DEG

    @property
    def _usual_rest_deg(self) -> float:
        return median(self._rests) if self._rests else REST_DEG

    def angle_deg(self, landing: Landing) -> tuple[float, float]:
        """The angle of a landing, and its standard deviation about the truth."""
        offset_deg = self._offset_at(landing)
        if math.isnan(offset_deg):
            return landing.pitch_deg, UNMENDED_SIGMA_DEG
        if not landing.from_rest:
            return landing.pitch_deg - offset_deg, GUESSED_ANGLE_SIGMA_DEG
        recovered = landing.since_gap_s >= RECOVERY_S
        sigma_deg = ANGLE_SIGMA_DEG if recovered else MENDED_SIGMA_DEG
        return landing.pitch_deg - offset_deg, sigma_deg

    def _offset_at(self, landing: Landing) -> float:
        """How far the vertical stands askew, by the stance before; NaN when a gap fell since."""
        if landing.since_gap_s >= RECOVERY_S:
            return 0.0
        return self._offset_deg if landing.ic_s - landing.since_gap_s < self._rest_s else math.nan

    def mended_deg(self, landing: Landing, stance: Stance, torn: bool) -> float | None:
        """The angle of a landing after a gap, by its own stance; None when that tells no more."""
        if landing.since_gap_s >= RECOVERY_S:
            return None
        if not math.isnan(stance.askew_deg):
            return landing.pitch_deg - (stance.askew_deg - self._usual_askew_deg)
        return None if torn else landing.pitch_deg - (stance.rest_pitch_deg - self._usual_rest_deg)


def known(value: float) -> Iterable[float]:
    """The value, unless it was not measured."""
    return () if math.isnan(value) else (value,)
