"""Frames of one sensor -> for each kind of packet its arrivals beside the device's own times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import Array, DeviceSamples, Frame, Placement
from imu_stream.profiles import Clock, ClockMark, Corrupt, Decoder, Mode, Packet
from imu_stream.profiles.number_types import NUMBER_TYPES
from imu_stream.profiles.packets import Counter, fields_of


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The packets of one kind, in order of arrival."""

    measures: frozenset[str]
    """What its samples hold: "acc", "gyr"."""
    arrival_s: Array
    """(n,) s."""
    counts: NDArray[np.int64]
    """(n,) samples in each."""
    last_s: Array | None
    """(n,) device time of the last sample, s, from the first packet's stamp; None: no clock."""
    skipped: NDArray[np.int64] | None
    """(n - 1,) packets missing by the device's own count; None: it counts none."""
    damaged: NDArray[np.bool_]
    """(n - 1,) whether a damaged packet has arrived in between."""
    acc: Array | None
    """(samples, 3) m/s²."""
    gyr: Array | None
    """(samples, 3) rad/s."""

    @property
    def sample_arrival_s(self) -> Array:
        """(samples,) arrival of the packet that brought it, s."""
        return np.repeat(self.arrival_s, self.counts)


@dataclass(frozen=True, slots=True, eq=False)
class Reception:
    """All that has come of a stream."""

    tracks: tuple[Track, ...]
    """One for each kind of packet that has come at least three times."""
    packets: int
    problems: tuple[str, ...]
    """What was wrong with each damaged packet."""


@dataclass(slots=True)
class _Received:
    packets: list[DeviceSamples] = field(default_factory=list)
    damaged: list[bool] = field(default_factory=list)
    damage: bool = False


def receive(frames: Sequence[Frame], mode: Mode) -> Reception:
    """Decode the frames of one sensor."""
    decoder = Decoder(mode, frames[0].placement if frames else Placement.CHEST)
    kinds = [_Received() for _ in mode.packets]
    problems = []
    for decoded in (each for frame in frames for each in decoder.decode(frame)):
        if isinstance(decoded, Corrupt):
            problems.append(decoded.problem)
            for kind in kinds:
                kind.damage = True
            continue
        kind = kinds[decoded.kind]
        kind.packets.append(decoded)
        kind.damaged.append(kind.damage)
        kind.damage = False
    packets = sum(len(kind.packets) for kind in kinds)
    pairs = zip(kinds, mode.packets, strict=True)
    tracks = tuple(_track(kind, packet, mode.hz) for kind, packet in pairs if len(kind.packets) > 2)
    return Reception(tracks, packets, tuple(problems))


def _track(kind: _Received, packet: Packet, rate_hz: float) -> Track:
    groups = _together(kind, packet.clock)
    samples = [sample for group, _ in groups for sample in group]
    counts = np.array([sum(map(len, group)) for group, _ in groups], dtype=np.int64)
    return Track(
        measures=packet.measures,
        arrival_s=np.array([group[0].arrival_s for group, _ in groups]),
        counts=counts,
        last_s=_last_s([group[-1].ticks for group, _ in groups], counts, packet.clock, rate_hz),
        skipped=_skipped([group[0].counter for group, _ in groups], packet),
        damaged=np.array([damaged for _, damaged in groups[1:]], dtype=np.bool_),
        acc=_joined(sample.acc for sample in samples),
        gyr=_joined(sample.gyr for sample in samples),
    )


def _together(kind: _Received, clock: Clock | None) -> list[tuple[tuple[DeviceSamples, ...], bool]]:
    """Packets, and whether damage came before; samples with a stamp each are put together."""
    pairs = list(zip(kind.packets, kind.damaged, strict=True))
    if clock is None or clock.mark is not ClockMark.EACH:
        return [((samples,), damaged) for samples, damaged in pairs]
    groups = (list(group) for _, group in groupby(pairs, key=lambda pair: pair[0].arrival_s))
    return [(tuple(samples for samples, _ in group), group[0][1]) for group in groups]


def _last_s(
    ticks: list[int | None], counts: NDArray[np.int64], clock: Clock | None, rate_hz: float
) -> Array | None:
    known = [each for each in ticks if each is not None]
    if clock is None or len(known) < len(ticks):
        return None
    steps = [_signed_step(*pair, clock.bits) for pair in pairwise(known)]
    marked_s = np.cumsum([0, *steps], dtype=np.float64) * clock.seconds_per_tick
    behind_s = (counts - 1) / rate_hz if clock.mark is ClockMark.FIRST else 0.0
    return marked_s + behind_s


def _signed_step(before: int, now: int, bits: int) -> int:
    """From one reading of a counter to the next; one that goes back is negative."""
    half = 1 << (bits - 1)
    return (now - before + half) % (1 << bits) - half


def _skipped(counters: list[int | None], packet: Packet) -> NDArray[np.int64] | None:
    known = [each for each in counters if each is not None]
    fields = fields_of(packet.fields, Counter)
    if not fields or len(known) < len(counters):
        return None
    bits = 8 * NUMBER_TYPES[fields[0].type].size
    steps = [_signed_step(*pair, bits) - 1 for pair in pairwise(known)]
    return np.maximum(np.array(steps, dtype=np.int64), 0)


def _joined(arrays: Iterable[Array | None]) -> Array | None:
    given = [array for array in arrays if array is not None]
    return np.concatenate(given) if given else None
