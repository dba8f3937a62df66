"""A virtual runner: what ideal sensors on both feet and the chest would measure, and the truth."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from imu_stream.acquisition.simulation.foot import foot_pieces
from imu_stream.acquisition.simulation.pieces import PITCH, Motion, Pieces, Pose
from imu_stream.acquisition.simulation.scenario import Activity, Scenario
from imu_stream.acquisition.simulation.steps import Contact, Plan
from imu_stream.acquisition.simulation.trunk import trunk_pieces
from imu_stream.datatypes import FEET, Array, Placement, StrikeType

AHEAD_S = 5.0
"""Motion is worked out this far beyond what was asked for, so that live calls find it ready."""


@dataclass(frozen=True, slots=True)
class TrueStride:
    """One running contact as it really was."""

    foot: Placement
    ic_s: float
    tc_s: float
    fsa_deg: float
    """Elevation of the long axis at contact over the ground, which is that in standing on it."""
    strike_type: StrikeType


@dataclass(frozen=True, slots=True)
class Truth:
    """What a perfect measurement would find."""

    strides: tuple[TrueStride, ...]
    """Running contacts of both feet by initial contact."""
    _trunk: Callable[[float, float], Pieces] = field(repr=False, compare=False)

    def lean_deg(self, start_s: float, end_s: float) -> float:
        """Mean of the trunk's forward pitch over [start_s, end_s)."""
        area = self._trunk(start_s, end_s).integral(PITCH, start_s, end_s)
        return float(np.degrees(area / (end_s - start_s)))


class Runner:
    """Moves as the scenario says, the same way for the same seed."""

    def __init__(self, scenario: Scenario, seed: int = 1) -> None:
        self._scenario = scenario
        self._plan = Plan(scenario, seed)
        self._ready: dict[Placement, Pieces] = {}

    def sample(self, placement: Placement, t: Array) -> Motion:
        """Ideal measurement in segment axes.

        Args:
            placement: where the sensor is worn.
            t: (n,) increasing times from 0 on, s; any spacing, cut into calls in any way.
        """
        return self._pieces(placement, t).motion(t)

    def pose(self, placement: Placement, t: Array) -> Pose:
        """Position and orientation of the sensor's segment at the same times."""
        return self._pieces(placement, t).pose(t)

    def truth(self, until_s: float) -> Truth:
        """Truth about all running contacts that begin before `until_s`."""
        contacts = [
            contact
            for foot in FEET
            for contact in self._plan.contacts_over(foot, 0.0, until_s)
            if contact.activity is Activity.RUNNING and contact.ic_s < until_s
        ]
        contacts.sort(key=lambda contact: contact.ic_s)
        return Truth(tuple(map(_true_stride, contacts)), self._build_trunk)

    def _pieces(self, placement: Placement, t: Array) -> Pieces:
        start_s, end_s = (float(t[0]), float(t[-1])) if len(t) else (0.0, 0.0)
        ready = self._ready.get(placement)
        if ready is None or not ready.covers(start_s, end_s):
            ready = self._build(placement, start_s, end_s + AHEAD_S)
            self._ready[placement] = ready
        return ready

    def _build(self, placement: Placement, start_s: float, end_s: float) -> Pieces:
        if placement.is_foot:
            contacts = self._plan.contacts_over(placement, start_s, end_s)
            return foot_pieces(placement, contacts, self._scenario)
        return self._build_trunk(start_s, end_s)

    def _build_trunk(self, start_s: float, end_s: float) -> Pieces:
        return trunk_pieces(self._scenario, self._plan.steps_over(start_s, end_s))


def _true_stride(contact: Contact) -> TrueStride:
    return TrueStride(
        contact.foot,
        contact.ic_s,
        contact.tc_s,
        contact.strike_deg,
        StrikeType.of(contact.strike_deg),
    )
