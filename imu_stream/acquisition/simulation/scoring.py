"""Compares what was measured with the truth about the virtual runner."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from statistics import fmean

from imu_stream.acquisition.simulation.runner import Runner, TrueStride
from imu_stream.acquisition.simulation.scenario import demo_scenario
from imu_stream.datatypes import LeanState, Output, Placement, Stride

TOLERANCE_S = 0.06
"""A contact found farther than this from the true one is another contact."""
TAIL_S = 0.3
"""A contact that ends later than this before the end of the session cannot be complete in it."""


@dataclass(frozen=True, slots=True)
class Score:
    """How near the measurement came."""

    strides: int
    """True running contacts that lie wholly within the session."""
    found: int
    invented: int
    strike_type_accuracy: float | None
    """Share of the found ones whose strike type is right."""
    lean_rmse_deg: float | None
    """Of valid stride means."""


class TruthScore:
    """A sink that keeps strides and lean of a session with the demo's runner."""

    def __init__(self, seconds: float, seed: int) -> None:
        self._seconds = seconds
        self._runner = Runner(demo_scenario(seconds), seed)
        self._strides: list[Stride] = []
        self._leans: list[LeanState] = []

    def write(self, output: Output) -> None:
        if isinstance(output, Stride):
            self._strides.append(output)
        elif isinstance(output, LeanState) and output.valid:
            self._leans.append(output)

    def result(self, origin_s: float, end_s: float) -> Score:
        """The score up to `end_s` on the session clock, when runner time 0 was at `origin_s`."""
        until_s = max(0.0, min(self._seconds, end_s - origin_s))
        truth = self._runner.truth(until_s)
        errors_deg = [
            lean.lean_deg - truth.lean_deg(lean.start_s - origin_s, lean.end_s - origin_s)
            for lean in self._leans
        ]
        pairs = _matched(self._strides, truth.strides, origin_s)
        complete = [s for s in truth.strides if s.tc_s < until_s - TAIL_S]
        found = [pair for pair in pairs if pair.true in complete]
        right = [pair.true.strike_type is pair.measured.strike.strike_type for pair in pairs]
        return Score(
            strides=len(complete),
            found=len(found),
            invented=len(self._strides) - len(pairs),
            strike_type_accuracy=fmean(right) if right else None,
            lean_rmse_deg=sqrt(fmean(e * e for e in errors_deg)) if errors_deg else None,
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """A true contact and the measured one that belongs to it."""

    true: TrueStride
    measured: Stride


def _matched(measured: list[Stride], true: tuple[TrueStride, ...], origin_s: float) -> list[Pair]:
    """Each true contact with the nearest measured one of its foot, if near enough."""
    pairs = []
    for foot, contacts in groupby(sorted(true, key=_by_foot), key=lambda stride: stride.foot):
        strides = [stride for stride in measured if stride.foot is foot]
        for contact in contacts:
            nearest = _nearest(strides, contact.ic_s + origin_s)
            if nearest is not None and abs(nearest.ic_s - contact.ic_s - origin_s) <= TOLERANCE_S:
                pairs.append(Pair(contact, nearest))
    return pairs


def _by_foot(stride: TrueStride) -> tuple[Placement, float]:
    return stride.foot, stride.ic_s


def _nearest(strides: list[Stride], ic_s: float) -> Stride | None:
    times = [stride.ic_s for stride in strides]
    after = bisect_left(times, ic_s)
    near = strides[max(after - 1, 0) : after + 1]
    return min(near, key=lambda stride: abs(stride.ic_s - ic_s), default=None)
