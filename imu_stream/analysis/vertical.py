"""Earth's up direction from a quaternion, and over a whole block at once."""

import numpy as np
from vqf import VQF

from imu_stream.datatypes import Array

ACC_TIME_S = 3.0
"""VQF's tauAcc: below 1.5 s running tilts it, above 6 s gaps and bias do."""


def up_from_quaternion(quaternion: Array) -> Array:
    """Earth's up in body axes, (n, 3), from (n, 4) body-to-earth quaternions."""
    w, x, y, z = quaternion.T
    return np.stack(
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)], axis=1
    )


def follow_vertical(acc: Array, gyr: Array, rate_hz: float) -> Array:
    """Up direction (n, 3) of a whole recording of acc (n, 3) m/s² and gyr (n, 3) rad/s."""
    vqf = VQF(1.0 / rate_hz, tauAcc=ACC_TIME_S)
    result = vqf.updateBatch(np.ascontiguousarray(gyr), np.ascontiguousarray(acc))
    return up_from_quaternion(result["quat6D"])
