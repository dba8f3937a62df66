"""What came over the radio: read from a source, decoded, checked for lost and doubled samples."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from imu_stream.acquisition.ble import BleSource, Found, SensorPlan
from imu_stream.datatypes import DeviceSamples, Frame, LinkPhase, LinkState, Placement
from imu_stream.profiles import ClockMark, Decoder


def plan(placement: Placement, found: Found) -> SensorPlan:
    options = [SensorPlan(placement, found.device, p, p.default_mode) for p in found.profiles]
    return replace(options[0], otherwise=tuple(options[1:]))


async def collect(source: BleSource, seconds: float) -> list[Frame | LinkState]:
    asyncio.get_running_loop().call_later(seconds, source.stop)
    return [item async for item in source]


def phases(items: Sequence[Frame | LinkState], placement: Placement) -> list[LinkPhase]:
    states = (item for item in items if isinstance(item, LinkState))
    return [state.phase for state in states if state.placement is placement]


def is_lost(item: Frame | LinkState) -> bool:
    return isinstance(item, LinkState) and item.phase is LinkPhase.LOST


def decode(items: Sequence[Frame | LinkState], plan: SensorPlan) -> list[DeviceSamples]:
    decoder = Decoder(plan.mode, plan.placement)
    frames = (item for item in items if isinstance(item, Frame))
    decoded = [
        one
        for frame in frames
        if frame.placement is plan.placement
        for one in decoder.decode(frame)
    ]
    samples = [one for one in decoded if isinstance(one, DeviceSamples)]
    assert len(samples) == len(decoded)
    return samples


def assert_no_sample_missing_or_twice(samples: Sequence[DeviceSamples], plan: SensorPlan) -> None:
    """By the sensor's clock: between two packets as many samples as time has passed."""
    clock = plan.mode.packets[0].clock
    assert clock is not None
    for before, after in itertools.pairwise(samples):
        counted = before if clock.mark is ClockMark.FIRST else after
        passed_s = ((after.ticks - before.ticks) % (1 << clock.bits)) * clock.seconds_per_tick
        assert passed_s * plan.mode.hz == pytest.approx(len(counted), abs=0.5)
