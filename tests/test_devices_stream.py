"""Every device streams for ten seconds over the virtual radio, and nothing is missing.

Time is virtual: it goes on when nothing is left to do, so a run takes as long as its computing,
and a slow computer loses nothing.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest
from every_profile import every_profile
from test_ble import QUICK, Room
from virtual_time import VirtualTimeLoop

from imu_stream.acquisition.ble import BleSource, SensorPlan
from imu_stream.acquisition.simulation import streaming
from imu_stream.datatypes import (
    DeviceSamples,
    Frame,
    Gap,
    LinkPhase,
    LinkState,
    Output,
    Placement,
    SensorSetup,
    SessionHeader,
)
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import Corrupt, Decoder, DeviceProfile

SECONDS = 10.0


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> asyncio.Runner:
    """Runs in virtual time; the virtual sensors go by it, too."""
    runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
    clock = SimpleNamespace(monotonic=runner.get_loop().time)
    monkeypatch.setattr(streaming, "time", clock)
    return runner


async def streamed(profile: DeviceProfile, placement: Placement) -> list[Frame | LinkState]:
    """All that comes from a virtual sensor while it streams for a while."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        room = Room(stack)
        await room.adapter.power_on()
        await room.put(placement, profile)
        (found,) = (await room.found([profile])).values()
        plan = SensorPlan(placement, found.device, profile, profile.default_mode)
        source = BleSource([plan], loop.time, client_backend=room.client, patience=QUICK)
        async with source:
            loop.call_later(SECONDS, source.stop)
            return [item async for item in source]


def pipeline_of(profile: DeviceProfile, placement: Placement) -> Pipeline:
    mode = profile.default_mode
    setup = SensorSetup(
        placement=placement,
        profile=profile.name,
        rate_hz=mode.hz,
        mount=profile.mount,
        acc_range_g=mode.acc_range_g,
        gyr_range_dps=mode.gyr_range_dps,
    )
    header = SessionHeader("0", "2026-01-01", (setup,), {profile.name: profile.text}, None)
    return Pipeline(header)


def decoded(profile: DeviceProfile, items: Sequence[Frame | LinkState]) -> list[DeviceSamples]:
    """The packets of samples, of which none is damaged."""
    decoder = Decoder(profile.default_mode, Placement.CHEST)
    frames = [item for item in items if isinstance(item, Frame)]
    packets = [one for frame in frames for one in decoder.decode(frame)]
    assert [one.problem for one in packets if isinstance(one, Corrupt)] == []
    return [one for one in packets if isinstance(one, DeviceSamples)]


@every_profile
def test_ten_seconds_of_every_device_come_without_loss(
    profile: DeviceProfile, runner: asyncio.Runner
) -> None:
    placement = next(each for each in Placement if profile.fits(each))
    with runner:
        items = runner.run(streamed(profile, placement))
    assert [item.phase for item in items if isinstance(item, LinkState)] == [
        LinkPhase.CONNECTING,
        LinkPhase.SETTING_UP,
        LinkPhase.STREAMING,
        LinkPhase.STOPPED,
    ]
    packets = decoded(profile, items)
    pipeline = pipeline_of(profile, placement)
    outputs: list[Output] = [output for item in items for output in pipeline.push(item)]
    outputs += pipeline.finish()
    assert [output for output in outputs if isinstance(output, Gap)] == []
    # the first packet holds what was measured before it came
    span_s = packets[-1].arrival_s - packets[0].arrival_s
    longest = max(packet.samples_per_packet for packet in profile.default_mode.packets)
    assert span_s > SECONDS - longest / profile.default_rate_hz
    expected = span_s * profile.default_rate_hz + longest
    assert pipeline.receptions[placement].samples == pytest.approx(expected, abs=longest)
