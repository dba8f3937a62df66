"""Contacts found against true contacts: which belong together, which are missed or invented."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysing import Outputs, analysed
from runs import Run

from imu_stream.acquisition.simulation.runner import TrueStride
from imu_stream.datatypes import FEET, Placement, Stride, Strike

NEAR_S = 0.05
"""A contact found farther than this from the true one is another contact."""
SWING_S = 0.1
"""A foot that lands sooner after the beginning of its movement has not been seen to swing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A true contact and the measured one."""

    true: TrueStride
    found: Stride

    @property
    def ic_error_s(self) -> float:
        return self.found.ic_s - self.true.ic_s

    @property
    def tc_error_s(self) -> float:
        """NaN when the end of the contact was not measured."""
        return self.found.tc_s - self.true.tc_s

    @property
    def contact_time_error_s(self) -> float:
        return self.tc_error_s - self.ic_error_s

    @property
    def fsa_error_deg(self) -> float:
        """NaN when the angle was not measured."""
        return self.found.strike.fsa_deg - self.true.fsa_deg

    @property
    def is_right(self) -> bool:
        """Unknown counts as wrong."""
        return self.found.strike.strike_type is self.true.strike_type


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run, compared."""

    run: Run
    pairs: tuple[Pair, ...]
    missed: tuple[TrueStride, ...]
    invented: tuple[Stride, ...]
    strides: tuple[Stride, ...]
    """All that were found, also outside the time of the truth."""
    strikes: tuple[Strike, ...]
    """The first that was said of each of these contacts."""
    lean_errors_deg: tuple[float, ...]
    """Of every valid stride mean; empty without truth."""


def compared(run: Run) -> Comparison:
    """Analyse a run and compare it with the truth."""
    return comparison(run, analysed(run))


def comparison(run: Run, outputs: Outputs) -> Comparison:
    """A run's outputs against its truth."""
    pairs: list[Pair] = []
    for foot in FEET:
        pairs += _pairs(run, outputs.strides, foot)
    paired = {pair.true for pair in pairs}
    used = {id(pair.found) for pair in pairs}
    invented = [s for s in outputs.strides if id(s) not in used and _is_judged(run, s)]
    return Comparison(
        run,
        tuple(pairs),
        tuple(contact for contact in run.contacts if contact not in paired),
        tuple(invented),
        tuple(outputs.strides),
        tuple(outputs.strikes[outputs.first_strike(stride)] for stride in outputs.strides),
        tuple(_lean_errors_deg(run, outputs)),
    )


def _pairs(run: Run, strides: Iterable[Stride], foot: Placement) -> list[Pair]:
    """Each true contact of a foot with the nearest one found that is not taken yet."""
    left = [stride for stride in strides if stride.foot is foot]
    pairs = []
    for contact in run.contacts:
        near = [stride for stride in left if abs(stride.ic_s - contact.ic_s) <= NEAR_S]
        if contact.foot is foot and near:
            pair = Pair(contact, min(near, key=lambda s: abs(s.ic_s - contact.ic_s)))
            left.remove(pair.found)
            pairs.append(pair)
    return pairs


def _is_judged(run: Run, stride: Stride) -> bool:
    """Whether the true contact that this may be would be listed: its neighbourhood is known."""
    first_s, last_s = run.known_from_s, run.contacts[-1].tc_s
    return first_s + NEAR_S <= stride.ic_s <= last_s - NEAR_S


def _lean_errors_deg(run: Run, outputs: Outputs) -> list[float]:
    if run.truth is None:
        return []
    return [
        lean.lean_deg - run.truth.lean_deg(lean.start_s, lean.end_s)
        for lean in outputs.leans
        if lean.valid
    ]


def strike_waits_s(of: Comparison, swung: bool) -> list[float]:
    """From each contact to its first strike, where the swing before it was recorded, or not."""
    first_s = of.run.known_from_s + SWING_S
    pairs = zip(of.strides, of.strikes, strict=True)
    return [s.known_s - o.ic_s for o, s in pairs if (o.ic_s >= first_s) is swung]


def type_changes(of: Comparison) -> list[bool]:
    """Whether the stride's record has another strike type than was said first."""
    pairs = zip(of.strides, of.strikes, strict=True)
    return [stride.strike.strike_type is not first.strike_type for stride, first in pairs]


def spare_times_s(strides: Sequence[Stride]) -> list[float]:
    """From when each record was known to the next landing of the same foot."""
    spare = []
    for foot in FEET:
        own = sorted((s for s in strides if s.foot is foot), key=lambda stride: stride.ic_s)
        spare += [later.ic_s - stride.known_s for stride, later in pairwise(own)]
    return spare
