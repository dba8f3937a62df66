"""The session file: what goes in comes out, also from a file that was cut or damaged."""

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import Writer

from imu_stream.acquisition.recording import Recorder, Recording
from imu_stream.acquisition.session_format import HEADER_NAME, header_from_json, header_to_json
from imu_stream.datatypes import (
    CueDelivery,
    CueKind,
    Entry,
    Frame,
    LinkPhase,
    LinkState,
    Mark,
    MarkKind,
    Mount,
    Outcome,
    Placement,
    SensorSetup,
    SessionHeader,
    TargetChange,
)
from imu_stream.errors import RecordingError

HEADER = SessionHeader(
    version="0.1.0",
    started="2026-03-01T08:00:00+01:00",
    sensors=(
        SensorSetup(Placement.LEFT_FOOT, "shoe", 208.0, Mount("x", "-z"), "AA:BB", "Shoe 1"),
        SensorSetup(Placement.CHEST, "belt", 200.0),
    ),
    profiles={"shoe": 'title = "Schuh"\n', "belt": "π = 3\n"},
    target_deg=9.5,
    cues="[cues]\nlevels = 2\n",
)
ITEMS: tuple[Entry, ...] = (
    LinkState(0.1, Placement.LEFT_FOOT, LinkPhase.CONNECTING),
    Frame(1.0 / 3.0, Placement.LEFT_FOOT, "imu", b"\x00\x01\xff"),
    Frame(0.4, Placement.CHEST, "acc", b""),
    LinkState(0.5, Placement.CHEST, LinkPhase.LOST, 'said "bye" – 再见'),
    Frame(0.6, Placement.LEFT_FOOT, "imu", bytes(244)),
    Mark(0.7, MarkKind.NOTE, "new shoes"),
    TargetChange(0.75, 8.5),
    CueDelivery(0.8, 0.79, CueKind.LEAN_MORE, "sound", Outcome.EMITTED),
)

times_s = st.floats(0.0, 1e7)
placements = st.sampled_from(Placement)
frames = st.builds(
    Frame, times_s, placements, st.text("abc_012", min_size=1), st.binary(max_size=300)
)
events = st.one_of(
    st.builds(Mark, times_s, st.sampled_from(MarkKind), st.text()),
    st.builds(TargetChange, times_s, st.floats(-90.0, 90.0)),
    st.builds(
        CueDelivery,
        times_s,
        times_s,
        st.sampled_from(CueKind),
        st.text(),
        st.sampled_from(Outcome),
    ),
)
link_states = st.builds(LinkState, times_s, placements, st.sampled_from(LinkPhase), st.text())


class ManualClock:
    """A clock that goes on when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def record(path: Path, items: tuple[Entry, ...] = ITEMS) -> bytes:
    with Recorder(path, HEADER, clock=ManualClock()) as recorder:
        for item in items:
            recorder.write(item)
    return path.read_bytes()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return record(tmp_path_factory.mktemp("whole") / "session.mcap")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "session.mcap"


def test_a_recording_gives_back_header_and_items(tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    record(path)
    recording = Recording(path)
    assert recording.header == HEADER
    assert tuple(recording) == ITEMS
    assert tuple(recording) == ITEMS
    assert not recording.truncated


@settings(max_examples=40, deadline=None)
@given(items=st.lists(frames | link_states | events, max_size=20).map(tuple))
def test_every_item_comes_back_bit_for_bit(scratch: Path, items: tuple[Entry, ...]) -> None:
    scratch.unlink(missing_ok=True)
    record(scratch, items)
    assert tuple(Recording(scratch)) == items


def test_other_programs_can_open_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    record(path)
    with path.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        messages = list(reader.iter_messages(log_time_order=False))
        header = next(iter(reader.iter_metadata()))
    topics = [channel.topic for _, channel, _ in messages]
    frames_and_links = ["/link", "/left_foot/imu", "/chest/acc", "/link", "/left_foot/imu"]
    assert topics == [*frames_and_links, "/mark", "/target", "/delivery"]
    assert messages[1][2].data[8:] == b"\x00\x01\xff"
    assert messages[1][2].log_time == 333_333_333
    assert [message.sequence for _, _, message in messages] == list(range(1, 9))
    assert json.loads(messages[3][2].data)["phase"] == "lost"
    assert header.name == HEADER_NAME
    assert json.loads(header.metadata["session"])["profiles"]["belt"] == "π = 3\n"


def test_a_file_cut_anywhere_reads_up_to_the_cut(content: bytes, scratch: Path) -> None:
    counts: list[int] = []
    for size in range(len(content)):
        scratch.write_bytes(content[:size])
        try:
            recording = Recording(scratch)
        except RecordingError as error:
            assert str(scratch) in str(error)  # noqa: PT017 - both outcomes are right in their place
            assert not counts
            continue
        items = tuple(recording)
        assert items == ITEMS[: len(items)]
        assert recording.truncated
        counts.append(len(items))
    assert counts == sorted(counts)
    assert set(counts) == set(range(len(ITEMS) + 1))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_an_error_or_less_to_read(
    content: bytes, scratch: Path, data: st.DataObject
) -> None:
    damaged = bytearray(content)
    place = data.draw(st.integers(0, len(content) - 1))
    noise = data.draw(st.binary(min_size=1, max_size=12))
    damaged[place : place + len(noise)] = noise
    scratch.write_bytes(damaged)
    try:
        list(Recording(scratch))
    except RecordingError as error:
        assert str(scratch) in str(error)  # noqa: PT017 - both outcomes are right in their place


@given(noise=st.binary(max_size=200))
def test_other_bytes_are_an_error(scratch: Path, noise: bytes) -> None:
    scratch.write_bytes(noise)
    with pytest.raises(RecordingError, match="not a session file"):
        Recording(scratch)


def test_blocks_a_power_cut_left_empty_are_a_cut(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    path.write_bytes(content[: len(content) // 2] + bytes(4096))
    recording = Recording(path)
    items = tuple(recording)
    assert items == ITEMS[: len(items)]
    assert recording.truncated


@pytest.mark.parametrize("name", ["absent.mcap", "."])
def test_what_cannot_be_opened_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording(tmp_path / name)


def write_foreign(path: Path, metadata: dict[str, str] | None, schema: str = "other") -> None:
    with path.open("wb") as stream:
        writer = Writer(stream, use_chunking=False)
        writer.start()
        if metadata is not None:
            writer.add_metadata(HEADER_NAME, metadata)
        channel = writer.register_channel("/t", "json", writer.register_schema(schema, "", b""))
        writer.add_message(channel, 0, b"{}", 0)
        writer.finish()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        (None, "no session header"),
        ({}, "no usable session header"),
        ({"format": "2.0", "session": "{}"}, "format '2.0'"),
        ({"format": "1.7", "session": "{}"}, "damaged session header"),
        ({"format": "1.0", "session": "["}, "damaged session header"),
        ({"format": "1.0", "session": "[" * 100_000}, "damaged session header"),
        ({"format": "1.0"}, "damaged session header"),
    ],
)
def test_a_foreign_header_is_an_error(
    tmp_path: Path, metadata: dict[str, str] | None, problem: str
) -> None:
    path = tmp_path / "session.mcap"
    write_foreign(path, metadata)
    with pytest.raises(RecordingError, match=problem):
        Recording(path)


def test_an_unknown_schema_asks_for_an_update(tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    metadata = {"format": "1.3", "session": header_to_json(HEADER)}
    write_foreign(path, metadata, "imu_stream.frame.v2")
    with pytest.raises(RecordingError, match=r"frame\.v2.*update"):
        list(Recording(path))


def test_a_rewritten_file_points_to_the_original(tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start()
        writer.add_metadata(HEADER_NAME, {"format": "1.0", "session": header_to_json(HEADER)})
        channel = writer.register_channel("/t", "json", 0)
        writer.add_message(channel, 0, b"{}", 0)
        writer.finish()  # type: ignore[no-untyped-call]
    with pytest.raises(RecordingError, match="original"):
        list(Recording(path))


WRONG_HEADERS: dict[str, list[object]] = {
    "sensors": [3, [{}], [{"placement": "hat"}], None],
    "target_deg": ["9", float("inf"), 10**400],
    "profiles": [[], {"shoe": 3}],
    "version": [1],
    "started": [None],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in WRONG_HEADERS.items() for value in values]
)
def test_header_values_are_checked(key: str, value: object) -> None:
    content = json.loads(header_to_json(HEADER)) | {key: value}
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError, OverflowError)):
        header_from_json(json.dumps(content))


@pytest.mark.parametrize("rate_hz", [0, -1, None, "208"])
def test_a_sensor_needs_a_rate(rate_hz: object) -> None:
    content = json.loads(header_to_json(HEADER))
    content["sensors"][0]["rate_hz"] = rate_hz
    with pytest.raises((TypeError, ValueError)):
        header_from_json(json.dumps(content))


def test_keys_of_a_later_version_are_passed_over() -> None:
    content = json.loads(header_to_json(HEADER)) | {"weather": "rain"}
    assert header_from_json(json.dumps(content)) == HEADER


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    content = record(path)
    with pytest.raises(RecordingError, match="exists already"):
        Recorder(path, HEADER, clock=ManualClock())
    assert path.read_bytes() == content


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        Recorder(tmp_path / "absent" / "session.mcap", HEADER, clock=ManualClock())


def test_every_item_is_with_the_operating_system_at_once(tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    with Recorder(path, HEADER, clock=ManualClock()) as recorder:
        for count, item in enumerate(ITEMS):
            recording = Recording(path)
            assert tuple(recording) == ITEMS[:count]
            assert recording.truncated
            recorder.write(item)


KILLED = """
import os, signal, sys
from pathlib import Path
from test_recording import HEADER, ITEMS, ManualClock
from imu_stream.acquisition.recording import Recorder
recorder = Recorder(Path(sys.argv[1]), HEADER, clock=ManualClock())
for item in ITEMS:
    recorder.write(item)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "session.mcap"
    # from the folder of the tests: `-c` imports what stands there
    here = Path(__file__).parent
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=here, check=False)
    recording = Recording(path)
    assert tuple(recording) == ITEMS
    assert recording.truncated


class CountingDisk:
    """Stands in for fsync: counts, can stall and can fail."""

    def __init__(self) -> None:
        self.syncs = 0
        self.failure: OSError | None = None
        self.free = threading.Event()
        self.free.set()

    def __call__(self, _descriptor: int) -> None:
        self.free.wait(10.0)
        self.syncs += 1
        if self.failure:
            raise self.failure


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> CountingDisk:
    disk = CountingDisk()
    monkeypatch.setattr("os.fsync", disk)
    return disk


def test_the_disk_is_synced_at_most_once_a_second(tmp_path: Path, disk: CountingDisk) -> None:
    clock = ManualClock()
    recorder = Recorder(tmp_path / "session.mcap", HEADER, clock=clock)
    assert disk.syncs == 1
    for tick in range(1, 50):
        clock.now_s = tick / 10.0
        recorder.write(ITEMS[1])
        recorder._wait_for_sync()
    assert disk.syncs == 1 + 4
    recorder.sync()
    assert disk.syncs == 6
    recorder.close()
    recorder.close()
    assert disk.syncs == 7


def test_a_stalled_disk_does_not_hold_up_writing(tmp_path: Path, disk: CountingDisk) -> None:
    clock = ManualClock()
    with Recorder(tmp_path / "session.mcap", HEADER, clock=clock) as recorder:
        disk.free.clear()
        for second in range(1, 5):
            clock.now_s = float(second)
            recorder.write(ITEMS[1])
        assert disk.syncs == 1
        disk.free.set()
    assert disk.syncs == 3


def test_a_failing_sync_is_reported_by_the_next_call(tmp_path: Path, disk: CountingDisk) -> None:
    clock = ManualClock()
    recorder = Recorder(tmp_path / "session.mcap", HEADER, clock=clock)
    disk.failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(RecordingError, match="No space left"):
        recorder.sync()
    with pytest.raises(RecordingError, match="No space left"):
        recorder.write(ITEMS[1])
    recorder.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "session.mcap"
    with Recorder(path, HEADER, clock=ManualClock()) as recorder:
        with Path("/dev/full").open("wb") as full:
            os.dup2(full.fileno(), recorder._stream.fileno())
        with pytest.raises(RecordingError, match="cannot be written: No space left"):
            recorder.write(ITEMS[1])
        with pytest.raises(RecordingError, match="No space left"):
            recorder.write(ITEMS[1])


def test_writing_after_close_is_an_error(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "session.mcap", HEADER, clock=ManualClock())
    recorder.close()
    with pytest.raises(RecordingError, match="closed"):
        recorder.write(ITEMS[1])
