"""What flows between the stations: one frozen, typed thing for each joint.

SI inside (s, m/s², rad/s, rad); degrees, g and steps/min only where the name says so.
Segment axes are right-handed, x forward, y left, z up when standing upright. Earth: z up.
Quaternions are scalar first and turn segment axes into earth axes. Intervals are [start, end).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Triple = tuple[float, float, float]
Rotation = tuple[Triple, Triple, Triple]
"""Rotation matrix by rows."""

GRAVITY = 9.80665
"""Standard gravity, m/s²."""


class Placement(StrEnum):
    """Which part of the runner a sensor measures."""

    LEFT_FOOT = "left_foot"
    RIGHT_FOOT = "right_foot"
    CHEST = "chest"
    HEART = "heart"
    """A heart rate sensor, wherever it is worn."""
    POD = "pod"
    """A running speed and cadence sensor, likewise."""
    BUZZER = "buzzer"
    """Measures nothing, but can be felt or heard."""

    @property
    def is_foot(self) -> bool:
        return self in FEET


FEET = (Placement.LEFT_FOOT, Placement.RIGHT_FOOT)
MOTION = (*FEET, Placement.CHEST)
"""Where motion itself is measured; the others send what they have made of it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One notification as the radio delivered it."""

    arrival_s: float
    """Session clock (monotonic, starts at 0) when the notification came in."""
    placement: Placement
    stream: str
    """Name of the stream in the device profile."""
    payload: bytes


class LinkPhase(StrEnum):
    """Phases of one sensor's link."""

    SCANNING = "scanning"
    CONNECTING = "connecting"
    SETTING_UP = "setting up"
    STREAMING = "streaming"
    LOST = "lost"
    BACKING_OFF = "backing off"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class LinkState:
    """A change of a sensor's link; recorded like a frame."""

    t_s: float
    placement: Placement
    phase: LinkPhase
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DeviceSamples:
    """The samples of one decoded packet, in sensor axes, on the device's own clock."""

    arrival_s: float
    placement: Placement
    ticks: int | None
    """Raw device clock of the marked sample (see the profile's clock); None: it has none."""
    acc: Array | None
    """(n, 3) m/s², specific force; None in a packet of angular rates alone."""
    gyr: Array | None
    """(n, 3) rad/s; None for an accelerometer-only sensor or packet."""
    kind: int = 0
    """Which of the profile's packets it is; each has its own clock."""
    counter: int | None = None
    """Packets sent before, modulo the counter's bits, where the device counts them."""

    def __len__(self) -> int:
        measured = self.gyr if self.acc is None else self.acc
        return 0 if measured is None else len(measured)


@dataclass(frozen=True, slots=True, eq=False)
class Stamped:
    """The samples of one packet on the session clock, evenly spaced at the sensor's rate."""

    placement: Placement
    t_s: Array
    """(n,) session time, s."""
    acc: Array | None
    """(n, 3) m/s²; None in a packet of angular rates alone."""
    gyr: Array | None
    """(n, 3) rad/s; None in a packet of accelerations alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in sensor axes on the session clock; evenly spaced at the sensor's rate."""

    placement: Placement
    t_s: Array
    """(n,) session time, s."""
    acc: Array
    """(n, 3) m/s², specific force."""
    gyr: Array | None
    """(n, 3) rad/s; None for an accelerometer-only sensor."""
    measured: bool = True
    """False for samples laid in a straight line across a short gap."""

    @property
    def end_s(self) -> float:
        """Time of the last sample, s."""
        return float(self.t_s[-1])

    def part(self, start: int, end: int) -> "Samples":
        """Samples [start, end); the arrays are views."""
        gyr = None if self.gyr is None else self.gyr[start:end]
        return Samples(self.placement, self.t_s[start:end], self.acc[start:end], gyr, self.measured)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How one sensor sits on its segment, and since when that is known."""

    placement: Placement
    known_s: float
    """Signal time at which it was known."""
    zero_s: float
    """Signal time since which its zero of the angles holds; `known_s` moves with the bias too."""
    rotation: Rotation
    """Rows: the segment's x, y and z axis in sensor axes."""
    gyro_bias: Triple
    """rad/s, sensor axes."""
    from_rest: bool
    """True when a standing phase gave bias and zero angles; else they are guessed."""
    note: str = ""
    """What the user should know or do, if anything."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedSamples:
    """Samples in segment axes: bias and mounting removed."""

    placement: Placement
    t_s: Array
    acc: Array
    gyr: Array | None
    from_rest: bool
    """True when a standing phase gave bias and zero angles; else they are guessed."""
    reading: Array
    """(n,) m/s², largest accelerometer axis as the sensor read it: shows clipping."""
    measured: bool = True
    released_s: float = -math.inf
    """Held back until this signal time, while the mounting was not known."""
    zero_s: float = -math.inf
    """Since when this zero of the angles holds."""

    def part(self, start: int, end: int) -> "CalibratedSamples":
        """Samples [start, end); the arrays are views."""
        return replace(
            self,
            t_s=self.t_s[start:end],
            acc=self.acc[start:end],
            gyr=None if self.gyr is None else self.gyr[start:end],
            reading=self.reading[start:end],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Orientation:
    """Segment axes against the vertical; heading-free."""

    samples: CalibratedSamples
    up: Array
    """(n, 3) earth's up direction in segment axes, unit length."""
    settled: bool
    """False while the filter still forgets how it started."""

    @property
    def t_s(self) -> Array:
        """(n,) session time, s."""
        return self.samples.t_s

    @property
    def end_s(self) -> float:
        """Time of the last sample, s."""
        return float(self.t_s[-1])

    def part(self, start: int, end: int) -> "Orientation":
        """Samples [start, end); the arrays are views."""
        return Orientation(self.samples.part(start, end), self.up[start:end], self.settled)


class GapReason(StrEnum):
    """Why something was not measured."""

    LOST = "lost"
    CORRUPT = "corrupt"
    NOT_A_NUMBER = "not a number"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Gap:
    """A span that was *not* measured: [start_s, end_s)."""

    placement: Placement
    start_s: float
    end_s: float
    reason: GapReason
    samples: int
    """How many samples are missing, by the sensor's rate; 0 when it cannot be known."""


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


class CueKind(StrEnum):
    """What a cue says; never how it sounds."""

    LEAN_MORE = "lean_more"
    LEAN_LESS = "lean_less"
    """Leaning too far."""
    LEAN_GOOD = "lean_good"
    """Praise: back in band after advice; likewise for cadence."""
    CADENCE_MORE = "cadence_more"
    CADENCE_GOOD = "cadence_good"

    @property
    def is_praise(self) -> bool:
        return self in (CueKind.LEAN_GOOD, CueKind.CADENCE_GOOD)


class CueCause(StrEnum):
    """Why a cue is given."""

    OUT_OF_BAND = "out of band"
    STILL_OUT = "still out of band"
    """The advice before had no answer."""
    BACK_IN_BAND = "back in band"


@dataclass(frozen=True, slots=True)
class Cue:
    """Advice for the runner, with the reason it was given."""

    t_s: float
    """Signal time of the decision."""
    kind: CueKind
    value: float
    """The measured value, in the unit of the threshold (degrees for lean, steps/min)."""
    threshold: float
    """Beyond which it is out of band; for praise, from which it is good again."""
    expires_s: float
    """Later than this it must not be given."""
    cause: CueCause = CueCause.OUT_OF_BAND
    level: int = 1
    """How clearly it should be said: one more for each time in a row without an answer."""


class Answer(StrEnum):
    """What came of advice."""

    RETURNED = "returned"
    """Back in band."""
    NONE = "none"
    """Still out of band when the next advice was given."""
    BROKEN_OFF = "broken off"
    """Not known: a blackout, a break in running or other advice came between."""


@dataclass(frozen=True, slots=True)
class CueReaction:
    """How the runner answered one piece of advice."""

    t_s: float
    """Signal time at which it was known."""
    cue_s: float
    """`t_s` of the cue."""
    kind: CueKind
    answer: Answer
    strides: int
    """From the cue to the answer; the value is a mean of some strides, so it lags."""


@dataclass(frozen=True, slots=True)
class HeartRate:
    """What a heart rate sensor says, about once a second."""

    t_s: float
    """Session time of its arrival."""
    placement: Placement
    bpm: int
    """Beats a minute; 0 while it finds none."""
    contact: bool | None
    """Whether it feels skin; None when it cannot tell."""
    rr_s: tuple[float, ...]
    """Times from beat to beat since the last one, s."""

    @property
    def rr_text(self) -> str:
        """The times from beat to beat as one cell of a table."""
        return " ".join(f"{rr_s:.4f}" for rr_s in self.rr_s)


@dataclass(frozen=True, slots=True)
class RunningSpeed:
    """What a running speed and cadence sensor says, about once a second; by its own method."""

    t_s: float
    placement: Placement
    running: bool
    speed_mps: float
    cadence: int
    """As sent: steps a minute, with some sensors strides a minute."""
    stride_length_m: float
    """NaN when it does not say."""
    distance_m: float
    """Since it was switched on; NaN likewise."""


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge of a sensor's battery."""

    t_s: float
    placement: Placement
    percent: int


class About(StrEnum):
    """What a sensor says of itself."""

    MANUFACTURER = "manufacturer"
    MODEL = "model"
    SERIAL = "serial"
    HARDWARE = "hardware"
    FIRMWARE = "firmware"


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """One thing that a sensor says of itself."""

    t_s: float
    placement: Placement
    about: About
    text: str


Said = HeartRate | RunningSpeed | Battery | DeviceInformation
"""What sensors say through the services that the Bluetooth SIG defines."""

Output = (
    Calibration
    | Strike
    | Stride
    | Step
    | LeanState
    | Notice
    | Cue
    | CueReaction
    | Gap
    | LinkState
    | Said
)
"""What the pipeline gives out."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Which sensor axes ("x", "-y", "z", …) point forward and up on the body."""

    forward: str = "x"
    up: str = "z"
    rotation: Rotation | None = None
    """As found by calibrating: rows, the segment's x, y and z axis in sensor axes. It goes before
    the names of axes."""


@dataclass(frozen=True, slots=True)
class SensorSetup:
    """How one sensor takes part in a session."""

    placement: Placement
    profile: str
    """Name of the device profile; "table" for samples that need no decoding."""
    rate_hz: float
    mount: Mount = Mount()
    address: str = ""
    name: str = ""
    acc_range_g: float | None = None
    """Range of the accelerometer; None: the largest of the profile, or the only one."""
    gyr_range_dps: float | None = None
    """Range of the gyroscope; None likewise."""


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """All that is needed to derive a session's numbers again from its frames."""

    version: str
    started: str
    """Wall clock at session time 0, ISO 8601 with time zone."""
    sensors: tuple[SensorSetup, ...]
    profiles: Mapping[str, str]
    """Profile name -> the text of its TOML file, as used."""
    target_deg: float | None
    """Absolute lean target; None for the runner's own baseline plus a step."""
    stride_length_factor: float = 1.0
    """The runner's own: true stride length by the measured one."""
    cues: str = ""
    """The text of the `[cues]` table, as used; empty for the preset "standard"."""
