"""Lays a session on whole seconds, as an activity of sports."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from imu_stream.afterwards.export.activity import Activity, Lap, Measures, Second, Span
from imu_stream.afterwards.export.data import ExportData
from imu_stream.afterwards.export.timer import lap_ends, running_spans, timer_seconds
from imu_stream.datatypes import (
    FEET,
    Cue,
    HeartRate,
    LeanState,
    Mark,
    Placement,
    Stride,
    StrikeType,
)
from imu_stream.errors import RecordingError

LONGEST_S = 48 * 3600
"""Longer sessions are none: a clock was wrong."""
_Each = TypeVar("_Each")


def activity_of(data: ExportData) -> Activity:
    """Lay a session on whole seconds.

    Raises:
        RecordingError: it is shorter than a second, longer than two days, or was paused all along.
    """
    end_s = _end_s(data)
    running = tuple(running_spans(data.finished.outputs.of(Mark), end_s))
    if not running:
        raise RecordingError(data.finished.path, "was paused from its start to its end")
    course = Course(data, running)
    ends = [0, *lap_ends(data.finished.outputs.of(Mark), running, end_s), end_s]
    laps = tuple(course.lap(Span(*pair)) for pair in pairwise(ends))
    return Activity(
        running,
        tuple(course.seconds()),
        laps,
        course.lap(Span(0, end_s)),
        course.below_target_s(),
        course.rearfoot_percent(),
        _lost_percent(data),
    )


def _end_s(data: ExportData) -> int:
    path, duration_s = data.finished.path, data.provenance.duration_s
    if duration_s > LONGEST_S:
        problem = f"lasts {duration_s / 3600:.3g} h by its clock; an activity lasts 48 h at most"
        raise RecordingError(path, problem)
    if duration_s < 1.0:
        raise RecordingError(path, "is shorter than a second: there is no activity in it")
    return math.ceil(duration_s)


def _lost_percent(data: ExportData) -> float | None:
    sensors = data.finished.summary.sensors.values()
    lost = sum(each.lost for each in sensors)
    sent = lost + sum(each.samples for each in sensors)
    return 100.0 * lost / sent if sent else None


class Course:
    """What was measured while the timer ran, by the second."""

    def __init__(self, data: ExportData, running: Sequence[Span]) -> None:
        outputs = data.finished.outputs
        self._finished = data.finished
        self._running = running
        self._strides = self._by_second(outputs.of(Stride), lambda each: each.ic_s)
        leans = [lean for lean in outputs.of(LeanState) if lean.valid]
        self._leans = self._by_second(leans, lambda each: each.end_s)
        hearts = [each for each in outputs.of(HeartRate) if each.bpm and each.contact is not False]
        self._hearts = self._by_second(hearts, lambda each: each.t_s)
        self._cues = self._by_second(outputs.of(Cue), lambda each: each.t_s)
        self._foot = max(FEET, key=self._way_m)
        self._measured_m = self._way_m(self._foot)
        self._known_m = data.distance_m
        self._factor = 1.0
        if self._known_m is not None and self._measured_m:
            self._factor = self._known_m / self._measured_m

    def seconds(self) -> Iterator[Second]:
        """One for each second, and one for each start of the timer."""
        walked_m = 0.0
        for span in self._running:
            yield self._second(Span(span.start_s, span.start_s), walked_m)
            for at_s in range(span.start_s, span.end_s):
                walked_m += self._walked_m(Span(at_s, at_s + 1))
                yield self._second(Span(at_s, at_s + 1), walked_m)

    def lap(self, span: Span) -> Lap:
        """What was measured within a span, pauses left out."""
        beats = [heart.bpm for heart in _within(self._hearts, span)]
        strides = _within(self._strides, span)
        return Lap(
            span,
            timer_seconds(self._running, span),
            self._lap_distance_m(span),
            sum(stride.foot is self._foot for stride in strides),
            max(beats, default=None),
            self._measures(span),
        )

    def below_target_s(self) -> float:
        """Time of trunk strides that leaned less than was wanted."""
        leans = [lean for parts in self._leans.values() for lean in parts]
        banded = ((lean, self._finished.band_at(lean.start_s)) for lean in leans)
        return sum(
            lean.end_s - lean.start_s
            for lean, band in banded
            if band is not None and lean.lean_deg < band.low_deg
        )

    def rearfoot_percent(self) -> float | None:
        types = [s.strike.strike_type for parts in self._strides.values() for s in parts]
        known = [each for each in types if each is not StrikeType.UNKNOWN]
        return 100.0 * known.count(StrikeType.REARFOOT) / len(known) if known else None

    def _by_second(
        self, outputs: Iterable[_Each], time_s: Callable[[_Each], float]
    ) -> Mapping[int, list[_Each]]:
        """By the second in which they fall, those in pauses left out."""
        found: dict[int, list[_Each]] = {
            at_s: [] for span in self._running for at_s in range(span.start_s, span.end_s)
        }
        for each in outputs:
            at_s = math.floor(time_s(each))
            if at_s in found:
                found[at_s].append(each)
        return found

    def _second(self, span: Span, walked_m: float) -> Second:
        band = self._finished.band_at(float(span.end_s))
        cues = _within(self._cues, span)
        return Second(
            span.end_s,
            walked_m * self._factor if self._measured_m else None,
            None if band is None else band.target_deg,
            cues[-1].kind if cues else None,
            self._measures(span),
        )

    def _measures(self, span: Span) -> Measures:
        strides = _within(self._strides, span)
        leans = _within(self._leans, span)
        left, right = ([s for s in strides if s.foot is foot] for foot in FEET)
        lengths_m = mean(each.stride_length_m for each in strides)
        speed_mps = mean(each.speed_mps for each in strides)
        return Measures(
            speed_mps=None if speed_mps is None else speed_mps * self._factor,
            cadence_spm=mean(each.cadence_spm for each in strides or leans),
            contact_time_s=mean(each.contact_time_s for each in strides),
            contact_left_s=mean(each.contact_time_s for each in left),
            contact_right_s=mean(each.contact_time_s for each in right),
            duty_factor=mean(each.duty_factor for each in strides),
            stride_length_m=None if lengths_m is None else lengths_m * self._factor,
            oscillation_m=mean(each.vertical_oscillation_m for each in leans),
            lean_deg=mean(each.lean_deg for each in leans),
            fsa_left_deg=mean(each.strike.fsa_deg for each in left),
            fsa_right_deg=mean(each.strike.fsa_deg for each in right),
            heart_bpm=mean(float(each.bpm) for each in _within(self._hearts, span)),
        )

    def _lap_distance_m(self, span: Span) -> float | None:
        if self._measured_m:
            return self._walked_m(span) * self._factor
        whole_s = sum(each.length_s for each in self._running)
        is_whole = timer_seconds(self._running, span) == whole_s
        return self._known_m if is_whole else None

    def _walked_m(self, span: Span) -> float:
        return _way_m(_within(self._strides, span), self._foot)

    def _way_m(self, foot: Placement) -> float:
        return _way_m([each for parts in self._strides.values() for each in parts], foot)


def _way_m(strides: Iterable[Stride], foot: Placement) -> float:
    lengths = (stride.stride_length_m for stride in strides if stride.foot is foot)
    return sum(length for length in lengths if math.isfinite(length))


def _within(by_second: Mapping[int, list[_Each]], span: Span) -> list[_Each]:
    seconds = range(span.start_s, span.end_s)
    return [each for at_s in seconds for each in by_second.get(at_s, ())]


def mean(values: Iterable[float]) -> float | None:
    """The mean of what was measured; None when nothing was."""
    measured = [value for value in values if math.isfinite(value)]
    return sum(measured) / len(measured) if measured else None
