"""Accelerations and angular rates that come in packets of their own, on one time base."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.analysis.joining import Joining
from imu_stream.datatypes import Array, Gap, GapReason, Placement, Samples, Stamped

RATE_HZ = 100.0
FOOT = Placement.LEFT_FOOT
APART = (frozenset({"acc"}), frozenset({"gyr"}))
ACC, GYR = 0, 1


def line(t_s: Array) -> Array:
    """Something that straight lines between samples give back exactly."""
    return np.outer(t_s, [1.0, -2.0, 3.0])


def packets(kind: int, start_s: float, count: int, size: int) -> list[tuple[int, Stamped]]:
    t_s = start_s + np.arange(count) / RATE_HZ
    parts = np.split(t_s, range(size, count, size))
    return [
        (kind, Stamped(FOOT, t, line(t) if kind == ACC else None, line(t) if kind == GYR else None))
        for t in parts
    ]


def by_time(items: Sequence[tuple[int, Stamped]]) -> list[tuple[int, Stamped]]:
    return sorted(items, key=lambda item: float(item[1].t_s[-1]))


def joined(items: Sequence[tuple[int, Stamped | Gap]]) -> list[Samples | Gap]:
    joining = Joining(FOOT, APART, RATE_HZ)
    out = [out for kind, item in items for out in joining.push(kind, item)]
    return [*out, *joining.finish()]


def samples_of(items: Sequence[Samples | Gap]) -> list[Samples]:
    return [item for item in items if isinstance(item, Samples)]


def gaps_of(items: Sequence[Samples | Gap]) -> list[Gap]:
    return [item for item in items if isinstance(item, Gap)]


@given(
    offset_s=st.floats(-0.02, 0.02),
    acc_size=st.integers(1, 40),
    gyr_size=st.integers(1, 40),
)
@settings(deadline=None)
def test_angular_rates_are_laid_onto_the_accelerations(
    offset_s: float, acc_size: int, gyr_size: int
) -> None:
    sent = packets(ACC, 1.0, 300, acc_size) + packets(GYR, 1.0 + offset_s, 300, gyr_size)
    out = joined(by_time(sent))
    assert not gaps_of(out)
    t_s = np.concatenate([each.t_s for each in samples_of(out)])
    gyr = np.concatenate([each.gyr for each in samples_of(out) if each.gyr is not None])
    acc = np.concatenate([each.acc for each in samples_of(out)])
    assert len(t_s) >= 300 - 40 - 3
    assert np.diff(t_s) == pytest.approx(1 / RATE_HZ)
    assert gyr == pytest.approx(line(t_s), abs=1e-9)
    assert acc.tobytes() == line(t_s).tobytes()


@given(acc_size=st.integers(1, 40), gyr_size=st.integers(1, 40))
@settings(deadline=None)
def test_any_packets_give_the_same_samples(acc_size: int, gyr_size: int) -> None:
    whole = joined([*packets(ACC, 0.0, 200, 200), *packets(GYR, -0.003, 201, 201)])
    cut = joined(by_time(packets(ACC, 0.0, 200, acc_size) + packets(GYR, -0.003, 201, gyr_size)))
    for name in ("t_s", "acc", "gyr"):
        once, again = (
            np.concatenate([getattr(each, name) for each in samples_of(out)])
            for out in (whole, cut)
        )
        assert once.tobytes() == again.tobytes()


@pytest.mark.parametrize("lost", [ACC, GYR])
def test_a_hole_in_either_is_a_gap(lost: int) -> None:
    sent = packets(ACC, 0.0, 300, 10) + packets(GYR, 0.0, 300, 10)
    kept = [
        (kind, item)
        for kind, item in by_time(sent)
        if not (kind == lost and 1.0 <= item.t_s[0] < 1.2)
    ]
    (gap,) = gaps_of(joined(kept))
    assert gap.start_s == pytest.approx(1.0, abs=0.011)
    assert gap.end_s == pytest.approx(1.2, abs=0.011)
    assert gap.samples == pytest.approx(20, abs=1)
    assert gap.reason is GapReason.LOST


def test_the_reason_of_a_gap_is_kept() -> None:
    sent: list[tuple[int, Stamped | Gap]] = []
    for kind, item in by_time(packets(ACC, 0.0, 300, 10) + packets(GYR, 0.0, 300, 10)):
        if kind == GYR and item.t_s[0] == pytest.approx(1.0):
            sent.append((kind, Gap(FOOT, 1.0, 1.1, GapReason.CORRUPT, 10)))
        else:
            sent.append((kind, item))
    assert [gap.reason for gap in gaps_of(joined(sent))] == [GapReason.CORRUPT]


def test_damage_that_took_no_sample_is_told_at_once() -> None:
    gap = Gap(FOOT, 1.0, 1.0, GapReason.CORRUPT, 0)
    assert Joining(FOOT, APART, RATE_HZ).push(ACC, gap) == [gap]
    assert Joining(FOOT, APART, RATE_HZ).push(GYR, gap) == []  # both kinds tell of it


def test_nothing_is_invented_without_angular_rates() -> None:
    assert joined(packets(ACC, 0.0, 1000, 10)) == []


def test_accelerations_wait_in_bounds() -> None:
    joining = Joining(FOOT, APART, RATE_HZ)
    for kind, item in packets(ACC, 0.0, 100_000, 1000):
        joining.push(kind, item)
    assert len(joining._acc.t_s) <= 11 * RATE_HZ


def test_long_packets_wait_for_each_other() -> None:
    acc, gyr = packets(ACC, 0.0, 1200, 300), packets(GYR, 2.9, 1200, 300)
    sent = [item for pair in zip(acc, gyr, strict=True) for item in pair]
    assert not gaps_of(joined(sent))


def test_a_sensor_that_sends_both_together_passes_through() -> None:
    joining = Joining(FOOT, (frozenset({"acc", "gyr"}),), RATE_HZ)
    t_s = np.arange(10) / RATE_HZ
    (out,) = joining.push(0, Stamped(FOOT, t_s, line(t_s), -line(t_s)))
    assert isinstance(out, Samples)
    assert out.gyr is not None
    assert out.gyr.tobytes() == (-line(t_s)).tobytes()
