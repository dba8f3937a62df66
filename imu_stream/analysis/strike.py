"""Strike type of a contact from its foot strike angle, with an honest probability."""

import math

from imu_stream.datatypes import FOREFOOT_BELOW_DEG, REARFOOT_ABOVE_DEG, StrikeType

ANGLE_SIGMA_DEG = 1.6
"""Standard deviation of the measured angle about the true one, calibrated standing; measured on
the treadmill recordings, between and within runners together (docs/measurement.md)."""
GUESSED_ANGLE_SIGMA_DEG = 6.0
"""The same without a standing phase: what published dorsal-foot methods reach between runners
(Falbriard 2020: 5.9°)."""


def classify(fsa_deg: float, sigma_deg: float) -> tuple[StrikeType, float]:
    """The type and the probability that it is right, for a normal error of `sigma_deg`."""
    kind = StrikeType.of(fsa_deg)
    if kind is StrikeType.UNKNOWN:
        return kind, 0.0
    rearfoot = _normal_above(REARFOOT_ABOVE_DEG, fsa_deg, sigma_deg)
    forefoot = 1.0 - _normal_above(FOREFOOT_BELOW_DEG, fsa_deg, sigma_deg)
    midfoot = max(0.0, 1.0 - rearfoot - forefoot)
    if kind is StrikeType.MIDFOOT:
        return kind, midfoot
    return kind, rearfoot if kind is StrikeType.REARFOOT else forefoot


def _normal_above(threshold: float, mean: float, sigma: float) -> float:
    """P(x > threshold) for x normal about `mean`."""
    return 0.5 * math.erfc((threshold - mean) / (sigma * math.sqrt(2.0)))
