"""What the analysis costs, beside the orientation filter it cannot do without.

    python benchmarks/cost.py

Processor time, so that other programs disturb little. The exit status is 1 when the analysis costs
more than four times the bare filter, or needs more memory for a longer run.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table as Printed
from vqf import VQF

from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.recording import Recording
from imu_stream.acquisition.simulation.pieces import Motion
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import demo_scenario
from imu_stream.acquisition.simulation.sensor import (
    SensorErrors,
    VirtualSensor,
    tilted_mount,
    write_table,
)
from imu_stream.acquisition.tables import Table, blocks, read_table
from imu_stream.analysis.orientation import OrientationParams
from imu_stream.datatypes import MOTION, Frame, Samples, SensorSetup, SessionHeader
from imu_stream.pipeline import Input, Pipeline
from imu_stream.profiles import Encoder, find_profile
from imu_stream.reading import SensorReader
from imu_stream.session import Session
from imu_stream.sinks.tables import TableWriter

RATE_HZ = 208.0
ROUND_S = 600.0
"""Simulated once, and repeated."""
SHORT_ROUND_S = 60.0
"""The same for the memory, which the simulation must not fill."""
LARGEST_RATIO = 4.0
LARGEST_GROWTH = 1.1
"""Of the memory, from 10 to 60 minutes."""
PROFILE = "movesense"
ERRORS = SensorErrors(
    mount=tilted_mount(15.0, 3.0), gyr_bias=(0.01, 0.01, 0.01), acc_noise=1e-3, gyr_noise=1e-4
)


def simulated(duration_s: float) -> list[Samples]:
    """A run, all three sensors."""
    runner = Runner(demo_scenario(duration_s))
    t_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    measured = {p: VirtualSensor(runner, p, ERRORS).measure(t_s) for p in MOTION}
    return [Samples(p, t_s, motion.acc, motion.gyr) for p, motion in measured.items()]


def run_of(minutes: float, first: Samples) -> Samples:
    """A run of this length: the round over and over."""
    assert first.gyr is not None
    t_s = np.arange(round(60.0 * minutes * RATE_HZ)) / RATE_HZ
    place = np.arange(len(t_s)) % len(first.t_s)
    return replace(first, t_s=t_s, acc=first.acc[place], gyr=first.gyr[place])


def tables_of(runs: Iterable[Samples]) -> list[Table]:
    return [Table(run.placement, RATE_HZ, (run,)) for run in runs]


def analyse(items: Iterable[Input]) -> None:
    """As `imu-stream analyze` does, tables and summary included."""
    sensors = tuple(SensorSetup(placement, "table", RATE_HZ) for placement in MOTION)
    header = SessionHeader("0", "2026-01-01T00:00:00+00:00", sensors, {}, None)
    with tempfile.TemporaryDirectory() as folder, TableWriter(Path(folder)) as tables:
        session = Session(Pipeline(header), [tables])
        session.run_at_once(items)
        session.summary()


def filter_only(runs: Iterable[Samples]) -> None:
    for run in runs:
        VQF(1.0 / RATE_HZ, tauAcc=OrientationParams().acc_time_s).updateBatch(run.gyr, run.acc)


def frames_of(run: Samples) -> Iterator[Frame]:
    """The run as a sensor would send it."""
    profile = find_profile(PROFILE)
    encoder = Encoder(profile.mode(RATE_HZ))
    step = encoder.samples_per_packet
    assert run.gyr is not None
    for first in range(0, len(run.t_s) - step + 1, step):
        packet = slice(first, first + step)
        ticks = round(1e3 * float(run.t_s[first]))
        for payload in encoder.encode(ticks, run.acc[packet], run.gyr[packet]):
            yield Frame(
                float(run.t_s[first + step - 1]), run.placement, profile.streams[0].name, payload
            )


def write_files(runs: Iterable[Samples], folder: Path) -> None:
    """The same samples as CSV tables and as a session file."""
    profile = find_profile(PROFILE)
    sensors = tuple(SensorSetup(placement, PROFILE, RATE_HZ) for placement in MOTION)
    header = SessionHeader("0", "2026-01-01T00:00:00+00:00", sensors, {PROFILE: profile.text}, None)
    # one sync a second of the wall clock would only wait for the disk
    with Recorder(folder / "session.mcap", header, clock=lambda: 0.0) as recorder:
        for run in runs:
            assert run.gyr is not None
            write_table(folder / f"{run.placement}.csv", run.t_s, Motion(run.acc, run.gyr))
            for frame in frames_of(run):
                recorder.write(frame)


def read_tables(folder: Path) -> None:
    for placement in MOTION:
        read_table(folder / f"{placement}.csv", placement)


def read_session(folder: Path) -> None:
    """Read and decode every frame."""
    recording = Recording(folder / "session.mcap")
    profile = find_profile(PROFILE)
    readers = {s.placement: SensorReader(s, profile) for s in recording.header.sensors}
    for item in recording:
        if isinstance(item, Frame):
            readers[item.placement].push(item)


def seconds(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measured(minutes: float, repeats: int) -> dict[str, float]:
    """Median processor time of each work, s; taken in turn, so that all meet the same machine."""
    runs = [run_of(minutes, first) for first in simulated(ROUND_S)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(runs, folder)
        works: dict[str, Callable[[], None]] = {
            "bare filter": lambda: filter_only(runs),
            "analysis": lambda: analyse(blocks(tables_of(runs))),
            "reading CSV tables": lambda: read_tables(folder),
            "reading and decoding a session": lambda: read_session(folder),
        }
        rounds = [{work: seconds(do) for work, do in works.items()} for _ in range(repeats)]
    return {work: median(times[work] for times in rounds) for work in works}


def flowing(minutes: int) -> Iterator[Samples]:
    """Blocks of a long run of which only a short round is in memory."""
    tables = tables_of(simulated(SHORT_ROUND_S))
    for number in range(round(60.0 * minutes / SHORT_ROUND_S)):
        for item in blocks(tables):
            assert isinstance(item, Samples)
            yield replace(item, t_s=item.t_s + number * SHORT_ROUND_S)


def peak_megabytes(minutes: int) -> float:
    """Largest memory of a process that does nothing but analyse so many minutes."""
    command = [sys.executable, __file__, "--peak-of", str(minutes)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def own_peak_megabytes(minutes: int) -> float:
    analyse(flowing(minutes))
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def print_report(minutes: float, times: dict[str, float], peaks: dict[int, float]) -> None:
    title = f"{minutes:g} min, 3 sensors, {RATE_HZ:g} Hz, limit {LARGEST_RATIO:g} × bare filter"
    table = Printed("work", "s", "× bare filter", title=title)
    for work, spent_s in times.items():
        table.add_row(work, f"{spent_s:.2f}", f"{spent_s / times['bare filter']:.2f}")
    for length, megabytes in peaks.items():
        table.add_row(f"peak memory, {length} min", f"{megabytes:.0f} MB", "")
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description="What the analysis costs.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peak-of", type=int, metavar="MINUTES", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak_of is not None:
        print(own_peak_megabytes(arguments.peak_of))
        return 0
    # memory first: a process begins with the peak of the one that started it
    peaks = {length: peak_megabytes(length) for length in (10, 60)}
    times = measured(arguments.minutes, arguments.repeats)
    print_report(arguments.minutes, times, peaks)
    dear = times["analysis"] > LARGEST_RATIO * times["bare filter"]
    growing = peaks[60] > LARGEST_GROWTH * peaks[10]
    return int(dear or growing)


if __name__ == "__main__":
    sys.exit(main())
