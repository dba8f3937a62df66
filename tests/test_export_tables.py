"""Exported tables: every number with all its digits, units and origin, and the way back."""

import csv
import json
import math
from pathlib import Path

import duckdb
import numpy as np
import pandas
import pyarrow.parquet as pq
import pytest
from chaos_session import ALL_AT_ONCE
from sessions import recorded

from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.acquisition.tables import blocks
from imu_stream.afterwards.collected import CollectedOutputs
from imu_stream.afterwards.derivation import derive
from imu_stream.afterwards.export import FORMATS, ExportData, export
from imu_stream.afterwards.export.gathering import ExportRequest, gather
from imu_stream.afterwards.export.kinds import KINDS
from imu_stream.afterwards.export.tables import Table, tables_of
from imu_stream.cli.analyzing import Known, read_tables
from imu_stream.datatypes import (
    MOTION,
    Calibration,
    CueDelivery,
    CueKind,
    Gap,
    LeanState,
    Mark,
    MarkKind,
    Outcome,
    Step,
    Stride,
    Strike,
    TargetChange,
)
from imu_stream.errors import RecordingError
from imu_stream.pipeline import Pipeline
from imu_stream.session import Session
from imu_stream.sinks.sheets import SHEETS

LEFT, RIGHT, CHEST = MOTION
SECONDS = 60.0
LOSSY = Faults(lost=0.02, burst=2.0)
EVENTS = (
    Mark(20.0, MarkKind.LAP, '=evil, "quoted"\nname'),
    CueDelivery(21.0, 20.5, CueKind.LEAN_MORE, "sound", Outcome.EMITTED),
    TargetChange(30.0, 7.5),
    Mark(31.0, MarkKind.NOTE, "Ann is tired"),
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("session") / "run.mcap"
    return recorded(path, SECONDS, LOSSY, also=EVENTS)


@pytest.fixture(scope="module")
def data(session: Path) -> ExportData:
    return gather(session, ExportRequest(full=True), samples=True)


@pytest.fixture(scope="module")
def csv_folder(data: ExportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(data, FORMATS["csv"], tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def parquet_folder(data: ExportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(data, FORMATS["parquet"], tmp_path_factory.mktemp("out"))


def read_csv(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    return {name: [row[at] for row in rows] for at, name in enumerate(header)}


def cell_of(value: object) -> str:
    """As CSV has it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def test_every_cell_of_every_table_is_in_the_csv(data: ExportData, csv_folder: Path) -> None:
    tables = list(tables_of(data))
    assert len(tables) == len(KINDS) + 2 * len(MOTION)
    for table in tables:
        content = read_csv(csv_folder / f"{table.name}.csv")
        assert list(content) == [column.heading.name for column in table.columns]
        for column in table.columns:
            values = column.values.tolist() if hasattr(column.values, "tolist") else column.values
            assert content[column.heading.name] == list(map(cell_of, values)), table.name


def null_of(value: object) -> object:
    """As Parquet has it."""
    return None if isinstance(value, float) and math.isnan(value) else value


def test_tables_hold_what_was_derived(data: ExportData) -> None:
    tables = {table.name: table for table in tables_of(data)}
    outputs = data.finished.outputs
    for kind in KINDS:
        assert len(tables[kind.name]) == len(outputs.of(kind.of))
    assert len(tables["strides"]) > 50
    assert len(tables["gaps"]) > 10
    contact_s = [each.contact_time_s for each in outputs.of(Stride)]
    assert column(tables["strides"], "contact_time_s") == pytest.approx(contact_s, nan_ok=True)
    assert column(tables["marks"], "text")[1] == "Ann is tired"
    up_z = [each.rotation[2][2] for each in outputs.of(Calibration)]
    assert column(tables["calibrations"], "up_z") == up_z


def column(table: Table, name: str) -> list[object]:
    values = next(c.values for c in table.columns if c.heading.name == name)
    return list(values)


def test_every_table_of_analyze_is_exported() -> None:
    assert SHEETS.keys() <= {kind.of for kind in KINDS}


def test_samples_are_as_measured_and_gaps_are_left_out(data: ExportData) -> None:
    for track in data.tracks:
        gaps = [g for g in data.finished.outputs.of(Gap) if g.placement is track.placement]
        assert gaps
        for t_s in (track.raw.t_s, track.segment.t_s):
            assert (np.diff(t_s) > 0).all()
            inside = [((t_s > gap.start_s + 1e-3) & (t_s < gap.end_s - 1e-3)).any() for gap in gaps]
            assert not any(inside)
        assert np.isin(track.segment.t_s, track.raw.t_s).all()
        assert len(track.segment.t_s) > 0.99 * len(track.raw.t_s)


def test_calibrated_samples_are_turned_and_freed_of_bias(data: ExportData) -> None:
    chest = next(track for track in data.tracks if track.placement is CHEST)
    first = next(c for c in data.finished.outputs.of(Calibration) if c.placement is CHEST)
    rotation, bias = np.array(first.rotation), np.array(first.gyro_bias)
    raw, own = chest.raw, chest.segment
    assert raw.gyr is not None
    assert own.gyr is not None
    rows = slice(0, 200)
    assert own.t_s[rows].tolist() == raw.t_s[rows].tolist()
    np.testing.assert_allclose(own.acc[rows], raw.acc[rows] @ rotation.T, atol=1e-9)
    np.testing.assert_allclose(own.gyr[rows], (raw.gyr[rows] - bias) @ rotation.T, atol=1e-9)
    standing = own.t_s < 8.0
    np.testing.assert_allclose(own.up[standing].mean(axis=0), [0.0, 0.0, 1.0], atol=0.01)


@pytest.mark.parametrize("faults", [Faults(), LOSSY, ALL_AT_ONCE], ids=["clean", "lossy", "chaos"])
def test_raw_csv_analysed_again_gives_the_same_to_the_last_bit(
    tmp_path: Path, faults: Faults
) -> None:
    path = recorded(tmp_path / "run.mcap", SECONDS, faults)
    folder = export(gather(path, ExportRequest(), samples=True), FORMATS["csv"], tmp_path)
    header, tables = read_tables({p: folder / f"raw_{p.value}.csv" for p in MOTION}, Known())
    again = CollectedOutputs()
    Session(Pipeline(header), [again]).run_at_once(blocks(tables))
    before = derive(path).outputs
    for kind in (Calibration, Strike, Stride, Step, LeanState):
        assert before.of(kind)
        assert sorted(map(repr, again.of(kind))) == sorted(map(repr, before.of(kind)))


def test_without_the_file_beside_it_a_table_is_read_at_its_measured_rate(
    csv_folder: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "chest.csv"
    alone.write_bytes((csv_folder / "raw_chest.csv").read_bytes())
    header, (table,) = read_tables({CHEST: alone}, Known())
    assert header.sensors[0].rate_hz == table.rate_hz != 208.0
    assert (header.target_deg, header.cues) == (None, "")


def test_what_the_user_says_goes_before_what_stands_beside_a_table(
    session: Path, csv_folder: Path
) -> None:
    recorded_as = Recording(session).header
    chest = {CHEST: csv_folder / "raw_chest.csv"}
    header, _ = read_tables(chest, Known())
    assert (header.sensors[0].rate_hz, header.target_deg) == (208.0, recorded_as.target_deg)
    assert header.cues == recorded_as.cues
    header, _ = read_tables(chest, Known(9.0, "z,x", 1.1))
    assert (header.target_deg, header.stride_length_factor) == (9.0, 1.1)
    assert (header.sensors[0].mount.forward, header.sensors[0].mount.up) == ("z", "x")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"sensor": None}, "damaged"),
        ({"sensor": {"rate_hz": "208", "mount": {"forward": "x", "up": "z"}}}, "damaged"),
        ({"sensor": {"rate_hz": 104.0, "mount": {"forward": "x", "up": "z"}}}, "104 Hz"),
        ({"provenance": []}, "damaged"),
    ],
)
def test_a_wrong_description_beside_a_table_is_an_error(
    csv_folder: Path, tmp_path: Path, change: dict[str, object], problem: str
) -> None:
    path = tmp_path / "raw_chest.csv"
    path.write_bytes((csv_folder / path.name).read_bytes())
    content = json.loads((csv_folder / "raw_chest.json").read_text())
    path.with_suffix(".json").write_text(json.dumps(content | change))
    with pytest.raises(RecordingError, match=problem):
        read_tables({CHEST: path}, Known())


@pytest.mark.parametrize("text", ["", "no json", "[" * 100_000, '{"other": 1}', "\udcff"])
def test_another_file_beside_a_table_is_none_of_ours(
    csv_folder: Path, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "raw_chest.csv"
    path.write_bytes((csv_folder / path.name).read_bytes())
    path.with_suffix(".json").write_bytes(text.encode(errors="surrogateescape"))
    header, _ = read_tables({CHEST: path}, Known())
    assert header.target_deg is None


def test_each_csv_has_its_units_and_origin_beside_it(data: ExportData, csv_folder: Path) -> None:
    for table in tables_of(data):
        text = (csv_folder / f"{table.name}.json").read_text(encoding="utf-8")
        content = json.loads(text, parse_constant=pytest.fail)
        assert content["rows"] == len(table)
        units = {each["name"]: each["unit"] for each in content["columns"]}
        assert units == {c.heading.name: c.heading.unit for c in table.columns}
        assert content["provenance"]["definitions"] == "1"
        assert content["provenance"]["software"].startswith("imu-stream ")
    strides = {c.heading.name: c.heading.unit for c in next(tables_of(data)).columns}
    expected = {"ic_s": "s", "fsa_deg": "deg", "speed_mps": "m/s", "stride_length_m": "m"}
    expected |= {"cadence_spm": "1/min", "shock_g": "g", "foot": "", "duty_factor": ""}
    assert expected.items() <= strides.items()


def test_parquet_in_duckdb_has_every_number(data: ExportData, parquet_folder: Path) -> None:
    for table in tables_of(data):
        rows = duckdb.sql(f"select * from '{parquet_folder / table.name}.parquet'")
        assert rows.columns == [column.heading.name for column in table.columns]
        cells = [list(map(null_of, each.values)) for each in table.columns]
        assert rows.fetchall() == list(zip(*cells, strict=True)), table.name


def test_parquet_in_pandas_has_types_and_origin(data: ExportData, parquet_folder: Path) -> None:
    strides = pandas.read_parquet(parquet_folder / "strides.parquet")
    assert strides["fsa_deg"].dtype == np.float64
    assert strides["shock_clipped"].dtype == np.bool_
    assert len(strides) == len(data.finished.outputs.of(Stride))
    empty = pandas.read_parquet(parquet_folder / "heart_rate.parquet")
    assert list(empty) == ["time_s", "bpm", "contact", "rr_s"]
    assert empty["bpm"].dtype == np.int64
    schema = pq.read_schema(parquet_folder / "raw_chest.parquet")
    assert schema.field("acc_x").metadata[b"unit"] == b"m/s^2"
    provenance = json.loads(schema.metadata[b"provenance"])
    assert provenance["devices"][2]["profile"] == "movesense"
    assert json.loads(schema.metadata[b"sensor"])["placement"] == "chest"
