"""Device clocks on the session clock: truth is known, because the device is virtual."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, default_rng

from imu_stream.analysis.timebase import Timebase, TimebaseParams
from imu_stream.datatypes import Array, DeviceSamples, Gap, GapReason, Placement, Stamped

CHEST = Placement.CHEST
MOST_PACKETS = 2000


@dataclass(frozen=True, slots=True)
class Device:
    """A sensor, its clock and its radio."""

    rate_hz: float = 208.0
    samples_per_packet: int = 16
    seconds_per_tick: float = 1e-3
    bits: int = 32
    marks_last: bool = False
    start_ticks: int = 1_000_000
    skew_ppm: float = 0.0
    """How much the clock runs fast; samples are taken by it."""
    rate_error: float = 0.0
    """Share by which the sensor is faster than its nominal rate."""
    late_s: float = 0.0
    """Mean of the radio's delay, which is never below 0 and at most 0.1 s."""
    seed: int = 0

    @property
    def period_s(self) -> float:
        """True time between samples."""
        return 1.0 / (self.rate_hz * (1.0 + self.rate_error)) / (1.0 + 1e-6 * self.skew_ppm)

    @property
    def params(self) -> TimebaseParams:
        return TimebaseParams(self.rate_hz, self.seconds_per_tick, self.bits, self.marks_last)

    def truth_s(self, packet: int) -> Array:
        """True times of a packet's samples."""
        first = packet * self.samples_per_packet
        return np.arange(first, first + self.samples_per_packet, dtype=np.float64) * self.period_s

    def packets(self, count: int) -> list[DeviceSamples]:
        delays_s = self._delays_s(default_rng(self.seed), count)
        sent_s = [float(self.truth_s(number)[-1]) for number in range(count)]
        # a radio delivers in order: a late packet holds up those behind it
        arrivals_s = np.maximum.accumulate(np.array(sent_s) + delays_s)
        return [self._packet(number, float(at)) for number, at in enumerate(arrivals_s)]

    def quickest_s(self) -> float:
        """Delay of the quickest packet of the first second."""
        count = max(1, int(0.9 * self.rate_hz / self.samples_per_packet))
        arrivals_s = [packet.arrival_s for packet in self.packets(count)]
        return min(at - float(self.truth_s(n)[-1]) for n, at in enumerate(arrivals_s))

    def _delays_s(self, random: Generator, count: int) -> Array:
        usual, rare = random.exponential(1.0, MOST_PACKETS), random.random(MOST_PACKETS)
        delays_s = np.minimum(usual * self.late_s, 0.1)
        return np.where(rare < 0.05, 0.1 * (self.late_s > 0), delays_s)[:count]

    def _packet(self, number: int, arrival_s: float) -> DeviceSamples:
        marked_s = float(self.truth_s(number)[-1 if self.marks_last else 0])
        own_s = marked_s * (1.0 + 1e-6 * self.skew_ppm)
        ticks = (self.start_ticks + round(own_s / self.seconds_per_tick)) % (1 << self.bits)
        # the first value of a sample is its number, to find it again
        acc = np.zeros((self.samples_per_packet, 3))
        acc[:, 0] = np.arange(self.samples_per_packet) + number * self.samples_per_packet
        return DeviceSamples(arrival_s, CHEST, ticks, acc, None)


exact_devices = st.builds(
    Device,
    rate_hz=st.sampled_from([52.0, 104.0, 208.0, 416.0]),
    samples_per_packet=st.sampled_from([4, 8, 16]),
    marks_last=st.booleans(),
    start_ticks=st.sampled_from([0, 12345, 2**32 - 3000, 2**32 - 1]),
    skew_ppm=st.floats(-200.0, 200.0),
    late_s=st.sampled_from([0.0, 0.003, 0.008]),
    seed=st.integers(0, 2**16),
)
"""At their nominal rate; the counter of milliseconds may overflow on the way."""
nanosecond_devices = st.builds(
    replace,
    exact_devices,
    seconds_per_tick=st.just(1e-9),
    bits=st.just(64),
    start_ticks=st.sampled_from([0, 831_000_000_000_000_000, 2**64 - 10**9]),
)
devices = st.one_of(exact_devices, nanosecond_devices)
off_rate_devices = st.builds(replace, devices, rate_error=st.floats(-0.02, 0.02))
packet_numbers = st.integers(30, 90)


def through(device: Device, packets: Sequence[DeviceSamples]) -> list[Stamped | Gap]:
    timebase = Timebase(CHEST, device.params)
    out = [item for packet in packets for item in timebase.push(packet)]
    return [*out, *timebase.finish()]


def samples_of(items: Sequence[Stamped | Gap]) -> list[Stamped]:
    return [item for item in items if isinstance(item, Stamped)]


def gaps_of(items: Sequence[Stamped | Gap]) -> list[Gap]:
    return [item for item in items if isinstance(item, Gap)]


def errors_s(device: Device, items: Sequence[Stamped | Gap]) -> Array:
    """How late each sample is stamped; a quick packet arrives at its last sample's time."""
    stretches = samples_of(items)
    numbers = np.concatenate([samples.acc[:, 0] for samples in stretches])
    return np.concatenate([s.t_s for s in stretches]) - numbers * device.period_s


def numbers_of(items: Sequence[Stamped | Gap]) -> list[int]:
    return [int(n) for samples in samples_of(items) for n in samples.acc[:, 0]]


def times_of(items: Sequence[Stamped | Gap]) -> Array:
    return np.concatenate([samples.t_s for samples in samples_of(items)])


def tolerance_s(device: Device) -> float:
    """The first second's quickest packet, the clock's grain, 15 s of skew, and 3 ms."""
    skew_s = 15.0 * 1e-6 * abs(device.skew_ppm)
    return 0.003 + device.quickest_s() + device.seconds_per_tick + skew_s


def assert_times_are_true(device: Device, items: Sequence[Stamped | Gap]) -> None:
    """A rate that is off is learnt within seconds; until then samples are late or early by it."""
    packet_s = device.samples_per_packet / device.rate_hz
    learning_s = 6.0 * abs(device.rate_error) * packet_s
    assert np.abs(errors_s(device, items)).max() < tolerance_s(device) + learning_s
    spacing_s = np.concatenate([np.diff(samples.t_s) for samples in samples_of(items)])
    unevenness = 0.05 + 10.0 * abs(device.rate_error)
    assert np.abs(spacing_s / device.period_s - 1.0).max() < unevenness


@given(device=st.one_of(devices, off_rate_devices))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_and_times_are_near_the_truth(device: Device) -> None:
    count = round(12.0 * device.rate_hz / device.samples_per_packet)
    items = through(device, device.packets(count))
    assert gaps_of(items) == []
    assert numbers_of(items) == list(range(count * device.samples_per_packet))
    assert np.all(np.diff(times_of(items)) > 0.0)
    assert_times_are_true(device, items)


@given(device=devices, first=packet_numbers, count=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_lost_packets_are_one_gap_of_their_size(device: Device, first: int, count: int) -> None:
    packets = device.packets(150)
    items = through(device, packets[:first] + packets[first + count :])
    (gap,) = gaps_of(items)
    per_packet = device.samples_per_packet
    assert gap.reason is GapReason.LOST
    assert gap.samples == count * per_packet
    at = items.index(gap)
    before, after = items[at - 1], items[at + 1]
    assert isinstance(before, Stamped)
    assert isinstance(after, Stamped)
    period_s = device.period_s
    assert gap.start_s == pytest.approx(before.t_s[-1] + period_s, abs=0.5 * period_s)
    assert gap.end_s == pytest.approx(after.t_s[0], abs=0.5 * period_s)
    assert gap.end_s - gap.start_s == pytest.approx(gap.samples * period_s, abs=period_s)
    assert np.all(np.diff(times_of(items)) > 0.0)
    assert_times_are_true(device, items)


@given(device=devices, at=packet_numbers, copies=st.integers(1, 3), later=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_repeated_packets_are_dropped(device: Device, at: int, copies: int, later: int) -> None:
    packets = device.packets(120)
    again = replace(packets[at], arrival_s=packets[at + later].arrival_s)
    repeated = packets[: at + later + 1] + copies * [again] + packets[at + later + 1 :]
    assert repr(through(device, repeated)) == repr(through(device, packets))


@given(device=devices, at=packet_numbers, lost=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_damaged_packet_is_a_gap_that_says_so(device: Device, at: int, lost: int) -> None:
    """Damage may also take no samples with it; then the gap is empty."""
    timebase, packets = Timebase(CHEST, device.params), device.packets(120)
    items: list[Stamped | Gap] = []
    for packet in packets[:at]:
        items += timebase.push(packet)
    timebase.note_corrupt(0.0)
    for packet in packets[at + lost :]:
        items += timebase.push(packet)
    (gap,) = gaps_of([*items, *timebase.finish()])
    assert gap.reason is GapReason.CORRUPT
    assert gap.samples == lost * device.samples_per_packet


@given(device=devices)
@settings(max_examples=10, deadline=None)
def test_damage_at_the_end_is_reported(device: Device) -> None:
    timebase, items = Timebase(CHEST, device.params), []
    for packet in device.packets(60):
        items += timebase.push(packet)
    timebase.note_corrupt(0.0)
    items += timebase.finish()
    assert [gap.reason for gap in gaps_of(items)] == [GapReason.CORRUPT]
    assert isinstance(items[-1], Gap)


@pytest.mark.parametrize("good_packets", [0, 30])
def test_damage_at_the_start_is_reported(good_packets: int) -> None:
    device = Device()
    timebase, items = Timebase(CHEST, device.params), []
    timebase.note_corrupt(0.0)
    for packet in device.packets(good_packets):
        items += timebase.push(packet)
    items += timebase.finish()
    assert [gap.reason for gap in gaps_of(items)] == [GapReason.CORRUPT]


@given(device=devices, at=packet_numbers, outage_s=st.floats(0.0, 30.0))
@settings(max_examples=40, deadline=None)
def test_stream_goes_on_after_the_clock_was_reset(device: Device, at: int, outage_s: float) -> None:
    """As when a sensor restarts: the clock begins again and nothing is known of what was lost."""
    before = replace(device, start_ticks=10**10 if device.bits == 64 else 10**6).packets(at)
    restarted = replace(device, start_ticks=0).packets(100)
    offset_s = before[-1].arrival_s + outage_s
    after = [replace(p, arrival_s=p.arrival_s + offset_s) for p in restarted]
    items = through(device, before + after)
    (gap,) = gaps_of(items)
    assert (gap.reason, gap.samples) == (GapReason.CLOCK, 0)
    assert gap.end_s >= gap.start_s
    expected = list(range(at * device.samples_per_packet))
    assert numbers_of(items) == expected + list(range(100 * device.samples_per_packet))
    later = items[items.index(gap) + 1 :]
    late_s = times_of(later) - offset_s - np.array(numbers_of(later)) * device.period_s
    assert np.abs(late_s).max() < 0.1 + tolerance_s(device)
    assert np.all(np.diff(times_of(later)) > 0.0)


@given(device=devices, at=packet_numbers, bit=st.integers(0, 63))
@settings(max_examples=60, deadline=None)
def test_wrong_bit_in_a_clock_costs_one_packet_at_most(device: Device, at: int, bit: int) -> None:
    """No clock was reset, no packet behind it is lost, and none is stamped far from the truth."""
    packets = device.packets(150)
    ticks = packets[at].ticks
    assert ticks is not None
    packets[at] = replace(packets[at], ticks=ticks ^ (1 << bit % device.bits))
    items = through(device, packets)
    assert GapReason.CLOCK not in {gap.reason for gap in gaps_of(items)}
    lost = set(range(150 * device.samples_per_packet)) - set(numbers_of(items))
    assert len(lost) in (0, device.samples_per_packet)
    assert sum(gap.samples for gap in gaps_of(items)) == len(lost)
    assert np.all(np.diff(times_of(items)) > 0.0)
    # a wrong bit that stands for less than half a packet shifts it and those behind by a tenth
    packet_s = device.samples_per_packet / device.rate_hz
    assert np.abs(errors_s(device, items)).max() < tolerance_s(device) + 0.06 * packet_s


@given(device=devices, at=packet_numbers)
@settings(max_examples=30, deadline=None)
def test_packets_that_changed_places_are_put_back(device: Device, at: int) -> None:
    packets = device.packets(120)
    first, second = packets[at], packets[at + 1]
    swapped = [
        *packets[:at],
        replace(second, arrival_s=first.arrival_s),
        replace(first, arrival_s=second.arrival_s),
        *packets[at + 2 :],
    ]
    items = through(device, swapped)
    assert gaps_of(items) == []
    assert numbers_of(items) == list(range(120 * device.samples_per_packet))


long_packets = st.builds(
    lambda device, size: replace(device, rate_hz=13.0 * size, samples_per_packet=size, late_s=0.0),
    exact_devices,
    st.sampled_from([4, 8, 16]),
)
"""13 a second, which small notifications do not hold; the radio does not delay them."""


def in_two_parts(packet: DeviceSamples, spread_s: float, late_s: float) -> DeviceSamples:
    return replace(packet, arrival_s=packet.arrival_s + late_s, spread_s=spread_s)


@given(device=long_packets, at=packet_numbers, lost=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_parts_of_two_packets_are_damage(device: Device, at: int, lost: int) -> None:
    """The end of one and the beginning of the next were lost, or of a later one."""
    packets = device.packets(120)
    way_s = packets[at + lost].arrival_s - packets[at].arrival_s
    pasted = in_two_parts(packets[at], way_s, way_s)
    items = through(device, [*packets[:at], pasted, *packets[at + lost + 1 :]])
    (gap,) = gaps_of(items)
    assert gap.reason is GapReason.CORRUPT
    assert gap.samples == (1 + lost) * device.samples_per_packet
    lost_ones = set(range(120 * device.samples_per_packet)) - set(numbers_of(items))
    assert min(lost_ones) == at * device.samples_per_packet


@given(device=long_packets, at=packet_numbers, lost=st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_late_parts_of_one_packet_are_kept(device: Device, at: int, lost: int) -> None:
    """When nothing is missing after it, when they came together, or when the last came in time."""
    packet_s = device.samples_per_packet / device.rate_hz
    packets = [in_two_parts(packet, 0.0, 0.0) for packet in device.packets(120)]
    for spread_s, late_s in ((packet_s, 0.0), (0.0, packet_s)):
        kept = in_two_parts(packets[at], spread_s, late_s)
        items = through(device, [*packets[:at], kept, *packets[at + 1 + lost :]])
        assert sum(gap.samples for gap in gaps_of(items)) == lost * device.samples_per_packet
    late = in_two_parts(packets[at], packet_s, packet_s)
    assert gaps_of(through(device, [*packets[:at], late, *packets[at + 1 :]])) == []


@pytest.mark.parametrize("skew_ppm", [-200.0, 200.0])
def test_clock_runs_on_at_its_pace_in_a_gap(skew_ppm: float) -> None:
    """An outage of 20 s would put the session time off by 4 ms."""
    device = replace(Device(), skew_ppm=skew_ppm, late_s=0.003, seconds_per_tick=1e-6)
    packets = device.packets(1500)
    items = through(device, packets[:1000] + packets[1260:])
    late_s = errors_s(device, items)
    assert np.abs(late_s[-200 * device.samples_per_packet :]).max() < 0.001


def test_late_beginning_is_made_good_in_seconds() -> None:
    """All packets of the first second are late by 80 ms."""
    device = replace(Device(), late_s=0.0)
    packets = [
        replace(p, arrival_s=p.arrival_s + 0.08) if n < 14 else p
        for n, p in enumerate(device.packets(500))
    ]
    late_s = errors_s(device, through(device, packets))
    assert late_s[0] > 0.07
    assert np.abs(late_s[-100 * device.samples_per_packet :]).max() < 0.003


def test_new_clock_is_followed_as_well_as_the_first() -> None:
    """After a reset the quickest of a second's packets counts, not the first."""
    device = Device()
    before = device.packets(60)
    offset_s = before[-1].arrival_s + 5.0
    after = [
        replace(p, arrival_s=p.arrival_s + offset_s + (0.08 if n < 5 else 0.0))
        for n, p in enumerate(replace(device, start_ticks=0).packets(100))
    ]
    items = through(device, before + after)
    later = items[[type(item) is Gap for item in items].index(True) + 1 :]
    late_s = times_of(later) - offset_s - np.array(numbers_of(later)) * device.period_s
    assert np.abs(late_s).max() < 0.002


@pytest.mark.parametrize("uptime_s", [60.0, 200.0])
def test_restart_with_a_later_clock_is_a_reset_too(uptime_s: float) -> None:
    """A device off for longer than its clock has jumped ahead."""
    device = Device()
    before = device.packets(60)
    offset_s = before[-1].arrival_s + 2.0 * uptime_s
    restarted = replace(device, start_ticks=device.start_ticks + round(uptime_s * 1e3))
    after = [replace(p, arrival_s=p.arrival_s + offset_s) for p in restarted.packets(60)]
    items = samples_of(through(device, before + after))
    assert items[-1].t_s[-1] == pytest.approx(after[-1].arrival_s, abs=0.01)


def test_packets_wait_for_the_quickest_of_the_first_second() -> None:
    device = replace(Device(), late_s=0.008)
    timebase, packets = Timebase(CHEST, device.params), device.packets(60)
    released = [samples_of(timebase.push(packet)) for packet in packets]
    known_s = next(p.arrival_s for p, out in zip(packets, released, strict=True) if out)
    assert 0.9 < known_s < 1.2
    assert all(len(out) == 1 for out in released[20:])


def test_empty_packet_gives_nothing_and_changes_nothing() -> None:
    device = Device()
    packets = device.packets(40)
    empty = replace(packets[20], acc=np.zeros((0, 3)), ticks=77)
    with_empty = [empty, *packets[:20], empty, *packets[20:]]
    assert repr(through(device, with_empty)) == repr(through(device, packets))


def test_gyroscope_and_accelerometer_stay_together() -> None:
    device = Device()
    packets = [replace(packet, gyr=-packet.acc) for packet in device.packets(40)]
    for samples in samples_of(through(device, packets)):
        assert samples.gyr is not None
        assert np.array_equal(samples.gyr, -samples.acc)


@given(device=off_rate_devices, count=st.integers(20, 120))
@settings(max_examples=15, deadline=None)
def test_shorter_stream_is_a_prefix_of_a_longer_one(device: Device, count: int) -> None:
    """What was given out never depends on packets to come."""
    timebase, packets = Timebase(CHEST, device.params), device.packets(160)
    early = [item for packet in packets[:count] for item in timebase.push(packet)]
    assert repr(through(device, packets)[: len(early)]) == repr(early)
