"""What a gap does to a foot's angle, and how the next rest on the ground mends it.

In a gap the foot may turn by much that nobody measured; the vertical then stands askew and comes
back over some seconds only. But a runner's foot rests on the ground at much the same pitch from
stance to stance: how far it now rests from there is how far the vertical stands askew.
"""

from collections import deque
from statistics import median

from imu_stream.analysis.contacts import Landing
from imu_stream.analysis.strike import ANGLE_SIGMA_DEG, GUESSED_ANGLE_SIGMA_DEG

LAST_REST_S = 0.7
"""A gap longer ago than this fell before the last rest: a stride."""
RECOVERY_S = 2.9
"""Time until the vertical is right again by itself: its filter's time constant."""
STANCES = 8
MENDED_SIGMA_DEG = 2.5
"""Standard deviation of an angle that was mended by a rest; …"""
UNMENDED_SIGMA_DEG = 8.0
"""… and when the gap fell between that rest and the landing."""


class AfterGap:
    """Keeps the usual pitch at rest of one foot, and what the last rest says against it."""

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=STANCES)
        self._rest_offset_deg = 0.0

    def add(self, rest_pitch_deg: float, since_gap_s: float) -> None:
        """Take in a stance of running, and how long before its end the last gap was."""
        if since_gap_s > RECOVERY_S:
            self._usual.append(rest_pitch_deg)
            self._rest_offset_deg = 0.0
        elif self._usual:
            self._rest_offset_deg = rest_pitch_deg - median(self._usual)

    def offset_deg(self, landing: Landing) -> float:
        """How far the vertical stands askew at a landing."""
        return self._rest_offset_deg if LAST_REST_S < landing.since_gap_s < RECOVERY_S else 0.0

    def mended(self, landing: Landing, rest_pitch_deg: float) -> float | None:
        """The angle of a landing right after a gap, by the rest after it; None if not needed."""
        if landing.since_gap_s > LAST_REST_S or not self._usual:
            return None
        return landing.pitch_deg - (rest_pitch_deg - median(self._usual))

    def sigma_deg(self, landing: Landing) -> float:
        """Standard deviation of the angle of a landing about the truth."""
        if not landing.from_rest:
            return GUESSED_ANGLE_SIGMA_DEG
        if landing.since_gap_s >= RECOVERY_S:
            return ANGLE_SIGMA_DEG
        return MENDED_SIGMA_DEG if landing.since_gap_s > LAST_REST_S else UNMENDED_SIGMA_DEG
