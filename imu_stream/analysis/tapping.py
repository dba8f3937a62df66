"""Taps: sharp knocks on a sensor that was quiet, to tell sensors apart and to check their clocks.

A knock changes the specific force within a few milliseconds, as no movement of a standing person
does. Its time is that of its onset, since how it rings on differs from sensor to sensor.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from imu_stream.analysis.filters import dot
from imu_stream.datatypes import GRAVITY, Array, Gap, Samples


@dataclass(frozen=True, slots=True)
class TapParams:
    """What a tap looks like."""

    rise_s: float = 0.02
    """Within which the force changes."""
    least: float = 0.8 * GRAVITY
    """m/s², change of the force."""
    before_s: float = 0.06
    """Before the first such change the sensor was quiet; from there the onset is looked for."""
    ring_s: float = 0.15
    """From the onset on, in which its largest change is looked for."""
    pause_s: float = 0.3
    """After an onset, in which what rings on is no tap of its own."""
    onset: float = 0.3
    """Share of the largest change at which it begins."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A knock that one sensor felt."""

    sensor: str
    t_s: float
    """Its onset."""
    strength: float
    """Largest change of the specific force, m/s²."""
    known_s: float


class TapDetector:
    """Finds the taps of one sensor: `Samples | Gap` in, `Tap` out."""

    def __init__(self, sensor: str, rate_hz: float, params: TapParams | None = None) -> None:
        self._sensor = sensor
        self._params = params or TapParams()
        self._lag = max(1, round(self._params.rise_s * rate_hz))
        self._back = max(self._lag, round(self._params.before_s * rate_hz))
        self._ring = max(2, round(self._params.ring_s * rate_hz))
        self._pause = max(self._ring, round(self._params.pause_s * rate_hz))
        self._restart()

    def _restart(self) -> None:
        self._t, self._acc = np.empty(0), np.empty((0, 3))
        self._cursor = self._back
        """From where on a tap is looked for: so many samples before it are needed."""

    def push(self, item: Samples | Gap) -> list[Tap]:
        """A tap is known when it has rung out; one that a gap cuts off is none."""
        if isinstance(item, Gap):
            self._restart()
            return []
        self._t = np.concatenate([self._t, item.t_s])
        self._acc = np.concatenate([self._acc, item.acc])
        out: list[Tap] = []
        while (tap := self._next()) is not None:
            out.append(tap)
        self._forget()
        return out

    def _next(self) -> Tap | None:
        change = self._changes(self._cursor - self._lag, len(self._t))
        high = np.flatnonzero(change >= self._params.least)
        if not len(high):
            self._cursor = max(self._cursor, len(self._t))
            return None
        first = self._cursor = self._cursor + int(high[0])
        last = first + self._ring
        if last > len(self._t):
            return None
        self._cursor = first + self._pause
        return self._tap(first, last)

    def _tap(self, first: int, last: int) -> Tap:
        start = first - self._back
        away = self._acc[start:last] - self._acc[start]
        distance = np.sqrt(dot(away, away))
        strength = float(self._changes(start, last).max())
        limit = self._params.onset * strength
        after = int((distance >= limit).argmax())
        low, high = distance[after - 1 : after + 1].tolist()
        before_s, after_s = self._t[start + after - 1 : start + after + 1].tolist()
        t_s = before_s + (limit - low) / (high - low) * (after_s - before_s)
        return Tap(self._sensor, t_s, strength, float(self._t[last - 1]))

    def _changes(self, start: int, end: int) -> Array:
        """How much the force changes from each sample [start, end - lag) to the one a lag later."""
        change = self._acc[start + self._lag : end] - self._acc[start : max(start, end - self._lag)]
        return np.sqrt(dot(change, change))

    def _forget(self) -> None:
        """Keep only what a later tap needs."""
        old = min(self._cursor - self._back, len(self._t))
        self._t, self._acc = self._t[old:], self._acc[old:]
        self._cursor -= old


CLEAR = 3.0
"""A tap is one sensor's own when it is so many times as strong as what any other felt."""
TOGETHER_S = 0.1
"""Taps of several sensors nearer than this are one knock."""
ALONE_S, WEAK = 0.45, 0.25
"""About a knock there is nothing as strong for so long, but for the take-off of a hop: running
and walking have steps there."""


@dataclass(frozen=True, slots=True)
class Knock:
    """Taps of several sensors that belong together, the strongest first; one of each."""

    taps: tuple[Tap, ...]

    @property
    def sensor(self) -> str | None:
        """Whose it is; None when two sensors felt it alike."""
        strongest, *others = self.taps
        return (
            None
            if any(CLEAR * tap.strength > strongest.strength for tap in others)
            else (strongest.sensor)
        )


def knocks(taps: Iterable[Tap]) -> list[Knock]:
    """Taps of several sensors put together to what was one knock, in order of time."""
    groups: list[list[Tap]] = []
    for tap in sorted(taps, key=lambda tap: tap.t_s):
        together = groups and tap.t_s - groups[-1][0].t_s <= TOGETHER_S
        if together and tap.sensor not in {each.sensor for each in groups[-1]}:
            groups[-1].append(tap)
        else:
            groups.append([tap])
    return [Knock(tuple(sorted(group, key=lambda tap: -tap.strength))) for group in groups]


@dataclass(frozen=True, slots=True)
class Alignment:
    """How well the clocks of several sensors agree, by a knock that all of them felt."""

    t_s: float
    spread_ms: float
    """From the first sensor's tap to the last one's."""


def alignment(taps: Sequence[Tap], sensors: Collection[str]) -> Alignment | None:
    """The agreement by the first knock that all sensors felt; None when there is none.

    Only a knock alone counts, such as the landing of one hop: in running and walking the sensors
    feel different things at the same time.
    """
    if len(sensors) < 2:
        return None
    for knock in knocks(taps):
        if {tap.sensor for tap in knock.taps} == {*sensors} and _is_alone(knock, taps):
            times_s = [tap.t_s for tap in knock.taps]
            return Alignment(min(times_s), 1e3 * (max(times_s) - min(times_s)))
    return None


def _is_alone(knock: Knock, taps: Iterable[Tap]) -> bool:
    felt = {tap.sensor: tap for tap in knock.taps}
    return not any(
        0.0 < abs(tap.t_s - felt[tap.sensor].t_s) < ALONE_S
        and tap.strength > WEAK * felt[tap.sensor].strength
        for tap in taps
    )
