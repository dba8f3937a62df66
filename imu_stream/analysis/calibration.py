"""Sensor axes to segment axes: gyroscope bias and the vertical from standing still.

Samples are held back until that is known, then released, so that nothing is lost. Without any
standing phase the vertical is guessed from the movement, and said so. Which way is forward comes
from the mount (chest) or from the movement (`heading.py`, feet).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from imu_stream.analysis.filters import angle_between, rotate, rotated
from imu_stream.analysis.holding import Held
from imu_stream.analysis.mounting import nominal_rotation, quiet_direction, rotation_from_gravity
from imu_stream.analysis.rest import Rest, RestDetector, RestParams, Window, windows_of
from imu_stream.datatypes import (
    Array,
    CalibratedSamples,
    Calibration,
    Gap,
    Mount,
    NoticeKind,
    Placement,
    Samples,
)

Item = Calibration | CalibratedSamples | Gap


@dataclass(frozen=True, slots=True)
class CalibrationParams:
    """How long to look before a mounting is taken as known."""

    rest: RestParams = field(default_factory=RestParams)
    patience_s: float = 8.0
    """Movement with no standing phase before it, after which the vertical is guessed."""
    lock_s: float = 10.0
    """Movement after which a new rest no longer moves the zero, only the gyroscope's bias: a
    runner who stops to tie a shoe does not stand upright."""
    refine: float = 0.035
    """rad (2°); a rest nearer to the zero than this only refines it."""
    slip: float = 0.07
    """rad (4°); a chest that rests farther from its zero has slipped, or its wearer bends."""
    renew_s: float = 5.0
    """A rest as long as this tells the one from the other, and gives a new zero."""
    memory_s: float = 60.0
    """Longest span held back."""


class SensorCalibration:
    """Calibrates the stream of one sensor.

    In: `Samples | Gap`. Out: `Calibration` whenever it changes, then what it applies to.
    """

    def __init__(
        self,
        placement: Placement,
        rate_hz: float,
        mount: Mount,
        params: CalibrationParams | None = None,
    ) -> None:
        self._placement = placement
        nominal_rotation(mount)  # refuses here what could not be used later
        self._mount = mount
        self._params = params or CalibrationParams()
        self._rate_hz = rate_hz
        self._window = max(2, round(self._params.rest.window_s * rate_hz))
        self._rests = RestDetector(self._params.rest)
        self._open: list[Samples] = []
        self._open_count = 0
        self._held = Held[Samples](2.0 * self._params.memory_s)
        self._resting: Rest | None = None
        self._moved_s = 0.0
        self._known: Calibration | None = None

    def push(self, item: Samples | Gap) -> list[Item]:
        """Standing is looked for in whole windows, counted from the start or a gap."""
        if isinstance(item, Gap):
            self._open, self._open_count = [], 0
            self._rests.reset()
            return self._give(item)
        out: list[Item] = []
        given, end = 0, -self._open_count
        for window in self._windows(item):
            end += self._window
            if self._known is None:
                self._held.add(item.part(given, end))
                given = end
            found = self._look(window)
            if found is not None:
                out += self._give(item.part(given, end))
                out += self._adopt(found)
                given = end
        return [*out, *self._give(item.part(given, len(item.t_s)))]

    def _windows(self, item: Samples) -> list[Window]:
        """The windows that are whole with this block: the open one, and those within the block."""
        length, params = self._window, self._params.rest
        missing, count = length - self._open_count, len(item.t_s)
        self._open.append(item.part(0, missing))
        self._open_count += count
        if count < missing:
            return []
        windows = windows_of(joined(self._open), length, params)
        windows += windows_of(item.part(missing, count), length, params)
        self._open_count %= length
        self._open = [item.part(count - self._open_count, count)]
        return windows

    def finish(self) -> list[Item]:
        """The stream has ended: release what is held, with the best guess there is."""
        ends_s = [item.end_s for item in self._held.items if isinstance(item, Samples)]
        if self._known is not None or not ends_s:
            return [*self._held.gaps()]
        return self._adopt(self._guess(ends_s[-1]))

    def _give(self, item: Samples | Gap) -> list[Item]:
        if isinstance(item, Samples) and len(item.t_s) == 0:
            return []
        if self._known is None:
            self._held.add(item)
            return []
        return [item if isinstance(item, Gap) else calibrated(item, self._known)]

    def _adopt(self, calibration: Calibration) -> list[Item]:
        self._known = calibration
        held = self._held.taken_since(calibration.known_s - self._params.memory_s)
        out: list[Item] = [calibration]
        for item in (given for one in held for given in self._give(one)):
            if isinstance(item, CalibratedSamples):
                item = replace(item, released_s=calibration.known_s)
            out.append(item)
        return out

    def _look(self, window: Window) -> Calibration | None:
        """A changed calibration, if this window brings one."""
        known_s = window.end_s
        rest = self._rests.push(window)
        ended, self._resting = self._resting, rest
        if rest is not None:
            return self._new_zero(rest, known_s) if self._is_news(rest) else None
        if ended is not None:
            return self._renewed(ended, known_s)
        self._moved_s += window.vigorous * self._params.rest.window_s
        lost_patience = self._known is None and self._moved_s >= self._params.patience_s
        return self._guess(known_s) if lost_patience else None

    def _is_news(self, rest: Rest) -> bool:
        """Whether a rest gives a new zero while it lasts: the first, or one in another posture."""
        known = self._known
        if known is None:
            return True
        if self._tilt(rest) <= self._params.refine:
            return False
        slipped = known.note == NoticeKind.SLIPPED.value
        if slipped or (known.from_rest and self._moved_s >= self._params.lock_s):
            return not self._placement.is_foot and rest.duration_s >= self._params.renew_s
        return True

    def _renewed(self, rest: Rest, known_s: float) -> Calibration:
        """What a rest that has just ended tells."""
        known = self._known
        assert known is not None  # a rest is news when nothing is known
        slipped = known.note == NoticeKind.SLIPPED.value
        locked = slipped or (known.from_rest and self._moved_s >= self._params.lock_s)
        if not locked:
            return replace(self._new_zero(rest, known_s), zero_s=known.zero_s)
        if not self._placement.is_foot and self._tilt(rest) > self._params.slip:
            return replace(known, known_s=known_s, from_rest=False, note=NoticeKind.SLIPPED.value)
        bias = triple(rest.gyr)
        return replace(known, gyro_bias=bias, known_s=known_s, from_rest=True, note="")

    def _tilt(self, rest: Rest) -> float:
        """How far a rest is from the known zero, rad."""
        assert self._known is not None
        return angle_between(np.array(self._known.rotation[2]), rest.acc)

    def _new_zero(self, rest: Rest, known_s: float) -> Calibration:
        self._moved_s = 0.0
        return self._calibration(rest.acc, rest.gyr, known_s, "")

    def _guess(self, known_s: float) -> Calibration:
        """Without standing: over whole strides a segment turns nowhere, and bears its weight."""
        held = self._held.since(known_s - self._params.memory_s)
        moved = [item for item in held if isinstance(item, Samples)]
        acc = stacked(item.acc for item in moved)
        gyr = stacked(item.gyr for item in moved)
        bias = gyr.mean(axis=0)
        lacks = "strike angles are guessed" if self._placement.is_foot else "lean is not measured"
        up = acc.mean(axis=0)
        if self._placement.is_foot:
            up = quiet_direction(acc, gyr - bias, self._rate_hz)
        note = f"no standing phase before the movement: {lacks}"
        return self._calibration(up, bias, known_s, note)

    def _calibration(self, gravity: Array, bias: Array, known_s: float, note: str) -> Calibration:
        rotation, forward_known = rotation_from_gravity(self._mount, gravity)
        if not forward_known and not self._placement.is_foot:
            note = forward_unknown(self._mount)
        rows = (triple(rotation[0]), triple(rotation[1]), triple(rotation[2]))
        return Calibration(self._placement, known_s, known_s, rows, triple(bias), not note, note)


def forward_unknown(mount: Mount) -> str:
    """What to do about a forward axis that stands upright on the body."""
    if mount.rotation is not None:
        return "sits quite otherwise than when it was calibrated: run `imu-stream calibrate` again"
    return f"the forward axis ({mount.forward}) points up or down: give the mount"


def calibrated(samples: Samples, calibration: Calibration) -> CalibratedSamples:
    """The same samples in segment axes."""
    rotation, gyr = np.array(calibration.rotation), samples.gyr
    if gyr is not None:
        gyr = rotated(rotation, map(np.subtract, gyr.T, calibration.gyro_bias))
    x, y, z = map(np.abs, samples.acc.T)
    return CalibratedSamples(
        placement=samples.placement,
        t_s=samples.t_s,
        acc=rotate(rotation, samples.acc),
        gyr=gyr,
        from_rest=calibration.from_rest,
        reading=np.maximum(np.maximum(x, y), z),
        measured=samples.measured,
        zero_s=calibration.zero_s,
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


def triple(vector: Array) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])
