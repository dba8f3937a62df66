"""How a virtual runner wears a sensor: roughly as meant, with the faults of an ordinary one."""

from dataclasses import dataclass

import numpy as np

from imu_stream.acquisition.simulation.sensor import SensorErrors, Triple, tilted_mount
from imu_stream.datatypes import Array, Mount, Placement
from imu_stream.profiles import DeviceProfile

_AXES = "xyz"
_NOSE_DOWN_DEG = {Placement.LEFT_FOOT: 22.0, Placement.RIGHT_FOOT: 18.0, Placement.CHEST: 4.0}
"""The laces slope down to the toes; a chest strap tips forward a little."""
_MISALIGNMENT_DEG = 3.0
_ACC_BIAS = 0.1
_GYR_BIAS = np.radians(0.5)
_ACC_NOISE = 1.5e-3
"""150 µg/√Hz in m/s²/√Hz."""
_GYR_NOISE = float(np.radians(0.01))
_CLOCK_PPM = 30.0
"""A quartz's tolerance."""


@dataclass(frozen=True, slots=True)
class WornSensor:
    """One sensor as it is worn."""

    errors: SensorErrors
    """With a right clock: the clock's error acts on when samples are taken."""
    clock_ppm: float
    """How much the sensor's clock runs fast."""


def wear(profile: DeviceProfile, placement: Placement, seed: int) -> WornSensor:
    """Put on a sensor; the same seed puts it on in the same way."""
    random = np.random.default_rng([seed, list(Placement).index(placement)])
    nose_down_deg, turn_deg = random.normal(0.0, _MISALIGNMENT_DEG, 2)
    tilt = tilted_mount(_NOSE_DOWN_DEG[placement] + nose_down_deg, turn_deg)
    errors = SensorErrors(
        mount=_rows(segment_to_sensor(profile.mount) @ np.array(tilt)),
        acc_bias=_triple(random.normal(0.0, _ACC_BIAS, 3)),
        gyr_bias=_triple(random.normal(0.0, _GYR_BIAS, 3)),
        acc_noise=_ACC_NOISE,
        gyr_noise=_GYR_NOISE,
        acc_range=profile.acc_saturation,
        gyr_range=profile.gyr_saturation or float(np.inf),
    )
    return WornSensor(errors, float(random.uniform(-_CLOCK_PPM, _CLOCK_PPM)))


def segment_to_sensor(mount: Mount) -> Array:
    """Rotation matrix, (3, 3), from segment axes to those of a sensor mounted like this."""
    forward, up = _axis(mount.forward), _axis(mount.up)
    return np.column_stack([forward, np.cross(up, forward), up])


def _axis(name: str) -> Array:
    unit = np.zeros(3)
    unit[_AXES.index(name[-1])] = -1.0 if name.startswith("-") else 1.0
    return unit


def _triple(values: Array) -> Triple:
    first, second, third = values.tolist()
    return first, second, third


def _rows(matrix: Array) -> tuple[Triple, Triple, Triple]:
    return _triple(matrix[0]), _triple(matrix[1]), _triple(matrix[2])
