"""A session as an activity of sports: what is known of its seconds, its laps and the whole."""

from dataclasses import dataclass

from imu_stream.datatypes import (
    CueKind,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole seconds of the session: what falls into [start_s, end_s)."""

    start_s: int
    end_s: int

    @property
    def length_s(self) -> int:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Measures:
    """Means over what ended within a span; None for what was not measured."""

    speed_mps: float | None
    cadence_spm: float | None
    contact_time_s: float | None
    contact_left_s: float | None
    contact_right_s: float | None
    duty_factor: float | None
    stride_length_m: float | None
    oscillation_m: float | None
    lean_deg: float | None
    fsa_left_deg: float | None
    fsa_right_deg: float | None
    heart_bpm: float | None

    @property
    def step_length_m(self) -> float | None:
        return None if self.stride_length_m is None else 0.5 * self.stride_length_m

    @property
    def vertical_ratio(self) -> float | None:
        """Vertical oscillation by step length."""
        if self.oscillation_m is None or not self.step_length_m:
            return None
        return self.oscillation_m / self.step_length_m

    @property
    def left_share(self) -> float | None:
        """Contact time of the left foot by that of both."""
        if self.contact_left_s is None or self.contact_right_s is None:
            return None
        return self.contact_left_s / (self.contact_left_s + self.contact_right_s)


@dataclass(frozen=True, slots=True)
class Second:
    """What is known at a whole second of the one before it."""

    time_s: int
    distance_m: float | None
    target_deg: float | None
    cue: CueKind | None
    measures: Measures


@dataclass(frozen=True, slots=True)
class Lap:
    """A lap, or the whole session."""

    span: Span
    timer_s: int
    """Without pauses."""
    distance_m: float | None
    strides: int
    """Of one foot."""
    heart_max_bpm: int | None
    measures: Measures


@dataclass(frozen=True, slots=True)
class Activity:
    """A session as other programs know activities."""

    running: tuple[Span, ...]
    """While the timer ran: between them are pauses."""
    seconds: tuple[Second, ...]
    laps: tuple[Lap, ...]
    whole: Lap
    below_target_s: float
    rearfoot_percent: float | None
    lost_percent: float | None
