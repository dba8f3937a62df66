"""Which way is up, in segment axes: VQF for sensors with a gyroscope, low-passed gravity without.

VQF (Laidig & Seel 2023, Information Fusion 91) low-passes the accelerometer in a nearly inertial
frame without normalising it, so the cyclic accelerations of running average out; filters that
normalise each sample are biased by the free fall of every flight phase.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy  # its parts load when first used: scipy.signal takes half a second
from vqf import VQF

from imu_stream.analysis.filters import dot
from imu_stream.datatypes import Array, CalibratedSamples, Gap, Orientation, Placement


@dataclass(frozen=True, slots=True)
class OrientationParams:
    """How the vertical is followed."""

    acc_time_s: float = 3.0
    """VQF's tauAcc: below 1.5 s running tilts it, above 6 s gaps and bias do."""
    gravity_cutoff_hz: float = 0.4
    """Low-pass for a sensor without a gyroscope: whole strides average out."""
    settle_s: float = 6.0
    """Time after a start in movement until the direction is trusted: twice acc_time_s; …"""
    short_s: float = 0.025
    """A gap that was crossed and is no longer than this does no harm; …"""
    distrust_s: float = 9.0
    """… time after any other in which a foot's vertical tells nothing of its gyroscope's bias."""
    foot_settle_s: float = 4.5
    """… of a foot, whose rests on the ground tell how far it still stands askew: 1.5 times."""


class OrientationFilter:
    """Adds the up direction to one sensor's samples: `CalibratedSamples | Gap` in.

    Starting while standing needs no settling: the first sample shows the vertical.
    """

    def __init__(self, rate_hz: float, params: OrientationParams | None = None) -> None:
        self._params = params or OrientationParams()
        self._rate_hz = rate_hz
        self._short = round(self._params.short_s * rate_hz)
        self._zero_s: float | None = None
        self._restart(settle_s=0.0)

    def _restart(self, settle_s: float) -> None:
        self._vqf = VQF(1.0 / self._rate_hz, tauAcc=self._params.acc_time_s)
        self._low_pass = scipy.signal.butter(
            2, self._params.gravity_cutoff_hz, fs=self._rate_hz, output="sos"
        )
        self._state: Array | None = None
        self._last: Array | None = None
        self._unsettled = round(settle_s * self._rate_hz)
        self._crossed = 0
        """Samples since the last one that was measured."""
        self._distrusted = 0
        """Samples until a gyroscope's bias is looked for again."""

    def push(self, item: CalibratedSamples | Gap) -> list[Orientation | Gap]:
        """The block with its up direction; a gap or a new zero starts the filter over."""
        if isinstance(item, Gap):
            self._lose(item.placement)
            return [item]
        if self._zero_s not in (None, item.zero_s):  # the axes turned, while the wearer stands
            self._restart(settle_s=0.0)
        self._zero_s = item.zero_s
        self._look_for_crossing(item)
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

    def _lose(self, placement: Placement) -> None:
        """A gap: the vertical is not known any more."""
        if not placement.is_foot:
            self._restart(self._params.settle_s)
            return
        self._restart(self._params.foot_settle_s)
        self._distrust()

    def _look_for_crossing(self, item: CalibratedSamples) -> None:
        """Where a gap was crossed, the foot has turned as nobody knows."""
        if not item.measured:
            self._crossed += len(item.t_s)
            return
        if item.placement.is_foot and self._crossed > self._short:
            self._distrust()
        self._crossed = 0

    def _distrust(self) -> None:
        """For some time the vertical that comes back must not be taken for a gyroscope's bias."""
        self._vqf.setMotionBiasEstEnabled(False)
        self._distrusted = round(self._params.distrust_s * self._rate_hz)

    def _up(self, acc: Array, gyr: Array | None) -> Array:
        if gyr is None:
            return self._low_passed(acc)
        first = min(self._distrusted, len(acc))
        self._distrusted -= first
        up = self._filtered(acc[:first], gyr[:first])
        if first < len(acc):
            self._vqf.setMotionBiasEstEnabled(True)
            after = self._filtered(acc[first:], gyr[first:])
            up = np.concatenate([up, after]) if first else after
        return self._in_time(up)

    def _filtered(self, acc: Array, gyr: Array) -> Array:
        result = self._vqf.updateBatch(np.ascontiguousarray(gyr), np.ascontiguousarray(acc))
        return up_from_quaternion(result["quat6D"])

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
            self._state = scipy.signal.sosfilt_zi(self._low_pass)[:, :, None] * acc[0]
        smooth, self._state = scipy.signal.sosfilt(self._low_pass, acc, axis=0, zi=self._state)
        return np.asarray(smooth / np.sqrt(dot(smooth, smooth))[:, None])


def up_from_quaternion(quaternion: Array) -> Array:
    """Earth's up in body axes, (n, 3), from (n, 4) body-to-earth quaternions."""
    w, x, y, z = quaternion.T
    return np.array([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)]).T
