"""The tables of a session: one for each kind of output, with its columns.

Their names are a public interface: docs/measurement.md defines them, and exports have the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from imu_stream.datatypes import (
    Cue,
    CueDelivery,
    CueReaction,
    Gap,
    HeartRate,
    LeanState,
    RunningSpeed,
    Step,
    Stride,
)


class Content(StrEnum):
    """What the cells of a column are."""

    NUMBER = "number"
    """NaN when not measured."""
    COUNT = "count"
    FLAG = "flag"
    """True or false; None when not known."""
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    content: Content
    path: str
    """Where its value stands in the output."""
    decimals: int = 0
    """Of a number in a table for people; exports have all digits."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A row for each output of a kind."""

    name: str
    columns: tuple[Column, ...]
    always: bool = True
    """False for a file that is there only when it has rows."""

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def header(self) -> str:
        return ",".join(column.name for column in self.columns)


def seconds(name: str, path: str = "") -> Column:
    """A time; `path` says where the value stands, when it is not so called."""
    return Column(name, Content.NUMBER, path or name, 4)


def metres(name: str) -> Column:
    """A way along the ground, or a speed."""
    return Column(name, Content.NUMBER, name, 3)


def height(name: str) -> Column:
    return Column(name, Content.NUMBER, name, 4)


def share(name: str, path: str = "") -> Column:
    """From 0 to 1."""
    return Column(name, Content.NUMBER, path or name, 3)


def reading(name: str, path: str = "") -> Column:
    """Degrees, steps a minute, g: two decimals are more than a sensor knows."""
    return Column(name, Content.NUMBER, path or name, 2)


def count(name: str) -> Column:
    return Column(name, Content.COUNT, name)


def flag(name: str) -> Column:
    return Column(name, Content.FLAG, name)


def word(name: str, path: str = "") -> Column:
    return Column(name, Content.WORD, path or name)


TIME = seconds("time_s", "t_s")

STRIDES = Sheet(
    "strides",
    (
        word("foot"),
        *map(seconds, ("ic_s", "tc_s", "contact_time_s", "stride_time_s")),
        reading("cadence_spm"),
        reading("fsa_deg", "strike.fsa_deg"),
        word("strike_type", "strike.strike_type"),
        share("confidence", "strike.confidence"),
        seconds("swing_time_s"),
        share("duty_factor"),
        metres("stride_length_m"),
        metres("speed_mps"),
        reading("shoe_roll_deg"),
        reading("shock_g"),
        flag("shock_clipped"),
        seconds("known_s"),
    ),
)

STEPS = Sheet("steps", (word("foot"), *map(seconds, ("ic_s", "step_time_s", "flight_time_s"))))

LEAN = Sheet(
    "lean",
    (
        *map(seconds, ("start_s", "end_s")),
        *map(reading, ("lean_deg", "side_lean_deg", "cadence_spm")),
        flag("valid"),
        share("confidence"),
        height("vertical_oscillation_m"),
        seconds("known_s"),
    ),
)

GAPS = Sheet(
    "gaps",
    (word("placement"), *map(seconds, ("start_s", "end_s")), word("reason"), count("samples")),
)

CUES = Sheet(
    "cues",
    (
        TIME,
        word("kind"),
        *map(reading, ("value", "threshold")),
        word("cause"),
        count("level"),
        word("placement"),
    ),
)

REACTIONS = Sheet(
    "reactions",
    (TIME, seconds("cue_s"), *map(word, ("kind", "answer")), count("strides")),
    always=False,
)

HEART_RATE = Sheet(
    "heart_rate",
    (TIME, count("bpm"), flag("contact"), word("rr_s", "rr_text")),
    always=False,
)

RUNNING_SPEED = Sheet(
    "pod",
    (
        TIME,
        flag("running"),
        metres("speed_mps"),
        count("cadence"),
        *map(metres, ("stride_length_m", "distance_m")),
    ),
    always=False,
)

DELIVERIES = Sheet(
    "deliveries",
    (TIME, seconds("cue_s"), *map(word, ("kind", "output", "outcome"))),
    always=False,
)

SHEETS: Mapping[type, Sheet] = {
    Stride: STRIDES,
    Step: STEPS,
    LeanState: LEAN,
    Gap: GAPS,
    Cue: CUES,
    CueReaction: REACTIONS,
    HeartRate: HEART_RATE,
    RunningSpeed: RUNNING_SPEED,
    CueDelivery: DELIVERIES,
}
