"""Strides of a session of faults against the true ones, in gaps and outside."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chaos_measures import Observed, Span, Track, joined

from imu_stream.acquisition.simulation.runner import TrueStride
from imu_stream.datatypes import FEET, Stride, StrikeType

NEAR_S = 0.05
"""A contact found farther than this from the true one is another contact."""
IC_WITHIN_S, TC_WITHIN_S = 0.02, 0.03
"""Errors of the ends of a contact that is right."""
SWUNG_S = 0.2
"""After a contact the foot has swung, and the stride's record is complete."""
LONGEST_S = 1.0
"""From contact to contact in running; more is a pause between bouts."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A true stride outside gaps, and what was found of it."""

    true: TrueStride
    stride_time_s: float
    found: Stride | None

    @property
    def is_right(self) -> bool:
        """It was found, and nothing that is said of it is wrong; "not measured" is not wrong."""
        found = self.found
        return (
            found is not None
            and abs(found.ic_s - self.true.ic_s) <= IC_WITHIN_S
            and not abs(found.tc_s - self.true.tc_s) > TC_WITHIN_S
            and not abs(found.stride_time_s - self.stride_time_s) > IC_WITHIN_S
            and not self.has_wrong_type
        )

    @property
    def has_wrong_type(self) -> bool:
        """Whether it says another than the true one; to say that it is unknown is not wrong."""
        said = StrikeType.UNKNOWN if self.found is None else self.found.strike.strike_type
        return said not in (self.true.strike_type, StrikeType.UNKNOWN)

    @property
    def has_angle(self) -> bool:
        return self.found is not None and not math.isnan(self.found.strike.fsa_deg)


@dataclass(frozen=True, slots=True)
class Strides:
    """All strides of a session."""

    true: int
    judged: tuple[Judged, ...]
    invented: tuple[Stride, ...]


def strides_of(observed: Observed, tracks: Sequence[Track]) -> Strides:
    """Judge the true strides outside gaps, and all that were found."""
    true = observed.session.truth.strides
    found = [output for output in observed.outputs if isinstance(output, Stride)]
    judged: list[Judged] = []
    invented: list[Stride] = []
    for foot in FEET:
        (of_foot,) = (each for each in tracks if each.given.played.sent.setup.placement is foot)
        own = [stride for stride in found if stride.foot is foot]
        contacts = [contact for contact in true if contact.foot is foot]
        near = _matched(contacts, own)
        judged += _judged(contacts, near, _unmeasured(of_foot, observed.session.seconds))
        taken = {id(stride) for stride in near.values()}
        invented += [stride for stride in own if id(stride) not in taken]
    return Strides(len(true), tuple(judged), tuple(invented))


def _matched(contacts: Sequence[TrueStride], found: Sequence[Stride]) -> dict[float, Stride]:
    """The nearest stride found of each true one, by its initial contact; none is taken twice."""
    left = sorted(found, key=lambda stride: stride.ic_s)
    near: dict[float, Stride] = {}
    for contact in contacts:
        at = bisect_left(left, contact.ic_s - NEAR_S, key=lambda stride: stride.ic_s)
        some = [stride for stride in left[at : at + 2] if abs(stride.ic_s - contact.ic_s) <= NEAR_S]
        if some:
            near[contact.ic_s] = min(some, key=lambda stride: abs(stride.ic_s - contact.ic_s))
            left.remove(near[contact.ic_s])
    return near


def _unmeasured(of: Track, until_s: float) -> list[Span]:
    """Where samples are missing, or said to be; before the first one and after the last too."""
    first_s, last_s = float(of.t_s.min()), float(of.t_s.max())
    edges = [(-math.inf, first_s), (last_s, max(until_s, last_s))]
    return joined(sorted([*of.missing, *of.given.gaps, *edges]))


def _judged(
    contacts: Sequence[TrueStride], near: dict[float, Stride], unmeasured: Sequence[Span]
) -> Iterator[Judged]:
    """Strides that lie outside gaps, from the contact before to the swing after."""
    ends_s = [end_s for _, end_s in unmeasured]
    for before, contact in pairwise(contacts):
        at = bisect_left(ends_s, before.ic_s)
        whole = at == len(unmeasured) or unmeasured[at][0] >= contact.tc_s + SWUNG_S
        stride_time_s = contact.ic_s - before.ic_s
        if whole and stride_time_s < LONGEST_S:
            yield Judged(contact, stride_time_s, near.get(contact.ic_s))
