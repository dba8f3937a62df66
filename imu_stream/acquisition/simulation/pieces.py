"""Smooth motion of one body segment: quintic pieces between knots, and what a sensor feels on it.

A *jet* is a value with its first and second time derivative, stacked along the first axis.
The six coordinates of a segment, in this order: position x, y, z (m, earth axes, moving with
the room, not with the belt) and the angles pitch, roll, yaw (rad). The angles turn segment
axes into earth axes as Rz(yaw) · Ry(pitch) · Rx(roll): a positive pitch tips forward.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import GRAVITY, Array

X, Y, Z, PITCH, ROLL, YAW = range(6)
COORDINATES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What an ideal sensor measures."""

    acc: Array
    """(n, 3) m/s², specific force."""
    gyr: Array
    """(n, 3) rad/s."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where the sensor is and how its segment is turned."""

    position: Array
    """(n, 3) m, earth axes."""
    quaternion: Array
    """(n, 4) scalar first, segment to earth."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """Damped shaking after an impact: amplitude · Re[p(λt) e^(-λt) / λ], p cubic."""

    decay: complex
    """λ in 1/s; its real part damps, its imaginary part rings."""
    cubic: tuple[float, float, float]
    """Coefficients of τ, τ², τ³: one without τ and τ² starts from rest."""

    def displacement(self, t: Array) -> Array:
        tau = self.decay * t
        a, b, c = self.cubic
        wave = tau * (a + tau * (b + tau * c)) * np.exp(-tau) / self.decay
        return np.asarray(wave.real)

    def acceleration(self, t: Array) -> Array:
        tau = self.decay * t
        a, b, c = self.cubic
        shape = 2 * b - 2 * a + tau * (a - 4 * b + 6 * c + tau * (b - 6 * c + tau * c))
        return np.asarray((shape * np.exp(-tau) * self.decay).real)


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """m consecutive pieces; piece k holds from start[k] to start[k + 1], the last to the end."""

    start: Array
    """(m,) s."""
    end_s: float
    coefficients: Array
    """(m, 6 powers of the time since start, 6 coordinates)."""
    lever: Array
    """(m, 2) distance (m) and angle (rad) of the sensor from the point that x and z describe."""
    impact_s: Array
    """(m,) the last impact before the piece."""
    impact: Array
    """(m, 3) amplitude of the ringing after it, m/s."""
    ringing: Ringing

    def covers(self, start_s: float, end_s: float) -> bool:
        return bool(self.start[0] <= start_s and end_s < self.end_s)

    def motion(self, t: Array) -> Motion:
        """Specific force and angular rate at the given times, in segment axes."""
        k = self._find(t)
        value, rate, bend = self._polynomials(t, k)
        distance, angle = self.lever[k].T
        turned = angle - value[:, PITCH]
        cos, sin = distance * np.cos(turned), distance * np.sin(turned)
        since = t - self.impact_s[k]
        force = bend[:, :3] + self.impact[k] * self.ringing.acceleration(since)[:, None]
        force[:, X] += sin * bend[:, PITCH] - cos * rate[:, PITCH] ** 2
        force[:, Z] += GRAVITY - cos * bend[:, PITCH] - sin * rate[:, PITCH] ** 2
        return Motion(*_into_segment(force, value, rate))

    def pose(self, t: Array) -> Pose:
        """Position of the sensor and orientation of the segment at the given times."""
        k = self._find(t)
        value = self._polynomials(t, k)[0]
        distance, angle = self.lever[k].T
        turned = angle - value[:, PITCH]
        since = t - self.impact_s[k]
        position = value[:, :3] + self.impact[k] * self.ringing.displacement(since)[:, None]
        position[:, X] += distance * np.cos(turned)
        position[:, Z] += distance * np.sin(turned)
        return Pose(position, _quaternion(value))

    def integral(self, coordinate: int, start_s: float, end_s: float) -> float:
        """Exact time integral of one coordinate's polynomials."""
        ends = np.append(self.start[1:], self.end_s)
        low = np.clip(start_s, self.start, ends) - self.start
        high = np.clip(end_s, self.start, ends) - self.start
        order = np.arange(1, 7)
        primitive = self.coefficients[:, :, coordinate] / order
        return float((primitive * (high[:, None] ** order - low[:, None] ** order)).sum())

    def _find(self, t: Array) -> NDArray[np.intp]:
        return np.maximum(np.searchsorted(self.start, t, side="right") - 1, 0)

    def _polynomials(self, t: Array, k: NDArray[np.intp]) -> tuple[Array, Array, Array]:
        """Value and two derivatives (n, 6) of every coordinate.

        Sums over a middle axis, so that a sample comes out the same in any block.
        """
        power = (t - self.start[k])[:, None, None] ** np.arange(6)[:, None]
        c = self.coefficients[k]
        value = (c * power).sum(axis=1)
        rate = (c[:, 1:] * (power[:, :5] * _FIRST)).sum(axis=1)
        bend = (c[:, 2:] * (power[:, :4] * _SECOND)).sum(axis=1)
        return value, rate, bend


_FIRST = np.arange(1.0, 6.0)[:, None]
_SECOND = np.array([2.0, 6.0, 12.0, 20.0])[:, None]


def _into_segment(force: Array, value: Array, rate: Array) -> tuple[Array, Array]:
    """Earth-frame force and angle rates as the sensor sees them."""
    cp, cr, cy = np.cos(value[:, PITCH:]).T
    sp, sr, sy = np.sin(value[:, PITCH:]).T
    ahead = cy * force[:, X] + sy * force[:, Y]
    left = cy * force[:, Y] - sy * force[:, X]
    below = sp * ahead + cp * force[:, Z]
    acc = (cp * ahead - sp * force[:, Z], cr * left + sr * below, cr * below - sr * left)
    pitch, roll, yaw = rate[:, PITCH:].T
    gyr = (roll - sp * yaw, cr * pitch + sr * cp * yaw, cr * cp * yaw - sr * pitch)
    return np.stack(acc, axis=1), np.stack(gyr, axis=1)


def _quaternion(value: Array) -> Array:
    cp, cr, cy = np.cos(value[:, PITCH:] / 2).T
    sp, sr, sy = np.sin(value[:, PITCH:] / 2).T
    parts = (
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    )
    return np.stack(parts, axis=1)


def quintic(first: Array, last: Array, duration: Array) -> Array:
    """Coefficients (6, …) of the quintic with these jets (3, …) at both ends."""
    h = duration
    gap = last[0] - first[0] - h * (first[1] + h * first[2] / 2)
    slope = h * (last[1] - first[1] - h * first[2])
    bend = h * h * (last[2] - first[2])
    cubic = (10 * gap - 4 * slope + bend / 2) / h**3
    quartic = (-15 * gap + 7 * slope - bend) / h**4
    top = (6 * gap - 3 * slope + bend / 2) / h**5
    return np.stack([first[0], first[1], first[2] / 2, cubic, quartic, top])


def quintic_at(first: Array, last: Array, duration: Array, u: Array) -> Array:
    """Jet (3, …) of that quintic at the time u after its start."""
    c = quintic(first, last, duration)
    return np.stack(
        [
            c[0] + u * (c[1] + u * (c[2] + u * (c[3] + u * (c[4] + u * c[5])))),
            c[1] + u * (2 * c[2] + u * (3 * c[3] + u * (4 * c[4] + u * 5 * c[5]))),
            2 * c[2] + u * (6 * c[3] + u * (12 * c[4] + u * 20 * c[5])),
        ]
    )


def interleave(columns: list[Array]) -> Array:
    """Put k arrays (n, …) of the pieces of n strides into their order in time (n · k, …)."""
    stacked = np.stack(columns, axis=1)
    return np.ascontiguousarray(stacked.reshape(-1, *stacked.shape[2:]))
