"""Device clock to session clock: even sample times, gaps found, offset by the quickest packets.

A radio can only delay. So the session time of a packet's last sample is the lower envelope of
its arrival times: the smallest (arrival - device time) seen, followed slowly enough that a
clock's drift is tracked and a burst of late packets is not (compare liblsl's clock
offsets, which use the mean and are biased by queues).
"""

from dataclasses import dataclass

import numpy as np

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
    envelope_s: float = 5.0
    """Span over which the quickest packet is looked for, later on."""
    slew_limit: float = 500e-6
    """Fastest correction of the session time; crystals stay within 200 ppm."""
    reset_s: float = 2.0
    """A clock that goes back, or runs ahead of arrival, by more than this was reset."""
    longest_delay_s: float = 20.0
    """So was one that jumps, and then lags behind arrival by more than any radio delays."""


class Timebase:
    """Puts the packets of one sensor on the session clock.

    In: `DeviceSamples` in order of arrival. Out: `Stamped` and `Gap`. A packet is the unit: it
    is never cut. Repeated packets are dropped; a lost one is a `Gap`, never interpolated.
    """

    def __init__(self, placement: Placement, params: TimebaseParams) -> None:
        self._placement = placement
        self._params = params
        self._held: list[Stamped | Gap] = []
        self._held_latency: list[float] = []
        self._settled = False
        self._corrupt = False
        self._corrupt_s = 0.0
        self._restart()

    def _restart(self) -> None:
        self._last_ticks: int | None = None
        self._device_s = 0.0
        self._next_s = 0.0
        self._period_s = 1.0 / self._params.rate_hz
        self._offset_s = 0.0
        self._offset_rate = 0.0
        self._envelope_start_s = 0.0
        self._quickest_s = np.inf

    def note_corrupt(self, arrival_s: float) -> None:
        """A damaged packet has arrived: the next gap was made by it."""
        self._corrupt = True
        self._corrupt_s = arrival_s

    def push(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        """Sample times on the session clock, and what is missing before them."""
        count = len(packet)
        if count == 0:
            return []
        step_s = self._clock_step(ticks_of(packet))
        if self._last_ticks is None:
            return self._begin(packet)
        first_s = self._device_s + step_s - self._mark_offset_s(count)
        ahead_s = first_s + self._offset_s - packet.arrival_s
        if step_s < -self._params.reset_s or ahead_s > self._params.reset_s:
            return self._clock_was_reset(packet)
        error_s = first_s - self._next_s
        # packets are lost or repeated whole; until the true rate is learnt, less tells nothing
        tolerance_s = 0.5 * count * self._period_s + self._params.seconds_per_tick
        if error_s < -tolerance_s:
            return []
        if error_s > tolerance_s and -ahead_s > self._params.longest_delay_s:
            return self._clock_was_reset(packet)
        items: list[Stamped | Gap] = []
        if error_s > tolerance_s:
            items.append(self._gap(self._next_s, first_s))
            start_s = first_s
        else:
            if self._corrupt:
                items.append(self._gap(self._next_s, self._next_s))
            start_s = self._next_s + self._params.phase_gain * error_s
            self._period_s += self._params.period_gain * error_s / count
        self._device_s += step_s
        items.append(self._emit(packet, start_s))
        return self._release(items)

    def finish(self) -> list[Stamped | Gap]:
        """Let go of what is still held back, and report damage that nothing followed."""
        self._settled = True
        if not self._corrupt:
            return self._release([])
        if self._last_ticks is None:
            self._next_s = self._corrupt_s  # nothing but damage: only its arrival is known
        gap = self._gap(self._next_s, self._next_s)
        self._corrupt = False
        return self._release([gap])

    def _clock_step(self, ticks: int) -> float:
        if self._last_ticks is None:
            return 0.0
        span = 1 << self._params.bits
        step = (ticks - self._last_ticks) % span
        if step > span // 2:
            step -= span
        return step * self._params.seconds_per_tick

    def _mark_offset_s(self, count: int) -> float:
        return (count - 1) * self._period_s if self._params.marks_last_sample else 0.0

    def _begin(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        self._device_s = 0.0
        start_s = -self._mark_offset_s(len(packet))
        last_s = start_s + (len(packet) - 1) * self._period_s
        self._offset_s = packet.arrival_s - last_s
        self._envelope_start_s = last_s
        damage = [self._gap(start_s, start_s)] if self._corrupt else []
        return self._release([*damage, self._emit(packet, start_s)])

    def _clock_was_reset(self, packet: DeviceSamples) -> list[Stamped | Gap]:
        held = self.finish()
        before_s = self._next_s + self._offset_s
        self._restart()
        items = self._begin(packet)
        first_s = next(float(i.t_s[0]) for i in items if isinstance(i, Stamped))
        end_s = max(first_s, before_s)
        return [*held, Gap(self._placement, before_s, end_s, GapReason.CLOCK, 0), *items]

    def _gap(self, start_s: float, end_s: float) -> Gap:
        reason = GapReason.CORRUPT if self._corrupt else GapReason.LOST
        missing = round((end_s - start_s) / self._period_s)
        return Gap(
            self._placement, start_s + self._offset_s, end_s + self._offset_s, reason, missing
        )

    def _emit(self, packet: DeviceSamples, start_s: float) -> Stamped:
        """Stamp the packet, follow the clock, and look at how quick it was."""
        count = len(packet)
        self._offset_s += self._offset_rate * count * self._period_s
        device_s = start_s + self._period_s * np.arange(count, dtype=np.float64)
        self._next_s = start_s + count * self._period_s
        self._last_ticks = ticks_of(packet)
        self._corrupt = False
        self._follow_envelope(packet.arrival_s, float(device_s[-1]))
        return Stamped(packet.placement, device_s + self._offset_s, packet.acc, packet.gyr)

    def _follow_envelope(self, arrival_s: float, last_s: float) -> None:
        latency_s = arrival_s - (last_s + self._offset_s)
        self._quickest_s = min(self._quickest_s, latency_s)
        if not self._settled:
            self._held_latency.append(latency_s)
        if last_s - self._envelope_start_s < self._params.envelope_s:
            return
        limit = self._params.slew_limit
        self._offset_rate = min(max(self._quickest_s / self._params.envelope_s, -limit), limit)
        self._envelope_start_s = last_s
        self._quickest_s = np.inf

    def _release(self, items: list[Stamped | Gap]) -> list[Stamped | Gap]:
        """Hold everything back until the quickest of the first packets is known."""
        if self._settled and not self._held:
            return items
        self._held += items
        if not self._settled and self._next_s - self._envelope_start_s < self._params.settle_s:
            return []
        shift_s = min(self._held_latency, default=0.0)
        released = [shifted(item, shift_s) for item in self._held]
        self._offset_s += shift_s
        self._quickest_s -= shift_s
        self._settled = True
        self._held, self._held_latency = [], []
        return released


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
