"""Frames in, outputs out: the same live, in replay and in batch, and whatever the bytes are."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
from conftest import header_of, in_blocks, pipeline_outputs, standing_then, worn
from hypothesis import given, settings
from hypothesis import strategies as st
from test_outputs import FAILS, STALLS, FakeOutput

from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Gait
from imu_stream.acquisition.simulation.sensor import VirtualSensor
from imu_stream.acquisition.simulation.wearing import wear
from imu_stream.datatypes import (
    MOTION,
    Array,
    Calibration,
    Cue,
    CueDelivery,
    Entry,
    Frame,
    Gap,
    GapReason,
    LeanState,
    LinkPhase,
    LinkState,
    Mark,
    MarkKind,
    Mount,
    Outcome,
    Output,
    Placement,
    SensorSetup,
    SessionHeader,
    Stride,
    TargetChange,
)
from imu_stream.errors import CalibrationError, ProfileError, RecordingError
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import ClockMark, DeviceProfile, Encoder, builtin_profiles
from imu_stream.session import Session, paced
from imu_stream.sinks.outputs import Channel

LEFT, RIGHT, CHEST = Placement.LEFT_FOOT, Placement.RIGHT_FOOT, Placement.CHEST
SECONDS = 26.0
TARGET_DEG = 10.0
MTU = 247
PROFILES = {profile.name: profile for profile in builtin_profiles()}
WORN = {LEFT: ("movesense", 208.0), RIGHT: ("capture2go", 200.0), CHEST: ("polar_h10", 200.0)}
"""Three makes at once, so three layouts and two kinds of clock."""


@dataclass
class Kept:
    """A sink that keeps everything."""

    outputs: list[Output] = field(default_factory=list)

    def write(self, output: Output) -> None:
        self.outputs.append(output)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A session that never was on the air."""

    header: SessionHeader
    items: tuple[Entry, ...]


def setup_of(placement: Placement) -> SensorSetup:
    name, rate_hz = WORN[placement]
    return SensorSetup(placement, name, rate_hz, PROFILES[name].mount)


def frames_of(runner: Runner, setup: SensorSetup, seconds: float) -> list[Frame]:
    """What the sensor sends over a link that delays each packet a little."""
    profile = PROFILES[setup.profile]
    encoder = Encoder(profile.mode(setup.rate_hz), MTU)
    size = encoder.samples_per_packet
    t_s = np.arange(int(seconds * setup.rate_hz) // size * size) / setup.rate_hz
    worn_so = wear(profile, setup.placement, seed=1)
    motion = VirtualSensor(runner, setup.placement, worn_so.errors).measure(t_s)
    random = np.random.default_rng(len(t_s))
    frames: list[Frame] = []
    for first in range(0, len(t_s), size):
        rows = slice(first, first + size)
        payloads = encoder.encode(ticks_of(profile, t_s[rows]), motion.acc[rows], motion.gyr[rows])
        arrival_s = float(t_s[rows][-1] + 0.02 + random.exponential(0.004))
        frames += [Frame(arrival_s, setup.placement, profile.streams[0].name, p) for p in payloads]
    return frames


def ticks_of(profile: DeviceProfile, t_s: Array) -> int:
    clock = profile.default_mode.packets[0].clock
    assert clock is not None
    marked_s = float(t_s[0] if clock.mark is ClockMark.FIRST else t_s[-1])
    return round((1000.0 + marked_s) / clock.seconds_per_tick)


@pytest.fixture(scope="session")
def session() -> Recorded:
    """Stands, then runs more upright than wanted."""
    runner = Runner(standing_then(Gait(lean_deg=4.0)))
    setups = [setup_of(placement) for placement in MOTION]
    frames = [frame for setup in setups for frame in frames_of(runner, setup, SECONDS)]
    links = [LinkState(0.001, placement, LinkPhase.STREAMING) for placement in MOTION]
    profiles = {setup.profile: PROFILES[setup.profile].text for setup in setups}
    header = replace(header_of(setups), profiles=profiles, target_deg=TARGET_DEG)
    return Recorded(header, tuple(sorted([*links, *frames], key=attrgetter("t_s"))))


@pytest.fixture(scope="session")
def expected(session: Recorded) -> list[Output]:
    return pipeline_outputs(Pipeline(session.header), session.items)


@pytest.fixture(scope="session")
def file(session: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("session") / "run.mcap"
    with Recorder(path, session.header, clock=lambda: 0.0) as recorder:
        for item in session.items:
            recorder.write(item)
    return path


async def source(items: Iterable[Entry]) -> AsyncIterator[Entry]:
    for item in items:
        yield item


def test_session_holds_what_it_should(expected: list[Output]) -> None:
    """Else the tests below would compare nothing with nothing."""
    for placement in (LEFT, RIGHT):
        strides = [o for o in expected if isinstance(o, Stride) and o.foot is placement]
        assert len(strides) >= 27
    assert {o.placement for o in expected if isinstance(o, Calibration)} == set(MOTION)
    assert sum(isinstance(o, LeanState) and o.valid for o in expected) >= 25
    assert sum(isinstance(o, Cue) for o in expected) >= 1
    assert not any(isinstance(o, Gap) for o in expected)


async def test_live_replay_and_batch_are_the_same_bit_for_bit(
    session: Recorded, expected: list[Output], tmp_path: Path
) -> None:
    ticking = count(step=1000.0)  # far ahead of the recording, so that nothing waits
    live, replayed, batch = (Session(Pipeline(session.header), [Kept()]) for _ in range(3))
    path = tmp_path / "live.mcap"
    failures: list[RecordingError] = []
    with Recorder(path, session.header, clock=lambda: 0.0) as recorder:
        await live.run_live(source(session.items), recorder, failures.append)
    assert not failures
    recording = Recording(path)
    assert recording.header == session.header
    await replayed.run_paced(paced(recording, 1.0, clock=lambda: next(ticking)))
    batch.run_at_once(Recording(path))
    digests = {run.summary().outputs_sha256 for run in (live, replayed, batch)}
    assert len(digests) == 1
    assert live.summary() == replayed.summary() == batch.summary()
    assert not recording.truncated


class Lapping:
    """Stands for a coach's button or an output: an event follows on some output, a little later."""

    def __init__(self) -> None:
        self.laps = 0
        self.lap: Callable[[Entry], None] | None = None

    def write(self, output: Output) -> None:
        if isinstance(output, Stride) and output.foot is LEFT and self.lap is not None:
            self.laps += 1
            mark = Mark(output.known_s, MarkKind.LAP, str(self.laps))
            asyncio.get_running_loop().call_soon(self.lap, mark)


async def test_events_from_beside_the_source_stand_in_the_recording_and_its_replay(
    session: Recorded, tmp_path: Path
) -> None:
    async def breathing() -> AsyncIterator[Entry]:
        for item in session.items:
            yield item
            await asyncio.sleep(0)

    path, lapping, kept = tmp_path / "live.mcap", Lapping(), Kept()
    live = Session(Pipeline(session.header), [lapping, kept])
    lapping.lap = live.take
    with Recorder(path, session.header, clock=lambda: 0.0) as recorder:
        await live.run_live(breathing(), recorder, pytest.fail)
        live.take(Mark(99.0, MarkKind.NOTE, "too late"))
    batch = Session(Pipeline(session.header))
    batch.run_at_once(Recording(path))
    assert batch.summary().outputs_sha256 == live.summary().outputs_sha256
    recorded = [item for item in Recording(path) if isinstance(item, Mark)]
    assert recorded == [output for output in kept.outputs if isinstance(output, Mark)]
    assert len(recorded) > 20


async def test_what_became_of_each_cue_stands_in_the_recording_and_its_replay(
    session: Recorded, tmp_path: Path
) -> None:
    """With outputs that take it, fail and stall, behind their channels."""

    async def breathing() -> AsyncIterator[Entry]:
        for item in session.items:
            now_s[0] = item.t_s
            yield item
            await asyncio.sleep(0)

    path, kept, now_s = tmp_path / "live.mcap", Kept(), [0.0]
    outputs = [FakeOutput(name="good"), FakeOutput([FAILS], name="bad"), FakeOutput([STALLS])]
    channels = [
        Channel(
            each,
            lambda: now_s[0],
            on_delivery=lambda told: live.take(told),
            on_failure=lambda why: None,
        )
        for each in outputs
    ]
    live = Session(Pipeline(session.header), [*channels, kept])
    async with AsyncExitStack() as stack:
        for each in channels:
            await stack.enter_async_context(each)
        with Recorder(path, session.header, clock=lambda: 0.0) as recorder:
            await live.run_live(breathing(), recorder, pytest.fail)
    batch = Session(Pipeline(session.header))
    batch.run_at_once(Recording(path))
    assert batch.summary().outputs_sha256 == live.summary().outputs_sha256
    recorded = [item for item in Recording(path) if isinstance(item, CueDelivery)]
    assert recorded == [output for output in kept.outputs if isinstance(output, CueDelivery)]
    cues = [output for output in kept.outputs if isinstance(output, Cue)]
    given = [item for item in recorded if item.output == "good"]
    assert [item.cue_s for item in given] == [cue.t_s for cue in cues]
    assert {item.outcome for item in given} == {Outcome.EMITTED}
    assert Outcome.FAILED in {item.outcome for item in recorded if item.output == "bad"}


def test_a_pause_silences_cues_and_a_new_target_is_cued_for(session: Recorded) -> None:
    # without an event the first cue comes at about 17 s: see the fixture
    paused = pipeline_outputs(Pipeline(session.header), [Mark(0.0, MarkKind.PAUSE), *session.items])
    assert not [output for output in paused if isinstance(output, Cue)]
    aimed = pipeline_outputs(Pipeline(session.header), [TargetChange(0.0, 3.0), *session.items])
    assert not [output for output in aimed if isinstance(output, Cue)]
    resumed = [Mark(0.0, MarkKind.PAUSE), Mark(0.0, MarkKind.RESUME), *session.items]
    again = pipeline_outputs(Pipeline(session.header), resumed)
    assert [output for output in again if isinstance(output, Cue)]


def fill(recorder: Recorder) -> None:
    """From now on the disk is full."""
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), recorder._stream.fileno())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this platform")
async def test_a_full_disk_is_told_once_and_the_run_goes_on(
    session: Recorded, expected: list[Output], tmp_path: Path
) -> None:
    async def filling() -> AsyncIterator[Entry]:
        for number, item in enumerate(session.items):
            if number == 200:
                fill(recorder)
            yield item

    kept, failures = Kept(), []
    path = tmp_path / "live.mcap"
    recorder = Recorder(path, session.header, clock=lambda: 0.0)
    await Session(Pipeline(session.header), [kept]).run_live(filling(), recorder, failures.append)
    recorder.close()
    assert [repr(each) for each in kept.outputs] == [repr(each) for each in expected]  # with NaN
    (failure,) = failures
    assert "No space left" in str(failure)
    assert list(Recording(path)) == list(session.items[:200])


def test_reading_a_recording_gives_the_same_outputs(file: Path, expected: list[Output]) -> None:
    recording = Recording(file)
    assert repr(pipeline_outputs(Pipeline(recording.header), recording)) == repr(expected)


@pytest.mark.parametrize("share", [0.05, 0.35, 0.8, 0.999])
def test_cut_recording_gives_a_prefix_of_the_outputs(
    file: Path, tmp_path: Path, share: float
) -> None:
    content = file.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(content[: round(share * len(content))])
    whole, part = Recording(file), Recording(cut)
    all_out = pushed(Pipeline(whole.header), whole)
    pipeline = Pipeline(part.header)
    early = pushed(pipeline, part)
    assert part.truncated
    assert repr(all_out[: len(early)]) == repr(early)
    assert all(not isinstance(output, Cue) for output in pipeline.finish())


def pushed(pipeline: Pipeline, items: Iterable[Entry]) -> list[Output]:
    return [output for item in items for output in pipeline.push(item)]


def test_sensors_do_not_disturb_each_other(session: Recorded, expected: list[Output]) -> None:
    """One foot alone gives the strides that it gives among the others."""
    alone = [item for item in session.items if item.placement is LEFT]
    strides = [o for o in pipeline_outputs(Pipeline(session.header), alone) if is_of(o, LEFT)]
    assert repr(strides) == repr([o for o in expected if is_of(o, LEFT)])


def is_of(output: Output, foot: Placement) -> bool:
    return isinstance(output, Stride) and output.foot is foot


def test_receptions_count_what_came(session: Recorded) -> None:
    pipeline = Pipeline(session.header)
    pipeline_outputs(pipeline, session.items)
    for setup in session.header.sensors:
        received = pipeline.receptions[setup.placement]
        assert received.samples == pytest.approx(SECONDS * setup.rate_hz, abs=64)
        assert (received.lost, received.gaps) == (0, 0)
        assert received.rate_hz == pytest.approx(setup.rate_hz, rel=1e-3)


@pytest.mark.parametrize("placement", list(MOTION))
def test_lost_frames_are_gaps(session: Recorded, placement: Placement) -> None:
    frames = [item for item in session.items if item.placement is placement]
    lost = frames[len(frames) // 2 :][:4]
    kept = [item for item in session.items if item not in lost]
    pipeline = Pipeline(session.header)
    gaps = [o for o in pipeline_outputs(pipeline, kept) if isinstance(o, Gap)]
    assert {gap.placement for gap in gaps} == {placement}
    received = pipeline.receptions[placement]
    rate_hz = WORN[placement][1]
    assert received.lost > 0
    assert received.samples + received.lost == pytest.approx(SECONDS * rate_hz, abs=64)


@pytest.mark.parametrize("placement", list(MOTION))
def test_damaged_frames_are_gaps(session: Recorded, placement: Placement) -> None:
    numbers = [n for n, item in enumerate(session.items) if item.placement is placement]
    items = list(session.items)
    for number in numbers[len(numbers) // 2 :][:4]:
        frame = items[number]
        assert isinstance(frame, Frame)
        items[number] = replace(frame, payload=frame.payload[: len(frame.payload) // 2])
    gaps = [o for o in pipeline_outputs(Pipeline(session.header), items) if isinstance(o, Gap)]
    assert GapReason.CORRUPT in {gap.reason for gap in gaps}
    assert {gap.placement for gap in gaps} == {placement}


@given(
    placement=st.sampled_from(list(MOTION)),
    payloads=st.lists(st.binary(max_size=MTU), min_size=1, max_size=8),
    at=st.integers(0, 400),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_any_bytes_are_survived(
    session: Recorded, placement: Placement, payloads: list[bytes], at: int
) -> None:
    place = session.items[at]
    stream = PROFILES[WORN[placement][0]].streams[0].name
    noise = [Frame(place.t_s, placement, stream, payload) for payload in payloads]
    pipeline_outputs(
        Pipeline(session.header), [*session.items[:at], *noise, *session.items[at:450]]
    )


@given(
    number=st.integers(0, 490),
    damage=st.lists(st.tuples(st.integers(0, MTU), st.integers(0, 255)), min_size=1, max_size=12),
    also_after=st.integers(0, 3),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_any_wrong_bits_are_survived(
    session: Recorded, number: int, damage: list[tuple[int, int]], also_after: int
) -> None:
    items = list(session.items[:500])
    for at in range(number, number + also_after + 1):
        items[at] = damaged(items[at], damage)
    outputs = pipeline_outputs(Pipeline(session.header), items)
    assert all(np.isfinite(output.lean_deg) for output in outputs if isinstance(output, LeanState))


def damaged(item: Entry, damage: list[tuple[int, int]]) -> Entry:
    if isinstance(item, LinkState):
        return item
    payload = bytearray(item.payload)
    for place, value in damage:
        payload[place % len(payload)] = value
    return replace(item, payload=bytes(payload))


@pytest.mark.parametrize("bits", [b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\xff\xff\x7f\x7f"])
def test_values_that_are_no_measurement_are_gaps(session: Recorded, bits: bytes) -> None:
    """Not a number, infinite, and larger than any sensor measures."""
    items = list(session.items)
    at = [n for n, item in enumerate(items) if item.placement is LEFT][150]
    frame = items[at]
    assert isinstance(frame, Frame)
    items[at] = replace(frame, payload=frame.payload[:-8] + bits + frame.payload[-4:])
    outputs = pipeline_outputs(Pipeline(session.header), items)
    gaps = [output for output in outputs if isinstance(output, Gap)]
    assert [gap.placement for gap in gaps] == [LEFT]
    assert sum(is_of(output, LEFT) for output in outputs) >= 25


def test_frames_of_another_stream_give_nothing(session: Recorded, expected: list[Output]) -> None:
    others = [Frame(item.t_s, LEFT, "battery", b"\x63") for item in session.items[:50]]
    items = sorted([*session.items, *others], key=attrgetter("t_s"))
    assert repr(pipeline_outputs(Pipeline(session.header), items)) == repr(expected)


def test_link_states_pass_through_in_their_place(session: Recorded) -> None:
    lost = LinkState(10.0, LEFT, LinkPhase.LOST, "out of reach")
    assert Pipeline(session.header).push(lost) == [lost]


def test_new_link_forgets_half_a_message(session: Recorded) -> None:
    """Half of a message of the old link and the first of the new one are not one message."""
    items = list(session.items)
    at = [n for n, item in enumerate(items) if item.placement is LEFT][151]
    arrival_s = items[at].t_s
    change = [
        LinkState(arrival_s, LEFT, phase)
        for phase in (LinkPhase.LOST, LinkPhase.CONNECTING, LinkPhase.STREAMING)
    ]
    changed = [*items[: at + 1], *change, *items[at + 1 :]]
    outputs = pipeline_outputs(Pipeline(session.header), changed)
    assert [o for o in outputs if isinstance(o, LinkState) and o in change] == change
    strides = [o for o in outputs if is_of(o, LEFT)]
    assert len(strides) >= 24


def test_nothing_in_gives_nothing_out(session: Recorded) -> None:
    assert pipeline_outputs(Pipeline(session.header), []) == []


def test_samples_of_tables_need_no_profile() -> None:
    samples = worn(Runner(standing_then(Gait())), LEFT, 104.0, 16.0)
    pipeline = Pipeline(header_of([SensorSetup(LEFT, "table", 104.0)]))
    assert any(isinstance(o, Stride) for o in pipeline_outputs(pipeline, in_blocks(samples)))


@pytest.mark.parametrize("value", [1e30, 1e200, 1e308])
@pytest.mark.parametrize("placement", [LEFT, CHEST])
def test_absurd_numbers_of_a_table_are_survived(placement: Placement, value: float) -> None:
    samples = worn(Runner(standing_then(Gait())), placement, 104.0, 16.0)
    samples.acc[400:1600:150] = [value, -value, value]
    pipeline = Pipeline(header_of([SensorSetup(placement, "table", 104.0)]))
    outputs = pipeline_outputs(pipeline, in_blocks(samples))
    assert any(isinstance(output, Gap) for output in outputs)


def test_unusable_mount_is_refused_at_once(session: Recorded) -> None:
    sensors = [replace(s, mount=Mount("x", "-x")) for s in session.header.sensors]
    with pytest.raises(CalibrationError, match="mount"):
        Pipeline(replace(session.header, sensors=tuple(sensors)))


def test_rate_the_device_does_not_offer_is_refused_at_once(session: Recorded) -> None:
    sensors = [replace(s, rate_hz=77.0) for s in session.header.sensors]
    with pytest.raises(ProfileError, match="77"):
        Pipeline(replace(session.header, sensors=tuple(sensors)))


def test_broken_profile_is_refused_at_once(session: Recorded) -> None:
    with pytest.raises(ProfileError):
        Pipeline(replace(session.header, profiles={"movesense": "title = 3"}))


def test_missing_profile_is_refused_at_once(session: Recorded) -> None:
    with pytest.raises(ProfileError, match="movesense"):
        Pipeline(replace(session.header, profiles={}))


@pytest.mark.parametrize(
    "item", [Frame(1.0, CHEST, "acc", b"\x00"), Gap(CHEST, 1.0, 2.0, GapReason.LOST, 3)]
)
def test_item_of_a_sensor_that_is_not_in_the_header_is_survived(item: Frame | Gap) -> None:
    """A recording is not trusted to hold what its header says."""
    Pipeline(header_of([SensorSetup(LEFT, "table", 104.0)])).push(item)
