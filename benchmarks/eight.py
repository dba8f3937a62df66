"""Eight sensors at once: how long a frame waits and is worked on, on one core.

    python benchmarks/eight.py

Frames of three runners (left, right, chest; left, right, chest; left, right) arrive as a link would
deliver them; one core takes them in order of arrival. The time each takes is measured, the waiting
follows from it: a frame begins when it has arrived and the one before is done. The exit status is
1 when the 99th percentile from arrival to outputs is above 20 ms.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table as Printed

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import demo_scenario
from imu_stream.acquisition.simulation.sensor import VirtualSensor
from imu_stream.acquisition.simulation.wearing import wear
from imu_stream.datatypes import FEET, MOTION, Frame, Placement, SensorSetup, SessionHeader
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import Encoder, find_profile
from imu_stream.session import Session

RUNNERS = (MOTION, MOTION, FEET)
RATE_HZ = 200.0
PROFILE = find_profile("capture2go")
LARGEST_MS = 20.0
EVENT_S = 0.015
"""Connection interval: frames arrive at its multiples, so several come at the same time."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame and whose it is."""

    runner: int
    frame: Frame


def frames_of(runner: Runner, placement: Placement, seconds: float, seed: int) -> list[Frame]:
    """What one sensor sends, at connection events."""
    encoder = Encoder(PROFILE.default_mode, 247)
    size = encoder.samples_per_packet
    t_s = np.arange(int(seconds * RATE_HZ) // size * size) / RATE_HZ
    motion = VirtualSensor(runner, placement, wear(PROFILE, placement, seed).errors).measure(t_s)
    random = np.random.default_rng(seed)
    offset_s = float(random.uniform(0, EVENT_S))
    frames = []
    for first in range(0, len(t_s), size):
        rows = slice(first, first + size)
        ready_s = float(t_s[rows][-1])
        arrival_s = np.ceil((ready_s - offset_s) / EVENT_S) * EVENT_S + offset_s
        ticks = round(1e9 * float(t_s[first]))
        name = PROFILE.streams[0].name
        for payload in encoder.encode(ticks, motion.acc[rows], motion.gyr[rows]):
            frames.append(Frame(float(arrival_s), placement, name, payload))
    return frames


def arrivals(seconds: float) -> list[Arrival]:
    """All frames of all runners in order of arrival."""
    found = []
    for number, placements in enumerate(RUNNERS):
        runner = Runner(demo_scenario(seconds), seed=number + 1)
        for placement in placements:
            frames = frames_of(runner, placement, seconds, 10 * number + 1)
            found += [Arrival(number, frame) for frame in frames]
    return sorted(found, key=lambda arrival: arrival.frame.arrival_s)


def sessions() -> list[Session]:
    """One for each runner."""
    made = []
    for placements in RUNNERS:
        setups = tuple(SensorSetup(p, PROFILE.name, RATE_HZ, PROFILE.mount) for p in placements)
        texts = {PROFILE.name: PROFILE.text}
        header = SessionHeader("0", "2026-01-01T00:00:00+00:00", setups, texts, 8.0)
        made.append(Session(Pipeline(header)))
    return made


def latencies_ms(seconds: float) -> tuple[np.ndarray, float]:
    """From arrival to outputs, ms, of every frame; and the share of the core that is used."""
    waiting = arrivals(seconds)
    running = sessions()
    done_s, busy_s, latencies = 0.0, 0.0, np.empty(len(waiting))
    for number, arrival in enumerate(waiting):
        begun = time.perf_counter()
        running[arrival.runner].push(arrival.frame)
        took_s = time.perf_counter() - begun
        busy_s += took_s
        done_s = max(done_s, arrival.frame.arrival_s) + took_s
        latencies[number] = 1e3 * (done_s - arrival.frame.arrival_s)
    return latencies, busy_s / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    seconds = parser.parse_args().seconds
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    latencies, share = latencies_ms(seconds)
    table = Printed(
        title=f"8 sensors at {RATE_HZ:g} Hz, {seconds:g} s, one core, limit {LARGEST_MS:g} ms"
    )
    table.add_column("from arrival to outputs")
    table.add_column("ms", justify="right")
    for percent in (50, 90, 99, 100):
        table.add_row(f"{percent} % within", f"{np.percentile(latencies, percent):.2f}")
    table.add_row("share of the core", f"{100 * share:.0f} %")
    Console().print(table)
    sys.exit(int(np.percentile(latencies, 99) > LARGEST_MS))


if __name__ == "__main__":
    main()
