"""How long a cue takes: from the frame's arrival to the output, and from there to the ear.

    python benchmarks/cue_latency.py [--minutes 10] [--cues 60]

The first needs nothing; the second starts a PulseAudio server of its own, and needs PortAudio and a
computer that is not busy. Exit status: 1 when a limit is missed or the sound cannot be measured.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from chaos_session import chaos_session
from heard_patterns import HeardTone, heard_tones
from rich.console import Console
from rich.table import Table
from sound_server import RATE_HZ, missing_programs, recorded, sound_server

from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import cues_text
from imu_stream.datatypes import Cue, CueDelivery, CueKind, Entry
from imu_stream.pipeline import Pipeline
from imu_stream.session import Session
from imu_stream.sinks.outputs import Channel
from imu_stream.sinks.outputs.earcons import EARCONS
from imu_stream.sinks.outputs.output import NothingToOpen

OFTEN = CueParams(
    minimum_interval_s=1.0,
    response_wait_s=0.0,
    cap_per_minute=20,
    back_off_s=0.0,
    unanswered_cues=100,
)
"""So many cues as no runner would stand, to have enough of them to measure."""
TARGET_DEG = 25.0
PROFILES = ("capture2go", "capture2go", "movesense")
HAND_OVER_P99_MS = 10.0
AUDIBLE_MEDIAN_MS, AUDIBLE_P95_MS = 20.0, 40.0
PATTERN_SHARE = 0.9
_AFTER_S = 0.4


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its limit."""

    name: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def held(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


class Handed(NothingToOpen):
    """An output that notes when each cue was handed to it."""

    name = "handed"

    def __init__(self) -> None:
        self.at_s: float | None = None

    async def deliver(self, cue: Cue) -> float:
        self.at_s = time.perf_counter()
        return cue.t_s


async def hand_over_ms(minutes: float) -> list[float]:
    """From the arrival of the frame that gave a cue until its output has it, waiting included.

    Frames arrive as over a link; one core takes them in order, so a frame begins when it has
    arrived and the one before is done. Each is recorded first, as in a live session.
    """
    session = chaos_session(PROFILES, 60.0 * minutes, 1, Faults(jitter_s=0.01))
    header = replace(session.header, target_deg=TARGET_DEG, cues=cues_text(OFTEN))
    output, found = Handed(), []

    async def arriving() -> AsyncIterator[Entry]:
        done_s = 0.0
        for item in session.items:
            begun_s, output.at_s = time.perf_counter(), None
            yield item
            for _ in ("the channel's task wakes", "and delivers"):
                await asyncio.sleep(0)
            arrival_s = item.t_s
            waited_s = max(done_s - arrival_s, 0.0)
            done_s = max(done_s, arrival_s) + time.perf_counter() - begun_s
            if output.at_s is not None:
                found.append(1e3 * (waited_s + output.at_s - begun_s))

    channel = Channel(output, lambda: 0.0, on_delivery=_pass_over, on_failure=sys.exit)
    live = Session(Pipeline(header), [channel])
    with tempfile.TemporaryDirectory() as folder:
        async with channel:
            with Recorder(Path(folder) / "run.mcap", header, clock=lambda: 0.0) as recorder:
                await live.run_live(arriving(), recorder, sys.exit)
    return found


def _pass_over(delivery: CueDelivery) -> None:
    """The benchmark does not need it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One cue that was recorded."""

    kind: CueKind
    after_ms: float
    """From writing it to the channel to its first audible sample; NaN when none came."""
    tones: list[HeardTone]

    @property
    def is_own(self) -> bool:
        """Whether number, length and pitch of its tones are the cue's own."""
        wanted = EARCONS[self.kind]
        return len(wanted) == len(self.tones) and all(
            abs(tone.pitch_hz - want.pitch_hz) < 0.03 * want.pitch_hz
            and abs(tone.duration_s - want.duration_s) < 0.012
            for tone, want in zip(self.tones, wanted, strict=True)
        )


def heard_cues(count: int) -> list[Heard]:
    """What a recorder hears of so many cues; a first one is left out."""
    with tempfile.TemporaryDirectory() as folder, sound_server(Path(folder)) as environment:
        command = [sys.executable, str(Path(__file__).with_name("sounding.py"))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with (
            recorded(environment) as recorder,
            subprocess.Popen(command, env=environment, **pipes) as process,
        ):
            kinds = [kind for _ in range(count) for kind in CueKind][: count + 1]
            found = []
            for number, kind in enumerate(kinds):
                # at any point of a block
                recorder.wait_until(time.monotonic() + _AFTER_S + 0.0007 * number)
                process.stdin.write(f"{kind.value}\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline())
                recorder.wait_until(answer["handed_s"] + _AFTER_S)
                onset_s = recorder.onset_s(answer["cue_s"])
                after_ms = float("nan") if onset_s is None else 1e3 * (onset_s - answer["cue_s"])
                samples = recorder.since(answer["cue_s"])
                found.append(Heard(kind, after_ms, heard_tones(samples, RATE_HZ)))
            process.stdin.close()
    return found[1:]


def figures_of_sound(heard: list[Heard]) -> Iterable[Figure]:
    after_ms = [each.after_ms for each in heard]
    yield Figure("cue to first audible sample, median, ms", np.median(after_ms), AUDIBLE_MEDIAN_MS)
    yield Figure("the same, 95 % within, ms", np.percentile(after_ms, 95), AUDIBLE_P95_MS)
    share = float(np.mean([each.is_own for each in heard]))
    yield Figure("pitch and pattern its own, share", share, PATTERN_SHARE, at_least=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--cues", type=int, default=60)
    arguments = parser.parse_args()
    handed_ms = asyncio.run(hand_over_ms(arguments.minutes))
    p99 = float(np.percentile(handed_ms, 99))
    figures = [Figure("frame's arrival to output, 99 % within, ms", p99, HAND_OVER_P99_MS)]
    if missing := missing_programs():
        print(f"sound is not measured: {', '.join(missing)} missing")
    else:
        figures += figures_of_sound(heard_cues(arguments.cues))
    table = Table(title=f"{len(handed_ms)} cues handed over, {arguments.cues} cues heard")
    for column in ("figure", "value", "limit"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for each in figures:
        mark = "" if each.held else " !"
        table.add_row(each.name, f"{each.value:.2f}{mark}", f"{each.limit:g}")
    table.add_row("median of the first, ms", f"{np.median(handed_ms):.2f}", "")
    Console().print(table)
    print(f"load of the computer: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    sys.exit(int(bool(missing) or not all(each.held for each in figures)))


if __name__ == "__main__":
    main()
