"""What is made of a recording afterwards: the same as live, with targets, retention, clocks."""

from dataclasses import replace
from pathlib import Path

import pytest
from chaos_session import CLOCK_PPM, chaos_session
from sessions import QUIET, TWO_MAKES, recorded_with_jitter

from imu_stream.afterwards.derivation import derive
from imu_stream.afterwards.finished import TargetBand
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import cues_text
from imu_stream.cueing.schedule import Programme
from imu_stream.datatypes import MOTION, Cue, Placement, Stride, TargetChange


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_with_jitter(tmp_path_factory.mktemp("recorded") / "run.mcap", 60.0)


def test_a_finished_session_holds_summary_and_outputs(path: Path) -> None:
    finished = derive(path)
    totals = [feet.total for feet in finished.summary.strides.values()]
    assert sum(totals) == len(finished.outputs.of(Stride)) > 40
    assert finished.seconds == pytest.approx(60.0, abs=1.0)
    assert not finished.truncated


def test_the_wanted_lean_is_known_over_time(tmp_path: Path) -> None:
    changed = [TargetChange(30.0, 9.0)]
    finished = derive(
        recorded_with_jitter(tmp_path / "run.mcap", 40.0, also=changed, target_deg=8.0)
    )
    cues = CueParams()
    low, high = 8.0 - cues.dead_band_deg, max(8.0 + cues.over_deg, cues.over_least_deg)
    assert finished.bands[0] == TargetBand(0.0, 8.0, low, high)
    assert [(band.since_s, band.target_deg) for band in finished.bands] == [(0.0, 8.0), (30.0, 9.0)]
    assert finished.band_at(29.9) == finished.bands[0]
    assert finished.band_at(30.0) == finished.bands[1]


def test_retention_is_lean_kept_in_the_silent_minutes(tmp_path: Path) -> None:
    """A programme of one minute with the last half of it silent; upright and leaning by turns."""
    programme = Programme(session=1, minutes=1.0, silent_s=30.0)
    text = cues_text(replace(CueParams(), programme=programme))
    finished = derive(recorded_with_jitter(tmp_path / "run.mcap", 120.0, target_deg=6.0, cues=text))
    kept = finished.retention
    assert kept is not None
    assert 10.0 < kept.running_s <= finished.seconds - kept.since_s
    assert 0.0 < kept.in_band_percent < 100.0
    assert all(cue.t_s < kept.since_s for cue in finished.outputs.of(Cue))


def test_without_a_programme_there_is_no_retention(path: Path) -> None:
    assert derive(path).retention is None


def test_the_pace_of_each_clock_is_found(tmp_path: Path) -> None:
    """Crystals of the virtual sensors are off by 200, -200 and 100 ppm."""
    sensors = derive(recorded_with_jitter(tmp_path / "run.mcap", 120.0)).summary.sensors
    for placement in MOTION:
        found = sensors[placement.value]
        assert found.clock_fast_ppm == pytest.approx(CLOCK_PPM[placement], abs=10.0)
        assert found.clock_residual_ms is not None
        assert 0.0 <= found.clock_residual_ms < 5.0


def test_too_little_tells_nothing_of_a_clock(tmp_path: Path) -> None:
    sensors = derive(recorded_with_jitter(tmp_path / "run.mcap", 40.0)).summary.sensors
    assert sensors[Placement.CHEST.value].clock_fast_ppm is None
    assert sensors[Placement.CHEST.value].clock_residual_ms is None


def test_recorded_sessions_are_what_the_virtual_runner_sent() -> None:
    """The ground of these tests: nothing but the radio's delay stands between."""
    assert QUIET.lost == QUIET.flipped == 0.0
    session = chaos_session(TWO_MAKES, 10.0, 1, QUIET)
    assert all(not played.outages for played in session.sensors)
