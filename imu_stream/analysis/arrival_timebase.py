"""Session time of a device without clock: its samples are counted, their rate read off arrivals.

A radio can only delay, so the quickest packet of each second lies on a line whose slope is the
true sampling period (1 to 3 % from nominal) and which sample times follow smoothly. What was lost
shows only when *every* packet of a second is late: some times before that are then too early.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from imu_stream.datatypes import DeviceSamples, Gap, GapReason, Placement, Stamped


@dataclass(frozen=True, slots=True)
class ArrivalParams:
    """How arrivals are followed."""

    bin_s: float = 1.0
    """Span of which the quickest packet counts; so long the first packets are held back, too."""
    bins: int = 20
    """Spans that the line is laid through, …"""
    fewest_bins: int = 3
    """… and from how many on it tells the period."""
    envelope_bins: int = 5
    """The quickest packet of so many spans says where the line lies."""
    rate_tolerance: float = 0.03
    """Largest deviation of the true rate from nominal."""
    catch_up_s: float = 2.0
    """Time to come back to the line …"""
    slew_limit: float = 0.02
    """… but not faster than this, as a share of the period."""
    lost_s: float = 0.1
    """Packets were lost when the quickest of a span is later than this."""
    longest_pause_s: float = 1.0
    """So long without any packet is a gap at once."""


@dataclass(frozen=True, slots=True)
class _Quickest:
    """The least late packet of a span."""

    number: int
    """Of its last sample."""
    arrival_s: float
    late_s: float


class ArrivalTimebase:
    """Puts the packets of a sensor without clock on the session clock.

    In: `DeviceSamples` in order of arrival, without ticks. Out: `Stamped` and `Gap`.
    """

    def __init__(
        self, placement: Placement, rate_hz: float, params: ArrivalParams | None = None
    ) -> None:
        self._placement = placement
        self._params = params or ArrivalParams()
        self._nominal_s = self._period_s = 1.0 / rate_hz
        self._corrupt_s: float | None = None
        self._end_s: float | None = None
        self._restart()

    def _restart(self) -> None:
        self._count = 0
        self._held: list[DeviceSamples] = []
        self._settled = False
        self._next_s = 0.0
        self._step_s = self._period_s
        self._last_arrival_s: float | None = None
        self._bin_end = self._per_bin
        self._quickest: _Quickest | None = None
        self._bins: deque[_Quickest] = deque(maxlen=self._params.bins)

    @property
    def _per_bin(self) -> int:
        return round(self._params.bin_s / self._nominal_s)

    def note_corrupt(self, arrival_s: float) -> None:
        """A damaged packet has arrived: the next gap was made by it."""
        self._corrupt_s = arrival_s

    def push(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        """Sample times on the session clock, and what is missing before them."""
        if not len(packet):
            return []
        before = self._pause(packet.arrival_s)
        self._last_arrival_s = packet.arrival_s
        if self._settled:
            return [*before, *self._stamp(packet)]
        self._held.append(packet)
        samples = sum(map(len, self._held))
        return [*before, *(self._settle() if samples >= self._per_bin else [])]

    def finish(self) -> list[Stamped | Gap]:
        """Let go of what is still held back, and report damage that nothing followed."""
        items = self._settle()
        if self._corrupt_s is None:
            return items
        at_s = self._corrupt_s if self._end_s is None else self._end_s
        self._corrupt_s = None
        return [*items, Gap(self._placement, at_s, at_s, GapReason.CORRUPT, 0)]

    def _pause(self, arrival_s: float) -> list[Stamped | Gap]:
        """After a long silence everything starts over; the gap shows with the next samples."""
        last_s = self._last_arrival_s
        if last_s is None or arrival_s - last_s <= self._params.longest_pause_s:
            return []
        items = self._settle()
        self._restart()
        return items

    def _settle(self) -> list[Stamped | Gap]:
        """Begin the line at the quickest of the packets held, and release them."""
        if not self._held:
            return []
        held, self._held, self._settled = self._held, [], True
        numbers = np.cumsum([len(packet) for packet in held]) - 1
        arrivals_s = np.array([packet.arrival_s for packet in held])
        self._next_s = float((arrivals_s - numbers * self._period_s).min())
        return [item for packet in held for item in self._stamp(packet)]

    def _stamp(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        gap = self._gap()
        t_s = self._next_s + self._step_s * np.arange(len(packet), dtype=np.float64)
        self._next_s += self._step_s * len(packet)
        self._count += len(packet)
        self._end_s = self._next_s
        self._observe(packet.arrival_s, packet.arrival_s - float(t_s[-1]))
        return [*gap, Stamped(packet.placement, t_s, packet.acc, packet.gyr)]

    def _gap(self) -> list[Gap]:
        """What lies between the last sample and the next, if it is more than a step."""
        end_s = self._next_s if self._end_s is None else self._end_s
        missing = round((self._next_s - end_s) / self._period_s)
        corrupt, self._corrupt_s = self._corrupt_s is not None, None
        if missing < 1 and not corrupt:
            return []
        reason = GapReason.CORRUPT if corrupt else GapReason.LOST
        return [Gap(self._placement, end_s, max(self._next_s, end_s), reason, max(missing, 0))]

    def _observe(self, arrival_s: float, late_s: float) -> None:
        if self._quickest is None or late_s < self._quickest.late_s:
            self._quickest = _Quickest(self._count - 1, arrival_s, late_s)
        if self._count < self._bin_end:
            return
        self._bin_end = self._count + self._per_bin
        quickest, self._quickest = self._quickest, None
        if quickest.late_s > self._params.lost_s:
            self._next_s += quickest.late_s
            self._bins.clear()
            return
        self._bins.append(quickest)
        self._follow_line()

    def _follow_line(self) -> None:
        """Learn the period, and steer back to the line."""
        params = self._params
        if len(self._bins) >= params.fewest_bins:
            numbers = np.array([each.number for each in self._bins], dtype=np.float64)
            arrivals_s = np.array([each.arrival_s for each in self._bins])
            away = numbers - numbers.mean()
            slope_s = float((away * (arrivals_s - arrivals_s.mean())).sum() / (away * away).sum())
            widest_s = params.rate_tolerance * self._nominal_s
            self._period_s = self._nominal_s + min(
                max(slope_s - self._nominal_s, -widest_s), widest_s
            )
        recent = list(self._bins)[-params.envelope_bins :]
        start_s = min(each.arrival_s - each.number * self._period_s for each in recent)
        error_s = start_s + self._count * self._period_s - self._next_s
        limit_s = params.slew_limit * self._period_s
        wanted_s = error_s * self._period_s / params.catch_up_s
        self._step_s = self._period_s + min(max(wanted_s, -limit_s), limit_s)
