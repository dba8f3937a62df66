"""The knots of a stride, where pitch rate and path of a running foot have their extremes.

Shapes and sizes at the knots follow treadmill running at 2.5 to 4.5 m/s (Fukuchi, Fukuchi &
Duarte 2017, PeerJ): means of the optical markers, not of one runner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from imu_stream.acquisition.simulation.steps import Contact
from imu_stream.datatypes import Array

RELEASE_S = (0.020, 0.038)
"""After terminal contact: the ground's force is gone; the shoe has sprung back."""
SWING_SHARES = (0.36, 0.70, 0.945)
"""Shares of the swing: foot highest and most toe-down; fastest forward; most toe-up."""
IC, FLAT, HEEL_OFF, TC, RELEASED, SPRUNG, HIGH, FAST, LATE, NEXT_IC = range(10)
"""The knots of every stride in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """Contacts of one foot as columns (n,)."""

    ic: Array
    flat: Array
    """Whole sole on the ground."""
    heel_off: Array
    tc: Array
    speed: Array
    strike_deg: Array

    @classmethod
    def of(cls, contacts: Sequence[Contact]) -> Self:
        rows = [(c.ic_s, c.tc_s, c.speed_mps, c.strike_deg) for c in contacts]
        ic, tc, speed, strike_deg = np.array(rows).T
        duration = tc - ic
        slap = np.minimum((0.034 + 0.0009 * np.abs(strike_deg)) / pace(speed), 0.3 * duration)
        roll_off = 0.62 * np.minimum(duration, 0.4)
        return cls(ic, ic + slap, tc - roll_off, tc, speed, strike_deg)

    def part(self, rows: slice) -> "Contacts":
        return Contacts(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def on_heel(self) -> Array:
        """1 where the heel lands first, else 0."""
        return np.where(self.strike_deg > 0.0, 1.0, 0.0)

    @property
    def moving(self) -> Array:
        """1 where the foot lands to walk or run, 0 where it is put down to stand."""
        return np.where(self.speed > 0.0, 1.0, 0.0)


def knot_times(now: Contacts, after: Contacts) -> list[Array]:
    """Times (n,) of every knot, s."""
    release = [now.tc + delay for delay in RELEASE_S]
    swing = [now.tc + share * (after.ic - now.tc) for share in SWING_SHARES]
    return [now.ic, now.flat, now.heel_off, now.tc, *release, *swing, after.ic]


def pace(speed: Array) -> Array:
    """How much faster than at 3.3 m/s a foot comes down."""
    return np.asarray((np.maximum(speed, 1.0) / 3.3) ** 0.4)


def jet(value: Array, rate: Array | float = 0.0, bend: Array | float = 0.0) -> Array:
    """Jet (3, n) of columns and constants."""
    return np.stack(np.broadcast_arrays(value, rate, bend)).astype(np.float64)


def onward(start: Array, bend: Array, lead: Array | float) -> Array:
    """Jet a lead later (earlier, if negative), when the second derivative changes evenly."""
    rate = start[1] + lead * (start[2] + bend) / 2
    value = start[0] + lead * start[1] + lead**2 * (2 * start[2] + bend) / 6
    return np.stack([value, rate, bend])
