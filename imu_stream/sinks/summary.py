"""The numbers that stand in a session's summary."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SensorSummary:
    """What was received of one sensor."""

    samples: int
    lost: int
    gaps: int
    rate_hz: float
    lost_percent: float
    jitter_ms: float
    """How much later than the quickest packet 95 % of them are, at most."""
    longest_silence_s: float
    clock_fast_ppm: float | None = None
    """By how much its clock runs faster than this computer's; None when not known."""
    clock_residual_ms: float | None = None
    """What a steady pace of its clock leaves unexplained; grows with a busy radio."""


@dataclass(frozen=True, slots=True)
class StrideSummary:
    """Strides of one foot by strike type."""

    total: int
    rearfoot: int
    midfoot: int
    forefoot: int
    unknown: int
    means: "StrideMeans"


@dataclass(frozen=True, slots=True)
class StrideMeans:
    """Means over the strides of one foot; None when not measured."""

    contact_time_s: float | None
    stride_time_s: float | None
    swing_time_s: float | None
    stride_length_m: float | None
    speed_mps: float | None
    fsa_deg: float | None
    shoe_roll_deg: float | None
    shock_g: float | None


@dataclass(frozen=True, slots=True)
class CueSummary:
    """One cue that was given."""

    time_s: float
    kind: str
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class AnswerSummary:
    """How the runner answered the advice of one kind."""

    returned: int
    """Times back in band."""
    none: int
    broken_off: int
    """Times a break left it unknown."""
    strides_median: float | None
    """From the advice to the return; None without any."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A session in a few numbers."""

    sensors: dict[str, SensorSummary]
    strides: dict[str, StrideSummary]
    lean_mean_deg: float | None
    """Mean over valid strides; None when there are none."""
    cadence_mean_spm: float | None
    vertical_oscillation_mean_m: float | None
    flight_time_mean_s: float | None
    distance_m: float | None
    """By the foot that went farther, strides added up; None without feet."""
    asymmetry_percent: dict[str, float | None]
    """100 (left - right) / mean; flight is the one after a foot's push-off."""
    technique_s: dict[str, float]
    cues: tuple[CueSummary, ...]
    answers: dict[str, AnswerSummary]
    """By the kind of the advice."""
    running_s: float
    """Running time, of the sensor that saw most of it."""
    heart_rate_mean_bpm: float | None
    """None without a heart rate sensor."""
    heart_rate_max_bpm: int | None
    devices: dict[str, dict[str, str]]
    """What each sensor says of itself: model, firmware …, and its battery at last, percent."""
    notes: tuple[str, ...]
    """What the user should know of the calibration."""
    outputs_sha256: str
    """Of every output in order: the same frames always give the same."""
