"""Trunk lean per stride, in the trunk's own rhythm.

Each step throws the trunk up: in flight it weighs next to nothing, in mid-stance two to three
times its weight. A step begins where the vertical acceleration crosses zero upward after a
flight; two steps are a stride, over which the oscillation of the trunk averages out. Walking has
no flight, so it makes no stride here; jumping on the spot has, but neither drives and brakes the
trunk at each step nor turns it to and fro from step to step.
"""

import math
from collections import deque
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from imu_stream.analysis.filters import largest, smallest, total
from imu_stream.analysis.trunk_history import Signal, TrunkHistory
from imu_stream.datatypes import Array, Gap, LeanState, Notice, NoticeKind, Orientation, Placement


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
    steps_to_run: int = 4
    """Regular steps in a row before running is believed."""
    drive: float = 0.4
    """m/s², deviation of the level forward acceleration in a stride: running has more, …"""
    turn: float = 0.012
    """rad; … or turns the trunk from one step to the next and back by more than this."""
    smallest_share: float = 0.85
    """Of a stride's samples that must be measured, calibrated and settled for a valid lean."""
    sigma_deg: float = 0.7
    """Standard deviation of a stride's lean about the truth, with a gyroscope; …"""
    sigma_gravity_deg: float = 1.5
    """… and from the accelerometer alone: figures from simulation, with a margin."""
    tolerance_deg: float = 2.0
    """What the confidence is about."""
    slip_strides: int = 8
    slip_side_deg: float = 6.0
    """A runner's side lean does not change by as much; a slipping strap's does."""


Item = LeanState | Notice | Gap


class TrunkLean:
    """Lean states of one chest sensor: `Orientation | Gap` in, `LeanState | Notice | Gap` out."""

    def __init__(self, rate_hz: float, params: LeanParams | None = None) -> None:
        self._params = params or LeanParams()
        self._rate_hz = rate_hz
        self._slip = SlipWatch(self._params)
        self._restart()

    def _restart(self) -> None:
        self._past = TrunkHistory(self._rate_hz, self._params.smoothing_s)
        self._cursor = 1
        self._flying = False
        self._steps: list[float] = []
        self._regular = 0

    def push(self, item: Orientation | Gap) -> list[Item]:
        """A stride's lean is known as soon as the step after it begins."""
        if isinstance(item, Gap):
            self._restart()
            return [item]
        self._past.take(item)
        out: list[Item] = []
        while (step := self._next_step()) is not None:
            out += self._take(step)
        keep = self._steps[0] if self._steps else float(self._cursor)
        self._past.discard_before(min(int(keep), self._cursor) - 2)
        return out

    def finish(self) -> list[Item]:
        """The stream has ended: a stride that is not complete is not reported."""
        return []

    def _next_step(self) -> float | None:
        """Position of the next upward crossing after a flight; None when it is not there yet."""
        if not self._flying and not self._seek(np.less, self._params.flight):
            return None
        self._flying = True
        if not self._seek(np.greater_equal, 0.0):
            return None
        self._flying = False
        return self._crossing(self._cursor)

    def _seek(self, compare: np.ufunc, limit: float) -> bool:
        """Move on to where this holds of the bounce, or to the end of what is there."""
        found = self._past.first(Signal.BOUNCE, self._cursor, compare, limit)
        self._cursor = self._past.end if found is None else found
        return found is not None

    def _crossing(self, after: int) -> float:
        before = self._past.sample(Signal.BOUNCE, after - 1)
        here = self._past.sample(Signal.BOUNCE, after)
        return after - here / (here - before)

    def _take(self, step: float) -> list[Item]:
        """Chain the step to the ones before; every second one completes a stride."""
        if self._steps and not self._is_step(self._steps[-1], step):
            self._steps, self._regular = [], 0
        self._steps.append(step)
        self._regular += 1
        if len(self._steps) < 3:
            return []
        stride = self._steps[:3]
        self._steps = self._steps[2:]
        if self._regular <= self._params.steps_to_run or not self._goes_ahead(stride):
            return []
        return self._stride(stride)

    def _is_step(self, start: float, end: float) -> bool:
        duration_s = (end - start) / self._rate_hz
        if not self._params.shortest_step_s <= duration_s <= self._params.longest_step_s:
            return False
        push = largest(self._past.column(Signal.BOUNCE, int(start), int(end)))
        return bool(push > self._params.stance)

    def _goes_ahead(self, steps: list[float]) -> bool:
        """Whether the trunk is driven forward and braked, or turned from step to step."""
        start, middle, end = (math.ceil(step) for step in steps)
        ahead = self._past.column(Signal.AHEAD, start, end)
        drive = math.sqrt(total(without_mean(ahead) ** 2) / len(ahead))
        turn = self._past.column(Signal.TURN, start, end)
        to, fro = turn[: middle - start], turn[middle - start :]
        turned = abs(float(total(to)) - float(total(fro))) / self._rate_hz / 2.0
        return drive > self._params.drive or turned > self._params.turn

    def _stride(self, steps: list[float]) -> list[Item]:
        start, end = math.ceil(steps[0]), math.ceil(steps[2])
        past = self._past
        sums = total(past.columns(Signal.FORWARD, Signal.TRUST, start, end), axis=1)
        forward, side, trust = (sums / (end - start)).tolist()
        side_deg = math.degrees(side)
        slipping = self._slip.is_slipping(side_deg, past.sample(Signal.ZERO, start))
        valid = trust >= self._params.smallest_share and not self._slip.slipped
        start_s, end_s = past.at(Signal.TIME, steps[0]), past.at(Signal.TIME, steps[2])
        smoothed_s = past.sample(Signal.TIME, end) + past.delay / self._rate_hz
        known_s = max(smoothed_s, past.sample(Signal.RELEASED, end))
        state = LeanState(
            start_s=start_s,
            end_s=end_s,
            lean_deg=math.degrees(forward),
            side_lean_deg=side_deg,
            cadence_spm=120.0 / (end_s - start_s),
            vertical_oscillation_m=rise(past.column(Signal.UPWARD, start, end), self._rate_hz),
            valid=valid,
            confidence=self._confidence(start) if valid else 0.0,
            known_s=known_s,
        )
        if not slipping:
            return [state]
        return [state, Notice(known_s, Placement.CHEST, NoticeKind.SLIPPED)]

    def _confidence(self, index: int) -> float:
        """Probability of an error within the tolerance, for a normal error."""
        params = self._params
        with_gyroscope = self._past.sample(Signal.GYROSCOPE, index) > 0
        sigma_deg = params.sigma_deg if with_gyroscope else params.sigma_gravity_deg
        return math.erf(params.tolerance_deg / (sigma_deg * math.sqrt(2.0)))


class SlipWatch:
    """Notices a strap that slips while running, by the side lean it pretends."""

    def __init__(self, params: LeanParams) -> None:
        self._params = params
        self._zero_s = -math.inf
        self._forget()

    def _forget(self) -> None:
        self.slipped = False
        self._usual: list[float] = []
        self._recent: deque[float] = deque(maxlen=self._params.slip_strides)

    def is_slipping(self, side_deg: float, zero_s: float) -> bool:
        """Take in a stride; True once, when it is noticed. A new zero makes all well again."""
        if zero_s != self._zero_s:
            self._zero_s = zero_s
            self._forget()
        if len(self._usual) < self._params.slip_strides:
            self._usual.append(side_deg)
            return False
        self._recent.append(side_deg)
        full = len(self._recent) == self._params.slip_strides
        away = abs(fmean(self._recent) - fmean(self._usual)) > self._params.slip_side_deg
        noticed = full and away and not self.slipped
        self.slipped = self.slipped or noticed
        return noticed


def rise(upward: Array, rate_hz: float) -> float:
    """Peak-to-peak height over a whole stride, m, from its vertical acceleration (n,), m/s².

    Over a stride height and velocity return to where they were; so both are integrated without
    their mean.
    """
    velocity = without_mean(upward).cumsum() / rate_hz
    height = without_mean(velocity).cumsum() / rate_hz
    return float(largest(height) - smallest(height))


def without_mean(values: Array) -> Array:
    return np.asarray(values - mean(values))


def mean(values: Array) -> float:
    return float(total(values)) / len(values)
