"""Which way a foot points: from the movement itself, whatever the mounting.

A foot that walks or runs turns about its mediolateral axis: the first principal component of the
level part of its rate (the usual functional calibration, e.g. McGrath & Stirling 2020). Which
end is left comes from the swing: a foot points toe down for much longer and farther (push-off,
early swing) than toe up, so the mean elevation of its forward axis is negative. The estimate
starts with the first step and is renewed each time twice as much movement has been seen. A foot
that comes to rest before that was enough has come forward: its velocity until then is the heading.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from imu_stream.analysis.footfall import Footfall, Indices, mean_velocity, turns
from imu_stream.analysis.holding import Held
from imu_stream.datatypes import Array, Gap, Orientation


@dataclass(frozen=True, slots=True)
class HeadingParams:
    """How much movement makes a heading."""

    turning: float = 2.0
    """rad/s; a foot that turns faster about a level axis is on its way."""
    first_s: float = 0.4
    """Time of such turning before the first estimate: one step; …"""
    footfall_s: float = 0.12
    """… or so much of it when the foot then comes to rest, …"""
    way_s: float = 0.25
    """… and before that moved …"""
    slowest_mps: float = 1.0
    """… so fast, in the mean: who shifts his feet while standing does not."""
    longest_s: float = 12.0
    """The same between estimates, later on; the weight of older movement then halves."""
    longest_held_s: float = 60.0
    """A foot may stand for hours before its first step; older samples have no stride in them."""


class FootHeading:
    """Turns one foot's level axes to forward and left: `Orientation | Gap` in and out."""

    def __init__(self, rate_hz: float, params: HeadingParams | None = None) -> None:
        self._params = params or HeadingParams()
        self._rate_hz = rate_hz
        self._footfall = Footfall(rate_hz)
        self._sums = np.zeros(6)
        self._span_s = self._params.first_s
        self._held = Held[Orientation](self._params.longest_held_s)
        self._forward: Array | None = None
        self.known_s = math.inf
        """Time of the first estimate."""

    def push(self, item: Orientation | Gap) -> list[Orientation | Gap]:
        """Held back until the first estimate; each estimate holds from its own sample on."""
        if isinstance(item, Gap):
            self._footfall.restart()
            return [*self._held.add(item)] if self._forward is None else [item]
        if self._forward is not None:
            return self._follow(item)
        out: list[Orientation | Gap] = []
        start = 0
        for end in self._footfall.ends(item):
            out += self._follow(item.part(start, end))
            out += self._rest(float(item.samples.t_s[end - 1]))
            start = end
        return [*out, *self._follow(item.part(start, len(item.up)))]

    def _rest(self, now_s: float) -> list[Orientation | Gap]:
        """The foot has come to rest: the first estimate, if it made a step."""
        params = self._params
        if self._forward is not None or self._sums[0] < params.footfall_s * self._rate_hz:
            return []
        velocity = mean_velocity(self._held.since(now_s - params.way_s), self._rate_hz)
        speed_mps = math.hypot(*velocity)
        stepped = speed_mps >= params.slowest_mps
        return self._point(velocity / speed_mps, now_s) if stepped else []

    def _follow(self, item: Orientation) -> list[Orientation | Gap]:
        """The next samples, between which the turning may become enough for an estimate."""
        out: list[Orientation | Gap] = []
        forward, given = np.empty((2, len(item.up))), 0
        for start, end, due in self._stretches(item):
            if self._forward is None:
                out += self._held.add(item.part(start, end))
                given = end
            else:
                forward[:, start:end] = self._forward[:, None]
            if due:
                out += self._estimate(float(item.t_s[end - 1]))
        if given < len(item.up):
            out.append(turned(item.part(given, len(item.up)), forward[:, given:]))
        return out

    def _stretches(self, item: Orientation) -> Iterator[tuple[int, int, bool]]:
        """The block cut where an estimate is due: start, end, and whether it is.

        Where the next one is due depends on the estimate that is made before it is asked for.
        """
        turning = turning_samples(item, self._params.turning)
        terms = terms_of(item, turning)
        start = used = 0
        while start < len(item.up):
            enough = used + self._missing()
            due = enough <= len(turning)
            end = int(turning[enough - 1]) + 1 if due else len(item.up)
            self._sums = added(self._sums, terms[:, used:enough])
            yield start, end, due
            start, used = end, enough

    def _missing(self) -> int:
        """How many turning samples are missing for the next estimate."""
        return math.ceil(self._span_s * self._rate_hz - float(self._sums[0]))

    def finish(self) -> list[Orientation | Gap]:
        """The stream has ended: a foot that hardly moved has no heading, and no strides."""
        return [*self._held.gaps()]

    def _estimate(self, known_s: float) -> list[Orientation | Gap]:
        forward = forward_direction(self._sums)
        if self._span_s < self._params.longest_s:
            self._span_s = min(2.0 * self._span_s, self._params.longest_s)
        else:
            self._sums = 0.5 * self._sums
        return self._point(forward, known_s)

    def _point(self, forward: Array, known_s: float) -> list[Orientation | Gap]:
        """From now on this is forward, also for what is held."""
        self._forward = forward
        self.known_s = min(self.known_s, known_s)
        held = self._held.taken_since(known_s - self._params.longest_held_s)
        out: list[Orientation | Gap] = []
        for item in held:
            if isinstance(item, Orientation):
                released_s = max(item.samples.released_s, known_s)
                item = replace(item, samples=replace(item.samples, released_s=released_s))
                item = turned(item, forward)
            out.append(item)
        return out


def turning_samples(item: Orientation, turning: float) -> Indices:
    """Which samples of a block are measured on a foot on its way."""
    if not item.samples.measured:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(turns(item, turning))


def terms_of(item: Orientation, samples: Indices) -> Array:
    """What some samples add to the sums, (6, n): count, rate xx, xy, yy, up x, y."""
    gyr = item.samples.gyr
    assert gyr is not None
    x, y = gyr[:, 0].take(samples), gyr[:, 1].take(samples)
    up_x, up_y = item.up[:, 0].take(samples), item.up[:, 1].take(samples)
    return np.array([np.ones(len(x)), x * x, x * y, y * y, up_x, up_y])


def added(sums: Array, terms: Array) -> Array:
    """Sums (6,) with some more terms, used up; one after the other, whatever the block."""
    if not terms.shape[1]:
        return sums
    terms[:, 0] += sums
    return np.asarray(terms.cumsum(axis=1, out=terms)[:, -1].copy())


def forward_direction(sums: Array) -> Array:
    """Unit (2,) level direction in which the foot swings, as `added` makes them."""
    _, xx, xy, yy, up_x, up_y = sums
    angle = 0.5 * np.arctan2(2.0 * xy, xx - yy)
    forward = np.array([np.sin(angle), -np.cos(angle)])
    elevation = forward[0] * up_x + forward[1] * up_y
    return -forward if elevation > 0.0 else forward


def turned(item: Orientation, forward: Array) -> Orientation:
    """The same with x along a level direction, (2,) or of each sample (2, n)."""
    samples = item.samples
    assert samples.gyr is not None
    acc, gyr = turn_level(samples.acc, forward), turn_level(samples.gyr, forward)
    return replace(
        item, samples=replace(samples, acc=acc, gyr=gyr), up=turn_level(item.up, forward)
    )


def turn_level(vectors: Array, forward: Array) -> Array:
    """Vectors (n, 3) in axes turned about z, so that x lies along `forward`."""
    x, y, z = vectors.T
    along = forward[0] * x + forward[1] * y
    left = forward[0] * y - forward[1] * x
    return np.array([along, left, z]).T
