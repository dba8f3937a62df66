"""How a sensor sits on its segment: rows x forward, y left, z up in sensor axes."""

import math

import numpy as np
from vqf import offlineVQF

from imu_stream.analysis.filters import angle_between, dot, unit
from imu_stream.analysis.orientation import up_from_quaternion
from imu_stream.datatypes import GRAVITY, Array, Calibration, Mount
from imu_stream.errors import CalibrationError

SMALLEST_LEVEL_PART = 0.35
"""Sine of 20°: a forward axis nearer to the vertical than that tells nothing about forward."""

ROUNDING = 1e-3
"""How far a rotation that was written down may be from square."""
STRAP_MOVED = math.radians(15.0)
"""Posture differs by some degrees from day to day; more is the strap."""

LEAST_FORCE_G, LARGEST_FORCE_G = 0.6, 2.5
"""Force on a foot in mid-stance."""
QUIET_SPAN_S, QUIET_PERCENT = 0.075, 15.0
"""Where a foot turns least: the quietest share of the stance, averaged over so long."""


def axis_vector(axis: str) -> Array:
    """The unit vector of an axis name: "x", "-x", "+y", …; CalibrationError for anything else."""
    sign = -1.0 if axis.startswith("-") else 1.0
    name = axis.lstrip("+-").lower()
    if name not in ("x", "y", "z") or len(axis) > 2:
        raise CalibrationError(f"mount axis {axis!r}: expected x, y or z with an optional sign")
    return np.asarray(sign * np.eye(3)["xyz".index(name)])


def nominal_rotation(mount: Mount) -> Array:
    """Segment axes from the mount alone; CalibrationError when they are not square."""
    if mount.rotation is not None:
        return checked_rotation(np.array(mount.rotation))
    forward, up = axis_vector(mount.forward), axis_vector(mount.up)
    if abs(float(np.sum(forward * up))) > 0:
        raise CalibrationError(
            f"mount forward={mount.forward}, up={mount.up}: the two axes must differ"
        )
    return np.stack([forward, np.cross(up, forward), up])


def checked_rotation(rotation: Array) -> Array:
    """The rotation matrix (3, 3) if it is one; else a CalibrationError."""
    lengths_and_angles = np.sum(rotation[:, None] * rotation[None], axis=2)
    square = float(np.abs(lengths_and_angles - np.eye(3)).max()) < ROUNDING
    if not square or float(np.sum(np.cross(rotation[0], rotation[1]) * rotation[2])) < 0.0:
        raise CalibrationError("mount rotation: its rows are not forward, left and up at length 1")
    return rotation


def rotation_from_gravity(mount: Mount, gravity: Array) -> tuple[Array, bool]:
    """Segment axes with z along the standing gravity (3,), forward as near the mount's as can be.

    Returns:
        The rotation, and whether forward is known: it is not when the mount's forward axis
        points up or down, and then some level direction stands in for it.
    """
    up, nominal = unit(gravity), nominal_rotation(mount)
    forward, known = level(nominal[0], up), True
    if forward is None:
        forward, known = level(nominal[2], up), False
    assert forward is not None  # the mount's axes are square: not both are vertical
    return np.stack([forward, np.cross(up, forward), up]), known


def sits_otherwise(mount: Mount, calibration: Calibration) -> bool:
    """Whether a sensor stands so differently from its stored mounting that its strap has moved."""
    if mount.rotation is None or not calibration.from_rest:
        return False
    stored, standing = np.array(mount.rotation[2]), np.array(calibration.rotation[2])
    return angle_between(stored, standing) > STRAP_MOVED


def level(direction: Array, up: Array) -> Array | None:
    """The level part of a direction as a unit vector; None when it is within 20° of vertical."""
    flat = direction - up * float(np.sum(direction * up))
    return unit(flat) if float(np.sqrt(np.sum(flat * flat))) > SMALLEST_LEVEL_PART else None


def quiet_direction(acc: Array, gyr: Array, rate_hz: float) -> Array:
    """Up in sensor axes when a moving foot lies flat, unit (3,): the vertical where it turns least.

    A running foot turns least while it stands; samples with a force far from the weight are left
    out, because a foot also turns little in late swing. The vertical is offline VQF's: the force
    itself points anywhere in running. Off by 9° (median, 28° at most) on the treadmill recordings.
    """
    if len(acc) < rate_hz:  # less than a second tells nothing
        return unit(acc.mean(axis=0))
    whole = offlineVQF(np.ascontiguousarray(gyr), np.ascontiguousarray(acc), None, 1.0 / rate_hz)
    up = up_from_quaternion(whole["quat6D"])
    force = np.sqrt(dot(acc, acc)) / GRAVITY
    later = np.arange(len(acc)) >= len(acc) // 3
    standing = later & (force > LEAST_FORCE_G) & (force < LARGEST_FORCE_G)
    if not standing.any():
        standing = later
    span = max(1, round(QUIET_SPAN_S * rate_hz))
    turning = np.convolve(np.sqrt(dot(gyr, gyr)), np.full(span, 1.0 / span), "same")
    quiet = standing & (turning <= np.percentile(turning[standing], QUIET_PERCENT))
    return unit(up[quiet].mean(axis=0))
