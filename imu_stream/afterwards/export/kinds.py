"""Which tables are exported, and which columns they have; docs/exports.md says what they mean."""

from dataclasses import dataclass

from imu_stream.afterwards.export.columns import Heading, axis, count, flag, number, word
from imu_stream.datatypes import (
    Battery,
    Calibration,
    Cue,
    CueDelivery,
    CueReaction,
    Gap,
    HeartRate,
    LeanState,
    Mark,
    RunningSpeed,
    Step,
    Stride,
    Strike,
    TargetChange,
)

AXES = ("x", "y", "z")
TIME = number("time_s", "t_s")


@dataclass(frozen=True, slots=True)
class Kind:
    """A table with one row for each output of a kind."""

    name: str
    of: type
    headings: tuple[Heading, ...]


STRIDES = (
    word("foot"),
    *map(number, ("ic_s", "tc_s", "contact_time_s", "stride_time_s", "cadence_spm")),
    number("fsa_deg", "strike.fsa_deg"),
    word("strike_type", "strike.strike_type"),
    number("confidence", "strike.confidence"),
    *map(number, ("swing_time_s", "duty_factor", "stride_length_m", "speed_mps")),
    *map(number, ("shoe_roll_deg", "shock_g")),
    flag("shock_clipped"),
    number("known_s"),
)
STEPS = (word("foot"), *map(number, ("ic_s", "step_time_s", "flight_time_s")))
LEAN = (
    *map(number, ("start_s", "end_s", "lean_deg", "side_lean_deg", "cadence_spm")),
    flag("valid"),
    *map(number, ("confidence", "vertical_oscillation_m", "known_s")),
)
STRIKES = (
    word("foot"),
    *map(number, ("ic_s", "fsa_deg")),
    word("strike_type"),
    number("confidence"),
    flag("running"),
    number("known_s"),
)
GAPS = (word("placement"), *map(number, ("start_s", "end_s")), word("reason"), count("samples"))
CUES = (
    TIME,
    word("kind"),
    *map(number, ("value", "threshold")),
    word("cause"),
    count("level"),
    word("placement"),
)
REACTIONS = (TIME, number("cue_s"), *map(word, ("kind", "answer")), count("strides"))
DELIVERIES = (TIME, number("cue_s"), *map(word, ("kind", "output", "outcome")))
MARKS = (TIME, *map(word, ("kind", "text")))
TARGETS = (TIME, number("target_deg"))
CALIBRATIONS = (
    word("placement"),
    *map(number, ("known_s", "zero_s")),
    flag("from_rest"),
    *(axis(f"forward_{name}", at, "rotation", 0) for at, name in enumerate(AXES)),
    *(axis(f"left_{name}", at, "rotation", 1) for at, name in enumerate(AXES)),
    *(axis(f"up_{name}", at, "rotation", 2) for at, name in enumerate(AXES)),
    *(axis(f"gyr_bias_{name}", at, "gyro_bias") for at, name in enumerate(AXES)),
    word("note"),
)
BATTERIES = (TIME, word("placement"), count("battery_percent", "percent"))
HEART_RATE = (TIME, count("bpm"), flag("contact"), word("rr_s", "rr_text"))
POD = (
    TIME,
    flag("running"),
    number("speed_mps"),
    count("cadence"),
    *map(number, ("stride_length_m", "distance_m")),
)
RAW = (TIME, *(number(f"{what}_{name}") for what in ("acc", "gyr") for name in AXES))
CALIBRATED = (*RAW, *(number(f"up_{name}") for name in AXES), flag("from_rest"), flag("settled"))

KINDS = (
    Kind("strides", Stride, STRIDES),
    Kind("steps", Step, STEPS),
    Kind("lean", LeanState, LEAN),
    Kind("strikes", Strike, STRIKES),
    Kind("gaps", Gap, GAPS),
    Kind("cues", Cue, CUES),
    Kind("reactions", CueReaction, REACTIONS),
    Kind("deliveries", CueDelivery, DELIVERIES),
    Kind("marks", Mark, MARKS),
    Kind("targets", TargetChange, TARGETS),
    Kind("calibrations", Calibration, CALIBRATIONS),
    Kind("batteries", Battery, BATTERIES),
    Kind("heart_rate", HeartRate, HEART_RATE),
    Kind("pod", RunningSpeed, POD),
)
