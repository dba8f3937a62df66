"""The training log: a folder of sessions, whatever lies in it; its rows, weeks and deletions."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sessions import recorded_with_jitter
from test_cli import Command, Ended, imu_stream  # noqa: F401

from imu_stream import __version__
from imu_stream.afterwards.report.weeks import weeks_html
from imu_stream.afterwards.training_log.changes import changes
from imu_stream.afterwards.training_log.folder import SessionFolder
from imu_stream.afterwards.training_log.log import TrainingLog
from imu_stream.afterwards.training_log.rows import SessionRow
from imu_stream.afterwards.training_log.store import DerivedRows
from imu_stream.afterwards.training_log.trends import weeks_of
from imu_stream.definitions import DEFINITIONS
from imu_stream.errors import RecordingError


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions, one of them of the virtual runner's."""
    folder = tmp_path_factory.mktemp("recorded")
    started = "2026-05-01T12:00:00+00:00"
    recorded_with_jitter(folder / "friday.mcap", 30.0, target_deg=8.0, started=started)
    recorded_with_jitter(folder / "demo.mcap", 20.0, started=started, virtual=True)
    return folder


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "sessions"))


@pytest.fixture
def log(folder: Path) -> TrainingLog:
    return TrainingLog(folder)


@pytest.fixture
def listed(imu_stream: Command, folder: Path) -> Ended:  # noqa: F811
    return imu_stream("sessions", "--folder", folder)


def a_row(name: str = "one", **changed: object) -> SessionRow:
    row = SessionRow(
        name=name,
        kind="run",
        day="2026-05-01",
        started="2026-05-01T12:00:00+00:00",
        recorded_with="0.1.0",
        software=__version__,
        definitions=DEFINITIONS,
        file_bytes=100,
        truncated=False,
        duration_s=700.0,
        running_s=600.0,
        distance_m=1800.0,
        strides=1700,
        lean_mean_deg=8.0,
        target_deg=9.0,
        in_band_percent=50.0,
        cadence_spm=170.0,
        contact_time_left_s=0.25,
        contact_time_right_s=0.25,
        heel_strike_s=300.0,
        midfoot_s=100.0,
        forefoot_upright_s=100.0,
        forefoot_with_lean_s=100.0,
        unknown_s=0.0,
        advice=6,
        praise=1,
        returned=3,
        unanswered=1,
        retention_s=None,
        retention_percent=None,
        lost_percent=0.1,
        heart_rate_bpm=None,
        outputs_sha256="0" * 64,
    )
    return replace(row, **changed)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------- listing


def test_sessions_lists_each_with_its_numbers(listed: Ended, folder: Path) -> None:
    assert (listed.status, listed.err) == (0, "")
    for word in (
        "friday 2026-05-01 run",
        "demo 2026-05-01 virtual",
        f"{__version__}/{DEFINITIONS}",
    ):
        assert word in listed.out
    assert {path.stem for path in (folder / "derived").iterdir()} == {"friday", "demo"}


def test_names_can_be_read_and_typed_at_eighty_columns(
    imu_stream: Command,  # noqa: F811
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "2026-05-01T18-30-00"
    (folder / "friday.mcap").rename(folder / f"{name}.mcap")
    monkeypatch.setenv("COLUMNS", "80")
    assert f"{name} run" in imu_stream("sessions", "--folder", folder).out


def test_rows_are_made_anew_from_the_recordings(log: TrainingLog, folder: Path) -> None:
    first = [log.derived(entry).row for entry in log.listed()]
    shutil.rmtree(folder / "derived")
    assert [log.derived(entry).row for entry in log.listed()] == first
    assert None not in first


def test_a_row_that_is_there_is_not_derived_again(log: TrainingLog) -> None:
    entry = next(iter(log.listed()))
    row = log.derived(entry).row
    assert row is not None
    marked = replace(row, strides=-1)
    log.rows.put(marked)
    assert log.entry(entry.path).row == marked


def test_a_recording_that_has_changed_is_derived_again(log: TrainingLog) -> None:
    path = log.folder.session("friday")
    before = log.rederive(path).after
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    entry = log.entry(path)
    assert entry.row is None
    after = log.derived(entry).row
    assert after is not None
    assert after.truncated
    assert after.strides < before.strides


HOSTILE = {
    "foreign": b"a text of no interest",
    "empty": b"",
    "magic": b"\x89MCAP0\r\n",
    "huge": b"\x89MCAP0\r\n\x0c\xff\xff\xff\xff\xff\xff\xff\x7f",
}


def hostile_files(folder: Path) -> Iterator[str]:
    """Writes them; their names."""
    good = (folder / "friday.mcap").read_bytes()
    files = {
        **HOSTILE,
        "front": good[:300],
        "newer": good.replace(b"\x031.1", b"\x039.9").replace(b"1.1\x07", b"9.9\x07"),
    }
    for name, content in files.items():
        (folder / f"{name}.mcap").write_bytes(content)
        yield name
    (folder / "directory.mcap").mkdir()
    yield "directory"
    (folder / "dangling.mcap").symlink_to(folder / "nowhere")
    yield "dangling"


def test_whatever_lies_in_the_folder_is_listed(imu_stream: Command, folder: Path) -> None:  # noqa: F811
    names = list(hostile_files(folder))
    ended = imu_stream("sessions", "--folder", folder)
    assert (ended.status, ended.err) == (0, "")
    assert "friday 2026-05-01 run" in ended.out
    for name in names:
        assert f"{name}.mcap unreadable:" in ended.out


def test_a_newer_version_says_so(imu_stream: Command, folder: Path) -> None:  # noqa: F811
    list(hostile_files(folder))
    ended = imu_stream("sessions", "--folder", folder)
    assert "newer.mcap unreadable: has format '9.9'" in ended.out


def test_a_folder_of_nothing(imu_stream: Command, tmp_path: Path) -> None:  # noqa: F811
    ended = imu_stream("sessions", "--folder", tmp_path / "none")
    assert (ended.status, ended.err) == (0, "")
    assert "no sessions in" in ended.out


def test_rows_of_another_program_are_as_good_as_none(log: TrainingLog, folder: Path) -> None:
    first = {entry.path.stem: log.derived(entry).row for entry in log.listed()}
    (folder / "derived" / "friday.parquet").write_bytes(b"PAR1 and no more PAR1")
    shutil.copy(folder / "derived" / "demo.parquet", folder / "derived" / "other.parquet")
    assert log.rows.of("other") == ()
    assert {entry.path.stem: log.derived(entry).row for entry in log.listed()} == first


def test_the_folder_may_be_remembered(
    imu_stream: Command,  # noqa: F811
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[defaults]\nsessions_folder = "{folder}"\n', encoding="utf-8")
    monkeypatch.setattr("imu_stream.config.file.user_config_path", lambda _: tmp_path)
    assert "friday 2026-05-01 run" in imu_stream("sessions").out


# --------------------------------------------------------------------------- versions, reanalyze


def test_versions_are_kept_apart(tmp_path: Path) -> None:
    store = DerivedRows(tmp_path)
    old, new = a_row(software="0.0.1", lean_mean_deg=7.0), a_row()
    for row in (old, new, replace(new, strides=9)):
        store.put(row)
    assert store.of("one") == (old, replace(new, strides=9))


def test_an_older_row_is_marked_until_it_is_derived_anew(
    imu_stream: Command,  # noqa: F811
    log: TrainingLog,
    folder: Path,
) -> None:
    now = log.rederive(log.folder.session("friday")).after
    log.rows.path("friday").unlink()
    log.rows.put(replace(now, software="0.0.1", strides=7, lean_mean_deg=1.25))
    arguments = ("--folder", folder)
    assert f"0.0.1/{DEFINITIONS} *" in imu_stream("sessions", *arguments).out
    assert "1 derived by another version left out" in imu_stream("trends", *arguments).out
    ended = imu_stream("reanalyze", "--all", *arguments)
    assert f"strides 7 → {now.strides}" in ended.out
    assert "lean_mean_deg 1.25 → " in ended.out
    assert "(before by 0.0.1, definitions 1)" in ended.out
    assert "0.0.1" not in imu_stream("sessions", *arguments).out
    again = imu_stream("reanalyze", "friday", *arguments)
    assert "friday: the same to the last bit" in again.out
    assert [row.software for row in log.rows.of("friday")] == ["0.0.1", __version__]


def test_reanalyze_writes_a_report_that_was_there_anew(
    imu_stream: Command,  # noqa: F811
    folder: Path,
) -> None:
    report = folder / "friday.html"
    report.write_text("an old one", encoding="utf-8")
    assert imu_stream("reanalyze", "--all", "--folder", folder).status == 0
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert not (folder / "demo.html").exists()


def test_reanalyze_goes_on_after_a_file_that_is_none(
    imu_stream: Command,  # noqa: F811
    folder: Path,
) -> None:
    (folder / "bad.mcap").write_bytes(b"bad")
    ended = imu_stream("reanalyze", "--all", "--folder", folder)
    assert ended.status == 1
    assert "unreadable: " in ended.out
    assert "2 derived with" in ended.out


def test_reanalyze_wants_names_or_all(imu_stream: Command, folder: Path) -> None:  # noqa: F811
    imu_stream("reanalyze", "--folder", folder).misused("--all")
    imu_stream("reanalyze", "friday", "--all", "--folder", folder).misused("--all")


def test_changes_name_what_differs() -> None:
    after = replace(a_row(), strides=1, distance_m=None, software="9", outputs_sha256="x")
    said = [str(change) for change in changes(a_row(), after)]
    assert said == ["distance_m 1800 → not measured", "strides 1700 → 1"]


# --------------------------------------------------------------------------------------- weeks


def test_weeks_begin_on_monday_and_weigh_by_running_time(tmp_path: Path) -> None:
    rows = [
        a_row("a", day="2026-04-27"),
        a_row("b", day="2026-05-03", running_s=1200.0, lean_mean_deg=11.0, distance_m=None),
        a_row("c", day="2026-05-04", lean_mean_deg=None, retention_s=100.0, retention_percent=80.0),
        a_row("d", day="2026-05-05", retention_s=300.0, retention_percent=40.0),
    ]
    first, second = weeks_of(rows, DerivedRows(tmp_path))
    assert (first.monday, second.monday) == (date(2026, 4, 27), date(2026, 5, 4))
    assert (first.sessions, first.running_s, first.distance_m) == (2, 1800.0, 1800.0)
    assert first.lean_deg == pytest.approx(10.0)
    assert first.advice_per_10_min == pytest.approx(4.0)
    assert first.returned_percent == pytest.approx(75.0)
    assert first.retention_percent is None
    assert second.lean_deg == pytest.approx(8.0)
    assert second.retention_percent == pytest.approx(50.0)


def test_a_week_without_running_or_day_is_none(tmp_path: Path) -> None:
    rows = [a_row(running_s=0.0), a_row(day=""), a_row(day="no day")]
    assert weeks_of(rows, DerivedRows(tmp_path)) == ()
    assert weeks_of([], DerivedRows(tmp_path)) == ()


def test_what_was_not_measured_does_not_pull_a_mean_down(tmp_path: Path) -> None:
    nothing = {"lean_mean_deg": None, "in_band_percent": None, "cadence_spm": None}
    (week,) = weeks_of([a_row("a"), a_row("b", **nothing)], DerivedRows(tmp_path))
    assert (week.lean_deg, week.in_band_percent, week.cadence_spm) == (8.0, 50.0, 170.0)


def test_trends_of_yours_and_of_the_virtual_runner(
    imu_stream: Command,  # noqa: F811
    folder: Path,
    tmp_path: Path,
) -> None:
    page = tmp_path / "weeks.html"
    ended = imu_stream("trends", "--folder", folder, "--html", page)
    assert "2026-04-27 – 05-03 1 " in ended.out
    assert "1 of the virtual runner left out" in ended.out
    assert "2026-04-27 – 05-03" in page.read_text(encoding="utf-8")
    assert "1 of yours left out" in imu_stream("trends", "--virtual", "--folder", folder).out


def test_the_page_of_weeks_takes_nothing_foreign_for_markup() -> None:
    html = weeks_html((), "0", "<script>alert(1)</script>")
    assert "<script>" not in html
    assert "default-src 'none'" in html


# -------------------------------------------------------------------------------------- deleting


def test_delete_takes_all_of_a_session_and_nothing_else(
    imu_stream: Command,  # noqa: F811
    log: TrainingLog,
    folder: Path,
) -> None:
    for entry in log.listed():
        log.derived(entry)
    for name in ("friday.html", "friday.fit", "friday.2.csv", "fridays.txt", "notes.txt"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "friday.originals").mkdir()
    (folder / "friday.originals" / "left.csv").write_text("x", encoding="utf-8")
    assert imu_stream("export", folder / "friday.mcap", "--to", "csv").status == 0
    shutil.copy(folder / "friday.mcap", folder / "friday.2.mcap")
    ended = imu_stream("sessions", "delete", "friday", "--yes", "--folder", folder)
    assert ended.status == 0
    left = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert left == {
        "demo.mcap",
        "derived",
        "derived/demo.parquet",
        "friday.2.csv",
        "friday.2.mcap",
        "fridays.txt",
        "notes.txt",
    }


def test_delete_asks_first(imu_stream: Command, folder: Path) -> None:  # noqa: F811
    refused = imu_stream("sessions", "delete", "friday", "--folder", folder, stdin="n\n")
    assert refused.status == 1
    assert (folder / "friday.mcap").exists()
    assert "friday.mcap" in refused.out
    agreed = imu_stream("sessions", "delete", "friday.mcap", "--folder", folder, stdin="y\n")
    assert agreed.status == 0
    assert not (folder / "friday.mcap").exists()


@pytest.mark.parametrize("name", ["../outside", "..", ".", "", "/etc/passwd", "derived", "nobody"])
def test_no_name_leads_out_of_the_folder(
    imu_stream: Command,  # noqa: F811
    folder: Path,
    name: str,
) -> None:
    outside = folder.parent / "outside.mcap"
    outside.write_bytes(b"x")
    before = sorted(folder.rglob("*"))
    imu_stream("sessions", "delete", name, "--yes", "--folder", folder).refused("holds no session")
    assert outside.exists()
    assert sorted(folder.rglob("*")) == before


def test_a_link_is_deleted_and_not_what_it_leads_to(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "kept.mcap").write_bytes(b"x")
    (folder / "linked.mcap").symlink_to(outside / "kept.mcap")
    (folder / "linked.originals").symlink_to(outside)
    sessions = SessionFolder(folder)
    gone = sessions.delete(sessions.session("linked"))
    assert {path.name for path in gone} == {"linked.mcap", "linked.originals"}
    assert (outside / "kept.mcap").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with pytest.raises(RecordingError, match="cannot be read"):
        SessionFolder(file).sessions()


@given(st.text(max_size=30))
def test_any_name_that_is_not_listed_is_refused(name: str) -> None:
    with pytest.raises(RecordingError, match="holds no session"):
        SessionFolder(Path(__file__).parent).session(name)
