"""Where a foot comes to rest on the ground, and how fast it came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imu_stream.analysis.filters import dot
from imu_stream.datatypes import Array, Gap, Orientation

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class FootfallParams:
    """When a foot is at rest on the ground."""

    turning: float = 2.0
    """rad/s about a level axis; a foot that turns faster is on its way."""
    rest_s: float = 0.03
    """Slower for so long; running mid-stance is not at rest for much longer."""
    flat: float = 0.9
    """Cosine of the largest tilt: a swinging foot, too, stops turning for a moment, toe down."""


class Footfall:
    """Finds the samples at which one foot has just come to rest."""

    def __init__(self, rate_hz: float, params: FootfallParams | None = None) -> None:
        self._params = params or FootfallParams()
        self._rest = max(1, round(self._params.rest_s * rate_hz))
        self._still = 0
        """Samples since the foot last turned."""

    def restart(self) -> None:
        """Nothing is known about what came before."""
        self._still = 0

    def ends(self, item: Orientation) -> Indices:
        """Ends of the parts of a block with which the foot comes to rest."""
        if not len(item.up):
            return np.empty(0, dtype=np.intp)
        position = np.arange(1, len(item.up) + 1) + self._still
        turned = np.where(turns(item, self._params.turning), position, 0)
        still = position - np.maximum.accumulate(turned)
        self._still = int(still[-1])
        return np.flatnonzero((still == self._rest) & (item.up[:, 2] > self._params.flat)) + 1


def turns(item: Orientation, turning: float) -> NDArray[np.bool_]:
    """At which samples of a block the foot is on its way."""
    gyr = item.samples.gyr
    assert gyr is not None  # a foot sensor has a gyroscope
    x, y = gyr[:, 0], gyr[:, 1]
    return np.asarray(x * x + y * y > turning * turning)


def mean_velocity(way: Sequence[Orientation | Gap], rate_hz: float) -> Array:
    """Mean velocity (2,) along the level axes on a way that ends at rest, m/s; 0 across a gap."""
    parts = [item for item in way if isinstance(item, Orientation)]
    if len(parts) < len(way):
        return np.zeros(2)
    acc = np.concatenate([level_part(item.samples.acc, item.up) for item in parts])
    gained = np.cumsum(acc[::-1], axis=0)
    return np.asarray(-gained.mean(axis=0) / rate_hz)


def level_part(vectors: Array, up: Array) -> Array:
    """Level components (n, 2) of vectors (n, 3) once the segment is turned upright."""
    share = (dot(vectors, up) + vectors[:, 2]) / (1.0 + up[:, 2])
    return np.asarray(vectors[:, :2] - up[:, :2] * share[:, None])
