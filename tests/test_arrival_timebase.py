"""Session time for devices without clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.analysis.arrival_timebase import ArrivalTimebase
from imu_stream.datatypes import Array, DeviceSamples, Gap, GapReason, Placement, Stamped

FOOT = Placement.LEFT_FOOT
NOMINAL_HZ = 200.0


@dataclass(frozen=True)
class Link:
    """A device that samples at its own rate, behind a link that delays."""

    rate_hz: float = NOMINAL_HZ
    samples: int = 3
    interval_s: float = 0.015
    """Packets leave at connection events this far apart."""
    seed: int = 1

    def packets(self, seconds: float) -> list[DeviceSamples]:
        count = int(seconds * self.rate_hz) // self.samples
        taken_s = ((1 + np.arange(count)) * self.samples - 1) / self.rate_hz
        random = np.random.default_rng(self.seed)
        late = np.where(random.random(count) < 0.1, random.exponential(0.03, count), 0.0)
        sent_s = np.ceil((taken_s + late) / self.interval_s) * self.interval_s
        arrivals_s = np.maximum.accumulate(sent_s) + 0.005
        numbers = np.arange(count * self.samples, dtype=np.float64).reshape(count, -1)
        return [
            DeviceSamples(float(at_s), FOOT, None, np.tile(rows[:, None], 3), None)
            for at_s, rows in zip(arrivals_s, numbers, strict=True)
        ]


def through(packets: Sequence[DeviceSamples]) -> list[Stamped | Gap]:
    timebase = ArrivalTimebase(FOOT, NOMINAL_HZ)
    out = [item for packet in packets for item in timebase.push(packet)]
    return [*out, *timebase.finish()]


def gaps_of(items: Sequence[Stamped | Gap]) -> list[Gap]:
    return [item for item in items if isinstance(item, Gap)]


def times_of(items: Sequence[Stamped | Gap]) -> tuple[Array, Array]:
    """Session times, and the numbers of the samples that have them."""
    stamped = [item for item in items if isinstance(item, Stamped)]
    numbers = [item.acc[:, 0] for item in stamped if item.acc is not None]
    return np.concatenate([item.t_s for item in stamped]), np.concatenate(numbers)


@given(
    rate=st.floats(0.97, 1.03),
    samples=st.sampled_from([1, 3, 8]),
    interval_s=st.sampled_from([0.0075, 0.015, 0.03]),
    seed=st.integers(0, 100),
)
@settings(deadline=None, max_examples=40)
def test_the_true_rate_is_found_and_nothing_invented(
    rate: float, samples: int, interval_s: float, seed: int
) -> None:
    link = Link(rate * NOMINAL_HZ, samples, interval_s, seed)
    items = through(link.packets(60.0))
    assert not gaps_of(items)
    t_s, numbers = times_of(items)
    assert (np.diff(t_s) > 0).all()
    late_s = t_s - numbers / link.rate_hz
    settled = t_s > 15.0
    # the quickest packet of a second has waited for a connection event, or not
    assert late_s[settled].min() > -0.005
    assert late_s[settled].max() < 0.005 + interval_s + 0.005
    assert np.ptp(np.diff(t_s)[settled[1:]]) < 0.05 / NOMINAL_HZ


def test_a_stall_after_which_everything_comes_is_no_loss() -> None:
    packets = [
        replace(packet, arrival_s=20.6) if 20.0 < packet.arrival_s < 20.6 else packet
        for packet in Link().packets(40.0)
    ]
    items = through(packets)
    assert not gaps_of(items)
    t_s, numbers = times_of(items)
    assert np.abs(t_s - numbers / NOMINAL_HZ)[t_s > 15.0].max() < 0.03


def test_a_loss_shows_within_two_seconds() -> None:
    sent = Link().packets(40.0)
    kept = [p for p in sent if not 20.0 <= p.arrival_s < 20.3]
    items = through(kept)
    (gap,) = gaps_of(items)
    assert 20.0 < gap.start_s < 22.5
    assert gap.samples == pytest.approx(3 * (len(sent) - len(kept)), abs=3)
    assert gap.reason is GapReason.LOST
    t_s, numbers = times_of(items)
    assert np.abs(t_s - numbers / NOMINAL_HZ)[t_s > 23.0].max() < 0.03


def test_a_long_silence_is_a_gap_at_once() -> None:
    kept = [p for p in Link().packets(30.0) if not 10.0 <= p.arrival_s < 13.0]
    items = through(kept)
    (gap,) = gaps_of(items)
    assert (gap.start_s, gap.end_s) == pytest.approx((10.0, 13.0), abs=0.05)
    assert gap.samples == pytest.approx(600, abs=10)


def test_damage_is_told_with_the_next_packet() -> None:
    timebase = ArrivalTimebase(FOOT, NOMINAL_HZ)
    packets = Link().packets(3.0)
    items = [item for packet in packets[:100] for item in timebase.push(packet)]
    assert not gaps_of(items)
    timebase.note_corrupt(packets[100].arrival_s)
    (gap,) = gaps_of(timebase.push(packets[100]))
    assert (gap.reason, gap.samples) == (GapReason.CORRUPT, 0)


def test_nothing_gives_nothing() -> None:
    assert through([]) == []
