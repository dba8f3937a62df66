"""Signals that several test files share: the virtual runner's sensors, and recordings."""

import os
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import vectors

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Activity, Gait, Scenario, Stage
from imu_stream.acquisition.simulation.sensor import SensorErrors, VirtualSensor, tilted_mount
from imu_stream.acquisition.tables import Table, blocks, read_table
from imu_stream.analysis.filters import rotate
from imu_stream.datatypes import Gap, GapReason, Output, Placement, Samples, SensorSetup
from imu_stream.datatypes import SessionHeader as Header
from imu_stream.motion import SensorMotion
from imu_stream.pipeline import Input, Pipeline

STANDING = Gait(activity=Activity.STANDING)
ORDINARY = SensorErrors(
    mount=tilted_mount(20.0, -6.0),
    acc_bias=(0.1, -0.08, 0.12),
    gyr_bias=(0.01, -0.015, 0.02),
    acc_noise=1.5e-3,
    gyr_noise=1.7e-4,
)
"""A sensor as it is usually worn on the laces."""
WORN_ON_CHEST = SensorErrors(mount=tilted_mount(5.0, 3.0), gyr_bias=(0.01, -0.015, 0.02))


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The shared recordings, described by their own README."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("IMU_STREAM_DATA", beside))
    if not (folder / "runners").is_dir():
        pytest.skip("the shared recordings are not here")
    return folder


def standing_then(*gaits: Gait, stand_s: float = 4.0, each_s: float = 10.0) -> Scenario:
    """Stands for `stand_s`, then does each gait for `each_s`."""
    later = (Stage(stand_s + each_s * number, gait) for number, gait in enumerate(gaits))
    return Scenario((Stage(0.0, STANDING), *later))


def worn(
    runner: Runner,
    placement: Placement,
    rate_hz: float,
    seconds: float,
    errors: SensorErrors = ORDINARY,
) -> Samples:
    """What a sensor on a virtual runner measures over [0, seconds), in sensor axes."""
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    motion = VirtualSensor(runner, placement, errors).measure(t_s)
    return Samples(placement, t_s, motion.acc, motion.gyr)


def between(samples: Samples, start_s: float, end_s: float) -> Samples:
    """The samples in [start_s, end_s)."""
    first, last = np.searchsorted(samples.t_s, [start_s, end_s])
    return samples.part(int(first), int(last))


def with_gap(samples: Samples, start_s: float, seconds: float) -> list[Samples | Gap]:
    """The samples without those of a span, and the gap that says so."""
    before = between(samples, -np.inf, start_s)
    after = between(samples, start_s + seconds, np.inf)
    missing = len(samples.t_s) - len(before.t_s) - len(after.t_s)
    end_s = float(after.t_s[0])
    gap = Gap(samples.placement, end_s - missing * _step_s(samples), end_s, GapReason.LOST, missing)
    return [before, gap, after]


def _step_s(samples: Samples) -> float:
    return float(samples.t_s[1] - samples.t_s[0])


def tipped(samples: Samples, start_s: float, end_s: float, degrees: float) -> Samples:
    """The same from a sensor that sits tipped forward on its segment over a span."""
    assert samples.gyr is not None
    rotation = np.array(tilted_mount(degrees))
    span = ((samples.t_s >= start_s) & (samples.t_s < end_s))[:, None]
    acc = np.where(span, rotate(rotation, samples.acc), samples.acc)
    gyr = np.where(span, rotate(rotation, samples.gyr), samples.gyr)
    return replace(samples, acc=acc, gyr=gyr)


def in_blocks(samples: Samples, count: int = 64) -> list[Samples]:
    """The same samples in blocks of `count`."""
    starts = range(0, len(samples.t_s), count)
    return [samples.part(first, min(first + count, len(samples.t_s))) for first in starts]


def motion_outputs(setup: SensorSetup, items: Iterable[Samples | Gap]) -> Sequence[Output]:
    """All that one sensor's stages make of a stream."""
    motion = SensorMotion(setup)
    out = [output for item in items for output in motion.push(item)]
    return [*out, *motion.finish()]


def header_of(setups: Iterable[SensorSetup]) -> Header:
    return Header("0", "2026-01-01T12:00:00+00:00", tuple(setups), {}, None)


def pipeline_outputs(pipeline: Pipeline, items: Iterable[Input]) -> list[Output]:
    """All that a pipeline gives out, to its end."""
    out = [output for item in items for output in pipeline.push(item)]
    return [*out, *pipeline.finish()]


def table_outputs(paths: dict[Placement, Path]) -> list[Output]:
    """All that is derived from CSV tables, as the command line does."""
    tables = [read_table(path, placement) for placement, path in paths.items()]
    pipeline = Pipeline(header_of(map(_table_setup, tables)))
    return pipeline_outputs(pipeline, blocks(tables))


def _table_setup(table: Table) -> SensorSetup:
    return SensorSetup(table.placement, "table", table.rate_hz)


def pytest_runtest_setup() -> None:
    vectors.taken.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.passed:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        vectors.used |= vectors.taken | vectors.among(parameters)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if vectors.used:
        terminalreporter.write_line(vectors.summary())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A whole run must have used enough of the published vectors."""
    whole = len(session.config.args) == 1 and not session.config.option.keyword
    if whole and session.exitstatus == 0 and vectors.published_used() < vectors.FEWEST_USED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
