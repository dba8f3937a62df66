"""When the timer of an activity ran, and where its laps end: by the marks of a session."""

from collections.abc import Iterator, Sequence

from imu_stream.afterwards.export.activity import Span
from imu_stream.datatypes import Mark, MarkKind


def running_spans(marks: Sequence[Mark], end_s: int) -> Iterator[Span]:
    """The spans between pauses, none of them empty."""
    start_s: int | None = 0
    for mark in sorted(marks, key=lambda mark: mark.t_s):
        at_s = min(max(round(mark.t_s), 0), end_s)
        if mark.kind is MarkKind.PAUSE and start_s is not None:
            if at_s > start_s:
                yield Span(start_s, at_s)
            start_s = None
        elif mark.kind is MarkKind.RESUME and start_s is None:
            start_s = at_s
    if start_s is not None and end_s > start_s:
        yield Span(start_s, end_s)


def lap_ends(marks: Sequence[Mark], running: Sequence[Span], end_s: int) -> Iterator[int]:
    """Where laps end, except the last; no lap is without running time."""
    times = sorted({round(mark.t_s) for mark in marks if mark.kind is MarkKind.LAP})
    before = 0
    for at_s in times:
        if timer_seconds(running, Span(before, at_s)) and timer_seconds(running, Span(at_s, end_s)):
            yield at_s
            before = at_s


def timer_seconds(running: Sequence[Span], span: Span) -> int:
    """How long the timer ran within a span."""
    parts = (min(r.end_s, span.end_s) - max(r.start_s, span.start_s) for r in running)
    return sum(max(0, part) for part in parts)
