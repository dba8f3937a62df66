"""An hour of running with every fault of sensors and links at once, compressed in time.

    python benchmarks/chaos.py --minutes 60 --seed 1

No radio: what each virtual sensor would send passes a model of faults and then `Pipeline.push`.
The exit status is 1 when a figure misses its limit.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from averages import percent, quantile
from chaos_cues import judged_cues
from chaos_measures import (
    BACK_S,
    Observed,
    Track,
    alignment_errors_s,
    gap_errors_s,
    gaps_without_cause,
    observe,
    returns_s,
    track,
)
from chaos_session import ALL_AT_ONCE, ChaosSession, chaos_session
from chaos_strides import strides_of
from figures import ALL, Figure, Group, Limit
from report import missed
from rich.console import Console
from rich.table import Table

from imu_stream import __version__
from imu_stream.acquisition.simulation.faults import Fate, Faults

LONGEST_PUSH_S = 1.0
"""One notification that takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Which sensors, and what happens to them."""

    name: str
    profiles: tuple[str, str, str]
    faults: Faults = ALL_AT_ONCE
    detects_wrong_bits: bool = True
    """Else a wrong bit in a sample cannot be told from a measurement: nothing is demanded of it."""


WITHOUT_FLIPS = replace(ALL_AT_ONCE, flipped=0.0)
CONDITIONS = (
    Condition("open_imu", ("open_imu",) * 3),
    Condition("movesense, no wrong bits", ("movesense",) * 3, WITHOUT_FLIPS),
    Condition(
        "three makes, no wrong bits",
        ("capture2go", "open_imu", "polar_verity_sense"),
        WITHOUT_FLIPS,
    ),
    Condition("movesense", ("movesense",) * 3, detects_wrong_bits=False),
)
"""Wrong bits that a checksum finds; none; several layouts; wrong bits that nothing finds."""


def group_of(condition: Condition, seconds: float, seed: int) -> Group:
    """All figures of one session."""
    session = chaos_session(condition.profiles, seconds, seed, condition.faults)
    observed = observe(session)
    tracks = [track(given) for given in observed.given]
    figures = (
        *_what_happened(session),
        Figure(
            "longest push of one notification, ms",
            {ALL: 1e3 * observed.slowest_s},
            Limit(high=1e3 * LONGEST_PUSH_S),
        ),
        *_times(tracks, seconds),
        *_gaps(tracks),
        *_returns(observed),
        *_strides(observed, tracks),
        *_cues(observed),
    )
    if not condition.detects_wrong_bits:
        figures = tuple(_undemanded(figure) for figure in figures)
    return Group(condition.name, figures)


UNDETECTABLE = ("strides outside gaps right, %", "strides invented")


def _undemanded(figure: Figure) -> Figure:
    return replace(figure, limit=None) if figure.name in UNDETECTABLE else figure


def _count(name: str, number: int, limit: Limit | None = None) -> Figure:
    return Figure(name, {ALL: float(number)}, limit, decimals=0)


def _what_happened(session: ChaosSession) -> Iterator[Figure]:
    fates = [fate for played in session.sensors for fate in played.delivery.fates]
    yield _count("notifications sent", len(fates))
    for fate in (Fate.LOST, Fate.UNREACHABLE, Fate.FLIPPED):
        yield Figure(f"{fate.value}, %", {ALL: percent(fates.count(fate), len(fates))})
    twice = fates.count(Fate.REPEATED) + fates.count(Fate.REORDERED)
    yield Figure("repeated or reordered, %", {ALL: percent(twice, len(fates))})
    yield _count("outages", sum(len(played.outages) for played in session.sensors))


def _times(tracks: Sequence[Track], seconds: float) -> Iterator[Figure]:
    apart_ms = (1e3 * alignment_errors_s(tracks, seconds)).tolist()
    yield Figure("alignment of two sensors, median, ms", {ALL: quantile(apart_ms, 0.5)})
    yield Figure("alignment, 95 %, ms", {ALL: quantile(apart_ms, 0.95)}, Limit(high=10.0))
    yield Figure("alignment, largest, ms", {ALL: max(apart_ms)})
    backward = sum(int((np.diff(each.t_s) <= 0.0).sum()) for each in tracks)
    yield _count("samples that are not later than the one before", backward, Limit(high=0.0))


def _gaps(tracks: Sequence[Track]) -> Iterator[Figure]:
    errors = [(error_s, each) for each in tracks for error_s in gap_errors_s(each)]
    worst = max((error_s / each.frame_s for error_s, each in errors), default=0.0)
    untold = sum(error_s > each.frame_s for error_s, each in errors)
    causeless = sum(gaps_without_cause(each) for each in tracks)
    whole = 100.0 * max(each.thrown_away for each in tracks)
    yield _count("spans without samples", len(errors))
    yield _count("of these not told as a gap within a frame", untold, Limit(high=0.0))
    yield Figure("end of a gap off by at most, frames", {ALL: worst}, decimals=2)
    yield _count("gaps told where nothing is missing", causeless, Limit(high=0.0))
    yield Figure("arrived whole and not given out, worst sensor, %", {ALL: whole}, decimals=2)


def _returns(observed: Observed) -> Iterator[Figure]:
    back = [pair for given in observed.given for pair in returns_s(given)]
    after_fault_s = max((fault_s for fault_s, _ in back), default=math.nan)
    after_set_up_s = max((set_up_s for _, set_up_s in back), default=math.nan)
    yield Figure(
        "stream back after a fault's end, longest, s", {ALL: after_fault_s}, Limit(high=BACK_S)
    )
    yield Figure("of this after the link's set-up, s", {ALL: after_set_up_s})


def _strides(observed: Observed, tracks: Sequence[Track]) -> Iterator[Figure]:
    strides = strides_of(observed, tracks)
    outside, found = strides.judged, [each for each in strides.judged if each.found]
    right = sum(each.is_right for each in outside)
    angles = sum(each.has_angle for each in outside)
    wrong_type = sum(each.has_wrong_type for each in found)
    yield _count("true strides", strides.true)
    yield _count("of these outside gaps", len(outside))
    yield Figure(
        "strides outside gaps right, %", {ALL: percent(right, len(outside))}, Limit(low=99.0)
    )
    yield Figure(
        "not found, %", {ALL: percent(len(outside) - len(found), len(outside))}, decimals=2
    )
    yield Figure(
        "with a wrong strike type, %", {ALL: percent(wrong_type, len(outside))}, decimals=2
    )
    yield Figure("with a strike angle, %", {ALL: percent(angles, len(outside))})
    yield _count("strides invented", len(strides.invented), Limit(high=0.0))


def _cues(observed: Observed) -> Iterator[Figure]:
    judged = judged_cues(observed)
    yield _count("cues", len(judged))
    unfounded = sum(each.is_unfounded for each in judged)
    yield _count("cues from a stale, missing or uncalibrated sensor", unfounded, Limit(high=0.0))
    yield _count("cues whose lean is off by more than 2°", sum(each.is_off for each in judged))


def print_table(groups: Sequence[Group], title: str) -> None:
    """A column for each condition; a value outside its limit is red and marked."""
    table = Table("figure", title=title, title_justify="left")
    for column in (*(group.title for group in groups), "limit"):
        table.add_column(column, justify="right")
    for row in zip(*(group.figures for group in groups), strict=True):
        limit = next((figure.limit.text() for figure in row if figure.limit is not None), "")
        table.add_row(row[0].name, *map(_cell, row), limit)
    Console(width=None if Console().is_terminal else 120).print(table)
    count = len(missed(groups))
    print(f"{count} limits missed (marked !)" if count else "all limits are held")


def _cell(figure: Figure) -> str:
    text = f"{figure.values[ALL]:.{figure.decimals}f}"
    return f"[bold red]{text} ![/]" if figure.missed else text


def main() -> int:
    parser = argparse.ArgumentParser(description="Every fault at once, against its limits.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    groups = [group_of(each, 60.0 * arguments.minutes, arguments.seed) for each in CONDITIONS]
    length = f"{arguments.minutes:g} min, seed {arguments.seed}"
    print_table(groups, f"imu_stream {__version__}: every fault at once, {length}")
    return 1 if missed(groups) else 0


if __name__ == "__main__":
    sys.exit(main())
