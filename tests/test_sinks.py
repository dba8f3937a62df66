"""Sinks: the tables of an analysis."""

import csv
import errno
import os
from pathlib import Path

import pytest

from imu_stream.datatypes import (
    Answer,
    Calibration,
    Cue,
    CueDelivery,
    CueKind,
    CueReaction,
    Gap,
    GapReason,
    LeanState,
    LinkPhase,
    LinkState,
    Outcome,
    Output,
    Placement,
    Step,
    Stride,
    Strike,
    StrikeType,
)
from imu_stream.errors import RecordingError
from imu_stream.sinks.tables import TableWriter

NAN = float("nan")
STRIKE = Strike(Placement.LEFT_FOOT, 1.23456, -7.891, StrikeType.FOREFOOT, 0.98765, True, 1.3)
UNKNOWN = Strike(Placement.RIGHT_FOOT, 1.6, float("nan"), StrikeType.UNKNOWN, 0.0, False, 1.7)
OUTPUTS: tuple[Output, ...] = (
    LinkState(0.0, Placement.CHEST, LinkPhase.STREAMING),
    Calibration(Placement.CHEST, 3.0, 3.0, ((1, 0, 0), (0, 1, 0), (0, 0, 1)), (0, 0, 0), True),
    STRIKE,
    Stride(STRIKE, 1.5, 0.7, 0.46, 2.34567, 3.351, 9.5, 8.25, True, 1.8),
    Stride(UNKNOWN, 1.85, NAN, NAN, NAN, NAN, NAN, NAN, False, 2.0),
    Step(Placement.RIGHT_FOOT, 1.6, 0.36544, 0.1),
    LeanState(1.0, 1.7, 9.876, -0.001, 171.43, 0.08123, True, 0.9957, 1.8),
    LeanState(1.7, 2.4, NAN, 0.5, 171.43, 0.08, False, 0.0, 2.5),
    Gap(Placement.CHEST, 2.0, 2.5, GapReason.NOT_A_NUMBER, 52),
    Cue(2.5, CueKind.LEAN_MORE, 5.125, 8.5, 3.5),
    CueDelivery(2.5031, 2.5, CueKind.LEAN_MORE, "sound", Outcome.EMITTED),
    CueReaction(6.7, 2.5, CueKind.LEAN_MORE, Answer.RETURNED, 6),
)


def write_tables(directory: Path, outputs: tuple[Output, ...]) -> dict[str, str]:
    with TableWriter(directory) as tables:
        for output in outputs:
            tables.write(output)
    return {path.name: path.read_text() for path in directory.iterdir()}


def test_the_tables_of_an_analysis(tmp_path: Path) -> None:
    assert write_tables(tmp_path / "a" / "b", OUTPUTS) == {
        "strides.csv": "foot,ic_s,tc_s,contact_time_s,stride_time_s,cadence_spm,"
        "fsa_deg,strike_type,confidence,swing_time_s,duty_factor,stride_length_m,speed_mps,"
        "shoe_roll_deg,shock_g,shock_clipped,known_s\n"
        "left_foot,1.2346,1.5000,0.2654,0.7000,171.43,-7.89,forefoot,0.988,"
        "0.4600,0.379,2.346,3.351,9.50,8.25,true,1.8000\n"
        "right_foot,1.6000,1.8500,0.2500,,,,unknown,0.000,,,,,,,false,2.0000\n",
        "steps.csv": "foot,ic_s,step_time_s,flight_time_s\nright_foot,1.6000,0.3654,0.1000\n",
        "lean.csv": "start_s,end_s,lean_deg,side_lean_deg,cadence_spm,valid,confidence,"
        "vertical_oscillation_m,known_s\n"
        "1.0000,1.7000,9.88,0.00,171.43,true,0.996,0.0812,1.8000\n"
        "1.7000,2.4000,,0.50,171.43,false,0.000,0.0800,2.5000\n",
        "gaps.csv": "placement,start_s,end_s,reason,samples\nchest,2.0000,2.5000,not a number,52\n",
        "cues.csv": "time_s,kind,value,threshold,cause,level,placement\n"
        "2.5000,lean_more,5.12,8.50,out of band,1,chest\n",
        "reactions.csv": "time_s,cue_s,kind,answer,strides\n6.7000,2.5000,lean_more,returned,6\n",
        "deliveries.csv": "time_s,cue_s,kind,output,outcome\n"
        "2.5031,2.5000,lean_more,sound,emitted\n",
    }


def test_tables_without_rows_have_their_header(tmp_path: Path) -> None:
    for text in write_tables(tmp_path, ()).values():
        assert text.count("\n") == 1


def test_an_earlier_analysis_is_replaced(tmp_path: Path) -> None:
    first = write_tables(tmp_path, OUTPUTS)
    assert write_tables(tmp_path, OUTPUTS) == first


def test_every_row_has_every_column(tmp_path: Path) -> None:
    for text in write_tables(tmp_path, OUTPUTS).values():
        widths = {len(row) for row in csv.reader(text.splitlines())}
        assert len(widths) == 1


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="cannot be written"), TableWriter(tmp_path / "file"):
        pass


def test_a_table_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lean.csv").mkdir()
    with pytest.raises(RecordingError, match=r"lean\.csv"), TableWriter(tmp_path):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").symlink_to("/dev/full")
    with pytest.raises(RecordingError, match=os.strerror(errno.ENOSPC)):
        write_tables(tmp_path, OUTPUTS)
    with pytest.raises(RecordingError, match=os.strerror(errno.ENOSPC)):
        write_tables(tmp_path, OUTPUTS * 1000)
