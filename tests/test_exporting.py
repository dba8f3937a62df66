"""The export command: formats, places, what is kept and what is not; nothing half, nothing lost."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sessions import recorded, written

from imu_stream.acquisition.recording import Recording
from imu_stream.afterwards.export import FORMATS, export
from imu_stream.afterwards.export.gathering import ExportRequest, gather
from imu_stream.afterwards.export.placing import placed
from imu_stream.cli import main
from imu_stream.datatypes import (
    MOTION,
    Entry,
    Frame,
    Mark,
    MarkKind,
)
from imu_stream.errors import MissingExtraError, RecordingError
from imu_stream.profiles.standard_services import SERIAL_NUMBER

LEFT, RIGHT, CHEST = MOTION
SECRETS = ("0C:8C:DC:3A:11:FE", "Movesense 214530001234", "SN-99871", "Ann Runner")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session whose header and notes name someone."""
    folder = tmp_path_factory.mktemp("session")
    recording = Recording(recorded(folder / "plain.mcap", 20.0))
    sensors = tuple(
        replace(each, address=SECRETS[0], name=SECRETS[1]) for each in recording.header.sensors
    )
    entries: list[Entry] = [
        Frame(0.0, CHEST, SERIAL_NUMBER, SECRETS[2].encode()),
        Mark(15.0, MarkKind.NOTE, f"{SECRETS[3]} limps"),
    ]
    header = replace(recording.header, sensors=sensors)
    return written(folder / "run.mcap", header, [entries[0], *recording, entries[1]])


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(sys, "argv", ["imu-stream", "export", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code or 0
    assert isinstance(code, int)
    return code


def files_in(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


def content_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_several_formats_at_once(
    session: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "a" / "b"
    assert run(monkeypatch, session, "--to", "CSV, parquet", "--out", out) == 0
    assert {path.name for path in out.iterdir()} == {"csv", "parquet"}
    said = capsys.readouterr().out
    assert f"CSV: {out / 'csv'}" in said
    assert f"Parquet: {out / 'parquet'}" in said


def test_by_default_exports_stand_beside_the_session(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.mcap"
    path.write_bytes(session.read_bytes())
    assert run(monkeypatch, path, "--to", "csv") == 0
    assert (tmp_path / "run.export" / "csv" / "strides.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "pdf"), "'pdf' is none of"),
        (("--to", "csv,"), "'' is none of"),
        (("--to", "csv", "--subject", "../../etc"), "letters and digits"),
        (("--to", "csv", "--subject", ""), "letters and digits"),
        ((), "--to"),
    ],
)
def test_misuse_is_explained(
    session: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    assert run(monkeypatch, session, "--out", tmp_path / "out", *arguments) == 2
    assert words in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten_unasked(
    session: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "mine.txt").write_text("precious")
    assert run(monkeypatch, session, "--to", "parquet,csv", "--out", tmp_path) == 1
    assert "--force" in capsys.readouterr().err
    assert files_in(tmp_path) == {Path("csv"), Path("csv/mine.txt")}, "refused before any work"
    assert run(monkeypatch, session, "--to", "parquet,csv", "--out", tmp_path, "--force") == 0
    assert not (tmp_path / "csv" / "mine.txt").exists()
    assert (tmp_path / "csv" / "strides.csv").is_file()


def broken_off(target: Path, error: Exception) -> None:
    with placed(target, force=True) as path:
        path.write_text("half")
        raise error


def test_an_export_that_fails_leaves_nothing_and_keeps_what_was(tmp_path: Path) -> None:
    target = tmp_path / "session.fit"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError):
        broken_off(target, ZeroDivisionError())
    assert files_in(tmp_path) == {Path("session.fit")}
    assert target.read_text() == "old"


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written: No space"):
        broken_off(tmp_path / "session.fit", OSError(28, os.strerror(28)))
    assert not files_in(tmp_path)


NO_ROOM = """
import resource, sys
from pathlib import Path
from imu_stream.afterwards.export import FORMATS, export
from imu_stream.afterwards.export.gathering import ExportRequest, gather
from imu_stream.errors import RecordingError
data = gather(Path(sys.argv[1]), ExportRequest(), samples=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
for name, form in FORMATS.items():
    try:
        export(data, form, Path(sys.argv[2]))
    except RecordingError as error:
        print(name, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="platform: limits of POSIX")
def test_without_room_every_format_says_one_sentence_and_leaves_nothing(
    session: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", NO_ROOM, session, tmp_path]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(FORMATS)
    assert all("cannot be written: " in line for line in lines)
    assert not files_in(tmp_path)


def overtaken(target: Path) -> None:
    with placed(target, force=False) as path:
        path.write_text("new")
        target.write_text("from elsewhere")


def test_what_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "session.fit"
    with pytest.raises(RecordingError, match="exists already"):
        overtaken(target)
    assert target.read_text() == "from elsewhere"


KILLED = """
import sys
from pathlib import Path
from imu_stream.afterwards.export.placing import placed
with placed(Path(sys.argv[1]), force=True) as path:
    path.mkdir()
    (path / "strides.csv").write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="platform: signals of POSIX")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_a_killed_export_leaves_no_half_file(tmp_path: Path, how: str) -> None:
    command = [sys.executable, "-c", KILLED, tmp_path / "csv"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(getattr(signal, how))
    assert not (tmp_path / "csv").exists()
    left = [path.name for path in tmp_path.iterdir()]
    assert all(name.startswith(".partial-") for name in left)
    assert how == "SIGKILL" or not left


def test_nothing_in_an_export_names_a_runner_or_a_device(session: Path, tmp_path: Path) -> None:
    data = gather(session, ExportRequest(), samples=True)
    for form in FORMATS.values():
        export(data, form, tmp_path)
    written = content_of(tmp_path)
    assert not [secret for secret in SECRETS if secret.encode() in written]
    assert data.provenance.subject.encode() in written


def test_everything_is_kept_when_asked(session: Path, tmp_path: Path) -> None:
    data = gather(session, ExportRequest(subject="R07", full=True), samples=True)
    written = content_of(export(data, FORMATS["csv"], tmp_path))
    assert all(secret.encode() in written for secret in SECRETS)
    assert b"R07" in written


def test_codes_are_stable_within_a_session_and_differ_between_sessions(
    session: Path, tmp_path: Path
) -> None:
    first, again = (gather(session, ExportRequest(), samples=False).provenance for _ in range(2))
    assert first == again
    entries = list(Recording(session))[3:]
    other = written(tmp_path / "other.mcap", Recording(session).header, entries)
    changed = gather(other, ExportRequest(), samples=False).provenance
    assert changed.subject != first.subject
    assert changed.devices[0].address != first.devices[0].address
    assert len({device.address for device in first.devices}) == 1, "one address, one code"
    assert re.fullmatch("[0-9a-f]{16}", first.subject)


def test_where_numbers_come_from_is_told(session: Path) -> None:
    header = Recording(session).header
    provenance = gather(session, ExportRequest(), samples=False).provenance
    content = json.loads(provenance.to_json())
    assert content["started"] == header.started
    assert content["definitions"] == "1"
    assert len(content["calibrations"]) >= 3
    chest = content["devices"][2]
    assert (chest["profile"], len(chest["profile_sha256"])) == ("movesense", 64)
    assert chest["about"].keys() == {"serial"}


def test_a_missing_package_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("imu_stream.afterwards.export.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"Parquet needs .*imu-stream\[export\]"):
        FORMATS["parquet"].check(tmp_path, force=False)
    FORMATS["csv"].check(tmp_path, force=False)
