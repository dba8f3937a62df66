"""Every condition under which the figures are taken, one group of the table each."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from analysing import Outputs, analysed
from averages import mean, percent, root_mean_square
from changes import lossy, mountings, resampled
from comparing import Comparison, Pair, compared
from figures import ALL, LIMITS, Figure, Group, Limit, eased
from lean_hour import lean_groups
from measures import CHANGED, COUNT, by_type, figures_of, right_share
from refitting import fitted_figures, left_out
from runs import Change, Run, recorded_runs
from still import shoe_group, walking_group
from virtual import bout_runs, paced_runs, slope_runs

OTHER_RATES_HZ = (104.0, 416.0)
SLOPE_DEG = math.degrees(math.atan(0.08))
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
SMALL_BLOCK_S = 0.02
OF_BOUTS = (COUNT, CHANGED, "contacts missed, %", "contacts invented, %", "strike type right, %")
EASED_LIMITS = eased(LIMITS)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is simulated and repeated."""

    mountings: int | None
    """None for all 48."""
    losses: int
    """Draws of lost packets."""
    paced_s: float
    bouts: int
    hour_s: float


QUICK = Extent(mountings=2, losses=1, paced_s=25.0, bouts=2, hour_s=600.0)
FULL = Extent(mountings=6, losses=5, paced_s=60.0, bouts=4, hour_s=3600.0)


def all_groups(data: Path, extent: Extent) -> Iterator[Group]:
    """Every group in the order of the table, each as soon as it is there."""
    runs = recorded_runs(data)
    yield from recorded_groups(runs)
    for rate_hz in OTHER_RATES_HZ:
        yield _changed(f"the same at {rate_hz:g} Hz", runs, [resampled(rate_hz)])
    losses = [lossy(seed) for seed in range(extent.losses)]
    yield _changed(f"2 % of packets of 40 ms lost, drawn {extent.losses} times", runs, losses)
    yield mounting_group(runs, extent.mountings)
    yield left_out_group(runs)
    yield paced_group(extent.paced_s)
    yield bout_group(extent.bouts)
    yield slope_group(extent.paced_s)
    yield from lean_groups(extent.hour_s)
    yield walking_group(data, extent.paced_s)
    yield shoe_group(data)


def recorded_groups(runs: Sequence[Run]) -> Iterator[Group]:
    """The recordings as they are: the figures, when they were given out, the confidence."""
    comparisons = [compared(run) for run in runs]
    title = f"{len(runs)} recorded runs as they are"
    figures = figures_of(comparisons, LIMITS)
    yield Group(title, (*figures, *given_figures(runs)))
    yield Group("of strike types called this sure, how many are right, %", reliability(comparisons))


def given_figures(runs: Sequence[Run]) -> tuple[Figure, ...]:
    """When strikes really come out of the pipeline, with blocks as small as a radio's."""
    outputs = [analysed(run, SMALL_BLOCK_S) for run in runs]
    late_s = [wait_s for one in outputs for wait_s in _given_after_contact_s(one)]
    unsaid_s = [wait_s for one in outputs for wait_s in _given_after_known_s(one)]
    over = percent(sum(wait_s > 0.15 for wait_s in late_s), len(late_s))
    return (
        Figure("strikes given out later than 150 ms after contact, %", {ALL: over}),
        Figure("strike given out after its stated time, longest, ms", {ALL: 1e3 * max(unsaid_s)}),
    )


def _given_after_contact_s(outputs: Outputs) -> list[float]:
    given = outputs.strikes_given_s
    return [given[outputs.first_strike(s)] - s.ic_s for s in outputs.strides]


def _given_after_known_s(outputs: Outputs) -> list[float]:
    firsts = [outputs.first_strike(stride) for stride in outputs.strides]
    return [outputs.strikes_given_s[at] - outputs.strikes[at].known_s for at in firsts]


def reliability(comparisons: Sequence[Comparison]) -> tuple[Figure, ...]:
    """Share of right strike types by confidence."""
    pairs = [pair for one in comparisons for pair in one.pairs]
    figures = []
    for low, high in pairwise(BINS):
        inside = [pair for pair in pairs if low <= _confidence(pair) < high or _tops(pair, high)]
        name = f"confidence {low:g} to {high:g}, n = {len(inside)}"
        details = {"n": float(len(inside)), "mean": mean(map(_confidence, inside))}
        figures.append(Figure(name, by_type(inside, right_share), details=details))
    return tuple(figures)


def _confidence(pair: Pair) -> float:
    return pair.found.strike.confidence


def _tops(pair: Pair, high: float) -> bool:
    return high == _confidence(pair) == BINS[-1]


def _changed(title: str, runs: Sequence[Run], changes: Sequence[Change]) -> Group:
    comparisons = [compared(change(run)) for change in changes for run in runs]
    return Group(title, figures_of(comparisons, EASED_LIMITS))


def mounting_group(runs: Sequence[Run], count: int | None) -> Group:
    """The worst of each figure over some mountings."""
    chosen = mountings(count)
    each = [figures_of([compared(m(run)) for run in runs], EASED_LIMITS) for m in chosen]
    figures = tuple(_worst(same) for same in zip(*each, strict=True))
    return Group(f"the worst of {len(chosen)} mountings (axes permuted, ±20°)", figures)


def _worst(figures: Sequence[Figure]) -> Figure:
    limit = figures[0].limit
    if limit is None:
        return figures[0]
    values: Mapping[str, float] = {
        name: max((f.values[name] for f in figures), key=limit.badness)
        for name in figures[0].values
    }
    return replace(figures[0], values=values)


def left_out_group(runs: Sequence[Run]) -> Group:
    """Each runner with constants fitted on the others."""
    folds = left_out(runs)
    comparisons = [one for fold in folds for one in fold.comparisons]
    figures = figures_of(comparisons, LIMITS)
    return Group(
        "each runner with constants fitted on the others", (*figures, *fitted_figures(folds))
    )


def paced_group(seconds: float) -> Group:
    """Simulated runs: their strike angles and lean are exact, their impacts a model."""
    comparisons = [compared(run) for run in paced_runs(seconds)]
    errors = [error for one in comparisons for error in one.lean_errors_deg]
    lean = Figure("lean RMSE, °", {ALL: root_mean_square(errors)}, Limit(high=0.5), 2)
    figures = figures_of(comparisons, {"contacts invented, %": Limit(high=0.0)})
    return Group(
        f"{len(comparisons)} simulated runs, three speeds by strike type", (*figures, lean)
    )


def bout_group(bouts: int) -> Group:
    """First strikes of bouts: when they are given out they may yet be steps of walking."""
    comparisons = [compared(run) for run in bout_runs(bouts)]
    firsts = [strike for one in comparisons for strike in one.strikes if not strike.running]
    longest_ms = max((1e3 * (s.known_s - s.ic_s) for s in firsts), default=math.nan)
    figures = figures_of(comparisons, {"contacts invented, %": Limit(high=0.0)})
    return Group(
        f"{len(comparisons)} simulated runs of {bouts} bouts with standing between",
        (
            *(figure for figure in figures if figure.name in OF_BOUTS),
            Figure("first strikes of bouts", {ALL: float(len(firsts))}, decimals=0),
            Figure("known after contact, longest, ms", {ALL: longest_ms}, Limit(high=150.0)),
        ),
    )


def slope_group(seconds: float) -> Group:
    """Strike angle on slopes against that on the level."""
    level = _angles(0.0, seconds)
    figures = [
        Figure(
            f"strike angle at {grade:+d} %, change from level, °",
            {name: angle - level[name] for name, angle in _angles(slope_deg, seconds).items()},
            Limit(-2.0, 2.0, tuple(level)),
        )
        for grade, slope_deg in ((8, SLOPE_DEG), (-8, -SLOPE_DEG))
    ]
    return Group("simulated slopes, standing on the level before", tuple(figures))


def _angles(slope_deg: float, seconds: float) -> dict[str, float]:
    """Mean error of the strike angle of each simulated strike type."""
    runs = slope_runs(slope_deg, seconds)
    return {run.name: mean(pair.fsa_error_deg for pair in compared(run).pairs) for run in runs}
