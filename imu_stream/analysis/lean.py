"""Trunk lean per stride, in the trunk's own rhythm.

Each step throws the trunk up: in flight it weighs next to nothing, in mid-stance two to three
times its weight. A step begins where the vertical acceleration crosses zero upward after a
flight; two steps are a stride, over which the oscillation of the trunk averages out. Walking has
no flight, so it makes no stride here.
"""

import math
from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.filters import History, Smoother, dot, gaussian_taps
from imu_stream.datatypes import GRAVITY, Array, Gap, LeanState, Orientation

FORWARD, SIDE, VERTICAL, TIME, TRUST, RELEASED = range(6)
"""Columns of the trunk's history."""


@dataclass(frozen=True, slots=True)
class LeanParams:
    """What a running step looks like at the chest."""

    smoothing_s: float = 0.02
    """Sigma of the symmetric smoothing of the vertical acceleration."""
    flight: float = -5.5
    """m/s²; the trunk falls freely at -9.8, and walking stays above -5 (chest recording)."""
    stance: float = 5.0
    """m/s²; the vertical acceleration a running step reaches."""
    shortest_step_s: float = 0.24
    longest_step_s: float = 0.5
    """120 to 250 steps/min."""
    smallest_share: float = 0.85
    """Of a stride's samples that must be measured, calibrated and settled for a valid lean."""
    steps_to_run: int = 4
    """Regular steps in a row before running is believed."""


class TrunkLean:
    """Lean states of one chest sensor: `Orientation | Gap` in, `LeanState | Gap` out."""

    def __init__(self, rate_hz: float, params: LeanParams | None = None) -> None:
        self._params = params or LeanParams()
        self._rate_hz = rate_hz
        self._restart()

    def _restart(self) -> None:
        self._smoother = Smoother(gaussian_taps(self._params.smoothing_s, self._rate_hz))
        self._unsmoothed = np.empty((0, 5))
        self._past = History(6)
        self._cursor = 1
        self._flying = False
        self._steps: list[float] = []
        self._regular = 0

    def push(self, item: Orientation | Gap) -> list[LeanState | Gap]:
        """A stride's lean is known as soon as the step after it begins."""
        if isinstance(item, Gap):
            self._restart()
            return [item]
        self._remember(item)
        out: list[LeanState | Gap] = []
        while (step := self._next_step()) is not None:
            out += self._take(step)
        keep = self._steps[0] if self._steps else float(self._cursor)
        self._past.discard_before(min(int(keep), self._cursor) - 2)
        return out

    def finish(self) -> list[LeanState | Gap]:
        """The stream has ended: a stride that is not complete is not reported."""
        return []

    def _remember(self, item: Orientation) -> None:
        vertical = dot(item.samples.acc, item.up) - GRAVITY
        smooth = self._smoother.push(vertical[:, None])
        forward, side = lean_angles(item.up)
        trusted = item.settled and item.samples.measured and item.samples.from_rest
        trust = np.full(len(forward), float(trusted))
        released = np.full(len(forward), item.samples.released_s)
        fresh = np.stack([forward, side, item.samples.t_s, trust, released], axis=1)
        waiting = np.concatenate([self._unsmoothed, fresh])
        ready, self._unsmoothed = waiting[: len(smooth)], waiting[len(smooth) :]
        self._past.append(np.concatenate([ready[:, :2], smooth, ready[:, 2:]], axis=1))

    def _next_step(self) -> float | None:
        """Position of the next upward crossing after a flight; None when it is not there yet."""
        while self._cursor < self._past.end:
            vertical = self._past.column(VERTICAL, self._cursor, self._past.end)
            if not self._flying:
                flight = vertical < self._params.flight
                self._cursor += int(np.argmax(flight)) if flight.any() else len(vertical)
                self._flying = bool(flight.any())
                continue
            landed = vertical >= 0.0
            if not landed.any():
                self._cursor = self._past.end
                return None
            self._cursor += int(np.argmax(landed))
            self._flying = False
            return self._crossing(self._cursor)
        return None

    def _crossing(self, after: int) -> float:
        before = self._past.at(VERTICAL, after - 1)
        here = self._past.at(VERTICAL, after)
        return after - here / (here - before)

    def _take(self, step: float) -> list[LeanState | Gap]:
        """Chain the step to the ones before; every second one completes a stride."""
        if self._steps and not self._is_step(self._steps[-1], step):
            self._steps, self._regular = [], 0
        self._steps.append(step)
        self._regular += 1
        if len(self._steps) < 3:
            return []
        stride = self._steps[:3]
        self._steps = self._steps[2:]
        return [self._state(stride)] if self._regular > self._params.steps_to_run else []

    def _is_step(self, start: float, end: float) -> bool:
        duration_s = (end - start) / self._rate_hz
        if not self._params.shortest_step_s <= duration_s <= self._params.longest_step_s:
            return False
        push = self._past.column(VERTICAL, int(start), int(end)).max()
        return bool(push > self._params.stance)

    def _state(self, steps: list[float]) -> LeanState:
        start, end = math.ceil(steps[0]), math.ceil(steps[2])
        past = self._past
        start_s, end_s = past.at(TIME, steps[0]), past.at(TIME, steps[2])
        smoothed_s = past.at(TIME, end) + self._smoother.delay / self._rate_hz
        return LeanState(
            start_s=start_s,
            end_s=end_s,
            lean_deg=math.degrees(mean(past.column(FORWARD, start, end))),
            side_lean_deg=math.degrees(mean(past.column(SIDE, start, end))),
            cadence_spm=120.0 / (end_s - start_s),
            valid=bool(mean(past.column(TRUST, start, end)) >= self._params.smallest_share),
            known_s=max(smoothed_s, float(past.column(RELEASED, end, end + 1)[0])),
        )


def lean_angles(up: Array) -> tuple[Array, Array]:
    """Lean forward and to the right, rad (n,), from earth's up in trunk axes (n, 3)."""
    forward = np.arctan2(-up[:, 0], np.sqrt(up[:, 1] * up[:, 1] + up[:, 2] * up[:, 2]))
    return forward, np.arctan2(up[:, 1], up[:, 2])


def mean(values: Array) -> float:
    """Mean summed in order, so that it does not depend on where the array lies in memory."""
    return math.fsum(values.tolist()) / len(values)
