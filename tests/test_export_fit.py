"""FIT files, read back with two independent decoders: every field, and that the sums agree."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import fitdecode
import garmin_fit_sdk
import pytest
from chaos_session import ALL_AT_ONCE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sessions import recorded, written

from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.afterwards.collected import CollectedOutputs
from imu_stream.afterwards.export import FORMATS, ExportData, export
from imu_stream.afterwards.export.activity import Activity, Lap, Measures
from imu_stream.afterwards.export.course import activity_of
from imu_stream.afterwards.export.data import Surface
from imu_stream.afterwards.export.fit_fields import CUE_NUMBERS, strike_number
from imu_stream.afterwards.export.gathering import ExportRequest, gather
from imu_stream.datatypes import (
    FEET,
    Cue,
    CueKind,
    Frame,
    HeartRate,
    LeanState,
    Mark,
    MarkKind,
    Output,
    Placement,
    Stride,
    Strike,
    StrikeType,
)
from imu_stream.errors import RecordingError
from imu_stream.profiles.standard_services import HEART_RATE_MEASUREMENT

LEFT, RIGHT = FEET
SECONDS = 80.0
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
LAPS = (Mark(25.2, MarkKind.LAP), Mark(50.7, MarkKind.LAP, "last one"))
PAUSES = (Mark(30.0, MarkKind.PAUSE), Mark(36.4, MarkKind.RESUME))


@dataclass(frozen=True, slots=True)
class Said:
    """What both decoders say of a file: messages in order, values by field names."""

    messages: Sequence[tuple[str, Mapping[str, Any]]]

    def of(self, name: str) -> list[Mapping[str, Any]]:
        return [values for kind, values in self.messages if kind == name]


def beats(seconds: float) -> list[Frame]:
    """A heart rate that rises by 1 each second."""
    return [
        Frame(at + 0.5, Placement.HEART, HEART_RATE_MEASUREMENT, bytes([0, 100 + at % 50]))
        for at in range(int(seconds))
    ]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("session") / "run.mcap"
    also = [*LAPS, *PAUSES, *beats(SECONDS)]
    return recorded(path, SECONDS, Faults(lost=0.01, burst=2.0), also=also)


@pytest.fixture(scope="module")
def data(session: Path) -> ExportData:
    return gather(session, ExportRequest(), samples=False)


@pytest.fixture
def file(data: ExportData, tmp_path: Path) -> Path:
    return export(data, FORMATS["fit"], tmp_path)


def read(path: Path) -> Said:
    """By fitdecode; the official decoder must find it whole and say the same."""
    with fitdecode.FitReader(path, error_handling=fitdecode.ErrorHandling.RAISE) as reader:
        messages = [
            (frame.name, {field.name: field.value for field in frame.fields})
            for frame in reader
            if isinstance(frame, fitdecode.FitDataMessage)
        ]
    said = Said(messages)
    agree_with_official_decoder(path, said)
    return said


def agree_with_official_decoder(path: Path, said: Said) -> None:
    assert garmin_fit_sdk.Decoder(garmin_fit_sdk.Stream.from_file(path)).check_integrity()
    # a decoder that has checked cannot read any more
    decoder = garmin_fit_sdk.Decoder(garmin_fit_sdk.Stream.from_file(path))
    found, errors = decoder.read()
    assert not errors
    names = {0: "session", 1: "lap", 2: "record"}
    for name in names.values():
        official, ours = found.get(f"{name}_mesgs", []), said.of(name)
        assert len(official) == len(ours)
        for one, other in zip(official, ours, strict=True):
            assert_agrees(one, other)


def assert_agrees(official: dict[str, Any], other: Mapping[str, Any]) -> None:
    own = {key: value for key, value in official.items() if key != "developer_fields"}
    for name in own.keys() & other.keys():
        assert own[name] == other[name] or own[name] == pytest.approx(other[name]), name
    developed = list(official.get("developer_fields", {}).values())
    assert developed == list(other.values())[len(other) - len(developed) :]
    assert all(not isinstance(each, float) or math.isfinite(each) for each in developed)


def test_the_sequence_of_messages_is_complete(file: Path) -> None:
    said = read(file)
    kinds = [kind for kind, _ in said.messages]
    assert kinds[:2] == ["file_id", "developer_data_id"]
    assert kinds[-2:] == ["session", "activity"]
    last_device = len(kinds) - 1 - kinds[::-1].index("device_info")
    assert kinds[last_device + 1] == "event"
    assert kinds.count("device_info") == 4, "the program and three sensors"
    (file_id,) = said.of("file_id")
    assert (file_id["type"], file_id["manufacturer"]) == ("activity", "development")
    assert file_id["time_created"] == STARTED
    (whole,) = said.of("session")
    assert (whole["sport"], whole["first_lap_index"], whole["num_laps"]) == ("running", 0, 3)
    (activity,) = said.of("activity")
    assert (activity["num_sessions"], activity["type"]) == (1, "manual")


def test_every_second_is_read_back_within_its_resolution(data: ExportData, file: Path) -> None:
    seconds = activity_of(data).seconds
    records = read(file).of("record")
    assert len(records) == len(seconds)
    for second, record in zip(seconds, records, strict=True):
        assert record["timestamp"] == STARTED + timedelta(seconds=second.time_s)
        expected = {
            "distance": (second.distance_m, 0.01),
            "trunk_pitch_target": (second.target_deg, 1e-5),
            "cue": (0 if second.cue is None else CUE_NUMBERS[second.cue], 0),
        }
        assert_near(record, expected | expected_of(second.measures, ""))
    assert sum("stance_time" in record for record in records) > 40
    assert sum("trunk_pitch" in record for record in records) > 20
    assert sum("heart_rate" in record for record in records) > 60


def test_laps_and_session_are_read_back_within_their_resolution(
    data: ExportData, file: Path
) -> None:
    activity, said = activity_of(data), read(file)
    for lap, found in zip(
        (*activity.laps, activity.whole), [*said.of("lap"), *said.of("session")], strict=True
    ):
        assert_near(found, expected_totals(lap) | expected_of(lap.measures, "avg_"))
    (whole,) = said.of("session")
    assert_near(
        whole,
        {
            "time_below_target": (activity.below_target_s, 1e-4),
            "rearfoot_percent": (activity.rearfoot_percent, 1e-4),
            "sensor_loss_percent": (activity.lost_percent, 1e-4),
            "cues_total": (len(data.finished.outputs.of(Cue)), 0),
        },
    )


def expected_totals(lap: Lap) -> dict[str, tuple[float | None, float]]:
    return {
        "total_elapsed_time": (lap.span.length_s, 0),
        "total_timer_time": (lap.timer_s, 0),
        "total_distance": (lap.distance_m, 0.011),
        "total_strides": (lap.strides or None, 0),
        "max_heart_rate": (lap.heart_max_bpm, 0),
    }


def expected_of(of: Measures, prefix: str) -> dict[str, tuple[float | None, float]]:
    """Values in the units of the format, and half of what it can tell apart."""
    native = {
        "stance_time": (times(of.contact_time_s, 1e3), 0.05),
        "stance_time_percent": (times(of.duty_factor, 100), 0.005),
        "stance_time_balance": (times(of.left_share, 100), 0.005),
        "vertical_oscillation": (times(of.oscillation_m, 1e3), 0.05),
        "vertical_ratio": (times(of.vertical_ratio, 100), 0.005),
        "step_length": (times(of.step_length_m, 1e3), 0.05),
        "heart_rate": (of.heart_bpm, 0.5),
    }
    if prefix:
        return {f"{prefix}{name}": value for name, value in native.items()}
    return native | {
        "enhanced_speed": (of.speed_mps, 0.0005),
        "trunk_pitch": (of.lean_deg, 1e-5),
        "foot_strike_angle_left": (of.fsa_left_deg, 1e-5),
        "foot_strike_angle_right": (of.fsa_right_deg, 1e-5),
        "RS_ContactTime_L": (times(of.contact_left_s, 1e3), 1e-4),
        "RS_ContactTime_R": (times(of.contact_right_s, 1e3), 1e-4),
        "RS_FootStrike_L": (strike_number(of.fsa_left_deg), 0),
        "RS_FootStrike_R": (strike_number(of.fsa_right_deg), 0),
    }


def times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def assert_near(found: Mapping[str, Any], expected: dict[str, tuple[float | None, float]]) -> None:
    """What was not measured is not in the message at all."""
    for name, (value, resolution) in expected.items():
        assert (name in found) == (value is not None), name
        if value is not None:
            assert found[name] == pytest.approx(value, abs=1.001 * resolution), name


def test_cadence_is_of_one_foot_with_its_fraction(data: ExportData, file: Path) -> None:
    records = read(file).of("record")
    measured = [s.measures.cadence_spm for s in activity_of(data).seconds]
    for record, cadence_spm in zip(records, measured, strict=True):
        if cadence_spm is not None:
            found = record["cadence"] + record["fractional_cadence"]
            assert found == pytest.approx(cadence_spm / 2, abs=0.5 / 128)


def test_sums_agree_with_the_session(file: Path) -> None:
    said = read(file)
    (whole,) = said.of("session")
    laps = said.of("lap")
    for name in ("total_distance", "total_timer_time", "total_elapsed_time", "total_strides"):
        total = sum(lap.get(name, 0) for lap in laps)
        assert total == pytest.approx(whole[name], abs=1e-9), name
    last = said.of("record")[-1]
    assert last["distance"] == pytest.approx(whole["total_distance"], abs=0.011)
    assert said.of("activity")[0]["total_timer_time"] == whole["total_timer_time"]


def test_times_go_on(file: Path) -> None:
    said = read(file)
    times = [values["timestamp"] for _, values in said.messages if "timestamp" in values]
    assert times == sorted(times)
    records = [record["timestamp"] for record in said.of("record")]
    assert all(b - a >= timedelta(seconds=1) for a, b in pairwise(records))
    for before, after in pairwise(said.of("lap")):
        assert before["timestamp"] == after["start_time"]


def test_a_second_holds_the_strides_that_began_in_it(data: ExportData, file: Path) -> None:
    strides = data.finished.outputs.of(Stride)
    checked = 0
    for record in read(file).of("record"):
        end_s = (record["timestamp"] - STARTED).seconds
        contacts = [s.contact_time_s for s in strides if end_s - 1 <= s.ic_s < end_s]
        contacts = [each for each in contacts if not math.isnan(each)]
        if "stance_time" in record:
            assert record["stance_time"] == pytest.approx(1e3 * fmean(contacts), abs=0.051)
            checked += 1
    assert checked > 40


def test_the_way_is_that_of_the_foot_that_went_farther(data: ExportData, file: Path) -> None:
    ways_m = [
        sum(
            stride.stride_length_m
            for stride in data.finished.outputs.of(Stride)
            if stride.foot is foot
            and not math.isnan(stride.stride_length_m)
            and not 30.0 <= stride.ic_s < 36.0
        )
        for foot in FEET
    ]
    assert read(file).of("session")[0]["total_distance"] == pytest.approx(max(ways_m), abs=0.006)


def test_a_pause_stops_the_timer(file: Path) -> None:
    said = read(file)
    events = [(e["event_type"], (e["timestamp"] - STARTED).seconds) for e in said.of("event")]
    end = math.ceil(SECONDS)
    assert events[:3] == [("start", 0), ("stop", 30), ("start", 36)]
    assert events[3][0] == "stop_all"
    assert events[3][1] == pytest.approx(end, abs=1)
    (whole,) = said.of("session")
    assert whole["total_elapsed_time"] - whole["total_timer_time"] == 6
    paused = [r for r in said.of("record") if 30 < (r["timestamp"] - STARTED).seconds < 36]
    assert not paused


def test_laps_end_where_they_were_marked(file: Path) -> None:
    laps = read(file).of("lap")
    assert [(lap["start_time"] - STARTED).seconds for lap in laps] == [0, 25, 51]
    assert [lap["lap_trigger"] for lap in laps] == ["manual", "manual", "session_end"]


@pytest.mark.parametrize(
    ("surface", "sub_sport"),
    [(Surface.TREADMILL, "treadmill"), (Surface.ROAD, "street"), (Surface.UNKNOWN, "generic")],
)
def test_treadmill_or_road(
    data: ExportData, tmp_path: Path, surface: Surface, sub_sport: str
) -> None:
    said = read(export(replace(data, surface=surface), FORMATS["fit"], tmp_path))
    assert {m["sub_sport"] for m in [*said.of("lap"), *said.of("session")]} == {sub_sport}


def test_a_known_distance_holds_for_all_lengths(data: ExportData, tmp_path: Path) -> None:
    measured = activity_of(data).whole
    assert measured.distance_m
    known = replace(data, distance_m=2.0 * measured.distance_m)
    said = read(export(known, FORMATS["fit"], tmp_path))
    (whole,) = said.of("session")
    assert whole["total_distance"] == pytest.approx(2 * measured.distance_m, abs=0.01)
    assert said.of("record")[-1]["distance"] == pytest.approx(whole["total_distance"], abs=0.011)
    expected = times(measured.measures.step_length_m, 2e3)
    assert whole["avg_step_length"] == pytest.approx(expected, abs=0.06)


def test_a_known_distance_without_feet_is_the_sessions_alone(
    data: ExportData, tmp_path: Path
) -> None:
    chest = with_outputs(data, *data.finished.outputs.of(LeanState))
    said = read(export(replace(chest, distance_m=500.0), FORMATS["fit"], tmp_path))
    assert said.of("session")[0]["total_distance"] == 500.0
    assert not any("distance" in record for record in said.of("record"))


def test_devices_are_named_by_code_and_profile(data: ExportData, file: Path) -> None:
    said = read(file)
    assert [d["descriptor"] for d in said.of("device_info")[1:]] == [
        "left_foot",
        "right_foot",
        "chest",
    ]
    (whole,) = said.of("session")
    assert whole["definitions"] == data.provenance.definitions
    assert whole["profiles"].startswith("movesense:")
    assert whole["subject"] == data.provenance.subject
    assert "chest:standing" in whole["calibration"]


def test_a_session_full_of_gaps(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run.mcap", 60.0, ALL_AT_ONCE)
    data = gather(path, ExportRequest(), samples=False)
    said = read(export(data, FORMATS["fit"], tmp_path))
    records = said.of("record")
    without = [record for record in records if "stance_time" not in record]
    assert len(without) > len(records) / 4
    assert all("step_length" not in record for record in without)


def with_outputs(data: ExportData, *outputs: Output) -> ExportData:
    """The same session, if these were all of its outputs."""
    collected = CollectedOutputs()
    for output in outputs:
        collected.write(output)
    return replace(data, finished=replace(data.finished, outputs=collected))


def test_one_stride(data: ExportData, tmp_path: Path) -> None:
    stride = next(s for s in data.finished.outputs.of(Stride) if not math.isnan(s.stride_time_s))
    said = read(export(with_outputs(data, stride), FORMATS["fit"], tmp_path))
    (found,) = [record for record in said.of("record") if "stance_time" in record]
    assert found["stance_time"] == pytest.approx(1e3 * stride.contact_time_s, abs=0.05)
    assert said.of("session")[0]["total_strides"] == 1


def test_nothing_but_time(data: ExportData, tmp_path: Path) -> None:
    said = read(export(with_outputs(data), FORMATS["fit"], tmp_path))
    assert "total_distance" not in said.of("session")[0]
    assert len(said.of("record")) == math.ceil(data.provenance.duration_s) + 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"duration_s": 0.0}, "shorter than a second"),
        ({"duration_s": 0.9}, "shorter than a second"),
        ({"duration_s": 1e15}, "48 h at most"),
        ({"started": "yesterday"}, "1990 to 2100"),
        ({"started": "0001-01-01T00:00:00+23:59"}, "1990 to 2100"),
        ({"started": "9999-12-31T23:59:59-23:59"}, "1990 to 2100"),
    ],
)
def test_what_is_no_activity_is_refused(
    data: ExportData, tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    wrong = replace(data, provenance=replace(data.provenance, **changes))
    with pytest.raises(RecordingError, match=problem):
        export(wrong, FORMATS["fit"], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_session_paused_throughout_is_refused(data: ExportData, tmp_path: Path) -> None:
    paused = with_outputs(data, Mark(0.1, MarkKind.PAUSE))
    with pytest.raises(RecordingError, match="paused from its start"):
        export(paused, FORMATS["fit"], tmp_path)


def test_an_empty_session_is_refused(session: Path, tmp_path: Path) -> None:
    empty = written(tmp_path / "empty.mcap", Recording(session).header, [])
    with pytest.raises(RecordingError, match="shorter than a second"):
        export(gather(empty, ExportRequest(), samples=False), FORMATS["fit"], tmp_path)


def test_strike_numbers_tell_the_types_apart() -> None:
    numbers = {t: set[int]() for t in StrikeType}
    for tenths in range(-400, 500):
        fsa_deg = tenths / 10
        number = strike_number(fsa_deg)
        assert number is not None
        numbers[StrikeType.of(fsa_deg)].add(number)
    assert numbers[StrikeType.REARFOOT] == set(range(6))
    assert numbers[StrikeType.MIDFOOT] == set(range(6, 11))
    assert numbers[StrikeType.FOREFOOT] == set(range(11, 17))
    assert strike_number(None) is None


reals = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-10.0, 10.0)
times_s = st.floats(-5.0, 30.0) | st.floats(-1e12, 1e12)
strikes = st.builds(
    Strike,
    st.sampled_from(FEET),
    times_s,
    reals,
    st.sampled_from(StrikeType),
    reals,
    st.booleans(),
    times_s,
)
strides = st.builds(
    Stride,
    strikes,
    times_s,
    st.floats(0.1, 1e9) | st.just(math.nan),
    reals,
    reals,
    reals,
    reals,
    reals,
    st.booleans(),
    times_s,
)
leans = st.builds(
    LeanState, times_s, times_s, reals, reals, reals, reals, st.booleans(), reals, times_s
)
marks = st.builds(Mark, times_s, st.sampled_from(MarkKind), st.text())
hearts = st.builds(
    HeartRate, times_s, st.just(Placement.HEART), st.integers(0, 65535), st.none(), st.just(())
)
cues = st.builds(Cue, times_s, st.sampled_from(CueKind), reals, reals, reals)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    outputs=st.lists(strides | leans | marks | hearts | cues, max_size=12),
    duration_s=st.floats(0.0, 40.0),
    distance_m=st.none() | st.floats(1.0, 1e6),
)
def test_any_outputs_make_a_valid_file_or_are_refused(
    data: ExportData,
    tmp_path: Path,
    outputs: list[Output],
    duration_s: float,
    distance_m: float | None,
) -> None:
    changed = with_outputs(data, *outputs)
    provenance = replace(data.provenance, duration_s=duration_s)
    changed = replace(changed, provenance=provenance, distance_m=distance_m)
    try:
        said = read(export(changed, FORMATS["fit"], tmp_path, force=True))
    except RecordingError:
        return
    activity: Activity = activity_of(changed)
    assert len(said.of("record")) == len(activity.seconds)
    assert len(said.of("lap")) == said.of("session")[0]["num_laps"]
