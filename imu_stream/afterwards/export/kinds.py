"""Which tables are exported, and which columns they have; docs/exports.md says what they mean."""

from dataclasses import dataclass

from imu_stream.afterwards.export.columns import Heading, axis, count, flag, heading, number, word
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
from imu_stream.sinks.sheets import SHEETS

AXES = ("x", "y", "z")
TIME = number("time_s", "t_s")


@dataclass(frozen=True, slots=True)
class Kind:
    """A table with one row for each output of a kind."""

    name: str
    of: type
    headings: tuple[Heading, ...]


def as_analyzed(of: type) -> Kind:
    """A table with the columns that `analyze` writes."""
    sheet = SHEETS[of]
    return Kind(sheet.name, of, tuple(map(heading, sheet.columns)))


STRIKES = (
    word("foot"),
    *map(number, ("ic_s", "fsa_deg")),
    word("strike_type"),
    number("confidence"),
    flag("running"),
    number("known_s"),
)
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
RAW = (TIME, *(number(f"{what}_{name}") for what in ("acc", "gyr") for name in AXES))
CALIBRATED = (*RAW, *(number(f"up_{name}") for name in AXES), flag("from_rest"), flag("settled"))

KINDS = (
    *map(as_analyzed, (Stride, Step, LeanState)),
    Kind("strikes", Strike, STRIKES),
    *map(as_analyzed, (Gap, Cue, CueReaction, CueDelivery)),
    Kind("marks", Mark, MARKS),
    Kind("targets", TargetChange, TARGETS),
    Kind("calibrations", Calibration, CALIBRATIONS),
    Kind("batteries", Battery, BATTERIES),
    *map(as_analyzed, (HeartRate, RunningSpeed)),
)
