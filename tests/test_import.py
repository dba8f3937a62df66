"""Import: tables and logs of other tools become sessions; what is not known is refused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import header_of, table_outputs
from hypothesis import given
from hypothesis import strategies as st
from test_cli import Command, Rows, imu_stream, rows_of, without_gyroscope  # noqa: F401

from imu_stream.acquisition.foreign_tables import read_foreign, unwrapped
from imu_stream.acquisition.recorder import Recorder
from imu_stream.afterwards.derivation import derive
from imu_stream.afterwards.training_log.imports import ImportRequest, import_session
from imu_stream.afterwards.training_log.log import TrainingLog
from imu_stream.datatypes import (
    GRAVITY,
    MOTION,
    TABLE,
    Frame,
    Gap,
    GapReason,
    LeanState,
    Placement,
    Samples,
    SensorSetup,
    Stride,
)
from imu_stream.errors import RecordingError
from imu_stream.profiles.table_stream import TableReader, decode_table, encode_table

LEFT, RIGHT, CHEST = Placement.LEFT_FOOT, Placement.RIGHT_FOOT, Placement.CHEST
DOT_LINES = ("sep=,", "DeviceTag:,Left foot", "FirmwareVersion:,3.0.0", "OutputRate:,120Hz")
DOT_HEADER = "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z,Status"
POLAR_HEADER = "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]"


@pytest.fixture(scope="module")
def rows() -> Mapping[Placement, Rows]:
    return {place: rows_of(place, 20.0) for place in MOTION}


@pytest.fixture
def tables(rows: Mapping[Placement, Rows], tmp_path: Path) -> dict[Placement, Path]:
    return {place: each.write(tmp_path / f"{place}.csv") for place, each in rows.items()}


def dot_log(rows: Rows, path: Path, first_us: int = 4_290_000_000) -> Path:
    """As the DOT has it; the clock begins again on the way."""
    lines = [*DOT_LINES, DOT_HEADER]
    for number, (t_s, acc, gyr) in enumerate(
        zip(rows.t_s, rows.motion.acc, np.degrees(rows.motion.gyr), strict=True)
    ):
        stamp = (first_us + round(1e6 * t_s)) % (1 << 32)
        values = ",".join(f"{value:.6f}" for value in (*acc, *gyr))
        lines.append(f"{number % 65536},{stamp},{values},0")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def polar_log(rows: Rows, path: Path) -> Path:
    lines = [POLAR_HEADER]
    for t_s, acc in zip(rows.t_s, rows.motion.acc, strict=True):
        x, y, z = (round(1e3 * value / GRAVITY) for value in acc)
        stamp = 599628005694359040 + round(1e9 * t_s)
        lines.append(f"2026-05-01T18:30:{t_s:06.3f};{stamp};{x};{y};{z}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def movesense_log(rows: Rows, path: Path, size: int = 8) -> Path:
    """Messages of /Meas/IMU6 within what a log wraps around them."""
    messages = []
    for first in range(0, len(rows.t_s) - size + 1, size):
        part = slice(first, first + size)
        vectors = [
            [dict(zip("xyz", map(float, vector), strict=True)) for vector in array[part]]
            for array in (rows.motion.acc, np.degrees(rows.motion.gyr))
        ]
        stamp = round(1e3 * float(rows.t_s[first]))
        message = {"Timestamp": stamp, "ArrayAcc": vectors[0], "ArrayGyro": vectors[1]}
        messages.append({"imu": message})
    path.write_text(json.dumps({"device": "000", "data": messages}), encoding="utf-8")
    return path


# ----------------------------------------------------------------------- tables as session files


@given(st.integers(1, 40), st.booleans(), st.integers(0, 2**32 - 1))
def test_a_table_frame_keeps_every_number(count: int, has_gyro: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    t_s = np.cumsum(random.uniform(1e-9, 1e3, count))
    acc, gyr = random.standard_normal((2, count, 3)) * 1e3
    samples = Samples(CHEST, t_s, acc, gyr if has_gyro else None)
    read = decode_table(encode_table(samples))
    assert isinstance(read, Samples)
    assert np.array_equal(read.t_s, t_s)
    assert np.array_equal(read.acc, acc)
    assert (read.gyr is not None) is has_gyro
    assert read.gyr is None or np.array_equal(read.gyr, gyr)


@given(st.sampled_from(GapReason), st.floats(0, 1e6), st.floats(0, 1e3), st.integers(0, 10**6))
def test_so_does_a_gap(reason: GapReason, start_s: float, length_s: float, count: int) -> None:
    gap = Gap(LEFT, start_s, start_s + length_s, reason, count)
    assert decode_table(encode_table(gap)) == gap


@given(st.sampled_from(["imu", "acc", "gap", "other"]), st.binary(max_size=200))
def test_whatever_a_frame_holds_is_samples_or_damage(stream: str, payload: bytes) -> None:
    reader = TableReader(CHEST, 100.0)
    for item in reader.push(Frame(1.0, CHEST, stream, payload)):
        if isinstance(item, Gap):
            assert item.start_s <= item.end_s
        else:
            assert np.all(np.diff(item.t_s) > 0.0)


def test_what_goes_back_in_time_is_damage() -> None:
    t_s = np.arange(10) / 100.0
    frame = encode_table(Samples(CHEST, t_s, np.zeros((10, 3)), None))
    reader = TableReader(CHEST, 100.0)
    assert isinstance(reader.push(frame)[0], Samples)
    (damage,) = reader.push(frame)
    assert isinstance(damage, Gap)
    assert (damage.reason, damage.samples) == (GapReason.CORRUPT, 0)


def test_a_session_of_hostile_table_frames_is_derived(tmp_path: Path) -> None:
    header = header_of([SensorSetup(CHEST, TABLE, 100.0), SensorSetup(LEFT, TABLE, 100.0)])
    path = tmp_path / "hostile.mcap"
    nan = np.full((1, 7), np.nan).tobytes()
    huge = np.hstack([np.arange(8.0)[:, None], np.full((8, 6), 1e308)]).tobytes()
    gap = b'{"start_s": -1e308, "end_s": 1e308, "reason": "lost", "samples": 99999999999}'
    with Recorder(path, header, clock=lambda: 0.0) as recorder:
        for place in (CHEST, LEFT, RIGHT):
            for stream, payload in (("imu", nan), ("imu", huge), ("gap", gap), ("acc", b"x")):
                recorder.write(Frame(1.0, place, stream, payload))
    finished = derive(path)
    assert finished.outputs.of(Stride) == []
    assert finished.header.imported


# ------------------------------------------------------------------------------------- layouts


def test_imported_tables_give_the_numbers_of_analyze(
    tables: dict[Placement, Path], tmp_path: Path
) -> None:
    imported = import_session(tmp_path / "log", ImportRequest(tables, "run"))
    outputs = table_outputs(tables)
    found = derive(imported.path).outputs
    for kind in (Stride, LeanState):
        # as texts: a NaN is not equal to itself
        expected = sorted(repr(output) for output in outputs if isinstance(output, kind))
        assert len(expected) > 10
        assert sorted(map(repr, found.of(kind))) == expected


def test_gaps_of_a_table_stay_gaps(rows: Mapping[Placement, Rows], tmp_path: Path) -> None:
    kept = np.ones(len(rows[CHEST].t_s), dtype=bool)
    kept[2000:2200] = False
    path = rows[CHEST].part(kept).write(tmp_path / "chest.csv")
    found = derive(import_session(tmp_path / "log", ImportRequest({CHEST: path}, "run")).path)
    (gap,) = found.outputs.of(Gap)
    assert (gap.samples, gap.reason) == (200, GapReason.LOST)
    assert found.summary.sensors["chest"].jitter_ms == 0.0


def test_a_dot_log_is_read_with_its_units_and_its_clock(
    rows: Mapping[Placement, Rows], tmp_path: Path
) -> None:
    foreign = read_foreign(dot_log(rows[LEFT], tmp_path / "dot.csv"), LEFT)
    assert foreign.tool == "Movella DOT"
    (samples,) = foreign.table.items
    assert isinstance(samples, Samples)
    assert foreign.table.rate_hz == pytest.approx(200.0, abs=0.01)
    assert samples.t_s - samples.t_s[0] == pytest.approx(rows[LEFT].t_s, abs=2e-6)
    assert samples.acc == pytest.approx(rows[LEFT].motion.acc, abs=1e-6)
    assert samples.gyr == pytest.approx(rows[LEFT].motion.gyr, abs=1e-6)


def test_dots_with_one_clock_make_a_session(rows: Mapping[Placement, Rows], tmp_path: Path) -> None:
    paths = {place: dot_log(each, tmp_path / f"{place}.csv") for place, each in rows.items()}
    found = derive(import_session(tmp_path / "log", ImportRequest(paths, "dots")).path)
    assert all(feet.total > 10 for feet in found.summary.strides.values())
    assert found.summary.lean_mean_deg == pytest.approx(4.0, abs=0.5)
    assert 0.0 <= found.seconds <= 21.0


def test_a_movesense_log_is_read(rows: Mapping[Placement, Rows], tmp_path: Path) -> None:
    foreign = read_foreign(movesense_log(rows[CHEST], tmp_path / "log.json"), CHEST)
    (samples,) = foreign.table.items
    assert isinstance(samples, Samples)
    assert foreign.tool == "Movesense"
    assert samples.t_s == pytest.approx(rows[CHEST].t_s[: len(samples.t_s)], abs=2e-3)
    assert samples.gyr == pytest.approx(rows[CHEST].motion.gyr[: len(samples.t_s)], abs=1e-9)


def test_lost_messages_of_a_movesense_log_are_a_gap(
    rows: Mapping[Placement, Rows], tmp_path: Path
) -> None:
    path = movesense_log(rows[CHEST], tmp_path / "log.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["data"][100:110]
    path.write_text(json.dumps(content), encoding="utf-8")
    gaps = [i for i in read_foreign(path, CHEST).table.items if isinstance(i, Gap)]
    assert [gap.samples for gap in gaps] == [80]


def test_a_polar_log_is_read_for_the_chest(rows: Mapping[Placement, Rows], tmp_path: Path) -> None:
    path = polar_log(rows[CHEST], tmp_path / "Polar_H10_ACC.txt")
    (samples,) = read_foreign(path, CHEST).table.items
    assert isinstance(samples, Samples)
    assert samples.gyr is None
    assert samples.acc == pytest.approx(rows[CHEST].motion.acc, abs=0.51e-3 * GRAVITY)
    assert samples.t_s == pytest.approx(rows[CHEST].t_s, abs=1e-6)
    lean = derive(import_session(tmp_path / "log", ImportRequest({CHEST: path}, "polar")).path)
    assert lean.summary.lean_mean_deg is not None


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 2**30), max_size=20))
def test_a_counter_that_begins_again_goes_on(first: int, steps: list[int]) -> None:
    true = np.cumsum([first, *steps]).astype(np.float64)
    assert np.array_equal(unwrapped(true % 2.0**32, 2.0**32), true)


# --------------------------------------------------------------------------------- what is refused

REFUSED: Mapping[str, tuple[bytes, str]] = {
    "nothing": (b"", "layout that is not known"),
    "words": (b"some words\nof no table\n", "layout that is not known"),
    "binary": (b"\xff\xfe\x00\x01", "not a text file"),
    "other units": (f"{DOT_HEADER}\n1,1,1,1,1,1,1,1,0\n".encode(), "no line DeviceTag"),
    "dot without rates": (
        b"DeviceTag:,x\nPacketCounter,SampleTimeFine,Euler_X\n1,1,1\n",
        "lacks the column Acc_X",
    ),
    "dot without rows": ("\n".join([*DOT_LINES, DOT_HEADER]).encode(), "no rows"),
    "dot with words": ("\n".join([*DOT_LINES, DOT_HEADER, "1,a,b"]).encode(), "not a number"),
    "polar without rows": (f"{POLAR_HEADER}\n".encode(), "no rows"),
    "polar with words": (f"{POLAR_HEADER}\na;b;c;d;e\n".encode(), "row 2"),
    "polar cut": (f"{POLAR_HEADER}\n2026;1;2\n2026;2;2".encode(), "usable rows"),
    "json of another kind": (b'{"a": [1, 2, {"b": 3}]}', "fewer than 2 messages"),
    "json cut": (b'{"data": [{"Timestamp": 1, "ArrayAcc": [', "no JSON log"),
    "json deep": (b"[" * 100_000, "no JSON log"),
    "json uneven": (
        b'[{"Timestamp": 1, "ArrayAcc": [{"x": 1, "y": 1, "z": 1}], "ArrayGyro": []}]',
        "no JSON log",
    ),
    "polar rotation": (
        b"Phone timestamp;sensor timestamp [ns];X [dps];Y [dps];Z [dps]\n",
        "give the ACC.txt",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    imu_stream: Command,  # noqa: F811
    tmp_path: Path,
    name: str,
) -> None:
    content, words = REFUSED[name]
    path = tmp_path / "odd.txt"
    path.write_bytes(content)
    folder = tmp_path / "log"
    imu_stream("import", "--chest", path, "--folder", folder).refused("odd.txt", words)
    assert not folder.exists() or not list(folder.iterdir())


def test_a_foot_without_rates_is_refused(rows: Mapping[Placement, Rows], tmp_path: Path) -> None:
    polar = polar_log(rows[LEFT], tmp_path / "ACC.txt")
    bare = without_gyroscope(rows[LEFT], tmp_path / "bare.csv")
    for path in (polar, bare):
        with pytest.raises(RecordingError, match="a foot needs them"):
            import_session(tmp_path / "log", ImportRequest({LEFT: path}, "run"))


def test_clocks_without_time_in_common_make_no_session(
    rows: Mapping[Placement, Rows], tmp_path: Path
) -> None:
    later = replace(rows[RIGHT], t_s=rows[RIGHT].t_s + 1e4).write(tmp_path / "right.csv")
    paths = {LEFT: rows[LEFT].write(tmp_path / "left.csv"), RIGHT: later}
    with pytest.raises(RecordingError, match="no time in common"):
        import_session(tmp_path / "log", ImportRequest(paths, "run"))


@pytest.mark.parametrize("name", ["../out", "a/b", ".", "..", ".hidden", "/abs"])
def test_a_name_is_one_part_of_a_path(
    tables: dict[Placement, Path], tmp_path: Path, name: str
) -> None:
    with pytest.raises(RecordingError, match="is no name"):
        import_session(tmp_path / "log", ImportRequest({CHEST: tables[CHEST]}, name))
    assert not (tmp_path / "out.mcap").exists()


def test_nothing_is_overwritten(tables: dict[Placement, Path], tmp_path: Path) -> None:
    request = ImportRequest({CHEST: tables[CHEST]}, "run")
    first = import_session(tmp_path / "log", request).path.read_bytes()
    with pytest.raises(RecordingError, match="exists already"):
        import_session(tmp_path / "log", request)
    assert (tmp_path / "log" / "run.mcap").read_bytes() == first


# ------------------------------------------------------------------------------------- in the log


def test_an_import_stands_in_the_log_with_its_originals(
    imu_stream: Command,  # noqa: F811
    tables: dict[Placement, Path],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "log"
    options = [part for place, path in tables.items() for part in (option(place), path)]
    started = ("--started", "2026-05-01T18:30:00")
    ended = imu_stream("import", *options, "--folder", folder, *started, "--target", 8)
    assert (ended.status, ended.err) == (0, "")
    name = "2026-05-01T18-30-00"
    originals = folder / f"{name}.originals"
    for place, path in tables.items():
        assert (originals / f"{place}-{path.name}").read_bytes() == path.read_bytes()
    assert "imported from tables" in (folder / f"{name}.html").read_text(encoding="utf-8")
    (entry,) = TrainingLog(folder).listed()
    row = TrainingLog(folder).derived(entry).row
    assert row is not None
    assert (row.kind, row.day, row.target_deg) == ("imported", "2026-05-01", 8.0)
    assert imu_stream("sessions", "delete", name, "--yes", "--folder", folder).status == 0
    assert list(folder.rglob("*.csv")) == []


def test_an_imported_session_is_exported(
    imu_stream: Command,  # noqa: F811
    tables: dict[Placement, Path],
    tmp_path: Path,
) -> None:
    path = import_session(tmp_path / "log", ImportRequest(tables, "run")).path
    ended = imu_stream("export", path, "--to", "csv", "--out", tmp_path / "out")
    assert (ended.status, ended.err) == (0, "")
    assert list((tmp_path / "out").rglob("*strides*"))


def option(place: Placement) -> str:
    return f"--{place.value.replace('_', '-')}"


Writer = Callable[[Rows, Path], Path]


@pytest.mark.parametrize("write", [dot_log, movesense_log, polar_log])
def test_cut_logs_are_read_or_refused(
    rows: Mapping[Placement, Rows], tmp_path: Path, write: Writer
) -> None:
    whole = write(rows[CHEST].part(slice(0, 400)), tmp_path / "log.txt").read_bytes()
    for share in (0.1, 0.3, 0.5, 0.77, 0.99):
        path = tmp_path / f"cut{share}.txt"
        path.write_bytes(whole[: int(share * len(whole))])
        assert is_read_or_refused(path)


def is_read_or_refused(path: Path) -> bool:
    try:
        return bool(read_foreign(path, CHEST).table.items)
    except RecordingError as error:
        return str(path) in str(error)
