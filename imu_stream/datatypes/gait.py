"""What is measured of the run: strikes, strides, steps, lean, and how sensors are worn."""

import math
from dataclasses import dataclass
from enum import StrEnum

from imu_stream.datatypes.placement import Placement

REARFOOT_ABOVE_DEG = 8.0

FOREFOOT_BELOW_DEG = -1.6
"""Foot strike angles that part the strike types (Altman & Davis 2012, Gait & Posture 35:298)."""


class StrikeType(StrEnum):
    """Which part of the foot lands first."""

    REARFOOT = "rearfoot"
    MIDFOOT = "midfoot"
    FOREFOOT = "forefoot"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, fsa_deg: float) -> "StrikeType":
        """The type of a foot strike angle; UNKNOWN when it was not measured (NaN)."""
        if math.isnan(fsa_deg):
            return cls.UNKNOWN
        if fsa_deg > REARFOOT_ABOVE_DEG:
            return cls.REARFOOT
        return cls.FOREFOOT if fsa_deg < FOREFOOT_BELOW_DEG else cls.MIDFOOT


@dataclass(frozen=True, slots=True)
class Strike:
    """How a foot landed; known within the same stance, before the contact has ended."""

    foot: Placement
    ic_s: float
    fsa_deg: float
    """Foot strike angle, toe up positive; NaN when not measured."""
    strike_type: StrikeType
    confidence: float
    """Probability that `strike_type` is right; 0 for unknown."""
    running: bool
    """False while it is not known that the foot runs: a step of walking gives such a strike too."""
    known_s: float


@dataclass(frozen=True, slots=True)
class Stride:
    """One running contact of one foot, with the stride that ended with it.

    A record is complete at the swing after the contact, before the same foot lands again;
    so its stride time runs from the previous contact of the same foot to this one.
    """

    strike: Strike
    tc_s: float
    """Terminal contact."""
    stride_time_s: float
    """From the same foot's previous initial contact to this one; NaN for a bout's first."""
    swing_time_s: float
    """From the same foot's previous terminal contact to this initial contact; NaN likewise."""
    stride_length_m: float
    """Along the ground, between the foot's rests in the stance before and in this one."""
    speed_mps: float
    """Stride length by the time between those rests."""
    shoe_roll_deg: float
    """How far the shoe rolls inward from contact to its innermost (pronation excursion)."""
    shock_g: float
    """Largest specific force about the landing; grows with the sampling rate."""
    shock_clipped: bool
    """The sensor's range was too small for it."""
    known_s: float
    """Signal time at which this record was known."""

    @property
    def foot(self) -> Placement:
        return self.strike.foot

    @property
    def ic_s(self) -> float:
        return self.strike.ic_s

    @property
    def contact_time_s(self) -> float:
        return self.tc_s - self.strike.ic_s

    @property
    def duty_factor(self) -> float:
        """Share of the stride in which the foot is on the ground."""
        return self.contact_time_s / self.stride_time_s

    @property
    def cadence_spm(self) -> float:
        return 120.0 / self.stride_time_s


@dataclass(frozen=True, slots=True)
class Step:
    """A contact of one foot after a contact of the other."""

    foot: Placement
    """The foot that lands."""
    ic_s: float
    step_time_s: float
    """From the other foot's initial contact."""
    flight_time_s: float
    """From the other foot's terminal contact, both feet off the ground; NaN when not known."""


@dataclass(frozen=True, slots=True)
class LeanState:
    """Trunk lean over one stride of the trunk's own rhythm: [start_s, end_s)."""

    start_s: float
    end_s: float
    lean_deg: float
    """Mean forward lean relative to standing, forward positive."""
    side_lean_deg: float
    """Mean lean to the side relative to standing, to the right positive."""
    cadence_spm: float
    vertical_oscillation_m: float
    """How far the chest goes up and down."""
    valid: bool
    """False when uncalibrated, slipped or still settling: never a ground for a cue."""
    confidence: float
    """Probability that `lean_deg` is within 2° of the truth; 0 when not valid."""
    known_s: float


WITH_LEAN_DEG = 6.0
"""Forward lean from which a runner counts as leaning, without a target of his own: the lower
bound of proposed targets; runners lean 7.3 ± 3.6° by themselves (Teng & Powers 2014)."""


class Technique(StrEnum):
    """The techniques that load the knee differently, and what is told apart from them."""

    HEEL_STRIKE = "heel_strike"
    MIDFOOT = "midfoot"
    FOREFOOT_UPRIGHT = "forefoot_upright"
    FOREFOOT_WITH_LEAN = "forefoot_with_lean"
    UNKNOWN = "unknown"


class NoticeKind(StrEnum):
    """Something about the wearing of a sensor that the user should put right."""

    WRONG_FOOT = "lands like the other foot: left and right may be swapped"
    SLIPPED = "has slipped: stand still and upright for 5 s to calibrate again; no cues until then"
    WORN_OTHERWISE = "sits otherwise than when it was calibrated: run `imu-stream calibrate` again"


@dataclass(frozen=True, slots=True)
class Notice:
    """Said once when it is noticed."""

    t_s: float
    placement: Placement
    kind: NoticeKind
