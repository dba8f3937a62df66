"""What lies over and under the curves of a chart: bands, gaps, pauses, cues, marks; their keys."""

from collections.abc import Iterable

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.bins import Span, spans
from imu_stream.afterwards.report.charts import Flag, Region, TimeChart, mark_of
from imu_stream.afterwards.report.content import Key
from imu_stream.afterwards.report.wording import duration, foreign, number
from imu_stream.afterwards.report.words import ADVICE
from imu_stream.datatypes import (
    Cue,
    Gap,
    LinkPhase,
    LinkState,
    Mark,
    MarkKind,
    Placement,
    TargetChange,
)

MOST_FLAGS = 400
"""Of one kind; more are not told apart on a page."""
SIDES = {Placement.LEFT_FOOT: "left", Placement.RIGHT_FOOT: "right"}


def key_of(style: str, text: str) -> Key:
    return Key(mark_of(style), text)


GAP, PAUSE = key_of("gap", "nothing measured"), key_of("pause", "pause")
LEFT, RIGHT = key_of("left", "left foot"), key_of("right", "right foot")


def bands_of(finished: FinishedSession) -> tuple[Region, ...]:
    """What was wanted, each band until the next."""
    seconds = finished.seconds or 1.0
    ends_s = [*(band.since_s for band in finished.bands[1:]), finished.seconds]
    limits_s = zip(finished.bands, ends_s, strict=False)
    spans_s = [Span(band.since_s / seconds, end_s / seconds) for band, end_s in limits_s]
    over = [(b, s) for b, s in zip(finished.bands, spans_s, strict=True) if s.end > s.start]
    return (
        *(Region("band", band.low_deg, band.high_deg, span) for band, span in over),
        *(Region("aim", band.target_deg, band.target_deg, span) for band, span in over),
    )


def gaps_of(finished: FinishedSession, placements: Iterable[Placement]) -> tuple[Span, ...]:
    """Where at least one of these sensors measured nothing."""
    wanted = set(placements)
    gaps = [gap for gap in finished.outputs.of(Gap) if gap.placement in wanted]
    lengths = [(gap.start_s, gap.end_s) for gap in gaps if gap.end_s > gap.start_s]
    return spans([*lengths, *_silences(finished, wanted)], finished.seconds)


def _silences(finished: FinishedSession, wanted: set[Placement]) -> list[tuple[float, float]]:
    """From the loss of a link that never came back to the end; a gap needs samples after it."""
    last: dict[Placement, LinkState] = {}
    since_s: dict[Placement, float] = {}
    for state in finished.outputs.of(LinkState):
        if state.placement in wanted:
            last[state.placement] = state
            if state.phase is LinkPhase.LOST:
                since_s[state.placement] = state.t_s
    away = [p for p, s in last.items() if s.phase not in (LinkPhase.STREAMING, LinkPhase.STOPPED)]
    return [(since_s[p], finished.seconds) for p in away if p in since_s]


def pauses_of(finished: FinishedSession) -> tuple[Span, ...]:
    """From each pause to where it went on."""
    found, begun_s = [], None
    for mark in finished.outputs.of(Mark):
        if mark.kind is MarkKind.PAUSE and begun_s is None:
            begun_s = mark.t_s
        elif mark.kind is MarkKind.RESUME and begun_s is not None:
            found.append((begun_s, mark.t_s))
            begun_s = None
    if begun_s is not None:
        found.append((begun_s, finished.seconds))
    return spans(found, finished.seconds)


def cue_flags(finished: FinishedSession) -> list[Flag]:
    return [
        Flag(
            "praise" if cue.kind.is_praise else "advice",
            _share(cue.t_s, finished),
            f"{duration(cue.t_s)}: {advice_text(cue)}",
        )
        for cue in finished.outputs.of(Cue)[:MOST_FLAGS]
    ]


def advice_text(cue: Cue) -> str:
    """What a cue said, also one of a kind that this report has no words for."""
    return ADVICE.get(cue.kind, cue.kind.value.replace("_", " ").capitalize())


def mark_flags(finished: FinishedSession) -> list[Flag]:
    marks = [m for m in finished.outputs.of(Mark) if m.kind in (MarkKind.LAP, MarkKind.NOTE)]
    changes = finished.outputs.of(TargetChange)
    return [
        *(
            Flag(
                mark.kind.value,
                _share(mark.t_s, finished),
                f"{duration(mark.t_s)}: {mark.kind.value} {foreign(mark.text)}".strip(),
            )
            for mark in marks[:MOST_FLAGS]
        ),
        *(
            Flag(
                "target",
                _share(each.t_s, finished),
                f"{duration(each.t_s)}: target set to {number(each.target_deg, '°')}",
            )
            for each in changes[:MOST_FLAGS]
        ),
    ]


def _share(t_s: float, finished: FinishedSession) -> float:
    return min(max(t_s / finished.seconds, 0.0), 1.0) if finished.seconds else 0.0


def flag_keys(finished: FinishedSession) -> list[Key]:
    cues = finished.outputs.of(Cue)
    kinds = {mark.kind for mark in finished.outputs.of(Mark)}
    keys = {
        "advice": ("cue", any(not cue.kind.is_praise for cue in cues)),
        "praise": ("praise", any(cue.kind.is_praise for cue in cues)),
        "lap": ("lap", MarkKind.LAP in kinds),
        "note": ("note", MarkKind.NOTE in kinds),
        "target": ("target set anew", bool(finished.outputs.of(TargetChange))),
    }
    return [key_of(style, text) for style, (text, there) in keys.items() if there]


def void_keys(chart: TimeChart) -> list[Key]:
    return [*([GAP] if chart.gaps else []), *([PAUSE] if chart.pauses else [])]
