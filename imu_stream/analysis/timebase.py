"""Device clock to session clock: even sample times, and gaps where packets are missing.

Packets are lost or repeated whole, now and then two change places, and a wrong bit may fall into
the clock itself. So a packet whose clock does not follow on the last one is in doubt until the
next has come, which tells a loss from a reset and both from damage. So is one that was joined from
parts that came late and far apart: when the next packet is missing, they may be parts of both.
"""

from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.clock_offset import ClockFit, ClockOffset
from imu_stream.datatypes import DeviceSamples, Gap, GapReason, Placement, Stamped


@dataclass(frozen=True, slots=True)
class TimebaseParams:
    """What a device's clock is, and how it is followed."""

    rate_hz: float
    seconds_per_tick: float
    bits: int
    marks_last_sample: bool
    phase_gain: float = 0.1
    """Share of a packet's time error that is taken over: smooths a coarse clock (1 ms ticks)."""
    period_gain: float = 0.005
    """Share of it that corrects the sampling period: true rates differ from nominal by 1-3 %."""
    settle_s: float = 1.0
    """Packets held back at the start, to find the quickest of them."""
    reset_s: float = 2.0
    """A clock that goes back, or runs ahead of arrival, by more than this was reset."""
    longest_delay_s: float = 20.0
    """So was one that jumps, and then lags behind arrival by more than any radio delays."""
    early_s: float = 0.25
    """Sooner than this before its time no packet comes, however late the first one was."""
    late: float = 0.98
    """By this share of its own length, and …"""
    spread: float = 0.25
    """… with its parts so far apart, a packet may be of parts of two: the end of the one and the
    beginning of the next were lost. Then the second is missing after it."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a packet stands on the device's clock, to what was given out before it."""

    first_s: float
    """Device time of its first sample."""
    error_s: float
    """How much later it begins than the last one ended."""
    ahead_s: float
    """How long before its time it came."""
    tolerance_s: float
    """Within which nothing is missing and nothing comes twice."""

    @property
    def is_next(self) -> bool:
        return abs(self.error_s) <= self.tolerance_s

    @property
    def is_late(self) -> bool:
        return self.error_s > self.tolerance_s


class Timebase:
    """Puts the packets of one sensor on the session clock.

    In: `DeviceSamples` in order of arrival. Out: `Stamped` and `Gap`. A packet is the unit: it
    is never cut. Repeated packets are dropped; a lost one is a `Gap`, never interpolated.
    """

    def __init__(self, placement: Placement, params: TimebaseParams) -> None:
        self._placement = placement
        self._params = params
        self._held: list[Stamped | Gap] = []
        self._doubtful: DeviceSamples | None = None
        self._corrupt = False
        self._corrupt_s = 0.0
        self._cut_s: float | None = None
        """Session time at which the clock before this one ended."""
        self._restart()

    def _restart(self) -> None:
        self._last_ticks: int | None = None
        self._last_count = 0
        self._device_s = 0.0
        self._next_s = 0.0
        self._begin_s = 0.0
        self._period_s = 1.0 / self._params.rate_hz
        self._offset = ClockOffset(0.0, 0.0)
        self._settled = False

    def note_corrupt(self, arrival_s: float) -> None:
        """A damaged packet has arrived: the next gap was made by it."""
        self._corrupt = True
        self._corrupt_s = arrival_s

    def push(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        """Sample times on the session clock, and what is missing before them."""
        if len(packet) == 0:
            return []
        if self._last_ticks is None:
            return self._begin(packet)
        doubtful, self._doubtful = self._doubtful, None
        return self._take(packet) if doubtful is None else self._judge(doubtful, packet)

    @property
    def clock(self) -> ClockFit | None:
        """How the device's clock runs, by its last five minutes."""
        return self._offset.fit()

    def finish(self) -> list[Stamped | Gap]:
        """Let go of what is still held back, and report damage that nothing followed."""
        doubtful, self._doubtful = self._doubtful, None
        items: list[Stamped | Gap] = []
        if doubtful is not None:
            place = self._place(doubtful)
            if place.is_next or self._is_plausible(place):
                items = self._accept(doubtful, place)
            else:
                self._corrupt = True
        if self._corrupt:
            if self._last_ticks is None:
                self._next_s = self._corrupt_s  # nothing but damage: only its arrival is known
            items += self._hold([self._damage()])
        return [*items, *self._release()]

    def _take(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        """One in its place is given out, one from before dropped; all others are in doubt."""
        place = self._place(packet)
        if place.is_next and not self._may_be_of_two(packet, place):
            return self._accept(packet, place)
        if not self._is_old(place):
            self._doubtful = packet
        return []

    def _judge(self, doubtful: DeviceSamples, packet: DeviceSamples) -> list[Stamped | Gap]:
        """What the packet after it tells of one in doubt."""
        place, before = self._place(packet), self._place(doubtful)
        if self._bears_out(doubtful, before, packet, place):
            return [*self._accept(doubtful, before), *self._take(packet)]
        if place.is_next and not before.is_next:  # it was overtaken
            return [*self._accept(packet, place), *self._take(doubtful)]
        if self._is_old(place) or packet.ticks == doubtful.ticks:
            self._doubtful = doubtful
            return []
        self._corrupt = True  # its clock is damaged
        if abs(place.error_s - len(doubtful) * self._period_s) <= place.tolerance_s:
            return self._accept(packet, place)
        return self._take(packet)

    def _bears_out(
        self, doubtful: DeviceSamples, before: _Place, packet: DeviceSamples, place: _Place
    ) -> bool:
        """Whether the next one follows on it, or comes later as it well may."""
        after_s = self._apart_s(doubtful, packet)
        if abs(after_s) <= place.tolerance_s:
            return True
        if after_s <= place.tolerance_s or self._may_be_of_two(doubtful, before):
            return False
        return before.is_next or self._is_plausible(before)

    def _may_be_of_two(self, packet: DeviceSamples, place: _Place) -> bool:
        """Whether its last part came so late that it may be that of the packet after it."""
        length_s = len(packet) * self._period_s
        if packet.spread_s < self._params.spread * length_s:
            return False
        return not self._settled or -place.ahead_s >= self._params.late * length_s

    def _apart_s(self, before: DeviceSamples, packet: DeviceSamples) -> float:
        """From the end of one packet to the beginning of another, by the device's clock."""
        counted = packet if self._params.marks_last_sample else before
        return self._clock_step(ticks_of(before), ticks_of(packet)) - len(counted) * self._period_s

    def _place(self, packet: DeviceSamples) -> _Place:
        """Where a packet stands to what has been given out by now."""
        assert self._last_ticks is not None, "a clock is compared with the one before"
        count = len(packet)
        step_s = self._clock_step(self._last_ticks, ticks_of(packet))
        first_s = self._device_s + step_s - self._mark_offset_s(count)
        last_s = first_s + (count - 1) * self._period_s
        # packets are lost or repeated whole; until the true rate is learnt, less tells nothing
        tolerated = 0.5 * min(count, self._last_count)
        return _Place(
            first_s,
            error_s=first_s - self._next_s,
            ahead_s=last_s + self._offset.offset_s - packet.arrival_s,
            tolerance_s=tolerated * self._period_s + self._params.seconds_per_tick,
        )

    def _is_old(self, place: _Place) -> bool:
        """Repeated, or overtaken by what was given out."""
        return -self._params.reset_s <= place.error_s < -place.tolerance_s

    def _is_plausible(self, place: _Place) -> bool:
        """Whether it may well come after a loss: later, and not before its time."""
        in_time = -self._params.early_s <= -place.ahead_s <= self._params.longest_delay_s
        return place.error_s > 0.0 and in_time

    def _was_reset(self, place: _Place) -> bool:
        if place.error_s < -self._params.reset_s or place.ahead_s > self._params.reset_s:
            return True
        return place.is_late and -place.ahead_s > self._params.longest_delay_s

    def _clock_step(self, before: int, ticks: int) -> float:
        span = 1 << self._params.bits
        step = (ticks - before) % span
        if step > span // 2:
            step -= span
        return step * self._params.seconds_per_tick

    def _mark_offset_s(self, count: int) -> float:
        return (count - 1) * self._period_s if self._params.marks_last_sample else 0.0

    def _begin(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        self._device_s = 0.0
        self._begin_s = start_s = -self._mark_offset_s(len(packet))
        last_s = start_s + (len(packet) - 1) * self._period_s
        self._offset = ClockOffset(packet.begun_s, last_s)
        self._next_s = start_s
        self._last_ticks = ticks_of(packet)
        damage = [self._damage()] if self._corrupt else []
        return self._hold([*damage, self._emit(packet, start_s)])

    def _accept(self, packet: DeviceSamples, place: _Place) -> list[Stamped | Gap]:
        """Stamp a packet that is what it seems, and tell what is missing before it."""
        if self._was_reset(place):
            return self._clock_was_reset(packet)
        items: list[Stamped | Gap] = []
        start_s = place.first_s
        self._device_s = start_s + self._mark_offset_s(len(packet))
        self._last_ticks = ticks_of(packet)
        if place.is_late:
            items.append(self._lost(place.error_s))
        else:
            if self._corrupt:
                items.append(self._damage())
            start_s = self._next_s + self._params.phase_gain * place.error_s
            self._period_s += self._params.period_gain * place.error_s / len(packet)
        items.append(self._emit(packet, start_s))
        return self._hold(items)

    def _clock_was_reset(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        """The new clock's packets are held back like the first ones; the gap comes with them."""
        before = self._release()
        self._cut_s = self._next_s + self._offset.offset_s
        self._restart()
        return [*before, *self._begin(packet)]

    def _lost(self, missing_s: float) -> Gap:
        """What is missing after the last packet."""
        reason = GapReason.CORRUPT if self._corrupt else GapReason.LOST
        start_s = self._next_s + self._offset.offset_s
        self._offset.go_on(0.0, missing_s)
        end_s = self._next_s + missing_s + self._offset.offset_s
        return Gap(self._placement, start_s, end_s, reason, round(missing_s / self._period_s))

    def _damage(self) -> Gap:
        """Damage that took no samples with it, as far as is known."""
        self._corrupt = False
        at_s = self._next_s + self._offset.offset_s
        return Gap(self._placement, at_s, at_s, GapReason.CORRUPT, 0)

    def _emit(self, packet: DeviceSamples, start_s: float) -> Stamped:
        """Stamp the packet, and look at how quick it was."""
        count = len(packet)
        self._offset.go_on(count * self._period_s)
        device_s = start_s + self._period_s * np.arange(count, dtype=np.float64)
        self._next_s = start_s + count * self._period_s
        self._last_count = count
        self._corrupt = False
        t_s = device_s + self._offset.offset_s
        self._offset.observe(packet.begun_s, float(device_s[-1]))
        return Stamped(packet.placement, t_s, packet.acc, packet.gyr)

    def _hold(self, items: list[Stamped | Gap]) -> list[Stamped | Gap]:
        """Hold everything back until the quickest of the first packets is known."""
        if self._settled:
            return items
        self._held += items
        settled = self._next_s - self._begin_s >= self._params.settle_s
        return self._release() if settled else []

    def _release(self) -> list[Stamped | Gap]:
        """Give out what was held back, as if the quickest of it had not been delayed."""
        held, self._held = self._held, []
        self._settled = True
        if not held:
            return []
        if self._cut_s is None:
            shift_s = self._offset.settle()
            return [shifted(item, shift_s) for item in held]
        return self._resumed(held, self._cut_s)

    def _resumed(self, held: list[Stamped | Gap], cut_s: float) -> list[Stamped | Gap]:
        """What a new clock gave at first, not before the old one ended, and the gap between."""
        begun_s = next(float(item.t_s[0]) for item in held if isinstance(item, Stamped))
        shift_s = self._offset.settle(at_least_s=cut_s - begun_s)
        self._cut_s = None
        gap = Gap(self._placement, cut_s, begun_s + shift_s, GapReason.CLOCK, 0)
        return [gap, *(shifted(item, shift_s) for item in held)]


def shifted(item: Stamped | Gap, shift_s: float) -> Stamped | Gap:
    """The same samples or gap, later by `shift_s`."""
    if isinstance(item, Gap):
        return Gap(
            item.placement,
            item.start_s + shift_s,
            item.end_s + shift_s,
            item.reason,
            item.samples,
        )
    return Stamped(item.placement, item.t_s + shift_s, item.acc, item.gyr)


def ticks_of(packet: DeviceSamples) -> int:
    """The device's own time; see `ArrivalTimebase` for those that have none."""
    assert packet.ticks is not None, "a packet without clock"
    return packet.ticks
