"""Runs through the same pipeline as `imu-stream analyze`, outputs kept with when they came."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runs import Run

from imu_stream.acquisition.tables import Table, blocks
from imu_stream.datatypes import (
    Cue,
    LeanState,
    Output,
    Placement,
    SensorSetup,
    SessionHeader,
    Stride,
    Strike,
)
from imu_stream.pipeline import Pipeline
from imu_stream.session import Session


@dataclass(slots=True)
class Outputs:
    """A sink that keeps what is judged."""

    strides: list[Stride] = field(default_factory=list)
    leans: list[LeanState] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    strikes: dict[tuple[Placement, float], Strike] = field(default_factory=dict)
    """The first that was given out for an initial contact, as soon as the foot had landed."""
    strikes_given_s: dict[tuple[Placement, float], float] = field(default_factory=dict)
    """When the strike at an initial contact was given out: end of the block that told it."""
    now_s: float = 0.0

    def first_strike(self, stride: Stride) -> tuple[Placement, float]:
        """Foot and contact of what was said first: of unknown type, it is only about in place."""
        if (stride.foot, stride.ic_s) in self.strikes:
            return stride.foot, stride.ic_s
        own = (at for at in self.strikes if at[0] is stride.foot)
        return min(own, key=lambda at: abs(at[1] - stride.ic_s))

    def write(self, output: Output) -> None:
        match output:
            case Stride():
                self.strides.append(output)
            case Strike():
                self.strikes.setdefault((output.foot, output.ic_s), output)
                self.strikes_given_s.setdefault((output.foot, output.ic_s), self.now_s)
            case LeanState():
                self.leans.append(output)
            case Cue():
                self.cues.append(output)


def analysed(run: Run, block_s: float = 1.0) -> Outputs:
    """All that is derived from a run."""
    return analysed_tables(run.tables, block_s)


def analysed_tables(tables: Iterable[Table], block_s: float = 1.0) -> Outputs:
    """All that is derived from tables."""
    tables = tuple(tables)
    outputs = Outputs()
    session = Session(Pipeline(_header(tables)), [outputs])
    for item in blocks(tables, block_s):
        outputs.now_s = item.end_s
        session.push(item)
    session.finish()
    return outputs


def _header(tables: Iterable[Table]) -> SessionHeader:
    sensors = tuple(SensorSetup(table.placement, "table", table.rate_hz) for table in tables)
    return SessionHeader("0", "2026-01-01T00:00:00+00:00", sensors, {}, None)
