"""Session files from strangers: a clear error or what could be read; nothing written elsewhere."""

import json
import os
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.opcode import Opcode
from mcap.writer import Writer
from sessions import recorded, written

from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.session_format import FORMAT, HEADER_NAME, header_to_json
from imu_stream.afterwards.export import FORMATS, export
from imu_stream.afterwards.export.gathering import ExportRequest, gather
from imu_stream.datatypes import (
    CueDelivery,
    CueKind,
    Entry,
    Frame,
    Mark,
    MarkKind,
    Outcome,
    Placement,
    SessionHeader,
)
from imu_stream.errors import ImuStreamError, RecordingError

CHEST = Placement.CHEST
MAGIC = b"\x89MCAP0\r\n"
EXPECTED = {form.target for form in FORMATS.values()}
SMALL_MB = 60.0


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[SessionHeader, list[Entry]]:
    """A short session of a chest sensor."""
    path = recorded(tmp_path_factory.mktemp("session") / "run.mcap", 8.0)
    recording = Recording(path)
    chest = [each for each in recording if not isinstance(each, Mark) and each.placement is CHEST]
    sensors = tuple(each for each in recording.header.sensors if each.placement is CHEST)
    return replace(recording.header, sensors=sensors), chest


@pytest.fixture(scope="module")
def content(entries: tuple[SessionHeader, list[Entry]], tmp_path_factory: Any) -> bytes:
    return written(tmp_path_factory.mktemp("whole") / "run.mcap", *entries).read_bytes()


def export_all(path: Path, out: Path) -> list[str]:
    """Every format; gives the errors' texts, of which each must be one of this program."""
    errors = []
    try:
        data = gather(path, ExportRequest(full=True), samples=True)
    except ImuStreamError as error:
        return [str(error)]
    for form in FORMATS.values():
        try:
            export(data, form, out, force=True)
        except ImuStreamError as error:
            errors.append(str(error))
    return errors


def check_contained(folder: Path, out: Path) -> None:
    """Only whole exports, and nothing beside the folder for them."""
    assert {path.name for path in out.iterdir()} <= EXPECTED if out.exists() else True
    assert {path.name for path in folder.iterdir()} <= {"run.mcap", "out"}


def by_hand(path: Path, session: str, version: str = FORMAT) -> Path:
    """A file with this text in the place of the session header."""
    with path.open("wb") as stream:
        writer = Writer(stream, use_chunking=False)
        writer.start("imu_stream", "imu_stream 0")
        writer.add_metadata(HEADER_NAME, {"format": version, "session": session})
        writer.finish()
    return path


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0.0, 1.0))
def test_a_session_cut_anywhere_is_exported_up_to_there_or_refused(
    content: bytes, tmp_path: Path, share: float
) -> None:
    path = tmp_path / "run.mcap"
    path.write_bytes(content[: int(share * len(content))])
    for error in export_all(path, tmp_path / "out"):
        assert str(path) in error
    check_contained(tmp_path, tmp_path / "out")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.floats(0.0, 1.0), st.binary(min_size=1, max_size=9))))
def test_a_damaged_session_is_exported_up_to_there_or_refused(
    content: bytes, tmp_path: Path, changes: list[tuple[float, bytes]]
) -> None:
    damaged = bytearray(content)
    for share, noise in changes:
        at = int(share * (len(damaged) - len(noise)))
        damaged[at : at + len(noise)] = noise
    path = tmp_path / "run.mcap"
    path.write_bytes(damaged)
    export_all(path, tmp_path / "out")
    check_contained(tmp_path, tmp_path / "out")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(payloads=st.lists(st.binary(max_size=244), max_size=30), step_s=st.floats(-1e3, 1e6))
def test_frames_of_noise_are_exported_or_refused(
    entries: tuple[SessionHeader, list[Entry]],
    tmp_path: Path,
    payloads: list[bytes],
    step_s: float,
) -> None:
    header, frames = entries
    stream = next(each.stream for each in frames if isinstance(each, Frame))
    noise = [Frame(step_s * at, CHEST, stream, each) for at, each in enumerate(payloads)]
    path = tmp_path / "run.mcap"
    path.unlink(missing_ok=True)
    export_all(written(path, header, noise), tmp_path / "out")
    check_contained(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no MCAP file"),
        (b"%PDF-1.7", "no MCAP file"),
        (MAGIC, "no session header"),
        (MAGIC + b"\x05" * 100, "no session header"),
        (MAGIC + struct.pack("<BQ", 1, 2**63) + bytes(99), "no session header"),
        (MAGIC + struct.pack("<BQ", 0x0C, 12) + struct.pack("<I", 2**32 - 1) + bytes(8), "header"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "run.mcap"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=problem):
        gather(path, ExportRequest(), samples=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mcap")
    with pytest.raises(RecordingError, match="it is no file"):
        Recording(tmp_path / "pipe.mcap")


def test_a_session_of_a_newer_version_says_to_update(
    entries: tuple[SessionHeader, list[Entry]], tmp_path: Path
) -> None:
    path = by_hand(tmp_path / "run.mcap", header_to_json(entries[0]), "2.0")
    with pytest.raises(RecordingError, match=r"format '2\.0'.*update imu-stream"):
        gather(path, ExportRequest(), samples=True)


def after_records(content: bytes, count: int) -> int:
    """Where the record with this number begins."""
    at = len(MAGIC)
    for _ in range(count):
        at += 9 + struct.unpack_from("<Q", content, at + 1)[0]
    return at


@pytest.mark.parametrize("opcode", [Opcode.METADATA, Opcode.HEADER, Opcode.MESSAGE])
def test_a_record_of_a_gigabyte_is_not_read_into_memory(
    content: bytes, tmp_path: Path, opcode: Opcode
) -> None:
    size = 1 << 30
    front = content[: after_records(content, 100)] if opcode == Opcode.MESSAGE else MAGIC
    path = tmp_path / "run.mcap"
    with path.open("wb") as file:
        file.write(front + struct.pack("<BQ", opcode, size))
        file.truncate(len(front) + 9 + size)  # a hole: takes no room on the disk
    tracemalloc.start()
    export_all(path, tmp_path / "out")
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert peak_mb < SMALL_MB


DEEP = "[" * 200_000


@pytest.mark.parametrize(
    "session",
    [
        DEEP,
        DEEP + "]" * 200_000,
        '{"version": ' + DEEP + "]" * 200_000 + "}",
        '{"sensors": {"a": 1}}',
        "null",
        "1e999",
        "9" * 10_000,
    ],
)
def test_a_nested_or_senseless_header_is_refused(tmp_path: Path, session: str) -> None:
    path = by_hand(tmp_path / "run.mcap", session)
    with pytest.raises(RecordingError, match="header"):
        gather(path, ExportRequest(), samples=True)


OUTWARD = "../../../outside"


def test_names_lead_nowhere(entries: tuple[SessionHeader, list[Entry]], tmp_path: Path) -> None:
    header, frames = entries
    (chest,) = header.sensors
    text = header.profiles[chest.profile]
    sensors = (replace(chest, profile=OUTWARD, name=OUTWARD, address=OUTWARD),)
    header = replace(header, sensors=sensors, profiles={OUTWARD: text}, version=OUTWARD)
    told: list[Entry] = [
        Mark(1.0, MarkKind.NOTE, OUTWARD),
        CueDelivery(1.0, 1.0, CueKind.LEAN_MORE, OUTWARD, Outcome.EMITTED),
        Frame(1.0, CHEST, OUTWARD, b"noise"),
    ]
    path = written(tmp_path / "run.mcap", header, [*told, *frames])
    assert export_all(path, tmp_path / "out") == []
    check_contained(tmp_path, tmp_path / "out")
    names = [path.name for path in (tmp_path / "out").rglob("*")]
    assert not [name for name in names if "outside" in name or "~" in name]


@pytest.mark.parametrize("name", ["../chest", "/etc/passwd", "chest/../..", "", "CHEST", "heart\0"])
def test_a_placement_that_is_none_is_refused(
    entries: tuple[SessionHeader, list[Entry]], tmp_path: Path, name: str
) -> None:
    session = json.loads(header_to_json(entries[0]))
    session["sensors"][0]["placement"] = name
    path = by_hand(tmp_path / "run.mcap", json.dumps(session))
    with pytest.raises(RecordingError, match="damaged session header"):
        gather(path, ExportRequest(), samples=True)


TEXTS = ["\ud800", "a\0b", "\x1b[31m", "x" * 100_000, "=1+1", "\u202e", ""]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_any_text_can_be_exported(
    entries: tuple[SessionHeader, list[Entry]], tmp_path: Path, text: str
) -> None:
    header, frames = entries
    (chest,) = header.sensors
    sensors = (replace(chest, name=text, address=text, profile=text),)
    profiles = {text: header.profiles[chest.profile]}
    # the version stands in a record of MCAP too, which holds no half characters
    version = text.encode(errors="replace").decode()
    hostile = replace(header, sensors=sensors, profiles=profiles, version=version)
    told = [
        Mark(1.0, MarkKind.NOTE, text),
        CueDelivery(1.0, 1.0, CueKind.LEAN_MORE, text, Outcome.EMITTED),
    ]
    path = written(tmp_path / "run.mcap", hostile, [*told, *frames])
    assert export_all(path, tmp_path / "out") == []


numbers = st.sampled_from([0, -1, 1e-300, 1e9, 1e300, -1e300, 10**400, True, "1", None, [], {}])
fields = st.sampled_from(
    ["rate_hz", "acc_range_g", "gyr_range_dps", "mount", "target_deg", "stride_length_factor"]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.dictionaries(fields, numbers, min_size=1, max_size=3))
def test_any_numbers_in_the_header_are_exported_or_refused(
    entries: tuple[SessionHeader, list[Entry]],
    tmp_path: Path,
    changes: dict[str, Any],
) -> None:
    session = json.loads(header_to_json(entries[0]))
    for name, value in changes.items():
        (session if name in session else session["sensors"][0])[name] = value
    path = by_hand(tmp_path / "run.mcap", json.dumps(session))
    export_all(path, tmp_path / "out")
    check_contained(tmp_path, tmp_path / "out")
