"""Samples on their way from the packet to segment axes, and the gaps between them."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from imu_stream.datatypes.placement import Placement
from imu_stream.datatypes.units import Array, Rotation, Triple


@dataclass(frozen=True, slots=True, eq=False)
class DeviceSamples:
    """The samples of one decoded packet, in sensor axes, on the device's own clock."""

    arrival_s: float
    placement: Placement
    ticks: int | None
    """Raw device clock of the marked sample (see the profile's clock); None: it has none."""
    acc: Array | None
    """(n, 3) m/s², specific force; None in a packet of angular rates alone."""
    gyr: Array | None
    """(n, 3) rad/s; None for an accelerometer-only sensor or packet."""
    kind: int = 0
    """Which of the profile's packets it is; each has its own clock."""
    counter: int | None = None
    """Packets sent before, modulo the counter's bits, where the device counts them."""
    spread_s: float = 0.0
    """From the arrival of its first part to that of its last one; 0 for a packet in one piece."""

    @property
    def begun_s(self) -> float:
        """Arrival of its first part: nearest to when it was sent."""
        return self.arrival_s - self.spread_s

    def __len__(self) -> int:
        measured = self.gyr if self.acc is None else self.acc
        return 0 if measured is None else len(measured)


@dataclass(frozen=True, slots=True, eq=False)
class Stamped:
    """The samples of one packet on the session clock, evenly spaced at the sensor's rate."""

    placement: Placement
    t_s: Array
    """(n,) session time, s."""
    acc: Array | None
    """(n, 3) m/s²; None in a packet of angular rates alone."""
    gyr: Array | None
    """(n, 3) rad/s; None in a packet of accelerations alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in sensor axes on the session clock; evenly spaced at the sensor's rate."""

    placement: Placement
    t_s: Array
    """(n,) session time, s."""
    acc: Array
    """(n, 3) m/s², specific force."""
    gyr: Array | None
    """(n, 3) rad/s; None for an accelerometer-only sensor."""
    measured: bool = True
    """False for samples laid in a straight line across a short gap."""

    @property
    def end_s(self) -> float:
        """Time of the last sample, s."""
        return float(self.t_s[-1])

    def part(self, start: int, end: int) -> "Samples":
        """Samples [start, end); the arrays are views."""
        gyr = None if self.gyr is None else self.gyr[start:end]
        return Samples(self.placement, self.t_s[start:end], self.acc[start:end], gyr, self.measured)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How one sensor sits on its segment, and since when that is known."""

    placement: Placement
    known_s: float
    """Signal time at which it was known."""
    zero_s: float
    """Signal time since which its zero of the angles holds; `known_s` moves with the bias too."""
    rotation: Rotation
    """Rows: the segment's x, y and z axis in sensor axes."""
    gyro_bias: Triple
    """rad/s, sensor axes."""
    from_rest: bool
    """True when a standing phase gave bias and zero angles; else they are guessed."""
    note: str = ""
    """What the user should know or do, if anything."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedSamples:
    """Samples in segment axes: bias and mounting removed."""

    placement: Placement
    t_s: Array
    acc: Array
    gyr: Array | None
    from_rest: bool
    """True when a standing phase gave bias and zero angles; else they are guessed."""
    reading: Array
    """(n,) m/s², largest accelerometer axis as the sensor read it: shows clipping."""
    measured: bool = True
    released_s: float = -math.inf
    """Held back until this signal time, while the mounting was not known."""
    zero_s: float = -math.inf
    """Since when this zero of the angles holds."""

    def part(self, start: int, end: int) -> "CalibratedSamples":
        """Samples [start, end); the arrays are views."""
        return replace(
            self,
            t_s=self.t_s[start:end],
            acc=self.acc[start:end],
            gyr=None if self.gyr is None else self.gyr[start:end],
            reading=self.reading[start:end],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Orientation:
    """Segment axes against the vertical; heading-free."""

    samples: CalibratedSamples
    up: Array
    """(n, 3) earth's up direction in segment axes, unit length."""
    settled: bool
    """False while the filter still forgets how it started."""

    @property
    def t_s(self) -> Array:
        """(n,) session time, s."""
        return self.samples.t_s

    @property
    def end_s(self) -> float:
        """Time of the last sample, s."""
        return float(self.t_s[-1])

    def part(self, start: int, end: int) -> "Orientation":
        """Samples [start, end); the arrays are views."""
        return Orientation(self.samples.part(start, end), self.up[start:end], self.settled)


class GapReason(StrEnum):
    """Why something was not measured."""

    LOST = "lost"
    CORRUPT = "corrupt"
    NOT_A_NUMBER = "not a number"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Gap:
    """A span that was *not* measured: [start_s, end_s)."""

    placement: Placement
    start_s: float
    end_s: float
    reason: GapReason
    samples: int
    """How many samples are missing, by the sensor's rate; 0 when it cannot be known."""
