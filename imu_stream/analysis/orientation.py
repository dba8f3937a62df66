"""Which way is up, in segment axes: VQF for sensors with a gyroscope, low-passed gravity without.

VQF (Laidig & Seel 2023, Information Fusion 91) low-passes the accelerometer in a nearly inertial
frame without normalising it, so the cyclic accelerations of running average out; filters that
normalise each sample are biased by the free fall of every flight phase.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi
from vqf import VQF

from imu_stream.analysis.filters import dot
from imu_stream.datatypes import Array, CalibratedSamples, Gap, Orientation


@dataclass(frozen=True, slots=True)
class OrientationParams:
    """How the vertical is followed."""

    acc_time_s: float = 3.0
    """VQF's tauAcc: below 1.5 s running tilts it, above 6 s gaps and bias do."""
    gravity_cutoff_hz: float = 0.4
    """Low-pass for a sensor without a gyroscope: whole strides average out."""
    settle_s: float = 6.0
    """Time after a start in movement until the direction is trusted: twice acc_time_s."""


class OrientationFilter:
    """Adds the up direction to one sensor's samples: `CalibratedSamples | Gap` in.

    Starting while standing needs no settling: the first sample shows the vertical.
    """

    def __init__(self, rate_hz: float, params: OrientationParams | None = None) -> None:
        self._params = params or OrientationParams()
        self._rate_hz = rate_hz
        self._zero_s: float | None = None
        self._restart(settled=True)

    def _restart(self, settled: bool) -> None:
        self._vqf = VQF(1.0 / self._rate_hz, tauAcc=self._params.acc_time_s)
        self._low_pass = butter(2, self._params.gravity_cutoff_hz, fs=self._rate_hz, output="sos")
        self._state: Array | None = None
        self._last: Array | None = None
        self._unsettled = 0 if settled else round(self._params.settle_s * self._rate_hz)

    def push(self, item: CalibratedSamples | Gap) -> list[Orientation | Gap]:
        """The block with its up direction; a gap or a new zero starts the filter over."""
        if isinstance(item, Gap):
            self._restart(settled=False)
            return [item]
        if self._zero_s not in (None, item.zero_s):  # the axes turned, while the wearer stands
            self._restart(settled=True)
        self._zero_s = item.zero_s
        up = self._up(item.acc, item.gyr) if len(item.t_s) else item.acc
        settling = min(self._unsettled, len(up))
        self._unsettled -= settling
        whole = Orientation(item, up, settled=True)
        cuts = ((0, settling, False), (settling, len(up), True))
        return [
            replace(whole.part(start, end), settled=settled)
            for start, end, settled in cuts
            if start < end
        ]

    def _up(self, acc: Array, gyr: Array | None) -> Array:
        if gyr is None:
            return self._low_passed(acc)
        result = self._vqf.updateBatch(np.ascontiguousarray(gyr), np.ascontiguousarray(acc))
        return self._in_time(up_from_quaternion(result["quat6D"]))

    def _in_time(self, up: Array) -> Array:
        """Directions at the samples themselves: half way back to the ones before.

        VQF turns by each rate for a whole step, as if it held until the next sample; a rate holds
        for the step around its sample, so the filter is half a step ahead.
        """
        last = up[:1] if self._last is None else self._last
        self._last = up[-1:]
        between = up.copy(order="K")
        between[1:] += up[:-1]
        between[0] += last[0]
        between /= np.sqrt(dot(between, between))[:, None]
        return between

    def _low_passed(self, acc: Array) -> Array:
        if self._state is None:
            self._state = sosfilt_zi(self._low_pass)[:, :, None] * acc[0]
        smooth, self._state = sosfilt(self._low_pass, acc, axis=0, zi=self._state)
        return np.asarray(smooth / np.sqrt(dot(smooth, smooth))[:, None])


def up_from_quaternion(quaternion: Array) -> Array:
    """Earth's up in body axes, (n, 3), from (n, 4) body-to-earth quaternions."""
    w, x, y, z = quaternion.T
    return np.array([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)]).T
