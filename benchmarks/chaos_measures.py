"""What came of a session of faults, against the truth: times and gaps."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from chaos_session import ChaosSession, Played
from numpy.typing import NDArray

from imu_stream.acquisition.simulation.faults import Fate, Outage
from imu_stream.datatypes import (
    Array,
    Cue,
    DeviceSamples,
    Frame,
    Gap,
    LinkPhase,
    Output,
    Samples,
)
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import Decoder, find_profile
from imu_stream.reading import SensorReader, sane

BACK_S = 5.0
"""After a fault's end every stream is to be back."""
GRID_S = 0.5
INTACT = (Fate.ARRIVED, Fate.REPEATED, Fate.REORDERED)
Span = tuple[float, float]
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What was given out of one sensor, and when."""

    played: Played
    outputs: tuple[tuple[float, Samples | Gap], ...]
    """With the arrival of the notification that told it."""

    @property
    def samples(self) -> list[Samples]:
        return [item for _, item in self.outputs if isinstance(item, Samples)]

    @property
    def gaps(self) -> list[Span]:
        """Those of some length, adjoining ones as one."""
        gaps = [item for _, item in self.outputs if isinstance(item, Gap)]
        return joined([(gap.start_s, gap.end_s) for gap in gaps if gap.end_s > gap.start_s])


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """All that came out."""

    session: ChaosSession
    outputs: tuple[Output, ...]
    given: tuple[Given, ...]
    slowest_s: float
    """Longest processor time of one push."""
    cues: tuple[tuple[float, Cue], ...]
    """With the arrival of the notification at which they were given."""


def observe(session: ChaosSession) -> Observed:
    """Push all that arrived; samples are what the pipeline's own first stations give."""
    pipeline, outputs, slowest_s = Pipeline(session.header), list[Output](), 0.0
    cues: list[tuple[float, Cue]] = []
    for item in session.items:
        begun = time.process_time()
        given = pipeline.push(item)
        slowest_s = max(slowest_s, time.process_time() - begun)
        now_s = item.t_s
        cues += [(now_s, output) for output in given if isinstance(output, Cue)]
        outputs += given
    outputs += pipeline.finish()
    read = tuple(Given(p, tuple(_read(session, p))) for p in session.sensors)
    return Observed(session, tuple(outputs), read, slowest_s, tuple(cues))


def _read(session: ChaosSession, played: Played) -> Iterator[tuple[float, Samples | Gap]]:
    setup = played.sent.setup
    reader = SensorReader(setup, find_profile(setup.profile))
    for item in session.items:
        if item.placement is not setup.placement:
            continue
        if isinstance(item, Frame):
            yield from ((item.arrival_s, out) for out in sane(reader.push(item)))
        elif item.phase is not LinkPhase.STREAMING:
            reader.link_changed()
    yield from ((session.seconds, out) for out in sane(reader.finish()))


def joined(spans: Sequence[Span], within_s: float = 0.002) -> list[Span]:
    """Spans that touch each other as one."""
    out: list[Span] = []
    for start_s, end_s in spans:
        if out and start_s <= out[-1][1] + within_s:
            out[-1] = (out[-1][0], max(out[-1][1], end_s))
        else:
            out.append((start_s, end_s))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The samples of one sensor that were given out, found again among those it took."""

    given: Given
    numbers: Numbers
    """(n,) of each sample given out, in order."""
    t_s: Array
    """(n,) the time it was given."""

    @property
    def error_s(self) -> Array:
        """(n,) how late it was stamped."""
        return self.t_s - self.given.played.sent.true_s[self.numbers]

    @property
    def missing(self) -> list[Span]:
        """True spans between samples given out, in which there is none."""
        true_s = self.given.played.sent.true_s[np.unique(self.numbers)]
        period_s = 1.0 / self.given.played.sent.setup.rate_hz
        places = np.flatnonzero(np.diff(true_s) > 1.5 * period_s)
        return [(float(true_s[k]) + period_s, float(true_s[k + 1])) for k in places]

    @property
    def thrown_away(self) -> float:
        """Share of the samples that arrived whole and were not given out."""
        intact = _intact(self.given.played)
        out = np.zeros(len(intact), dtype=np.bool_)
        out[self.numbers] = True
        last = int(self.numbers.max())  # what waits for more at the end is not thrown away
        return float((intact & ~out)[:last].sum() / intact.sum())

    @property
    def frame_s(self) -> float:
        """How long a notification's samples last."""
        packet = self.given.played.sent.packets[0]
        return (packet.end - packet.first) / self.given.played.sent.setup.rate_hz


def track(given: Given) -> Track:
    """Find the samples again by what they measured: noise makes nearly every one unique."""
    numbers, acc = _decoded(given.played)
    keys, order = np.unique(_key(acc), return_inverse=True)
    alone = np.bincount(order) == 1
    number_of = np.zeros(len(keys), dtype=np.intp)
    number_of[order] = numbers
    out = given.samples
    found = _key(np.concatenate([samples.acc for samples in out]))
    place = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
    known = np.where((keys[place] == found) & alone[place], number_of[place], -1)
    starts = np.cumsum([0, *(len(samples.t_s) for samples in out)])
    true_s, error_s = given.played.sent.true_s, 0.0
    for samples, start in zip(out, starts, strict=False):
        block = slice(start, start + len(samples.t_s))
        first = _first(known[block])
        if first is None:  # at rest, where many measure the same: taken to be as late as the last
            first = int(
                np.searchsorted(
                    true_s, samples.t_s[0] - error_s - 0.5 / given.played.sent.setup.rate_hz
                )
            )
        known[block] = np.minimum(first + np.arange(len(samples.t_s)), len(true_s) - 1)
        error_s = float(samples.t_s[0] - true_s[known[start]])
    return Track(given, known, np.concatenate([samples.t_s for samples in out]))


def _key(acc: Array) -> Array:
    return np.asarray(acc[:, 0] + math.pi * acc[:, 1] + math.e * acc[:, 2])


def _first(block: Numbers) -> int | None:
    """The number of a block's first sample by those that are known; they follow on each other."""
    known = np.flatnonzero(block >= 0)
    if len(known) < len(block) / 4.0:
        return None
    firsts = block[known] - known
    first = int(np.median(firsts))  # not the mean: wrong bits may make one look like another
    return max(0, first) if np.mean(firsts == first) > 0.5 else None


def _decoded(played: Played) -> tuple[Numbers, Array]:
    """Numbers and accelerations of all samples sent, as they are decoded."""
    setup = played.sent.setup
    decoder = Decoder(find_profile(setup.profile).mode(setup.rate_hz), setup.placement)
    acc, numbers = [], []
    for packet, frame in zip(played.sent.packets, played.sent.frames, strict=True):
        for decoded in decoder.decode(frame):
            if isinstance(decoded, DeviceSamples) and decoded.acc is not None:
                acc.append(decoded.acc)
                numbers.append(np.arange(packet.first, packet.end))
    return np.concatenate(numbers), np.concatenate(acc)


def _intact(played: Played) -> NDArray[np.bool_]:
    """Which samples arrived, each kind of them with every notification of its packet."""
    kinds = 1 + max(packet.kind for packet in played.sent.packets)
    whole = np.zeros((kinds, len(played.sent.true_s)), dtype=np.bool_)
    for packet in played.sent.packets:
        whole[packet.kind, packet.first : packet.end] = True
    for packet, fate in zip(played.sent.packets, played.delivery.fates, strict=True):
        if fate not in INTACT:
            whole[packet.kind, packet.first : packet.end] = False
    return np.asarray(whole.all(axis=0))


def gap_errors_s(of: Track) -> list[float]:
    """How far the nearest gap told is off at its worse end, for each span without samples."""
    gaps = np.array([*of.given.gaps, (np.inf, np.inf)])
    return [float(np.abs(gaps - span).max(axis=1).min()) for span in of.missing]


def gaps_without_cause(of: Track) -> int:
    """Gaps told where no samples are missing."""
    missing = [*of.missing, (math.inf, math.inf)]
    return sum(
        all(
            end_s + of.frame_s <= lost_s or start_s >= back_s + of.frame_s
            for lost_s, back_s in missing
        )
        for start_s, end_s in of.given.gaps
    )


def alignment_errors_s(tracks: Sequence[Track], until_s: float) -> Array:
    """Differences of the sensors' time errors, twice a second, each pair of sensors."""
    grid_s = np.arange(0.0, until_s, GRID_S)
    errors_s = [_on_grid(each, grid_s) for each in tracks]
    pairs = [abs(one - other) for one, other in combinations(errors_s, 2)]
    apart_s = np.concatenate(pairs)
    return np.asarray(apart_s[np.isfinite(apart_s)])


def _on_grid(of: Track, grid_s: Array) -> Array:
    """Time error of the next sample; NaN where there is none for as long as the grid's step."""
    order = np.argsort(of.numbers, kind="stable")
    true_s, error_s = of.given.played.sent.true_s[of.numbers[order]], of.error_s[order]
    after = np.minimum(np.searchsorted(true_s, grid_s), len(true_s) - 1)
    return np.where(np.abs(true_s[after] - grid_s) < GRID_S, error_s[after], np.nan)


def returns_s(of: Given) -> Iterator[tuple[float, float]]:
    """From the end of each outage until samples are given out again; and from the set-up's end.

    Those after which the session or the link ends before the stream has to be back are left out.
    """
    session_end_s = float(of.played.sent.true_s[-1])
    outages = [*of.played.outages, Outage(session_end_s, math.inf, math.inf)]
    fresh = [(now_s, out.end_s) for now_s, out in of.outputs if isinstance(out, Samples)]
    for outage, later in pairwise(outages):
        if later.start_s < outage.end_s + BACK_S:
            continue
        back = (now_s for now_s, end_s in fresh if end_s >= outage.streaming_s)
        back_s = next(back, math.inf)
        yield back_s - outage.end_s, back_s - outage.streaming_s
