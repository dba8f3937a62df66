"""The command line: what it writes, and one clear sentence for whatever is wrong."""

import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ORDINARY, WORN_ON_CHEST, header_of, standing_then

from imu_stream import __version__
from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.simulation.pieces import Motion
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Gait
from imu_stream.acquisition.simulation.sensor import VirtualSensor, write_table
from imu_stream.afterwards.training_log.log import TrainingLog
from imu_stream.cli import main
from imu_stream.cli.view import LiveView
from imu_stream.datatypes import (
    MOTION,
    Array,
    Frame,
    Placement,
    SensorSetup,
    Stride,
    Strike,
    StrikeType,
)
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import Encoder, builtin_profiles, find_profile
from imu_stream.sinks.sheets import DELIVERIES, HEART_RATE, REACTIONS, RUNNING_SPEED

LEFT, RIGHT, CHEST = Placement.LEFT_FOOT, Placement.RIGHT_FOOT, Placement.CHEST
RATE_HZ = 200.0
SECONDS = 14.0
REQUIRED_COLUMNS = {
    "steps.csv": "foot ic_s step_time_s flight_time_s",
    "strides.csv": "foot ic_s tc_s contact_time_s stride_time_s cadence_spm fsa_deg strike_type "
    "confidence",
    "lean.csv": "start_s end_s lean_deg side_lean_deg cadence_spm valid",
    "gaps.csv": "placement start_s end_s reason samples",
    "cues.csv": "time_s kind value threshold",
}
"""Scripts of users rely on these; more may follow."""
SUMMARY_KEYS = {
    "sensors",
    "strides",
    "lean_mean_deg",
    "cadence_mean_spm",
    "cues",
    "notes",
    "outputs_sha256",
}
SENSOR_KEYS = {"samples", "lost", "gaps", "rate_hz"}
STRIDE_KEYS = {"total", "rearfoot", "midfoot", "forefoot", "unknown"}
TREADMILL_RUN = Path(__file__).parent / "data" / "treadmill_run"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; its texts without line breaks."""

    status: int
    out: str
    err: str

    def refused(self, *words: str) -> None:
        """Ended with one sentence that holds all the words."""
        assert self.status == 1, self.err
        assert self.err.startswith("imu-stream: ")
        assert self.err.count("imu-stream: ") == 1
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err

    def misused(self, *words: str) -> None:
        """Ended with an explanation of the usage."""
        assert self.status == 2, self.err
        assert "Usage:" in self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err


Command = Callable[..., Ended]


@pytest.fixture
def imu_stream(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """The command as the shell calls it, by someone who has paired no sensor yet."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("imu_stream.config.file.user_config_path", lambda _: tmp_path)

    def run(*arguments: object, stdin: str = "") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        monkeypatch.setattr(sys, "argv", ["imu-stream", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int)
        return Ended(code, one_line(said.out), one_line(said.err))

    return run


def one_line(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@dataclass(frozen=True, slots=True)
class Rows:
    """What a sensor measured; a table before it is written."""

    t_s: Array
    motion: Motion

    def write(self, path: Path) -> Path:
        write_table(path, self.t_s, self.motion)
        return path

    def part(self, kept: Any) -> "Rows":
        return Rows(self.t_s[kept], Motion(self.motion.acc[kept], self.motion.gyr[kept]))


def rows_of(placement: Placement, seconds: float = SECONDS) -> Rows:
    """A virtual runner's sensor: 4 s standing, then running rather upright."""
    runner = Runner(standing_then(Gait(lean_deg=4.0)))
    errors = WORN_ON_CHEST if placement is CHEST else ORDINARY
    t_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return Rows(t_s, VirtualSensor(runner, placement, errors).measure(t_s))


@pytest.fixture(scope="module")
def foot() -> Rows:
    return rows_of(LEFT)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Placement, Path]:
    folder = tmp_path_factory.mktemp("tables")
    return {each: rows_of(each).write(folder / f"{each}.csv.gz") for each in MOTION}


@pytest.fixture(scope="module")
def session_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of the chest alone, as the recorder leaves it."""
    profile = find_profile("movesense")
    setup = SensorSetup(CHEST, profile.name, 208.0, profile.mount)
    header = replace(header_of([setup]), profiles={profile.name: profile.text})
    path = tmp_path_factory.mktemp("session") / "run.mcap"
    mode = profile.mode(setup.rate_hz)
    encoder = Encoder(mode, 247)
    clock = mode.packets[0].clock
    assert clock is not None
    size = encoder.samples_per_packet
    t_s = np.arange(round(SECONDS * 208.0) // size * size) / 208.0
    motion = VirtualSensor(Runner(standing_then(Gait())), CHEST, WORN_ON_CHEST).measure(t_s)
    with Recorder(path, header, clock=lambda: 0.0) as recorder:
        for first in range(0, len(t_s), size):
            rows = slice(first, first + size)
            ticks = round(float(t_s[first]) / clock.seconds_per_tick)
            for payload in encoder.encode(ticks, motion.acc[rows], motion.gyr[rows]):
                arrival_s = float(t_s[rows][-1]) + 0.02
                recorder.write(Frame(arrival_s, CHEST, profile.streams[0].name, payload))
    return path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_json(path: Path) -> Any:
    """Strict JSON: no NaN."""
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)


def header_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0]


# ---------------------------------------------------------------------------- what it writes


def test_version(imu_stream: Command) -> None:
    assert imu_stream("--version") == Ended(0, f"imu-stream {__version__}", "")


def test_help_loads_none_of_the_heavy_libraries() -> None:
    heavy = "{'scipy.signal', 'scipy.stats', 'aiohttp', 'bumble', 'pyarrow', 'duckdb', 'h5py'}"
    code = f"import sys, imu_stream.cli; print(sorted({heavy} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert ended.stdout == "[]\n"


def test_profiles_list_names_every_profile(imu_stream: Command) -> None:
    listed = imu_stream("profiles", "list")
    assert listed.status == 0
    assert all(profile.name in listed.out for profile in builtin_profiles())


def test_profiles_check_says_what_a_profile_holds(imu_stream: Command, tmp_path: Path) -> None:
    profile = find_profile("polar_h10")
    file = tmp_path / "belt.toml"
    file.write_text(profile.text, encoding="utf-8")
    checked = imu_stream("profiles", "check", file)
    assert checked.status == 0
    assert profile.title in checked.out
    assert "without gyroscope" in checked.out


def test_profiles_new_writes_what_passes_the_check(imu_stream: Command, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    answers = "\n".join(["My pod", "", "", "POD-*", *[""] * 10]) + "\n"
    written = imu_stream("profiles", "new", file, stdin=answers)
    assert (written.status, written.err) == (0, "")
    checked = imu_stream("profiles", "check", file)
    assert "in order. unknown My pod" in checked.out
    again = imu_stream("profiles", "new", file)
    assert again.status == 1
    assert "exists already" in again.err


def test_analyze_writes_the_tables_that_are_documented(
    imu_stream: Command, tables: Mapping[Placement, Path], tmp_path: Path
) -> None:
    options = [part for each, path in tables.items() for part in (option(each), path)]
    ended = imu_stream("analyze", *options, "--target", 8, "--out", tmp_path)
    assert (ended.status, ended.err) == (0, "")
    written = {name: header_line(tmp_path / name).split(",") for name in REQUIRED_COLUMNS}
    sheets = (REACTIONS, HEART_RATE, RUNNING_SPEED, DELIVERIES)
    optional = {sheet.file: sheet.header.split(",") for sheet in sheets}
    assert written | optional == documented_columns()
    assert not any((tmp_path / name).exists() for name in optional)
    for name, columns in REQUIRED_COLUMNS.items():
        assert set(columns.split()) <= set(written[name])
    strides = read_rows(tmp_path / "strides.csv")
    assert {row["foot"] for row in strides} == {"left_foot", "right_foot"}
    assert {row["strike_type"] for row in strides} <= STRIDE_KEYS - {"total"}
    assert all(float(row["ic_s"]) < float(row["tc_s"]) for row in strides)
    assert all(row["valid"] == "true" for row in read_rows(tmp_path / "lean.csv"))
    assert read_rows(tmp_path / "gaps.csv") == []
    for cue in read_rows(tmp_path / "cues.csv"):
        assert (cue["kind"], float(cue["threshold"])) == ("lean_more", 8.0)
        assert float(cue["value"]) < 8.0
    check_summary(read_json(tmp_path / "summary.json"), strides)


def documented_columns() -> dict[str, list[str]]:
    """From its rows "| `file.csv` | one row for … | `column` `column` … |"."""
    text = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| `\w+\.csv`", line)]
    return {row[1].strip(" `"): re.findall(r"`(\w+)`", row[3]) for row in rows}


def check_summary(summary: Any, strides: list[dict[str, str]]) -> None:
    assert set(summary) >= SUMMARY_KEYS
    assert set(summary["sensors"]) == set(MOTION)
    assert all(set(sensor) >= SENSOR_KEYS for sensor in summary["sensors"].values())
    assert all(sensor["rate_hz"] == RATE_HZ for sensor in summary["sensors"].values())
    assert set(summary["strides"]) == {LEFT, RIGHT}
    for where, counts in summary["strides"].items():
        assert set(counts) >= STRIDE_KEYS
        assert counts["total"] == sum(row["foot"] == where for row in strides) > 10
    assert summary["lean_mean_deg"] == pytest.approx(4.0, abs=0.5)
    assert summary["cadence_mean_spm"] == pytest.approx(168.0, abs=2.0)
    assert re.fullmatch("[0-9a-f]{64}", summary["outputs_sha256"])


def option(placement: Placement) -> str:
    return f"--{placement.value.replace('_', '-')}"


def test_analyze_of_a_treadmill_run(imu_stream: Command, tmp_path: Path) -> None:
    """The excerpt with force plates: each contact is found, and its foot."""
    feet = [part for each in (LEFT, RIGHT) for part in (option(each), recorded_foot(each))]
    assert imu_stream("analyze", *feet, "--out", tmp_path).status == 0
    found = [(row["foot"], float(row["ic_s"])) for row in read_rows(tmp_path / "strides.csv")]
    for row in read_rows(TREADMILL_RUN / "truth.csv"):
        ic_s = float(row["ic_s"])
        assert any(foot == row["foot"] and abs(t_s - ic_s) < 0.05 for foot, t_s in found)


def recorded_foot(foot: Placement) -> Path:
    return TREADMILL_RUN / f"{foot}.csv.gz"


def test_analyze_is_the_same_each_time(
    imu_stream: Command, tables: Mapping[Placement, Path], tmp_path: Path
) -> None:
    for name in ("first", "second"):
        arguments = ["--chest", tables[CHEST], "--left-foot", tables[LEFT]]
        assert imu_stream("analyze", *arguments, "--out", tmp_path / name).status == 0
    for name in (*REQUIRED_COLUMNS, "summary.json"):
        first, second = (tmp_path / turn / name for turn in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_chest_may_lack_the_gyroscope(imu_stream: Command, tmp_path: Path) -> None:
    table = without_gyroscope(rows_of(CHEST, 24.0), tmp_path / "belt.csv")
    assert imu_stream("analyze", "--chest", table, "--out", tmp_path).status == 0
    assert len(read_rows(tmp_path / "lean.csv")) > 5


def without_gyroscope(rows: Rows, path: Path) -> Path:
    table = np.column_stack([rows.t_s, rows.motion.acc])
    np.savetxt(path, table, delimiter=",", header="time_s,acc_x,acc_y,acc_z", comments="")
    return path


# ---------------------------------------------------------------------- data that is not right


def test_missing_file(imu_stream: Command, tmp_path: Path) -> None:
    ended = imu_stream("analyze", "--chest", tmp_path / "none.csv", "--out", tmp_path / "out")
    ended.refused("none.csv", "cannot be read")


@pytest.mark.parametrize("name", ["run[1].csv", "run[/bold].csv", "[red]run.csv"])
def test_names_with_brackets_are_only_names(imu_stream: Command, tmp_path: Path, name: str) -> None:
    file = tmp_path / "odd" / name.replace("/", os.sep)
    ended = imu_stream("analyze", "--chest", file, "--out", tmp_path / "out")
    ended.refused(name, "cannot be read")


def test_folder_with_brackets_is_only_a_folder(
    imu_stream: Command, session_file: Path, tmp_path: Path
) -> None:
    ended = imu_stream("analyze", session_file, "--out", tmp_path / "[" / "bold]")
    assert (ended.status, ended.err) == (0, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["row 1 lacks the column time_s"]),
        (b"\x00\xff\xfe\x80" * 99, ["not a text file"]),
        (b"\x1f\x8b\x08\x00 no gzip", ["gzip"]),
        (b"Dear diary,\ntoday I ran.\n", ["row 1 lacks the column time_s"]),
        (b"time_s,acc_x,acc_z\n0,1,2\n", ["lacks the column acc_y"]),
        (b"time_s,acc_x,acc_y,acc_z\n", ["no rows"]),
        (b"time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.01,0,far,9.8\n", ["row 3", "'far'"]),
        (b"time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n", ["1 usable rows"]),
        (b"time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n5,0,0,9.8\n9,0,0,9.8\n", ["rows a second"]),
    ],
)
def test_file_that_is_no_table(
    imu_stream: Command, tmp_path: Path, content: bytes, words: list[str]
) -> None:
    file = tmp_path / "chest.csv"
    file.write_bytes(content)
    imu_stream("analyze", "--chest", file, "--out", tmp_path / "out").refused("chest.csv", *words)


def test_rows_without_numbers_are_gaps(imu_stream: Command, foot: Rows, tmp_path: Path) -> None:
    acc = foot.motion.acc.copy()
    acc[1800:1830] = np.nan
    table = Rows(foot.t_s, Motion(acc, foot.motion.gyr)).write(tmp_path / "left.csv")
    assert imu_stream("analyze", "--left-foot", table, "--out", tmp_path).status == 0
    assert read_rows(tmp_path / "gaps.csv") == [
        {
            "placement": "left_foot",
            "start_s": "9.0000",
            "end_s": "9.1500",
            "reason": "not a number",
            "samples": "30",
        }
    ]
    assert len(read_rows(tmp_path / "strides.csv")) > 10


def test_missing_rows_are_gaps(imu_stream: Command, foot: Rows, tmp_path: Path) -> None:
    kept = np.delete(np.arange(len(foot.t_s)), np.arange(1800, 1840))
    table = foot.part(kept).write(tmp_path / "left.csv")
    assert imu_stream("analyze", "--left-foot", table, "--out", tmp_path).status == 0
    (gap,) = read_rows(tmp_path / "gaps.csv")
    assert (gap["start_s"], gap["end_s"]) == ("9.0000", "9.2000")
    assert (gap["reason"], gap["samples"]) == ("lost", "40")
    assert read_json(tmp_path / "summary.json")["sensors"]["left_foot"]["lost"] == 40


def test_rows_out_of_order_are_a_gap(imu_stream: Command, foot: Rows, tmp_path: Path) -> None:
    order = np.arange(len(foot.t_s))
    order[1800:1804] = order[1800:1804][::-1]
    table = foot.part(order).write(tmp_path / "left.csv")
    assert imu_stream("analyze", "--left-foot", table, "--out", tmp_path).status == 0
    assert "clock" in {row["reason"] for row in read_rows(tmp_path / "gaps.csv")}
    assert len(read_rows(tmp_path / "strides.csv")) > 10


def test_time_that_runs_backwards(imu_stream: Command, foot: Rows, tmp_path: Path) -> None:
    table = Rows(foot.t_s[::-1], foot.motion).write(tmp_path / "left.csv")
    ended = imu_stream("analyze", "--left-foot", table, "--out", tmp_path / "out")
    ended.refused("left.csv", "usable rows")


def test_clock_that_was_set_back(imu_stream: Command, foot: Rows, tmp_path: Path) -> None:
    t_s = np.where(foot.t_s < 7.0, foot.t_s, foot.t_s - 8.0)
    table = Rows(t_s, foot.motion).write(tmp_path / "left.csv")
    ended = imu_stream("analyze", "--left-foot", table, "--out", tmp_path / "out")
    ended.refused("left.csv", "time_s goes from", "increasing times are expected")


def test_three_samples_are_measured_as_nothing(
    imu_stream: Command, foot: Rows, tmp_path: Path
) -> None:
    table = foot.part(slice(0, 3)).write(tmp_path / "left.csv")
    ended = imu_stream("analyze", "--left-foot", table, "--out", tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert "not measured" in ended.out
    assert read_rows(tmp_path / "strides.csv") == []


def test_foot_without_gyroscope(imu_stream: Command, foot: Rows, tmp_path: Path) -> None:
    table = without_gyroscope(foot, tmp_path / "left.csv")
    ended = imu_stream("analyze", "--left-foot", table, "--out", tmp_path / "out")
    ended.refused("left.csv", "a foot needs the columns gyr_x, gyr_y, gyr_z")


def test_session_cut_short_is_read_up_to_the_cut(
    imu_stream: Command, session_file: Path, tmp_path: Path
) -> None:
    content = session_file.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(content[: len(content) * 4 // 5])
    for name, file in (("whole", session_file), ("part", cut)):
        ended = imu_stream("analyze", file, "--out", tmp_path / name)
        assert (ended.status, ended.err) == (0, "")
        assert ("it was read up to where it was cut" in ended.out) == (name == "part")
    whole, part = (read_rows(tmp_path / name / "lean.csv") for name in ("whole", "part"))
    assert 3 < len(part) < len(whole)
    assert whole[: len(part)] == part


def test_replay_of_a_session_cut_short(
    imu_stream: Command, session_file: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(session_file.read_bytes()[:-100])
    ended = imu_stream("replay", cut, "--speed", "max")
    assert (ended.status, ended.err) == (0, "")
    assert "it was read up to where it was cut" in ended.out


@pytest.mark.parametrize("command", [["replay", "--speed", "max"], ["analyze", "--out", "out"]])
@pytest.mark.parametrize("content", [b"", b"\x89MCAP0\r\n", b"time_s,acc_x\n" * 50])
def test_file_that_is_no_session(
    imu_stream: Command, tmp_path: Path, command: list[str], content: bytes
) -> None:
    file = tmp_path / "run.mcap"
    file.write_bytes(content)
    imu_stream(*command, file).refused("run.mcap", "session")


def test_results_that_cannot_be_written(
    imu_stream: Command, tables: Mapping[Placement, Path], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, no folder", encoding="utf-8")
    imu_stream("analyze", "--chest", tables[CHEST], "--out", taken).refused("cannot be written")


# ---------------------------------------------------------------------------- wrong usage


def test_profile_with_a_wrong_key(imu_stream: Command, tmp_path: Path) -> None:
    file = tmp_path / "belt.toml"
    file.write_text("colour = 1\n" + find_profile("polar_h10").text, encoding="utf-8")
    imu_stream("profiles", "check", file).refused("belt.toml", "colour", "unknown key")


def test_profile_that_is_no_text(imu_stream: Command, tmp_path: Path) -> None:
    file = tmp_path / "belt.toml"
    file.write_bytes(b"\xff\xfe\x00")
    imu_stream("profiles", "check", file).refused("belt.toml")


@pytest.mark.parametrize("mount", ["x", "x,x", "x,-x", "x,q", ",z", "x,y,z", "forward,up", ""])
def test_mount_that_cannot_be(
    imu_stream: Command, tables: Mapping[Placement, Path], tmp_path: Path, mount: str
) -> None:
    arguments = ["--chest", tables[CHEST], f"--mount={mount}", "--out", tmp_path]
    imu_stream("analyze", *arguments).refused("mount")


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_speed_that_cannot_be(imu_stream: Command, session_file: Path, speed: str) -> None:
    imu_stream("replay", session_file, f"--speed={speed}").misused("--speed", "above 0, or max")


@pytest.mark.parametrize("target", ["nan", "91", "-inf"])
def test_target_that_cannot_be(imu_stream: Command, tmp_path: Path, target: str) -> None:
    for command in (("demo",), ("analyze", "--out", tmp_path), ("import",)):
        imu_stream(*command, f"--target={target}").misused("--target")


def test_a_port_in_use_leaves_no_session(imu_stream: Command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ("--no-sound", "--web", "--port", port, "--out", tmp_path)
        imu_stream("demo", "--seconds", 8, *arguments).refused("choose another --port")
    assert not list(tmp_path.iterdir())


def test_run_needs_a_sensor(imu_stream: Command) -> None:
    imu_stream("run").misused("name at least one of --left-foot, --right-foot, --chest")


def test_analyze_takes_a_session_or_tables(
    imu_stream: Command, session_file: Path, tmp_path: Path
) -> None:
    words = "give either a session file or at least one table"
    imu_stream("analyze", "--out", tmp_path).misused(words)
    both = [session_file, "--chest", session_file, "--out", tmp_path]
    imu_stream("analyze", *both).misused(words)


def test_demo_too_short_to_run(imu_stream: Command) -> None:
    imu_stream("demo", "--seconds", "1").misused("--seconds")


# ------------------------------------------------- the demo, in real time: nothing else uses it


def test_demo_end_to_end(imu_stream: Command, tmp_path: Path) -> None:
    """From the virtual radio to the summary; replay and analysis give the same outputs."""
    file = tmp_path / "summary.json"
    ended = imu_stream(
        "demo", "--seconds", 10, "--no-sound", "--json", file, "--out", tmp_path / "sessions"
    )
    assert (ended.status, ended.err) == (0, "")
    summary = read_json(file)
    check_demo_keys(summary)
    check_demo_numbers(summary)
    session = Path(summary["session"])
    assert read_json(session.with_suffix(".json")) == summary
    check_report_and_log(imu_stream, session)
    replayed = tmp_path / "replay.json"
    assert imu_stream("replay", session, "--speed", "max", "--json", replayed).status == 0
    assert imu_stream("analyze", session, "--out", tmp_path / "tables").status == 0
    analysed = read_json(tmp_path / "tables" / "summary.json")
    for again in (read_json(replayed), analysed):
        assert {key: again[key] for key in SUMMARY_KEYS} == {k: summary[k] for k in SUMMARY_KEYS}


def check_report_and_log(imu_stream: Command, session: Path) -> None:
    """Both were made of the live session; of its recording they come out the same."""
    again = session.with_name("again.html")
    assert imu_stream("report", session, "--out", again).status == 0
    written = session.with_suffix(".html").read_text(encoding="utf-8")
    assert again.read_text(encoding="utf-8") == written
    assert "virtual runner: no real run" in written
    log = TrainingLog(session.parent)
    live = log.entry(session).row
    assert live is not None
    assert log.rederive(session).after == live


def check_demo_keys(summary: Any) -> None:
    assert set(summary) >= SUMMARY_KEYS | {"agreement_ms", "latency_ms", "truth", "session"}
    assert set(summary["sensors"]) == set(MOTION)
    assert all(set(sensor) >= SENSOR_KEYS for sensor in summary["sensors"].values())
    assert set(summary["strides"]) == {LEFT, RIGHT}
    assert all(set(counts) >= STRIDE_KEYS for counts in summary["strides"].values())
    assert set(summary["latency_ms"]) >= {"p50", "p99"}
    truth = {"strides", "found", "invented", "strike_type_accuracy", "lean_rmse_deg"}
    assert set(summary["truth"]) >= truth


def check_demo_numbers(summary: Any) -> None:
    for sensor in summary["sensors"].values():
        assert (sensor["lost"], sensor["gaps"]) == (0, 0)
        assert sensor["rate_hz"] == pytest.approx(200.0, abs=10.0)
        assert sensor["samples"] > 1800
    truth = summary["truth"]
    assert truth["strides"] > 8
    assert truth["invented"] == 0
    assert truth["found"] >= truth["strides"] - 1
    assert truth["lean_rmse_deg"] < 0.5
    assert summary["lean_mean_deg"] == pytest.approx(10.0, abs=2.0)


def test_an_invented_sensor_needs_no_python(imu_stream: Command, tmp_path: Path) -> None:
    """The whole main job with a device of which there is only a text file."""
    profile = tmp_path / "invented.toml"
    profile.write_text((Path(__file__).parent / "data" / "invented_pod.toml").read_text("utf-8"))
    options = ("--feet", profile, "--chest", profile, "--seconds", 10, "--no-sound")
    files = ("--json", tmp_path / "d.json", "--out", tmp_path, "--no-report")
    ended = imu_stream("demo", *options, *files)
    assert (ended.status, ended.err) == (0, "")
    summary = read_json(tmp_path / "d.json")
    check_demo_numbers(summary)
    assert list(tmp_path.glob("*.html")) == []
    assert summary["devices"]["chest"]["model"] == "Invented pod"
    again = imu_stream("analyze", summary["session"], "--out", tmp_path / "tables")
    assert again.status == 0
    repeated = read_json(tmp_path / "tables" / "summary.json")
    assert repeated["outputs_sha256"] == summary["outputs_sha256"]


def test_killed_demo_leaves_what_it_received(tmp_path: Path) -> None:
    """Killed without warning: its children end by themselves, the file is read up to the kill."""
    with subprocess.Popen(
        [*COMMAND, "demo", "--seconds", "60", "--no-sound", "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as demo:
        try:
            session = session_with(tmp_path, 50_000)
            killed = datetime.now().astimezone()
        finally:
            demo.kill()
        # the children write errors to the same pipe, so it ends with the last of them
        _, errors = demo.communicate(timeout=10.0)
    assert errors == b""
    recording = Recording(session)
    frames = [item for item in recording if isinstance(item, Frame)]
    assert recording.truncated
    begun = datetime.fromisoformat(recording.header.started)
    for placement in MOTION:
        last_s = max(frame.arrival_s for frame in frames if frame.placement is placement)
        assert killed - (begun + timedelta(seconds=last_s)) < timedelta(seconds=1)


COMMAND = (sys.executable, "-c", "from imu_stream.cli import main; main()")


def session_with(folder: Path, size: int) -> Path:
    """The session file, once it has grown to some size: waits for the radio."""
    deadline_s = time.monotonic() + 30.0
    while time.monotonic() < deadline_s:
        for path in folder.glob("*.mcap"):
            if path.stat().st_size >= size:
                return path
        time.sleep(0.05)
    raise AssertionError("the demo recorded nothing")


def test_a_known_distance_gives_the_runners_own_factor(
    imu_stream: Command, tables: Mapping[Placement, Path], tmp_path: Path
) -> None:
    """And with that factor the same run measures the known distance."""
    arguments = ["analyze", "--left-foot", tables[LEFT], "--out", tmp_path]
    first = imu_stream(*arguments, "--distance", 25)
    factor = re.search(r"--stride-factor ([0-9.]+)", first.out)
    assert factor is not None
    imu_stream(*arguments, "--stride-factor", factor[1])
    assert read_json(tmp_path / "summary.json")["distance_m"] == pytest.approx(25.0, rel=1e-3)


def strike(ic_s: float, kind: StrikeType, running: bool) -> Strike:
    return Strike(LEFT, ic_s, 12.0, kind, 0.95, running, ic_s + 0.04)


def test_view_shows_a_landing_at_once_and_keeps_only_those_of_running() -> None:
    now_s = 0.0
    view = LiveView(Pipeline(header_of([])), lambda: now_s)

    def shown() -> str:
        text = str(list(view.table().columns[1].cells)[1])
        return re.sub(r"\[.*?\]", "", text)

    walked = strike(1.0, StrikeType.REARFOOT, running=False)
    started = strike(2.0, StrikeType.FOREFOOT, running=False)
    assert shown() == "—"
    for landing, expected in ((walked, "R rearfoot"), (started, "F forefoot")):
        now_s = landing.known_s
        view.write(landing)
        assert shown().startswith(expected)
        assert shown().endswith("walking or running)")
    ran = replace(started, running=True)
    view.write(Stride(ran, 2.25, nan, nan, nan, nan, 8.0, 9.0, False, 2.5))
    assert shown() == "F forefoot  12.0° (95% sure)"
    view.write(strike(2.7, StrikeType.MIDFOOT, running=True))
    assert shown() == "FM midfoot  12.0° (95% sure)"
