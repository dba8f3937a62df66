"""What decoding costs for every device profile, from frames to samples.

    python benchmarks/decoding.py

Processor time, so that other programs disturb little. The exit status is 1 when a profile costs
more than 5 µs a sample.
"""

import argparse
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from imu_stream.acquisition.simulation.pieces import Motion
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import demo_scenario
from imu_stream.acquisition.simulation.sensor import SensorErrors, VirtualSensor
from imu_stream.datatypes import DeviceSamples, Frame, Placement
from imu_stream.profiles import (
    ClockMark,
    Decoder,
    DeviceProfile,
    Encoder,
    Mode,
    Packet,
    builtin_profiles,
    load_profile,
)

LARGEST_US = 5.0
"""For each sample: acceleration and angular rate, or one of them where they come apart."""
RUN_S = 60.0
UNPACK = [struct.Struct(f"<{size // 2}h{size % 2}B").unpack for size in range(518)]
"""By length."""
ERRORS = SensorErrors(acc_noise=1e-2, gyr_noise=1e-3)


@dataclass(frozen=True)
class Work:
    """A minute of a run as one device sends it."""

    profile: DeviceProfile
    alternative: int
    """0 for the packets of the profile, 1 for the first alternative to them, and so on."""
    placement: Placement
    frames: Sequence[Frame]
    samples: int
    """As decoded: accelerations and angular rates in packets of their own are two."""


@dataclass(frozen=True)
class Cost:
    """Microseconds of processor time for each sample."""

    work: Work
    decoding: float
    unpacking: float


def works(profile: DeviceProfile) -> list[Work]:
    """All that devices of a kind may send at their default rate and ranges."""
    mode = profile.default_mode
    placement = next(each for each in Placement if profile.fits(each))
    t_s = np.arange(round(RUN_S * mode.hz)) / mode.hz
    motion = VirtualSensor(Runner(demo_scenario(RUN_S)), placement, ERRORS).measure(t_s)
    samples = len(mode.packets) * len(t_s)
    most = max(len(packet.alternatives) for packet in mode.packets)
    return [
        Work(
            profile,
            number,
            placement,
            frames_of(sending(mode, number), placement, motion),
            samples,
        )
        for number in range(1 + most)
    ]


def sending(mode: Mode, alternative: int) -> Mode:
    """A mode in which the device sends this alternative, where there is one."""
    streams = (
        replace(stream, packets=tuple(chosen(packet, alternative) for packet in stream.packets))
        for stream in mode.streams
    )
    return replace(mode, streams=tuple(streams))


def chosen(packet: Packet, alternative: int) -> Packet:
    every = (packet, *packet.alternatives)
    return every[min(alternative, len(every) - 1)]


def frames_of(mode: Mode, placement: Placement, motion: Motion) -> list[Frame]:
    """The motion in notifications, in the order of sending."""
    kinds = range(len(mode.packets))
    frames = [frame for kind in kinds for frame in frames_of_kind(mode, kind, placement, motion)]
    return sorted(frames, key=lambda frame: frame.arrival_s)


def frames_of_kind(mode: Mode, kind: int, placement: Placement, motion: Motion) -> list[Frame]:
    packet = mode.packets[kind]
    encoder = Encoder(mode, kind=kind)
    stream = next(s.name for s in mode.streams if s.characteristic == encoder.characteristic)
    count = encoder.samples_per_packet
    tick_s = packet.clock.seconds_per_tick if packet.clock else 1.0
    marked = count - 1 if packet.clock and packet.clock.mark is ClockMark.LAST else 0
    frames = []
    for first in range(0, len(motion.acc) - count + 1, count):
        part = slice(first, first + count)
        ticks = round((first + marked) / mode.hz / tick_s)
        for payload in encoder.encode(ticks, motion.acc[part], motion.gyr[part]):
            frames.append(Frame((first + count) / mode.hz, placement, stream, payload))
    return frames


def decode(work: Work) -> None:
    """All frames to samples, as `Reader` does; like there, what is done with is let go."""
    decoder = Decoder(work.profile.default_mode, work.placement)
    for frame in work.frames:
        decoder.decode(frame)


def unpack(work: Work) -> None:
    """The same bytes as whole numbers, by the standard library and with no check."""
    for frame in work.frames:
        UNPACK[len(frame.payload)](frame.payload)


def check(work: Work) -> None:
    """Make sure that what is measured is decoding: all samples but what a stream's end holds."""
    decoder = Decoder(work.profile.default_mode, work.placement)
    decoded = [one for frame in work.frames for one in decoder.decode(frame)]
    packets = [one for one in decoded if isinstance(one, DeviceSamples)]
    longest = max(map(len, packets), default=0)
    missing = work.samples - sum(map(len, packets))
    held = 2 * len(work.profile.default_mode.packets) * longest
    if len(packets) < len(decoded) or not 0 <= missing <= held:
        raise SystemExit(f"{work.profile.name}: {missing} samples were not decoded")


def microseconds(do: Callable[[Work], None], work: Work) -> float:
    begun = time.process_time()
    do(work)
    return 1e6 * (time.process_time() - begun) / work.samples


def cost(work: Work, repeats: int) -> Cost:
    """Median of both, taken in turn, so that they meet the same machine."""
    check(work)
    rounds = [(microseconds(decode, work), microseconds(unpack, work)) for _ in range(repeats)]
    return Cost(work, *(median(times) for times in zip(*rounds, strict=True)))


def print_report(costs: Sequence[Cost]) -> None:
    title = f"µs of processor time a sample, limit {LARGEST_US:g}"
    table = Table(title=title)
    for head in ("profile", "other", "Hz", "a frame", "decoding", "unpacking"):
        table.add_column(head, no_wrap=True)
    for each in costs:
        work = each.work
        table.add_row(
            work.profile.name,
            str(work.alternative or ""),
            f"{work.profile.default_rate_hz:g}",
            f"{work.samples / len(work.frames):.2g}",
            f"{each.decoding:.2f}{' !' if each.decoding > LARGEST_US else ''}",
            f"{each.unpacking:.2f}",
        )
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description="What decoding costs.")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("profiles", type=Path, nargs="*", help="files; else those of the package")
    arguments = parser.parse_args()
    profiles = [load_profile(path) for path in arguments.profiles] or builtin_profiles()
    costs = [cost(work, arguments.repeats) for profile in profiles for work in works(profile)]
    print_report(costs)
    return int(any(each.decoding > LARGEST_US for each in costs))


if __name__ == "__main__":
    sys.exit(main())
