"""What a bad link makes of one sensor's notifications, and the truth about it; seeded."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest

import numpy as np
from numpy.random import Generator

from imu_stream.datatypes import Array, Frame, LinkPhase, LinkState, Placement

NOTICED_S = 0.5
"""From the last notification of a link to its loss being noticed."""
MOST_FLIPPED = 3
"""Bits of a notification."""
_OUTAGES, _NOTIFICATIONS = 0, 1  # what is drawn for the one does not change the other


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad a link is; the default is a perfect one. Shares are of the notifications.

    Raises:
        ValueError: for shares that are none, or an outage that is shorter than its notice.
    """

    lost: float = 0.0
    burst: float = 3.0
    """Mean number of notifications that are lost in a row."""
    repeated: float = 0.0
    reordered: float = 0.0
    """That arrive after the next one."""
    flipped: float = 0.0
    """That arrive with up to three wrong bits."""
    jitter_s: float = 0.0
    """Longest delay; a late notification holds up those behind it."""
    outage_every_s: float = math.inf
    """Mean time from one link's set-up to its loss."""
    outage_s: tuple[float, float] = (1.0, 8.0)
    """How long the sensor cannot be reached, at least and at most."""
    set_up_s: tuple[float, float] = (1.0, 3.0)
    """From then until it streams again."""
    silent_from_s: float = math.inf
    """Its battery is empty."""

    def __post_init__(self) -> None:
        shares = (self.lost, self.repeated, self.reordered, self.flipped)
        if not all(0.0 <= share <= 0.5 for share in shares) or sum(shares[1:]) > 1.0:
            raise ValueError(f"shares must be within 0..0.5, not {shares}")
        if self.burst < 1.0 or min(self.outage_s) < NOTICED_S or self.jitter_s >= NOTICED_S:
            raise ValueError("a burst is 1 at least, an outage longer than it takes to be noticed")


class Fate(StrEnum):
    """What became of a notification."""

    ARRIVED = "arrived"
    LOST = "lost"
    REPEATED = "repeated"
    REORDERED = "reordered"
    FLIPPED = "flipped"
    UNREACHABLE = "unreachable"
    """There was no link."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A span without a link."""

    start_s: float
    end_s: float
    """The sensor can be reached again; infinite when its battery is empty."""
    streaming_s: float
    """It has been connected and set up again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of all that one sensor sent."""

    frames: tuple[Frame, ...]
    """In order of arrival."""
    fates: tuple[Fate, ...]
    """Of each notification sent, in that order."""


def plan_outages(faults: Faults, until_s: float, seed: int) -> tuple[Outage, ...]:
    """When there is no link, [0, until_s); the same seed gives the same."""
    outages = [
        outage
        for outage in _random_outages(faults, until_s, np.random.default_rng([seed, _OUTAGES]))
        if outage.streaming_s < faults.silent_from_s
    ]
    if faults.silent_from_s < until_s:
        outages.append(Outage(faults.silent_from_s, math.inf, math.inf))
    return tuple(outages)


def _random_outages(faults: Faults, until_s: float, random: Generator) -> Iterator[Outage]:
    if math.isinf(faults.outage_every_s):
        return
    start_s = random.exponential(faults.outage_every_s)
    while start_s < until_s:
        end_s = start_s + random.uniform(*faults.outage_s)
        streaming_s = end_s + random.uniform(*faults.set_up_s)
        yield Outage(start_s, end_s, streaming_s)
        start_s = streaming_s + random.exponential(faults.outage_every_s)


def link_states(placement: Placement, outages: Sequence[Outage]) -> list[LinkState]:
    """What the radio's source says of the link, as `BleSource` does."""
    states = [LinkState(0.0, placement, LinkPhase.STREAMING)]
    for outage in outages:
        lost_s = outage.start_s + NOTICED_S
        states.append(LinkState(lost_s, placement, LinkPhase.LOST, "the link was lost"))
        if math.isfinite(outage.end_s):
            between_s = 0.5 * (outage.end_s + outage.streaming_s)
            states.append(LinkState(outage.end_s, placement, LinkPhase.CONNECTING))
            states.append(LinkState(between_s, placement, LinkPhase.SETTING_UP))
            states.append(LinkState(outage.streaming_s, placement, LinkPhase.STREAMING))
    return states


def deliver(
    sent: Sequence[Frame], faults: Faults, outages: Sequence[Outage], seed: int
) -> Delivery:
    """Send one sensor's notifications over the link.

    Args:
        sent: notifications in order; their arrival is the time at which they are sent.
        faults: of the link.
        outages: spans without a link, as planned.
        seed: the same gives the same.
    """
    random = np.random.default_rng([seed, _NOTIFICATIONS])
    fates = _fates(np.array([frame.arrival_s for frame in sent]), faults, outages, random)
    delays_s = random.uniform(0.0, faults.jitter_s, len(sent))
    frames: list[Frame] = []
    latest_s = 0.0
    for index in _order_of_arrival(fates):
        latest_s = max(latest_s, sent[index].arrival_s + float(delays_s[index]))
        payload = sent[index].payload
        if fates[index] is Fate.FLIPPED:
            payload = flipped(payload, random)
        frames.append(replace(sent[index], arrival_s=latest_s, payload=payload))
    return Delivery(tuple(frames), tuple(fates))


def _fates(
    sent_s: Array, faults: Faults, outages: Sequence[Outage], random: Generator
) -> list[Fate]:
    drawn = random.random(len(sent_s))
    limits = np.cumsum([faults.flipped, faults.repeated, faults.reordered])
    kinds = (Fate.FLIPPED, Fate.REPEATED, Fate.REORDERED, Fate.ARRIVED)
    fates = [kinds[place] for place in np.searchsorted(limits, drawn, side="right")]
    for index in _lost_in_bursts(len(sent_s), faults, random):
        fates[index] = Fate.LOST
    for outage in outages:
        first, last = np.searchsorted(sent_s, [outage.start_s, outage.streaming_s])
        fates[first:last] = [Fate.UNREACHABLE] * (last - first)
    return [_possible(fate, after) for fate, after in zip_longest(fates, fates[1:])]


def _possible(fate: Fate, after: Fate | None) -> Fate:
    """Only a neighbour that arrives in its place can overtake."""
    overtaken = after in (Fate.ARRIVED, Fate.FLIPPED, Fate.REPEATED)
    return Fate.ARRIVED if fate is Fate.REORDERED and not overtaken else fate


def _lost_in_bursts(count: int, faults: Faults, random: Generator) -> Iterator[int]:
    """Two states, good and bad; a burst ends after each loss with the same probability."""
    begins = faults.lost / (faults.burst * (1.0 - faults.lost))
    bad = False
    for index, drawn in enumerate(random.random(count)):
        bad = bool(drawn < (1.0 - 1.0 / faults.burst if bad else begins))
        if bad:
            yield index


def _order_of_arrival(fates: Sequence[Fate]) -> Iterator[int]:
    """Numbers of the notifications as they come in."""
    overtaken: int | None = None
    for index, fate in enumerate(fates):
        if fate in (Fate.LOST, Fate.UNREACHABLE):
            continue
        if fate is Fate.REORDERED:
            overtaken = index
            continue
        yield index
        if fate is Fate.REPEATED:
            yield index
        if overtaken is not None:
            yield overtaken
            overtaken = None


def flipped(payload: bytes, random: Generator) -> bytes:
    """The same with one to three wrong bits."""
    bits = 8 * len(payload)
    places = random.choice(
        bits, min(bits, int(random.integers(1, MOST_FLIPPED + 1))), replace=False
    )
    damaged = bytearray(payload)
    for place in places.tolist():
        damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged)
