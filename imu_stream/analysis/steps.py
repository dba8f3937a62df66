"""Joins the strides of both feet to steps: step time and flight."""

from collections import deque

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
        self._strides = {foot: deque[Stride](maxlen=REMEMBERED) for foot in FEET}
        self._waiting = {foot: deque[Stride](maxlen=REMEMBERED) for foot in FEET}

    def push(self, stride: Stride) -> list[Step]:
        """The steps that are certain now."""
        foot, other = stride.foot, _other(stride.foot)
        self._strides[foot].append(stride)
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


def step(stride: Stride, others: deque[Stride]) -> Step | None:
    """The step onto this contact from the other foot's last one before; None without such.

    Contacts before that one are dropped: the next step comes from it or from a later one.
    """
    while len(others) > 1 and others[1].ic_s < stride.ic_s:
        others.popleft()
    step_time_s = stride.ic_s - others[0].ic_s
    if not 0.0 < step_time_s <= LONGEST_STEP_S:
        return None
    return Step(stride.foot, stride.ic_s, step_time_s, stride.ic_s - others[0].tc_s)


def _other(foot: Placement) -> Placement:
    return Placement.RIGHT_FOOT if foot is Placement.LEFT_FOOT else Placement.LEFT_FOOT
