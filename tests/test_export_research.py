"""Exports for research: MAT in scipy, HDF5 in h5py, OpenSim's own reader, the BIDS validator."""

import csv
import json
import math
import platform
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat
from scipy.spatial.transform import Rotation
from sessions import recorded, written

from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.afterwards.export import FORMATS, ExportData, export
from imu_stream.afterwards.export.data import SegmentTrack, Track, increasing
from imu_stream.afterwards.export.gathering import ExportRequest, gather
from imu_stream.afterwards.export.opensim import in_opensim_axes, turns_of
from imu_stream.afterwards.export.tables import tables_of
from imu_stream.datatypes import MOTION, Gap, LeanState, Mark, MarkKind, Samples, Stride
from imu_stream.errors import RecordingError
from imu_stream.sinks.sheets import Content

LEFT, RIGHT, CHEST = MOTION


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("session") / "run.mcap"
    also = [Mark(20.0, MarkKind.LAP)]
    return recorded(path, 60.0, Faults(lost=0.01, burst=2.0), also=also)


@pytest.fixture(scope="module")
def data(session: Path) -> ExportData:
    return gather(session, ExportRequest(subject="R07"), samples=True)


def exported(data: ExportData, name: str, factory: pytest.TempPathFactory) -> Path:
    return export(data, FORMATS[name], factory.mktemp(name))


@pytest.fixture(scope="module")
def bids(data: ExportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(data, "bids", tmp_path_factory)


@pytest.fixture(scope="module")
def sto(data: ExportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(data, "sto", tmp_path_factory)


def test_every_number_is_in_the_mat_file(
    data: ExportData, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = exported(data, "mat", tmp_path_factory)
    content = loadmat(path)
    for table in tables_of(data):
        for column in table.columns:
            found = content[table.name][0, 0][column.heading.name]
            if column.heading.content is Content.WORD:
                assert list(map(text_of, found.ravel())) == column.values
            else:
                np.testing.assert_array_equal(found.ravel(), column.array)
            unit = content["units"][0, 0][table.name][0, 0][column.heading.name]
            assert text_of(unit) == column.heading.unit
    assert json.loads(text_of(content["provenance"]))["subject"] == "R07"


def text_of(cell: Any) -> str:
    """A text of a MAT file; an empty one comes back as an empty array."""
    return str(cell.item()) if cell.size else ""


def test_every_number_is_in_the_hdf5_file(
    data: ExportData, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with h5py.File(exported(data, "hdf5", tmp_path_factory)) as file:
        for table in tables_of(data):
            for column in table.columns:
                dataset = file[table.name][column.heading.name]
                assert dataset.attrs["unit"] == column.heading.unit
                if column.heading.content is Content.WORD:
                    assert dataset.asstr()[:].tolist() == column.values
                else:
                    np.testing.assert_array_equal(dataset[:], column.array)
        provenance = json.loads(file["provenance"].asstr()[()])
    assert provenance["definitions"] == data.provenance.definitions


# ---------------------------------------------------------------------------- OpenSim

LOADS = """
import json, sys
import opensim
opensim.Logger.setLevelString("Error")
turns = opensim.TimeSeriesTableQuaternion(sys.argv[1])
lean = opensim.TimeSeriesTable(sys.argv[2])
row = turns.getRowAtIndex(turns.getNumRows() // 2)
print(json.dumps({
    "labels": list(turns.getColumnLabels()),
    "times": [turns.getIndependentColumn()[0], turns.getIndependentColumn()[-1]],
    "rows": turns.getNumRows(),
    "middle": [row.getElt(0, 0).get(at) for at in range(4)],
    "rate": turns.getTableMetaDataAsString("DataRate"),
    "lean": list(lean.getDependentColumn("lean_deg").to_numpy()),
    "names": list(lean.getColumnLabels()),
}))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or sys.version_info >= (3, 14),
    reason="platform: opensim is packaged for Linux on x86-64, Python 3.11 to 3.13",
)
@pytest.mark.parametrize("placement", MOTION)
def test_opensim_loads_orientations_and_lean(
    data: ExportData, sto: Path, tmp_path: Path, placement: str
) -> None:
    command = [sys.executable, "-c", LOADS, sto / f"orientation_{placement}.sto", sto / "lean.sto"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 0, ended.stderr
    loaded = json.loads(ended.stdout.splitlines()[-1])
    track = next(each for each in data.tracks if each.placement == placement)
    t_s, up = track.segment.t_s, track.segment.up
    assert (loaded["labels"], loaded["rate"]) == ([placement], "208")
    assert (loaded["times"], loaded["rows"]) == ([t_s[0], t_s[-1]], len(t_s))
    turns = in_opensim_axes(turns_of(up))
    np.testing.assert_allclose(loaded["middle"], turns[len(t_s) // 2], atol=1e-9)
    leans = [lean.lean_deg for lean in data.finished.outputs.of(LeanState) if lean.valid]
    assert loaded["lean"] == leans
    assert loaded["names"][0] == "lean_deg"


units = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: math.hypot(*v) > 0.1)


@given(vector=units)
def test_turns_bring_segments_upright_and_turn_nothing_about_the_vertical(
    vector: tuple[float, float, float],
) -> None:
    up = np.array([vector]) / math.hypot(*vector)
    (turn,) = turns_of(up)
    rotation = Rotation.from_quat(turn, scalar_first=True)
    np.testing.assert_allclose(rotation.apply(up[0]), [0.0, 0.0, 1.0], atol=1e-5)
    assert abs(rotation.as_rotvec()[2]) < 1e-12
    in_theirs = Rotation.from_quat(in_opensim_axes(turns_of(up))[0], scalar_first=True)
    x, y, z = up[0]
    np.testing.assert_allclose(in_theirs.apply([x, z, -y]), [0.0, 1.0, 0.0], atol=1e-5)


def test_a_segment_upside_down_is_pitched_half_a_turn() -> None:
    assert turns_of(np.array([[0.0, 0.0, -1.0]])).tolist() == [[0.0, 0.0, 1.0, 0.0]]


def test_a_trunk_that_leans_forward_is_turned_about_the_axis_to_the_right() -> None:
    lean = math.radians(10.0)
    up = np.array([[-math.sin(lean), 0.0, math.cos(lean)]])
    angles = Rotation.from_quat(in_opensim_axes(turns_of(up))[0], scalar_first=True).as_rotvec()
    np.testing.assert_allclose(np.degrees(angles), [0.0, 0.0, -10.0], atol=1e-9)


# ---------------------------------------------------------------------------- BIDS


def validated(folder: Path) -> Any:
    script = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent))
    assert script is not None
    command = [script, "--format", "json", "--max-rows", "-1", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    issues = json.loads(ended.stdout)["issues"]["issues"]
    return [each for each in issues if each["severity"] == "error"]


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.rglob(pattern)
    return found


def test_the_bids_validator_finds_no_error(bids: Path) -> None:
    assert validated(bids) == []


def test_the_bids_validator_would_find_one(bids: Path, tmp_path: Path) -> None:
    broken = tmp_path / "bids"
    for path in sorted(bids.rglob("*")):
        target = broken / path.relative_to(bids)
        if path.is_file() and not path.name.endswith("chest_motion.json"):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    assert validated(broken)


@pytest.mark.parametrize("placement", MOTION)
def test_what_the_bids_validator_does_not_look_at(
    data: ExportData, bids: Path, placement: str
) -> None:
    track = next(each for each in data.tracks if each.placement == placement)
    stem = f"sub-R07_task-running_tracksys-{placement.replace('_', '')}"
    header, *channels = rows_of(one(bids, f"{stem}_channels.tsv"))
    assert header[:5] == ["name", "component", "type", "tracked_point", "units"]
    assert [row[2] for row in channels] == ["LATENCY", *["ACCEL"] * 3, *["GYRO"] * 3]
    about = json.loads(one(bids, f"{stem}_motion.json").read_text())
    assert about["MotionChannelCount"] == len(channels) == 7
    assert about["SamplingFrequency"] == 208.0
    assert about["SamplingFrequencyEffective"] == pytest.approx(208.0, rel=0.03)
    rows = np.array(rows_of(one(bids, f"{stem}_motion.tsv")), dtype=float)
    assert rows.shape == (len(track.raw.t_s), len(channels))
    assert (np.diff(rows[:, 0]) > 0).all()
    assert track.raw.gyr is not None
    whole = np.column_stack([track.raw.t_s, track.raw.acc, track.raw.gyr])
    np.testing.assert_array_equal(rows, whole)
    frames = json.loads(one(bids, f"{stem}_channels.json").read_text())["reference_frame"]["Levels"]
    assert {row[5] for row in channels} - {"n/a"} == set(frames)


def test_bids_events_are_strides_gaps_cues_and_marks(data: ExportData, bids: Path) -> None:
    header, *rows = rows_of(one(bids, "*_events.tsv"))
    assert header[:2] == ["onset", "duration"]
    onsets = [float(row[0]) for row in rows]
    assert onsets == sorted(onsets)
    kinds = [row[2] for row in rows]
    outputs = data.finished.outputs
    assert kinds.count("stride") == len(outputs.of(Stride))
    assert kinds.count("gap") == len(outputs.of(Gap))
    assert ["20.0", "n/a", "mark", "lap"] in rows
    described = json.loads(one(bids, "*_events.json").read_text())
    assert set(kinds) <= set(described["trial_type"]["Levels"])


def test_bids_scans_name_every_file_with_its_time(bids: Path) -> None:
    header, *rows = rows_of(one(bids, "*_scans.tsv"))
    assert header == ["filename", "acq_time"]
    assert len(rows) == len(MOTION)
    for name, time in rows:
        assert (bids / "sub-R07" / name).is_file()
        assert time == "2026-01-01T00:00:00.000000Z"


# ---------------------------------------------------------------------------- little or nothing


def test_only_increasing_times_are_kept_where_no_others_can_be() -> None:
    times = np.array([1.0, 2.0, 2.0, 1.5, 3.0, math.nan, 4.0])
    assert increasing(times).tolist() == [True, True, False, False, True, False, True]
    assert increasing(np.empty(0)).tolist() == []


@pytest.mark.parametrize("name", ["bids", "sto"])
def test_without_samples_there_is_nothing_to_export(
    session: Path, tmp_path: Path, name: str
) -> None:
    empty = written(tmp_path / "empty.mcap", Recording(session).header, [])
    with pytest.raises(RecordingError, match="no sample"):
        export(gather(empty, ExportRequest(), samples=True), FORMATS[name], tmp_path)
    assert list(tmp_path.iterdir()) == [empty]


@pytest.mark.parametrize("name", ["csv", "parquet", "mat", "hdf5"])
def test_empty_tables_are_tables(session: Path, tmp_path: Path, name: str) -> None:
    empty = written(tmp_path / "empty.mcap", Recording(session).header, [])
    assert export(gather(empty, ExportRequest(), samples=True), FORMATS[name], tmp_path).exists()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "fit"])
def test_a_sensor_without_gyroscope_has_no_columns_of_rates(
    data: ExportData, tmp_path: Path, name: str
) -> None:
    chest = next(track for track in data.tracks if track.placement is CHEST)
    raw = Samples(CHEST, chest.raw.t_s, chest.raw.acc, None)
    own: SegmentTrack = replace(chest.segment, gyr=None)
    alone = replace(data, tracks=(Track(chest.device, raw, own),))
    export(alone, FORMATS[name], tmp_path)
    tables = {table.name: table for table in tables_of(alone)}
    names = [column.heading.name for column in tables["raw_chest"].columns]
    assert names == ["time_s", "acc_x", "acc_y", "acc_z"]
    if name == "bids":
        assert validated(tmp_path / "bids") == []
