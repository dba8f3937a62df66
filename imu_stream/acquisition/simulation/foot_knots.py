"""The knots of a stride, where pitch rate and path of a running foot have their extremes.

Shapes and sizes at the knots follow treadmill running at 2.5 to 4.5 m/s (Fukuchi, Fukuchi &
Duarte 2017, PeerJ): means of the optical markers, not of one runner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from imu_stream.acquisition.simulation.foot_landing import Landing
from imu_stream.acquisition.simulation.gaits import STAIR_RISE, Activity
from imu_stream.acquisition.simulation.steps import Contact
from imu_stream.datatypes import Array

RELEASE_S = (0.020, 0.038)
"""After terminal contact: the ground's force is gone; the shoe has sprung back."""
SWING_SHARES = (0.36, 0.70, 0.945)
"""Shares of the swing: foot highest and most toe-down; fastest forward; most toe-up."""
IC, FASTEST, CAUGHT, FLAT, HEEL_OFF, TC, RELEASED, SPRUNG, HIGH, FAST, LATE, NEXT_IC = range(12)
"""The knots of every stride in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """Contacts of one foot as columns (n,)."""

    ic: Array
    tc: Array
    speed: Array
    strike_deg: Array
    slope: Array
    """Of the ground, rad."""
    rise: Array
    """Of the stairs over their run; 0 elsewhere."""
    moving: Array
    """1 where the foot lands to move on, 0 where it is put down to stand."""
    jumping: NDArray[np.bool_]
    overground: NDArray[np.bool_]

    @classmethod
    def of(cls, contacts: Sequence[Contact]) -> Self:
        columns = zip(*map(_row, contacts), strict=True)
        return cls(*(np.array(column) for column in columns))

    def part(self, rows: slice) -> "Contacts":
        return Contacts(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def duration(self) -> Array:
        return self.tc - self.ic

    @property
    def on_heel(self) -> Array:
        """1 where the heel lands first, else 0."""
        return np.where(self.strike_deg > 0.0, 1.0, 0.0)

    @property
    def landing(self) -> Landing:
        return Landing.of(self.strike_deg, self.speed, self.duration, self.jumping)


def _row(contact: Contact) -> tuple[float | bool, ...]:
    return (
        contact.ic_s,
        contact.tc_s,
        contact.speed_mps,
        contact.strike_deg,
        float(np.arctan(contact.grade)),
        STAIR_RISE if contact.activity is Activity.STAIRS else 0.0,
        float(contact.activity is not Activity.STANDING),
        contact.activity is Activity.JUMPING,
        contact.overground,
    )


def knot_times(now: Contacts, after: Contacts) -> list[Array]:
    """Times (n,) of every knot, s."""
    landing = now.landing
    fastest = now.ic + landing.fastest_s
    caught = fastest + landing.catch_s
    flat = caught + landing.settle_s
    roll_off = np.where(now.jumping, 0.5, 0.62) * np.minimum(now.duration, 0.4)
    heel_off = np.maximum(now.tc - roll_off, flat + 0.05 * now.duration)
    release = [now.tc + delay for delay in RELEASE_S]
    swing = [now.tc + share * (after.ic - now.tc) for share in SWING_SHARES]
    return [now.ic, fastest, caught, flat, heel_off, now.tc, *release, *swing, after.ic]


def hopping(now: Contacts, after: Contacts) -> NDArray[np.bool_]:
    """Where the foot only leaves the ground in a jump, instead of swinging."""
    return now.jumping | after.jumping


def jet(value: Array, rate: Array | float = 0.0, bend: Array | float = 0.0) -> Array:
    """Jet (3, n) of columns and constants."""
    return np.stack(np.broadcast_arrays(value, rate, bend)).astype(np.float64)


def onward(start: Array, bend: Array, lead: Array | float) -> Array:
    """Jet a lead later (earlier, if negative), when the second derivative changes evenly."""
    rate = start[1] + lead * (start[2] + bend) / 2
    value = start[0] + lead * start[1] + lead**2 * (2 * start[2] + bend) / 6
    return np.stack([value, rate, bend])
