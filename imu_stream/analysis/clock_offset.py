"""From a device's time to session time: a line under the arrivals of its packets.

A radio can only delay, so the session time of a packet's last sample is the lower envelope of
its arrivals. The line through the quickest packets has the slope of the device's clock; it is
followed slowly, so that a burst of late packets moves nothing, but quickly where a packet came
before its time, which no radio does (compare liblsl's clock offsets, which use the mean and are
biased by queues).
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from imu_stream.datatypes import Array


@dataclass(frozen=True, slots=True)
class OffsetParams:
    """How the quickest packets are followed."""

    bin_s: float = 5.0
    """Span of which the quickest packet counts; the line is laid anew after each."""
    bins: int = 60
    """Five minutes: of so many packets one is quick even where nearly all are late."""
    fewest_bins: int = 4
    """From how many on they tell the clock's pace."""
    fewest_told: int = 12
    """From how many on it is told: in less than a minute the radio counts for more."""
    proof_s: float = 1e-3
    """A packet that comes sooner than this before its time moves the line at once."""
    catch_up_s: float = 5.0
    """Time to come back to the line, …"""
    pace_limit: float = 300e-6
    """Crystals stay within 200 ppm."""
    later_limit: float = 500e-6
    """… but not faster towards later times, for all packets may be late for a while, …"""
    earlier_limit: float = 5e-3
    """… than this; and towards earlier ones, after a beginning at which all were."""


@dataclass(frozen=True, slots=True)
class _Quickest:
    device_s: float
    delay_s: float
    """Arrival minus device time."""


@dataclass(frozen=True, slots=True)
class ClockFit:
    """How a device's clock runs, by the line through its quickest packets."""

    fast_ppm: float
    """By how much it runs faster than this computer's, parts in a million."""
    residual_ms: float
    """Root mean square distance of those packets from the line: what the fit leaves unexplained."""


class ClockOffset:
    """Session time minus device time, as far as is known."""

    def __init__(
        self, arrival_s: float, device_s: float, params: OffsetParams | None = None
    ) -> None:
        """Begin as if the first packet had not been delayed."""
        self._params = params or OffsetParams()
        self.offset_s = arrival_s - device_s
        self._settled = False
        self._pace = 0.0
        self._rate = 0.0
        self._bin_start_s = device_s
        self._quickest: _Quickest | None = None
        self._bins: deque[_Quickest] = deque(maxlen=self._params.bins)

    def go_on(self, measured_s: float, missing_s: float = 0.0) -> None:
        """So much of the device's time has passed, with and without samples."""
        self.offset_s += self._rate * measured_s + self._pace * missing_s

    def observe(self, arrival_s: float, device_s: float) -> None:
        """A packet whose last sample was taken at `device_s` has arrived."""
        delay_s = arrival_s - device_s
        if self._quickest is None or delay_s < self._quickest.delay_s:
            self._quickest = _Quickest(device_s, delay_s)
        if device_s - self._bin_start_s >= self._params.bin_s:
            self._bins.append(self._quickest)
            self._bin_start_s, self._quickest = device_s, None
            self._steer(device_s)
        elif delay_s < self.offset_s - self._params.proof_s:
            self._steer(device_s)

    @property
    def _seen(self) -> list[_Quickest]:
        return [*self._bins] if self._quickest is None else [*self._bins, self._quickest]

    def fit(self) -> ClockFit | None:
        """The line through the quickest packet of each bin; None before there are enough."""
        if len(self._bins) < self._params.fewest_told:
            return None
        at_s = np.array([each.device_s for each in self._bins])
        delays_s = np.array([each.delay_s for each in self._bins])
        pace = slope(at_s, delays_s)
        left_s = delays_s - pace * at_s
        return ClockFit(-1e6 * pace, 1e3 * float(np.std(left_s)))

    def settle(self, at_least_s: float = -math.inf) -> float:
        """Take the quickest packet up to now for one without delay; by how much that moves.

        Until then nothing else does.
        """
        quickest_s = min((each.delay_s for each in self._seen), default=self.offset_s)
        shift_s = max(quickest_s - self.offset_s, at_least_s)
        self.offset_s += shift_s
        self._settled = True
        return shift_s

    def _steer(self, now_s: float) -> None:
        """Go on as the line does, and back to it."""
        if not self._settled:
            return
        params = self._params
        at_s = np.array([each.device_s for each in self._seen])
        delays_s = np.array([each.delay_s for each in self._seen])
        if len(self._bins) >= params.fewest_bins:
            self._pace = min(max(slope(at_s, delays_s), -params.pace_limit), params.pace_limit)
        line_s = float((delays_s + self._pace * (now_s - at_s)).min())
        back = (line_s - self.offset_s) / params.catch_up_s
        self._rate = self._pace + min(max(back, -params.earlier_limit), params.later_limit)


def slope(x: Array, y: Array) -> float:
    """Median slope of all pairs (Theil and Sen): a few late ones do not tilt it."""
    first, second = np.triu_indices(len(x), 1)
    return float(np.median((y[second] - y[first]) / (x[second] - x[first])))
