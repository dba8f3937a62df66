"""Sensor axes to segment axes: bias and mounting from standing still, a foot's axis from moving.

Samples are held back until the mounting is known, then released, so that the first strides are
not lost. Without any standing phase the mounting is guessed from the movement and said so.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from imu_stream.analysis.filters import rotate, unit
from imu_stream.analysis.mounting import (
    mediolateral_axis,
    quiet_direction,
    rotation_from_gravity,
    rotation_from_movement,
)
from imu_stream.analysis.rest import Rest, RestDetector, RestParams
from imu_stream.datatypes import (
    Array,
    CalibratedSamples,
    Calibration,
    Gap,
    Mount,
    Placement,
    Samples,
)

Item = Calibration | CalibratedSamples | Gap


@dataclass(frozen=True, slots=True)
class CalibrationParams:
    """How long to look before a mounting is taken as known."""

    rest: RestParams = field(default_factory=RestParams)
    turning: float = 2.0
    """rad/s; a foot that turns faster is walking or running."""
    turning_s: float = 3.0
    """Time a foot must have turned that fast since it last stood: about five running strides."""
    patience_s: float = 8.0
    """Movement with no standing phase before it, after which the mounting is guessed."""
    lock_s: float = 10.0
    """Movement after which a new rest no longer moves the chest's zero, only its bias."""
    memory_s: float = 60.0
    """Longest span held back."""


class SensorCalibration:
    """Calibrates the stream of one sensor.

    In: `Samples | Gap`. Out: `Calibration` whenever it changes, then what it applies to. The
    last standing phase before the movement gives the zero; later ones renew the gyroscope's
    bias only, because a runner who stops to tie a shoe does not stand upright.
    """

    def __init__(
        self,
        placement: Placement,
        rate_hz: float,
        mount: Mount,
        params: CalibrationParams | None = None,
    ) -> None:
        self._placement = placement
        self._mount = mount
        self._params = params or CalibrationParams()
        self._rate_hz = rate_hz
        self._window = max(2, round(self._params.rest.window_s * rate_hz))
        self._rests = RestDetector(self._params.rest)
        self._open: list[Samples] = []
        self._open_count = 0
        self._held: list[Samples | Gap] = []
        self._moved: deque[Samples] = deque(maxlen=round(self._params.memory_s * 2))
        self._moving_windows = 0
        self._resting: Rest | None = None
        self._rest: Rest | None = None
        self._known: Calibration | None = None

    def push(self, item: Samples | Gap) -> list[Item]:
        """Standing is looked for in whole windows, counted from the start or a gap."""
        if isinstance(item, Gap):
            self._open, self._open_count = [], 0
            self._rests.reset()
            return self._give(item)
        out: list[Item] = []
        given = position = 0
        while len(item.t_s) - position >= self._window - self._open_count:
            start, position = position, position + self._window - self._open_count
            self._open.append(part(item, start, position))
            found = self._look(joined(self._open))
            self._open, self._open_count = [], 0
            if found is not None:
                out += self._give(part(item, given, position))
                out += self._adopt(found)
                given = position
        if position < len(item.t_s):
            self._open.append(part(item, position, len(item.t_s)))
            self._open_count += len(item.t_s) - position
        if given < len(item.t_s):
            out += self._give(part(item, given, len(item.t_s)))
        return out

    def finish(self) -> list[Item]:
        """The stream has ended: release what is held, with the best guess there is."""
        samples = [item for item in self._held if isinstance(item, Samples)]
        if self._known is not None or not samples:
            return [item for item in self._held if isinstance(item, Gap)]
        self._moved.extend([] if self._moved else samples)
        return self._adopt(self._guess(float(samples[-1].t_s[-1])))

    def _give(self, item: Samples | Gap) -> list[Item]:
        if self._known is None:
            self._hold(item)
            return []
        return [item if isinstance(item, Gap) else calibrated(item, self._known)]

    def _hold(self, item: Samples | Gap) -> None:
        self._held.append(item)
        oldest_s = end_of(item) - self._params.memory_s
        while end_of(self._held[0]) < oldest_s:
            self._held.pop(0)

    def _adopt(self, calibration: Calibration) -> list[Item]:
        self._known = calibration
        held, self._held = self._held, []
        self._moved.clear()
        return [calibration, *(out for item in held for out in self._give(item))]

    def _look(self, window: Samples) -> Calibration | None:
        """A changed calibration, if this window brings one."""
        known_s = float(window.t_s[-1])
        rest = self._rests.push(window.acc, window.gyr)
        ended, self._resting = self._resting, rest
        if rest is not None:
            first = self._known is None and not self._placement.is_foot
            return self._from_rest(rest, known_s) if first else None
        if ended is not None:
            self._rest = ended
            self._moved.clear()
        if self._known is not None:
            self._moving_windows += self._rests.vigorous
            return None if ended is None else self._renewed(ended, known_s)
        self._moved.append(window)
        return self._from_movement(known_s)

    def _renewed(self, rest: Rest, known_s: float) -> Calibration | None:
        assert self._known is not None
        moved_s = self._moving_windows * self._params.rest.window_s
        still_standing = not self._placement.is_foot and moved_s < self._params.lock_s
        if still_standing or not self._known.from_rest:
            return self._from_rest(rest, known_s)
        return replace(self._known, gyro_bias=triple(rest.gyr), known_s=known_s)

    def _from_movement(self, known_s: float) -> Calibration | None:
        moved_s = self._rests.moving_windows * self._params.rest.window_s
        if self._rest is None:
            return self._guess(known_s) if moved_s >= self._params.patience_s else None
        if not self._placement.is_foot or not self._has_turned(self._rest.gyr):
            return None
        return self._from_rest(self._rest, known_s)

    def _has_turned(self, bias: Array) -> bool:
        rates = stacked(window.gyr for window in self._moved) - bias
        turning = np.count_nonzero(np.sqrt(np.sum(rates * rates, axis=1)) > self._params.turning)
        return bool(turning >= self._params.turning_s * self._rate_hz)

    def _from_rest(self, rest: Rest, known_s: float) -> Calibration:
        """Bias and up from standing; a foot's axis from its movement since, or as known before."""
        if not self._placement.is_foot:
            return self._chest(rest.acc, rest.gyr, known_s, from_rest=True)
        up = unit(rest.acc)
        if self._known is not None:
            left = np.array(self._known.rotation[1])
            left = unit(left - up * float(np.sum(left * up)))
        else:
            left = self._mediolateral_axis(rest.gyr, up)
        return self._calibration(known_s, rotation_from_movement(left, up), rest.gyr, True)

    def _guess(self, known_s: float) -> Calibration:
        """Without standing: over whole strides a segment turns nowhere, and rests on the ground."""
        acc = stacked(window.acc for window in self._moved)
        gyr = stacked(window.gyr for window in self._moved)
        bias = gyr.mean(axis=0)
        if not self._placement.is_foot:
            return self._chest(acc.mean(axis=0), bias, known_s, from_rest=False)
        up = quiet_direction(acc, gyr - bias)
        rotation = rotation_from_movement(self._mediolateral_axis(bias, up), up)
        note = "no standing phase before the movement: strike angles are guessed"
        return self._calibration(known_s, rotation, bias, False, note)

    def _mediolateral_axis(self, bias: Array, up: Array) -> Array:
        acc = stacked(window.acc for window in self._moved)
        gyr = stacked(window.gyr for window in self._moved)
        return mediolateral_axis(acc, gyr - bias, up, self._rate_hz)

    def _chest(self, gravity: Array, bias: Array, known_s: float, from_rest: bool) -> Calibration:
        rotation, sound = rotation_from_gravity(self._mount, gravity)
        note = "" if from_rest else "no standing phase before the movement: lean is not measured"
        if not sound:
            note = f"the forward axis ({self._mount.forward}) points up or down: give the mount"
        return self._calibration(known_s, rotation, bias, from_rest and sound, note)

    def _calibration(
        self, known_s: float, rotation: Array, bias: Array, from_rest: bool, note: str = ""
    ) -> Calibration:
        rows = (triple(rotation[0]), triple(rotation[1]), triple(rotation[2]))
        return Calibration(self._placement, known_s, rows, triple(bias), from_rest, note)


def calibrated(samples: Samples, calibration: Calibration) -> CalibratedSamples:
    """The same samples in segment axes."""
    rotation = np.array(calibration.rotation)
    gyr = samples.gyr
    if gyr is not None:
        gyr = rotate(rotation, gyr - np.array(calibration.gyro_bias))
    acc = rotate(rotation, samples.acc)
    return CalibratedSamples(
        samples.placement, samples.t_s, acc, gyr, calibration.from_rest, samples.measured
    )


def part(samples: Samples, start: int, end: int) -> Samples:
    """Samples [start, end)."""
    gyr = None if samples.gyr is None else samples.gyr[start:end]
    return Samples(
        samples.placement,
        samples.t_s[start:end],
        samples.acc[start:end],
        gyr,
        samples.measured,
    )


def joined(parts: list[Samples]) -> Samples:
    """Consecutive parts as one."""
    gyr = None if parts[0].gyr is None else stacked(p.gyr for p in parts)
    t_s = np.concatenate([p.t_s for p in parts])
    return Samples(parts[0].placement, t_s, stacked(p.acc for p in parts), gyr)


def stacked(arrays: Iterable[Array | None]) -> Array:
    """(n, 3) blocks below each other; a sensor without a gyroscope is taken not to turn."""
    present = [array for array in arrays if array is not None]
    return np.concatenate(present) if present else np.zeros((1, 3))


def end_of(item: Samples | Gap) -> float:
    return item.end_s if isinstance(item, Gap) else float(item.t_s[-1])


def triple(vector: Array) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])
