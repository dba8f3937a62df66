"""How a chest sensor sits, from standing still and bowing: also which way is forward.

Standing shows the vertical, a bow the sagittal plane: the top of the trunk goes forward, so the
level part of the earth's up direction goes backward in the trunk's axes, however the sensor is
strapped. That needs no gyroscope, but is better with one.
"""

import math
from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.calibration import calibrated, joined, triple
from imu_stream.analysis.filters import angle_between, unit
from imu_stream.analysis.mounting import rotation_from_gravity
from imu_stream.analysis.orientation import OrientationFilter, OrientationParams
from imu_stream.analysis.rest import RestDetector, RestParams, windows_of
from imu_stream.datatypes import (
    GRAVITY,
    Array,
    Calibration,
    Gap,
    Mount,
    Orientation,
    Placement,
    Rotation,
    Samples,
    Triple,
)

BOWS = 3
STAND_S = 3.0
MOST_GRAVITY_ERROR = 0.02
LEAST_BOW_DEG, LARGEST_BOW_DEG = 20.0, 100.0
MOST_ASIDE_DEG = 10.0
"""How far a bow may turn aside, in itself and from the others."""
_BEGIN, _END = math.radians(12.0), math.radians(8.0)
"""A bow is what lies between this much from upright and that much, on the way back."""
_GRAVITY_CUTOFF_HZ = 1.5
"""Without a gyroscope: a slow bow passes, and what else moves a standing trunk does not."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Standing still, long enough."""

    known_s: float
    acc: Array
    """(3,) mean specific force, m/s², sensor axes."""
    gyr: Array
    """(3,) mean rate = the gyroscope's bias, rad/s."""
    duration_s: float

    @property
    def gravity_error(self) -> float:
        """How far what it reads is from gravity, as a share of it."""
        return abs(float(np.sqrt(np.sum(self.acc * self.acc))) / GRAVITY - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Bow:
    """One bow, from upright to upright."""

    start_s: float
    end_s: float
    forward: Array
    """(3,) level unit direction in which the top went, sensor axes."""
    angle_deg: float
    """At its deepest."""
    aside_deg: float
    """How far the way down and up again lay beside the plane of `forward`, in the mean (RMS)."""

    @property
    def fault(self) -> str:
        """What is wrong with it; "" when it will do."""
        if self.angle_deg < LEAST_BOW_DEG:
            return f"only {self.angle_deg:.0f}° deep: bow deeper"
        if self.angle_deg > LARGEST_BOW_DEG:
            return f"{self.angle_deg:.0f}° deep: bow less deep"
        if self.aside_deg > MOST_ASIDE_DEG:
            return f"turned {self.aside_deg:.0f}° aside: bow straight ahead"
        return ""


@dataclass(frozen=True, slots=True)
class BowedMounting:
    """What standing and bows tell of a sensor's mounting."""

    rotation: Rotation
    """Rows: the segment's x, y and z axis in sensor axes."""
    gyro_bias: Triple
    """rad/s, sensor axes."""
    error_deg: float
    """Standard error of the forward direction, by how well the bows agree and keep to one plane.
    What turns all of them aside alike does not show in it."""
    apart_deg: float
    """How far the bow that agrees least is from their mean."""
    gravity_error: float

    @property
    def fault(self) -> str:
        """What is wrong with it; "" when it is plausible."""
        if self.gravity_error > MOST_GRAVITY_ERROR:
            return (
                f"at rest the sensor is {self.gravity_error:.1%} off gravity (at most "
                f"{MOST_GRAVITY_ERROR:.0%}): its range or its own calibration is wrong"
            )
        if self.apart_deg > MOST_ASIDE_DEG:
            return (
                f"the bows went in different directions ({self.apart_deg:.0f}° from their mean, "
                f"at most {MOST_ASIDE_DEG:.0f}°): bow straight ahead, always the same way"
            )
        return ""


class BowWatch:
    """Waits for standing still, then for bows: `Samples | Gap` in, `Standing | Bow | Gap` out.

    A gap starts it over: the way back to upright would be missing.
    """

    def __init__(self, placement: Placement, rate_hz: float) -> None:
        self._placement = placement
        self._rate_hz = rate_hz
        self._rest_params = RestParams()
        self._window = max(2, round(self._rest_params.window_s * rate_hz))
        self._restart()

    def _restart(self) -> None:
        self._open: list[Samples] = []
        self._count = 0
        self._rests = RestDetector(self._rest_params)
        params = OrientationParams(gravity_cutoff_hz=_GRAVITY_CUTOFF_HZ)
        self._orientation = OrientationFilter(self._rate_hz, params)
        self._upright: Calibration | None = None
        self._bending: list[Orientation] = []

    def push(self, item: Samples | Gap) -> list[Standing | Bow | Gap]:
        """Standing is looked for in whole windows, counted from the start or a gap."""
        if isinstance(item, Gap):
            self._restart()
            return [item]
        out: list[Standing | Bow | Gap] = []
        start = 0
        while start < len(item.t_s):
            part = item.part(start, start + self._window - self._count)
            self._count = (self._count + len(part.t_s)) % self._window
            out += self._stand(part) if self._upright is None else self._bend(part)
            start += len(part.t_s)
        return out

    def _stand(self, part: Samples) -> list[Standing]:
        self._open.append(part)
        if self._count:
            return []
        (window,) = windows_of(joined(self._open), self._window, self._rest_params)
        self._open = []
        rest = self._rests.push(window)
        if rest is None or rest.duration_s < STAND_S:
            return []
        rotation, _ = rotation_from_gravity(Mount(), rest.acc)
        bias, end_s = triple(rest.gyr), window.end_s
        self._upright = Calibration(self._placement, end_s, end_s, rows(rotation), bias, True)
        return [Standing(end_s, rest.acc, rest.gyr, rest.duration_s)]

    def _bend(self, part: Samples) -> list[Bow]:
        assert self._upright is not None
        out: list[Bow] = []
        for item in self._orientation.push(calibrated(part, self._upright)):
            assert isinstance(item, Orientation)
            out += self._follow(item)
        return out

    def _follow(self, item: Orientation) -> list[Bow]:
        """Cut where bows begin and end."""
        out: list[Bow] = []
        angle = np.arccos(np.clip(item.up[:, 2], -1.0, 1.0))
        start = 0
        while start < len(angle):
            bowing = bool(self._bending)
            changed = angle[start:] < _END if bowing else angle[start:] > _BEGIN
            end = start + int(changed.argmax()) if changed.any() else len(angle)
            if not bowing:
                end += 1  # the first sample of a bow belongs to it
                self._bending += [item.part(end - 1, end)] if end <= len(angle) else []
            elif start < end:
                self._bending.append(item.part(start, end))
            if bowing and end < len(angle):
                out.append(self._bowed(self._bending))
                self._bending = []
            start = end
        return out

    def _bowed(self, parts: list[Orientation]) -> Bow:
        assert self._upright is not None
        up = np.concatenate([part.up for part in parts])
        backward = np.array([up[:, 0].sum(), up[:, 1].sum(), 0.0])
        forward = -unit(backward)
        ahead = up[:, 0] * forward[0] + up[:, 1] * forward[1]
        beside = up[:, 1] * forward[0] - up[:, 0] * forward[1]
        axes = np.array(self._upright.rotation)
        return Bow(
            start_s=float(parts[0].t_s[0]),
            end_s=parts[-1].end_s,
            forward=forward[0] * axes[0] + forward[1] * axes[1],
            angle_deg=math.degrees(math.acos(max(-1.0, float(up[:, 2].min())))),
            aside_deg=math.degrees(
                math.atan2(math.sqrt((beside**2).sum()), math.sqrt((ahead**2).sum()))
            ),
        )


def bowed_mounting(standing: Standing, bows: list[Bow]) -> BowedMounting:
    """The mounting from standing and at least two bows that will do."""
    up = unit(standing.acc)
    forward = unit(np.sum([bow.forward for bow in bows], axis=0))
    apart = [angle_between(forward, bow.forward) for bow in bows]
    spread = sum(angle * angle for angle in apart) / (len(bows) - 1)
    aside = sum(math.radians(bow.aside_deg) ** 2 for bow in bows) / len(bows)
    return BowedMounting(
        rotation=rows(np.stack([forward, np.cross(up, forward), up])),
        gyro_bias=triple(standing.gyr),
        error_deg=math.degrees(math.sqrt((spread + aside) / len(bows))),
        apart_deg=math.degrees(max(apart)),
        gravity_error=standing.gravity_error,
    )


def rows(rotation: Array) -> Rotation:
    """A rotation matrix (3, 3) by rows."""
    return triple(rotation[0]), triple(rotation[1]), triple(rotation[2])
