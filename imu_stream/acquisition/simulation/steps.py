"""The runner's plan: which foot is on the ground when, with the variation between strides."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from operator import attrgetter

import numpy as np

from imu_stream.acquisition.simulation.scenario import Activity, Scenario
from imu_stream.datatypes import FEET, Placement

LONG_AGO_S = -1000.0
NEVER_S = 1e7
"""Foot lift of a runner who stands for good."""

STEP_TIME_SPREAD = 0.012
"""Of the step time; makes 0.8 % of the stride time."""
CONTACT_SPREAD = 0.015
STRIKE_SPREAD_DEG = 1.0
LEAN_MEMORY = 0.7
"""Correlation of the trunk's wander from one step to the next."""
WANDER_INNOVATION_DEG = 0.5 * (1.0 - LEAN_MEMORY**2) ** 0.5
"""Gives the trunk's wander a standard deviation of 0.5°."""
LANDING_S = 0.4
"""Between the landings of both feet when the runner stops."""
STAND_STEP_S = 0.75
"""Standing is planned in slices of at most this."""
SWING_S = 0.28
"""The shortest swing of a leg."""
FIRST_SWING_S = 0.4
"""Swing of the foot that begins a stretch."""
HAND_OVER_S = 0.02
"""The other foot leaves this long before that one lands."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One foot on the ground: [ic_s, tc_s)."""

    foot: Placement
    ic_s: float
    tc_s: float
    speed_mps: float
    strike_deg: float
    activity: Activity


@dataclass(frozen=True, slots=True)
class Step:
    """From one contact to the next of the other foot; standing, a slice of time."""

    start_s: float
    end_s: float
    activity: Activity
    speed_mps: float
    wander_deg: float
    """Deviation of the trunk lean at the start of the step."""
    contact: Contact | None
    """The contact that begins with this step; None for a slice of standing."""


class Plan:
    """Steps and contacts, made in order as far as they are asked for, the same for a seed."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._steps: list[Step] = []
        self._contacts: dict[Placement, list[Contact]] = {foot: [] for foot in FEET}
        self._source = _Walk(scenario, seed).steps()

    def steps_over(self, start_s: float, end_s: float) -> list[Step]:
        """Steps from the one before the step at start_s to the second after the one at end_s."""
        while len(self._steps) < 4 or self._steps[-3].start_s <= end_s:
            self._extend()
        first = bisect_right(self._steps, start_s, key=attrgetter("start_s")) - 2
        last = bisect_right(self._steps, end_s, key=attrgetter("start_s")) + 2
        return self._steps[max(first, 0) : last]

    def contacts_over(self, foot: Placement, start_s: float, end_s: float) -> list[Contact]:
        """Contacts of a foot from the last one begun at start_s to the first begun after end_s."""
        contacts = self._contacts[foot]
        while not contacts or contacts[-1].ic_s <= end_s:
            if contacts and contacts[-1].tc_s >= NEVER_S:
                contacts.append(Contact(foot, 2 * NEVER_S, 3 * NEVER_S, *_AT_REST))
            else:
                self._extend()
        first = bisect_right(contacts, start_s, key=attrgetter("ic_s")) - 1
        last = bisect_right(contacts, end_s, key=attrgetter("ic_s")) + 1
        return contacts[max(first, 0) : last]

    def _extend(self) -> None:
        step = next(self._source)
        self._steps.append(step)
        if step.contact is not None:
            self._contacts[step.contact.foot].append(step.contact)


_AT_REST = (0.0, 0.0, Activity.STANDING)
"""Belt speed, strike angle and activity of a foot that is put down to stand."""


class _Walk:
    """Makes the steps one after the other."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._random = np.random.default_rng(seed)
        self._feet = cycle(FEET)
        self._wander = 0.0

    def steps(self) -> Iterator[Step]:
        t_s = LONG_AGO_S
        for span in self._scenario.moving_spans():
            yield from self._stand(t_s, span.first_contact_s)
            t_s = span.first_contact_s
            while t_s < span.stop_s:
                step = self._move(t_s)
                yield step
                t_s = step.end_s
        yield from self._stand(t_s, NEVER_S)

    def _stand(self, t_s: float, end_s: float) -> Iterator[Step]:
        """Put both feet down, then wait; the foot that lands first is lifted first again."""
        for early_s in (FIRST_SWING_S, HAND_OVER_S):
            tc_s = NEVER_S if end_s == NEVER_S else end_s - early_s
            contact = Contact(next(self._feet), t_s, tc_s, *_AT_REST)
            yield self._slice(t_s, t_s + LANDING_S, contact)
            t_s += LANDING_S
        while t_s < end_s:
            slices = np.ceil((end_s - max(t_s, -STAND_STEP_S)) / STAND_STEP_S)
            # the time before the recording is one slice: nobody watches it
            next_s = -STAND_STEP_S if t_s < -STAND_STEP_S else t_s + (end_s - t_s) / slices
            yield self._slice(t_s, float(next_s), None)
            t_s = float(next_s)

    def _slice(self, start_s: float, end_s: float, contact: Contact | None) -> Step:
        self._random.standard_normal(4)
        return Step(start_s, end_s, Activity.STANDING, 0.0, 0.0, contact)

    def _move(self, t_s: float) -> Step:
        gait = self._scenario.gait_at(t_s)
        foot = next(self._feet)
        draw = gait.variability * self._random.standard_normal(4)
        step_s = 60.0 / gait.cadence_spm * (1.0 + STEP_TIME_SPREAD * float(draw[0]))
        asked_s = gait.contact_time_s * (1.0 + CONTACT_SPREAD * float(draw[1]))
        longest_s = step_s + 60.0 / self._scenario.gait_at(t_s + step_s).cadence_spm - SWING_S
        contact = Contact(
            foot,
            t_s,
            t_s + min(_possible_contact_s(asked_s, step_s, gait.activity), longest_s),
            gait.speed_mps,
            gait.strike_deg(foot) + STRIKE_SPREAD_DEG * float(draw[2]),
            gait.activity,
        )
        self._wander = LEAN_MEMORY * self._wander + WANDER_INNOVATION_DEG * float(draw[3])
        return Step(t_s, t_s + step_s, gait.activity, gait.speed_mps, self._wander, contact)


def _possible_contact_s(asked_s: float, step_s: float, activity: Activity) -> float:
    """Leave a flight when running; both feet down for a while, and a swing, when walking."""
    if activity is Activity.RUNNING:
        return min(asked_s, 0.92 * step_s)
    return min(max(asked_s, 1.08 * step_s), 1.4 * step_s)
