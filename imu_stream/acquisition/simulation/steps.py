"""The runner's plan: which foot is on the ground when, with the variation between strides."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from operator import attrgetter

import numpy as np

from imu_stream.acquisition.simulation.scenario import Activity, Gait, Scenario
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
JUMP_FLIGHT_S = 0.25
TAKE_OFF_S = 0.75
"""From standing to the first landing of a series of jumps, the flight included."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One foot on the ground: [ic_s, tc_s)."""

    foot: Placement
    ic_s: float
    tc_s: float
    speed_mps: float
    """Over the ground; 0 when put down to stand."""
    strike_deg: float
    activity: Activity
    grade: float = 0.0
    """Rise over run of the ground."""
    overground: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """From one landing to the next; standing, a slice of time."""

    start_s: float
    end_s: float
    activity: Activity
    speed_mps: float
    wander_deg: float
    """Deviation of the trunk lean at the start of the step."""
    contacts: tuple[Contact, ...] = ()
    """The contacts that begin with this step: two in jumping."""
    flight_s: float = 0.0
    """How long before its end the runner has left the ground."""


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
        for contact in step.contacts:
            self._contacts[contact.foot].append(contact)


_AT_REST = (0.0, 0.0, Activity.STANDING)
"""Speed, strike angle and activity of a foot that is put down to stand."""


class _Walk:
    """Makes the steps one after the other."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._random = np.random.default_rng(seed)
        self._feet = cycle(FEET)
        self._wander = 0.0

    def steps(self) -> Iterator[Step]:
        t_s, jumped = LONG_AGO_S, False
        for span in self._scenario.moving_spans():
            yield from self._stand(t_s, span.first_contact_s, jumped, span.jumping)
            t_s, jumped = span.first_contact_s, span.jumping
            while t_s < span.stop_s:
                step = self._move(t_s)
                yield step
                t_s = step.end_s
        yield from self._stand(t_s, NEVER_S, jumped, False)

    def _stand(self, t_s: float, end_s: float, jumped: bool, jumps: bool) -> Iterator[Step]:
        """Put both feet down, wait, and lift them: one after the other, or at once to jump."""
        contacts = self._standing_contacts(t_s, end_s, jumped, jumps)
        for landing in [contacts, ()] if jumped else [contacts[:1], contacts[1:]]:
            yield self._slice(t_s, t_s + LANDING_S, landing)
            t_s += LANDING_S
        rest_end_s = end_s - TAKE_OFF_S if jumps else end_s
        while t_s < rest_end_s:
            slices = np.ceil((rest_end_s - max(t_s, -STAND_STEP_S)) / STAND_STEP_S)
            # the time before the recording is one slice: nobody watches it
            early = t_s < -STAND_STEP_S
            next_s = -STAND_STEP_S if early else t_s + (rest_end_s - t_s) / slices
            yield self._slice(t_s, float(next_s))
            t_s = float(next_s)
        if jumps:
            yield Step(t_s, end_s, Activity.JUMPING, 0.0, 0.0, flight_s=JUMP_FLIGHT_S)

    def _standing_contacts(
        self, t_s: float, end_s: float, jumped: bool, jumps: bool
    ) -> tuple[Contact, ...]:
        """The foot that lands first is lifted first again."""
        grade = self._scenario.gait_at(t_s).grade
        landings_s = (t_s, t_s if jumped else t_s + LANDING_S)
        early_s = (JUMP_FLIGHT_S, JUMP_FLIGHT_S) if jumps else (FIRST_SWING_S, HAND_OVER_S)
        return tuple(
            Contact(
                next(self._feet),
                ic_s,
                end_s if end_s == NEVER_S else end_s - early,
                *_AT_REST,
                grade,
            )
            for ic_s, early in zip(landings_s, early_s, strict=True)
        )

    def _slice(self, start_s: float, end_s: float, contacts: tuple[Contact, ...] = ()) -> Step:
        self._random.standard_normal(4)
        return Step(start_s, end_s, Activity.STANDING, 0.0, 0.0, contacts)

    def _move(self, t_s: float) -> Step:
        gait = self._scenario.gait_at(t_s)
        draw = gait.variability * self._random.standard_normal(4)
        step_s = 60.0 / gait.cadence_spm * (1.0 + STEP_TIME_SPREAD * float(draw[0]))
        contact_s = self._contact_s(t_s, step_s, gait, CONTACT_SPREAD * float(draw[1]))
        feet = FEET if gait.activity is Activity.JUMPING else (next(self._feet),)
        contacts = tuple(
            Contact(
                foot,
                t_s,
                t_s + contact_s,
                gait.speed_mps,
                gait.strike_deg(foot) + STRIKE_SPREAD_DEG * float(draw[2]),
                gait.activity,
                gait.grade,
                gait.overground,
            )
            for foot in feet
        )
        self._wander = LEAN_MEMORY * self._wander + WANDER_INNOVATION_DEG * float(draw[3])
        flight_s = max(step_s - contact_s, 0.0)
        return Step(
            t_s, t_s + step_s, gait.activity, gait.speed_mps, self._wander, contacts, flight_s
        )

    def _contact_s(self, t_s: float, step_s: float, gait: Gait, deviation: float) -> float:
        asked_s = gait.contact_time_s * (1.0 + deviation)
        possible_s = _possible_contact_s(asked_s, step_s, gait.activity)
        if gait.activity is Activity.JUMPING:
            return possible_s
        next_step_s = 60.0 / self._scenario.gait_at(t_s + step_s).cadence_spm
        return min(possible_s, step_s + next_step_s - SWING_S)


def _possible_contact_s(asked_s: float, step_s: float, activity: Activity) -> float:
    """Leave a flight when running; both feet down for a while, and a swing, when walking."""
    if activity in (Activity.RUNNING, Activity.JUMPING):
        return min(asked_s, 0.92 * step_s)
    return min(max(asked_s, 1.08 * step_s), 1.4 * step_s)
