"""A bad link: what it does is seeded, and it tells the truth about it."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.acquisition.simulation.faults import (
    MOST_FLIPPED,
    Fate,
    Faults,
    Outage,
    deliver,
    flipped,
    link_states,
    plan_outages,
)
from imu_stream.datatypes import Frame, LinkPhase, Placement

CHEST = Placement.CHEST
EVERY_S = 0.04
shares = st.floats(0.0, 0.3)
faults = st.builds(
    Faults,
    lost=shares,
    burst=st.floats(1.0, 6.0),
    repeated=shares,
    reordered=shares,
    flipped=shares,
    jitter_s=st.floats(0.0, 0.2),
    outage_every_s=st.one_of(st.just(math.inf), st.floats(1.0, 30.0)),
    silent_from_s=st.one_of(st.just(math.inf), st.floats(0.0, 30.0)),
)
seeds = st.integers(0, 2**16)
counts = st.integers(0, 400)


def sent(count: int) -> list[Frame]:
    """Each notification is its own number."""
    return [Frame(EVERY_S * n, CHEST, "imu", n.to_bytes(8, "little")) for n in range(count)]


def wrong_bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "little") ^ int.from_bytes(other, "little")).bit_count()


@given(count=counts, seed=seeds)
def test_a_perfect_link_changes_nothing(count: int, seed: int) -> None:
    delivery = deliver(sent(count), Faults(), plan_outages(Faults(), 100.0, seed), seed)
    assert list(delivery.frames) == sent(count)
    assert delivery.fates == (Fate.ARRIVED,) * count


@given(faults=faults, count=counts, seed=seeds)
@settings(deadline=None)
def test_every_notification_has_the_fate_that_is_told(
    faults: Faults, count: int, seed: int
) -> None:
    frames = [frame for frame in sent(count)]
    outages = plan_outages(faults, EVERY_S * count, seed)
    delivery = deliver(frames, faults, outages, seed)
    times = Counter(frame.payload for frame in delivery.frames)
    for frame, fate in zip(frames, delivery.fates, strict=True):
        if fate is Fate.FLIPPED:
            continue  # it may look like another
        least = {Fate.LOST: 0, Fate.UNREACHABLE: 0, Fate.REPEATED: 2}.get(fate, 1)
        assert times[frame.payload] >= least
        assert any(o.start_s <= frame.arrival_s < o.streaming_s for o in outages) is (
            fate is Fate.UNREACHABLE
        )
    came = Counter(delivery.fates)
    lost = came[Fate.LOST] + came[Fate.UNREACHABLE]
    assert len(delivery.frames) == count - lost + came[Fate.REPEATED]


@given(faults=faults, count=counts, seed=seeds)
@settings(deadline=None)
def test_nothing_arrives_before_it_is_sent_nor_out_of_the_order_of_time(
    faults: Faults, count: int, seed: int
) -> None:
    delivery = deliver(sent(count), faults, plan_outages(faults, EVERY_S * count, seed), seed)
    arrivals_s = np.array([frame.arrival_s for frame in delivery.frames])
    assert (np.diff(arrivals_s) >= 0.0).all()
    if Fate.FLIPPED not in delivery.fates:
        own_s = [EVERY_S * int.from_bytes(f.payload, "little") for f in delivery.frames]
        late_s = arrivals_s - own_s
        assert late_s.min(initial=0.0) >= 0.0
        assert late_s.max(initial=0.0) <= faults.jitter_s + EVERY_S + 1e-9


@given(faults=faults, count=counts, seed=seeds)
@settings(deadline=None, max_examples=30)
def test_the_same_seed_gives_the_same(faults: Faults, count: int, seed: int) -> None:
    once, again = (
        deliver(sent(count), faults, plan_outages(faults, EVERY_S * count, seed), seed)
        for _ in range(2)
    )
    assert once == again


@given(payload=st.binary(max_size=40), seed=seeds)
def test_flipped_bits_are_one_to_three(payload: bytes, seed: int) -> None:
    damaged = flipped(payload, np.random.default_rng(seed))
    assert len(damaged) == len(payload)
    assert bool(payload) <= wrong_bits(payload, damaged) <= MOST_FLIPPED


@given(seed=seeds, every_s=st.floats(1.0, 60.0), silent_from_s=st.floats(0.0, 400.0))
@settings(max_examples=30)
def test_outages_are_in_order_and_the_last_has_no_end(
    seed: int, every_s: float, silent_from_s: float
) -> None:
    faults = Faults(outage_every_s=every_s, silent_from_s=silent_from_s)
    outages = plan_outages(faults, 300.0, seed)
    edges_s = [t for o in outages for t in (o.start_s, o.end_s, o.streaming_s)]
    assert edges_s == sorted(edges_s)
    assert [math.isinf(o.end_s) for o in outages].count(True) == (silent_from_s < 300.0)
    states = link_states(CHEST, outages)
    assert [state.t_s for state in states] == sorted(state.t_s for state in states)
    assert sum(state.phase is LinkPhase.LOST for state in states) == len(outages)


@pytest.mark.parametrize("burst", [1.0, 3.0, 6.0])
def test_losses_are_as_many_and_as_long_as_asked_for(burst: float) -> None:
    fates = deliver(sent(100_000), Faults(lost=0.03, burst=burst), (), seed=1).fates
    lost = np.array([fate is Fate.LOST for fate in fates])
    bursts = np.count_nonzero(np.diff(lost.astype(int)) == 1)
    assert lost.mean() == pytest.approx(0.03, rel=0.1)
    assert lost.sum() / bursts == pytest.approx(burst, rel=0.1)


def test_one_that_is_overtaken_comes_after_the_next() -> None:
    frames = sent(2000)
    delivery = deliver(frames, Faults(reordered=0.1), (), seed=3)
    order = [int.from_bytes(frame.payload, "little") for frame in delivery.frames]
    assert sorted(order) == list(range(2000))
    for number, fate in enumerate(delivery.fates):
        if fate is Fate.REORDERED:
            assert order.index(number) == order.index(number + 1) + 1


def test_nothing_arrives_without_a_link() -> None:
    outage = Outage(1.0, 2.0, 3.0)
    frames = deliver(sent(200), Faults(), [outage], seed=1).frames
    assert not [frame for frame in frames if 1.0 <= frame.arrival_s < 3.0]


@pytest.mark.parametrize("wrong", [{"lost": 0.9}, {"burst": 0.5}, {"outage_s": (0.1, 1.0)}])
def test_faults_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|burst"):
        Faults(**wrong)
