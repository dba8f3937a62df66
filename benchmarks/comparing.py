"""Contacts found against true contacts: which belong together, which are missed or invented."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysing import Outputs, analysed
from runs import Run

from imu_stream.acquisition.simulation.runner import TrueStride
from imu_stream.datatypes import FEET, Placement, Stride

NEAR_S = 0.05
"""A contact found farther than this from the true one is another contact."""
AROUND_S = 0.3
"""Contacts found earlier than this before the first true one, or later than this after the last,
are not judged: nobody knows the truth about them."""


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
    first_s, last_s = run.contacts[0].ic_s, run.contacts[-1].ic_s
    return first_s - AROUND_S <= stride.ic_s <= last_s + AROUND_S


def _lean_errors_deg(run: Run, outputs: Outputs) -> list[float]:
    if run.truth is None:
        return []
    return [
        lean.lean_deg - run.truth.lean_deg(lean.start_s, lean.end_s)
        for lean in outputs.leans
        if lean.valid
    ]


def spare_times_s(strides: Sequence[Stride]) -> list[float]:
    """From when each record was known to the next landing of the same foot."""
    spare = []
    for foot in FEET:
        own = sorted((s for s in strides if s.foot is foot), key=lambda stride: stride.ic_s)
        spare += [later.ic_s - stride.known_s for stride, later in pairwise(own)]
    return spare
