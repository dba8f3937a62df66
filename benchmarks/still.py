"""What must not be taken for running, and one real run without truth."""

from pathlib import Path

from analysing import Outputs, analysed_tables
from averages import median
from figures import ALL, Figure, Group, Limit
from jumping import jumping_tables
from virtual import still_runs

from imu_stream.acquisition.tables import Table, read_table
from imu_stream.datatypes import FEET, Placement

NOTHING = Limit(high=0.0)
SHORTEST_STRIDE_S = 0.5
"""A record this soon after the last of the same foot counts one contact twice."""
CADENCE = Limit(167.0, 176.0)
CONTACT_MS = Limit(200.0, 300.0)


def walking_group(data: Path, seconds: float) -> Group:
    """Walking, standing and jumping, recorded and simulated: nothing may be reported."""
    runs = recorded_walks(data) | still_runs(seconds)
    runs["jumping on the spot"] = jumping_tables(seconds)
    return Group(
        "no running: strides, strikes called running, lean and cues reported",
        tuple(Figure(name, _reported(tables), NOTHING, 0) for name, tables in runs.items()),
    )


def recorded_walks(data: Path) -> dict[str, tuple[Table, ...]]:
    feet = data / "feet_walk_205hz"
    chest = data / "chest_walk_100hz" / "chest.csv.gz"
    return {
        "recorded walk, feet": tuple(read_table(feet / f"{foot}.csv.gz", foot) for foot in FEET),
        "recorded walk, chest": (read_table(chest, Placement.CHEST),),
    }


def _reported(tables: tuple[Table, ...]) -> dict[str, float]:
    outputs = analysed_tables(tables)
    strikes = sum(strike.running for strike in outputs.strikes.values())
    return {ALL: float(len(outputs.strides) + strikes + len(outputs.leans) + len(outputs.cues))}


def shoe_group(data: Path) -> Group:
    """A real shoe sensor in running, 102 s: only plausibility, nobody knows the truth."""
    path = data / "shoe_run_100hz" / "foot.csv.gz"
    outputs = analysed_tables([read_table(path, Placement.RIGHT_FOOT)])
    return Group("real shoe sensor, running without truth", _plausible(outputs))


def _plausible(outputs: Outputs) -> tuple[Figure, ...]:
    strides = outputs.strides
    doubled = sum(stride.stride_time_s < SHORTEST_STRIDE_S for stride in strides)
    contact_ms = median(1e3 * stride.contact_time_s for stride in strides)
    return (
        Figure("strides", {ALL: float(len(strides))}, decimals=0),
        Figure(
            "cadence, median, steps/min", {ALL: median(s.cadence_spm for s in strides)}, CADENCE
        ),
        Figure("contact time, median, ms", {ALL: contact_ms}, CONTACT_MS),
        Figure("contacts counted twice", {ALL: float(doubled)}, NOTHING, 0),
    )
