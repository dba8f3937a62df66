"""One stride of one sensor, as far as the cue policy looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from imu_stream.datatypes import (
    WITH_LEAN_DEG,
    LeanState,
    Placement,
    Stride,
    StrikeType,
    Technique,
)


class WantedStrike(StrEnum):
    """How the runner wants to land."""

    ANY = "any"
    REARFOOT = "rearfoot"
    MIDFOOT = "midfoot"
    FOREFOOT = "forefoot"
    OFF_HEEL = "off_heel"
    """Midfoot or forefoot: the split that a sensor tells best."""


RIGHT_STRIKES: Mapping[WantedStrike, frozenset[StrikeType]] = {
    WantedStrike.ANY: frozenset(StrikeType),
    WantedStrike.REARFOOT: frozenset({StrikeType.REARFOOT}),
    WantedStrike.MIDFOOT: frozenset({StrikeType.MIDFOOT}),
    WantedStrike.FOREFOOT: frozenset({StrikeType.FOREFOOT}),
    WantedStrike.OFF_HEEL: frozenset({StrikeType.MIDFOOT, StrikeType.FOREFOOT}),
}


@dataclass(frozen=True, slots=True)
class Observation:
    """A stride of the trunk, or of one foot."""

    placement: Placement
    start_s: float
    end_s: float
    known_s: float
    cadence_spm: float
    measured: bool
    """False: no ground for a cue."""
    value: float | None
    """Lean, degrees; or 100 for a landing of the wrong type and 0 for a right one (their mean is
    a percentage). None: the landing is too uncertain to be called either."""


def of_trunk(stride: LeanState) -> Observation:
    """A stride of the trunk, judged by its lean."""
    return Observation(
        Placement.CHEST,
        stride.start_s,
        stride.end_s,
        stride.known_s,
        stride.cadence_spm,
        stride.valid and isfinite(stride.lean_deg),
        stride.lean_deg,
    )


def of_foot(stride: Stride, wanted: WantedStrike, confidence: float) -> Observation:
    """A stride of a foot, judged by the landing that ended it, if that is known well enough."""
    strike = stride.strike
    is_sure = strike.confidence >= confidence and strike.strike_type is not StrikeType.UNKNOWN
    is_right = strike.strike_type in RIGHT_STRIKES[wanted]
    return Observation(
        stride.foot,
        stride.ic_s - stride.stride_time_s,
        stride.ic_s,
        stride.known_s,
        stride.cadence_spm,
        strike.running and isfinite(stride.stride_time_s),
        (0.0 if is_right else 100.0) if is_sure else None,
    )


def technique_of(wanted: WantedStrike, target_deg: float | None) -> Technique:
    """The technique that is asked for with a strike type, beside a lean of `target_deg`."""
    match wanted:
        case WantedStrike.REARFOOT:
            return Technique.HEEL_STRIKE
        case WantedStrike.MIDFOOT:
            return Technique.MIDFOOT
        case WantedStrike.FOREFOOT | WantedStrike.OFF_HEEL:
            is_upright = target_deg is not None and target_deg < WITH_LEAN_DEG
            return Technique.FOREFOOT_UPRIGHT if is_upright else Technique.FOREFOOT_WITH_LEAN
    return Technique.UNKNOWN
