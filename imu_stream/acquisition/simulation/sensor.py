"""A virtual sensor: the ideal measurement with the faults of a real one."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from imu_stream.acquisition.simulation.pieces import Motion
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import smooth_ramp
from imu_stream.datatypes import GRAVITY, Array, Placement

Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]
"""Rotation matrix by rows."""

UPRIGHT: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
SLIP_S = 0.3
"""How long a sensor takes to slip."""
TABLE_HEADER = "time_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"


class Slip(NamedTuple):
    """The sensor's strap gives way: from then on it sits differently."""

    time_s: float
    rotation: Matrix
    """From the sensor axes before to those after."""


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """Mounting and faults of one sensor; the default is a perfect sensor, mounted straight."""

    mount: Matrix = UPRIGHT
    """Segment axes to sensor axes, before any slip."""
    acc_bias: Triple = (0.0, 0.0, 0.0)
    """m/s², sensor axes."""
    gyr_bias: Triple = (0.0, 0.0, 0.0)
    """rad/s, sensor axes."""
    acc_noise: float = 0.0
    """Noise density, m/s²/√Hz."""
    gyr_noise: float = 0.0
    """Noise density, rad/s/√Hz."""
    bandwidth_hz: float = 100.0
    """Of the sensor's own filter; with the densities it gives the noise of a sample."""
    acc_range: float = 16.0 * GRAVITY
    """Larger values come out as this, m/s²."""
    gyr_range: float = float(np.radians(2000.0))
    """Larger values come out as this, rad/s."""
    clock_ppm: float = 0.0
    """How much the sensor's clock runs fast."""
    slip: tuple[Slip, ...] = ()
    """In order of time."""


class VirtualSensor:
    """Measures one segment of a runner; its noise goes on from call to call."""

    def __init__(
        self,
        runner: Runner,
        placement: Placement,
        errors: SensorErrors | None = None,
        seed: int = 1,
    ) -> None:
        self._runner = runner
        self._placement = placement
        self._errors = errors or SensorErrors()
        self._random = np.random.default_rng(seed)

    def measure(self, t: Array) -> Motion:
        """Measurement in sensor axes.

        Args:
            t: (n,) increasing times on the sensor's own clock, s, with 0 at the runner's 0.
        """
        errors = self._errors
        true_s = t / (1.0 + 1e-6 * errors.clock_ppm)
        ideal = self._runner.sample(self._placement, true_s)
        mount = np.array(errors.mount)
        felt = Motion(ideal.acc @ mount.T, ideal.gyr @ mount.T)
        for time_s, rotation in errors.slip:
            felt = _slipped(felt, true_s - time_s, np.array(rotation))
        noise = np.sqrt(errors.bandwidth_hz) * self._random.standard_normal((len(t), 6))
        acc = felt.acc + errors.acc_bias + errors.acc_noise * noise[:, :3]
        gyr = felt.gyr + errors.gyr_bias + errors.gyr_noise * noise[:, 3:]
        return Motion(
            np.clip(acc, -errors.acc_range, errors.acc_range),
            np.clip(gyr, -errors.gyr_range, errors.gyr_range),
        )


def _slipped(felt: Motion, since_s: Array, rotation: Array) -> Motion:
    """The same as felt in a sensor that turns while it slips; axes turn against vectors."""
    turn = Rotation.from_matrix(rotation).as_rotvec()
    share, rate, _ = smooth_ramp(since_s, SLIP_S)
    turned = Rotation.from_rotvec(share[:, None] * turn)
    return Motion(turned.apply(felt.acc), turned.apply(felt.gyr) - rate[:, None] * turn)


def tilted_mount(nose_down_deg: float = 0.0, turn_deg: float = 0.0) -> Matrix:
    """Mount of a sensor tipped forward and then turned to the left on its segment."""
    down, turn = np.radians(nose_down_deg), np.radians(turn_deg)
    tip = [[np.cos(down), 0.0, -np.sin(down)], [0.0, 1.0, 0.0], [np.sin(down), 0.0, np.cos(down)]]
    yaw = [[np.cos(turn), np.sin(turn), 0.0], [-np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]]
    first, second, third = (np.array(tip) @ np.array(yaw)).tolist()
    return tuple(first), tuple(second), tuple(third)


def write_table(path: Path, t: Array, motion: Motion) -> None:
    """Write samples as CSV, gzip-ed when the name ends in .gz."""
    table = np.column_stack([t, motion.acc, motion.gyr])
    np.savetxt(path, table, delimiter=",", header=TABLE_HEADER, comments="", fmt="%.9g")
