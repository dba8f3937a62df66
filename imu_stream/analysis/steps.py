"""Joins the strides of both feet to steps: step time and flight."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence

from imu_stream.datatypes import FEET, Placement, Step, Stride

LONGEST_STEP_S = 0.6
REMEMBERED = 200
"""Strides of each foot: more than one foot can run ahead of the other in a block of 60 s."""


class StepJoin:
    """Steps from the strides of both feet: `Stride` in, in any interleaving, `Step` out.

    The contact of the other foot that came before a stride is certain once the other foot's next
    one is known; so a step is known a step later, and does not depend on which came in first.
    """

    def __init__(self) -> None:
        self._strides: dict[Placement, list[Stride]] = {foot: [] for foot in FEET}
        self._waiting = {foot: deque[Stride](maxlen=REMEMBERED) for foot in FEET}

    def push(self, stride: Stride) -> list[Step]:
        """The steps that are certain now."""
        foot, other = stride.foot, _other(stride.foot)
        self._strides[foot].append(stride)
        del self._strides[foot][:-REMEMBERED]
        self._waiting[foot].append(stride)
        return [*self._settle(other, foot), *self._settle(foot, other)]

    def _settle(self, foot: Placement, other: Placement) -> list[Step]:
        """Steps onto `foot` whose predecessor on the other foot is certain."""
        waiting, others = self._waiting[foot], self._strides[other]
        steps: list[Step] = []
        while waiting and others and waiting[0].ic_s < others[-1].ic_s:
            found = step(waiting.popleft(), others)
            steps += [] if found is None else [found]
        return steps


def step(stride: Stride, others: Sequence[Stride]) -> Step | None:
    """The step onto this contact from the other foot's last one before; None without such."""
    before = bisect_left(others, stride.ic_s, key=contact_s) - 1
    if before < 0 or stride.ic_s - others[before].ic_s > LONGEST_STEP_S:
        return None
    other = others[before]
    flight_s = stride.ic_s - other.tc_s
    return Step(stride.foot, stride.ic_s, stride.ic_s - other.ic_s, flight_s)


def contact_s(stride: Stride) -> float:
    return stride.ic_s


def _other(foot: Placement) -> Placement:
    return Placement.RIGHT_FOOT if foot is Placement.LEFT_FOOT else Placement.LEFT_FOOT
