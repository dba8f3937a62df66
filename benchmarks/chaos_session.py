"""A session in which everything goes wrong at once: what three sensors send, and what arrives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from operator import attrgetter

import numpy as np

from imu_stream.acquisition.simulation.faults import (
    Delivery,
    Faults,
    Outage,
    deliver,
    link_states,
    plan_outages,
)
from imu_stream.acquisition.simulation.runner import Runner, Truth
from imu_stream.acquisition.simulation.scenario import Activity, Gait, Scenario, Stage
from imu_stream.acquisition.simulation.sensor import VirtualSensor
from imu_stream.acquisition.simulation.wearing import wear
from imu_stream.datatypes import (
    MOTION,
    Array,
    Frame,
    LinkState,
    Placement,
    SensorSetup,
    SessionHeader,
)
from imu_stream.profiles import ClockMark, DeviceProfile, Encoder, Mode, find_profile

TARGET_DEG = 13.0
"""More than the runner ever leans, so that a cue is due whenever there is ground for one."""
EAGER = (
    "[cues]\npersistence_strides = 3\nminimum_interval_s = 6\nlevels = 10\nunanswered_cues = 100\n"
)
"""Settings with which it is also given soon and often; the blackouts are those of every preset."""
MTU = 247
"""What links agree on as a rule."""
CHUNK_S = 60.0
STAND_S = 10.0
LEFT, RIGHT, CHEST = MOTION
CLOCK_PPM = {LEFT: 200.0, RIGHT: -200.0, CHEST: 100.0}
REBOOTS = LEFT
REBOOTS_AFTER = 0.4
"""Of the session; in the first outage after that."""
DIES = CHEST
DIES_AT = 0.95
OVERFLOWS_AT = 0.3
"""The counter of every device's clock."""
STANDING = Gait(activity=Activity.STANDING)
WALKING = Gait(Activity.WALKING, 1.4, 112.0, 0.66, lean_deg=2.0)
HEEL = Gait(lean_deg=10.0)
FOREFOOT = replace(HEEL, strike_left_deg=-8.0, strike_right_deg=-9.0)
UPRIGHT = replace(FOREFOOT, lean_deg=3.0)
MIDFOOT = replace(UPRIGHT, strike_left_deg=3.0, strike_right_deg=2.5)
ROUND = ((60.0, HEEL), (60.0, FOREFOOT), (60.0, UPRIGHT), (60.0, MIDFOOT), (20.0, WALKING))
"""Each gait and how long; then standing, and the same again."""
ALL_AT_ONCE = Faults(
    lost=0.03,
    repeated=0.005,
    reordered=0.005,
    flipped=0.002,
    jitter_s=0.1,
    outage_every_s=40.0,
    outage_s=(1.0, 8.0),
    set_up_s=(1.0, 3.0),
)


@dataclass(frozen=True, slots=True)
class Life:
    """From one start of a sensor to the next."""

    start_s: float
    end_s: float
    first_ticks: int
    """At its start, in steps of the device's clock."""


@dataclass(frozen=True, slots=True)
class Packet:
    """Which samples of a sensor it holds: [first, end)."""

    kind: int
    first: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """All that one sensor sends, whether it arrives or not."""

    setup: SensorSetup
    true_s: Array
    """(n,) when each sample was really taken."""
    packets: tuple[Packet, ...]
    """That each notification is of, …"""
    frames: tuple[Frame, ...]
    """… and the notification; its arrival is the time at which it is sent."""


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """One sensor's part of the session."""

    sent: Sent
    delivery: Delivery
    outages: tuple[Outage, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ChaosSession:
    """What a recorder would have kept, and the truth."""

    header: SessionHeader
    seconds: float
    items: tuple[Frame | LinkState, ...]
    sensors: tuple[Played, ...]
    truth: Truth


def chaos_session(
    profiles: Sequence[str], seconds: float, seed: int, faults: Faults = ALL_AT_ONCE
) -> ChaosSession:
    """Run, with the profiles of the left, right and chest sensor, over a link with these faults."""
    runner = Runner(scenario(seconds), seed)
    worn = zip(MOTION, map(find_profile, profiles), strict=True)
    sensors = tuple(_played(runner, p, profile, seconds, seed, faults) for p, profile in worn)
    items: list[Frame | LinkState] = []
    for played in sensors:
        items += link_states(played.sent.setup.placement, played.outages)
        items += played.delivery.frames
    texts = {name: find_profile(name).text for name in profiles}
    setups = tuple(played.sent.setup for played in sensors)
    header = SessionHeader("0", "2026-01-01T00:00:00+00:00", setups, texts, TARGET_DEG, cues=EAGER)
    ordered = tuple(sorted(items, key=attrgetter("t_s")))
    return ChaosSession(header, seconds, ordered, sensors, runner.truth(seconds))


def scenario(seconds: float) -> Scenario:
    """Stands, runs in every technique, walks, and the same again."""
    stages, at_s = [Stage(0.0, STANDING)], STAND_S
    for round_number in count():
        for length_s, gait in ROUND:
            if at_s >= seconds:
                return Scenario(tuple(stages))
            stages.append(Stage(at_s, gait))
            # the first round shows everything, so that a short session does
            at_s += length_s if round_number else min(length_s, seconds / 8.0)
        stages.append(Stage(at_s, STANDING))
        at_s += STAND_S
    raise AssertionError("rounds without end")


def _played(
    runner: Runner,
    placement: Placement,
    profile: DeviceProfile,
    seconds: float,
    seed: int,
    faults: Faults,
) -> Played:
    own_seed = 10 * seed + MOTION.index(placement)
    if placement is DIES and np.isfinite(faults.outage_every_s):
        faults = replace(faults, silent_from_s=DIES_AT * seconds)
    outages = plan_outages(faults, seconds, own_seed)
    setup = SensorSetup(placement, profile.name, profile.default_rate_hz, profile.mount)
    sent = sent_by(runner, setup, profile, _lives(profile, placement, outages, seconds))
    return Played(sent, deliver(sent.frames, faults, outages, own_seed), outages)


def _lives(
    profile: DeviceProfile, placement: Placement, outages: Sequence[Outage], seconds: float
) -> list[Life]:
    """A clock that overflows on the way, and begins again when the sensor starts anew."""
    clock = profile.default_mode.packets[0].clock
    if clock is None:
        return [Life(0.0, seconds, 0)]
    first_ticks = (1 << clock.bits) - round(OVERFLOWS_AT * seconds / clock.seconds_per_tick)
    later = (o for o in outages if o.start_s >= REBOOTS_AFTER * seconds and o.end_s < seconds)
    outage = next(later, None) if placement is REBOOTS else None
    if outage is None:
        return [Life(0.0, seconds, first_ticks)]
    started = round(0.5 / clock.seconds_per_tick)
    return [
        Life(0.0, outage.start_s, first_ticks),
        Life(outage.end_s, seconds, started),
    ]


def sent_by(
    runner: Runner, setup: SensorSetup, profile: DeviceProfile, lives: Sequence[Life]
) -> Sent:
    """What the virtual sensor measures and sends in its lives."""
    errors = wear(profile, setup.placement, seed=1).errors
    sensor = VirtualSensor(runner, setup.placement, errors)
    mode = profile.mode(setup.rate_hz)
    times: list[Array] = []
    parts: list[tuple[Packet, Frame]] = []
    for life in lives:
        before = sum(map(len, times))
        pace = setup.rate_hz * (1.0 + 1e-6 * CLOCK_PPM[setup.placement])
        true_s = life.start_s + np.arange(int((life.end_s - life.start_s) * pace)) / pace
        chunks = np.array_split(true_s, max(1, round((life.end_s - life.start_s) / CHUNK_S)))
        motions = [sensor.measure(chunk) for chunk in chunks]
        acc = np.concatenate([motion.acc for motion in motions])
        gyr = np.concatenate([motion.gyr for motion in motions])
        for kind in range(len(mode.packets)):
            for packet, payload in _packets(mode, kind, life, acc, gyr):
                at_s = float(true_s[packet.end - 1])
                own = Packet(kind, packet.first + before, packet.end + before)
                parts.append((own, Frame(at_s, setup.placement, _stream(mode, kind), payload)))
        times.append(true_s)
    parts.sort(key=lambda part: part[1].arrival_s)
    packets, frames = zip(*parts, strict=True)
    return Sent(setup, np.concatenate(times), packets, frames)


def _packets(
    mode: Mode, kind: int, life: Life, acc: Array, gyr: Array
) -> Iterator[tuple[Packet, bytes]]:
    encoder, clock = Encoder(mode, MTU, kind), mode.packets[kind].clock
    size = encoder.samples_per_packet
    for first in range(0, len(acc) - size + 1, size):
        ticks = 0
        if clock is not None:
            marked = first + size - 1 if clock.mark is ClockMark.LAST else first
            ticks = life.first_ticks + round(marked / mode.hz / clock.seconds_per_tick)
            ticks %= 1 << clock.bits
        rows = slice(first, first + size)
        for payload in encoder.encode(ticks, acc[rows], gyr[rows]):
            yield Packet(kind, first, first + size), payload


def _stream(mode: Mode, kind: int) -> str:
    return next(s.name for s in mode.streams if mode.packets[kind] in s.packets)
