"""The course of a session: lean, strikes, contact time and cadence over time."""

import math
from collections.abc import Callable, Iterable

from markupsafe import Markup

from imu_stream.datatypes import (
    FEET,
    FOREFOOT_BELOW_DEG,
    REARFOOT_ABOVE_DEG,
    Cue,
    Gap,
    HeartRate,
    LeanState,
    LinkPhase,
    LinkState,
    Mark,
    MarkKind,
    Placement,
    Stride,
    TargetChange,
)
from imu_stream.sinks.finished import Finished
from imu_stream.sinks.report.bins import Point, Span, binned, counts, spans
from imu_stream.sinks.report.charts import (
    Curve,
    Flag,
    Histogram,
    Region,
    Scale,
    TimeChart,
    histogram,
    mark_of,
    scale_about,
    time_chart,
)
from imu_stream.sinks.report.content import Drawing, Key
from imu_stream.sinks.report.wording import duration, foreign, number
from imu_stream.sinks.report.words import ADVICE

MOST_FLAGS = 400
"""Of one kind; more are not told apart on a page."""
SIDES = {Placement.LEFT_FOOT: "left", Placement.RIGHT_FOOT: "right"}


def _key(style: str, text: str) -> Key:
    return Key(mark_of(style), text)


GAP, PAUSE = _key("gap", "nothing measured"), _key("pause", "pause")
LEFT, RIGHT = _key("left", "left foot"), _key("right", "right foot")


def lean_drawings(finished: Finished) -> tuple[Drawing, ...]:
    """Trunk lean with what was wanted, said and not measured."""
    valid = [lean for lean in finished.outputs.of(LeanState) if lean.valid]
    if not valid:
        return ()
    points = [Point(lean.start_s, lean.lean_deg) for lean in valid]
    curves = (Curve("trunk", binned(points, finished.seconds)),)
    wanted = [value for band in finished.bands for value in (band.low_deg, band.target_deg)]
    chart = TimeChart(
        f"Trunk lean over {duration(finished.seconds)}; mean "
        f"{number(finished.summary.lean_mean_deg, ' degrees')}",
        finished.seconds,
        scale_about(curves, [*wanted, 0.0], "°", 10.0),
        curves,
        _bands(finished),
        gaps_of(finished, [Placement.CHEST]),
        pauses_of(finished),
        (*_cue_flags(finished), *_mark_flags(finished)),
    )
    return (
        Drawing(
            "Trunk lean",
            time_chart(chart),
            (
                _key("trunk", "lean, a line for the middle and a ribbon for all strides"),
                *([_key("band", "target and its band")] if finished.bands else []),
                *_flag_keys(finished),
                *_void_keys(chart),
            ),
        ),
    )


def strike_drawings(finished: Finished) -> tuple[Drawing, ...]:
    """Foot strike angle over time, and how it is distributed."""
    strides = finished.outputs.of(Stride)
    if not any(math.isfinite(stride.strike.fsa_deg) for stride in strides):
        return ()
    curves = _curves(finished, lambda stride: stride.strike.fsa_deg)
    borders = (FOREFOOT_BELOW_DEG - 4.0, REARFOOT_ABOVE_DEG + 4.0)
    scale = scale_about(curves, borders, "°", 10.0)
    chart = TimeChart(
        f"Foot strike angle of both feet over {duration(finished.seconds)}",
        finished.seconds,
        scale,
        curves,
        _zones(scale),
        gaps_of(finished, FEET),
        pauses_of(finished),
    )
    zones = (_key("zone-rear", "heel strike"), _key("zone-fore", "forefoot"))
    over_time = Drawing(
        "Foot strike angle", time_chart(chart), (*_feet(finished), *zones, *_void_keys(chart))
    )
    return (over_time, *_distributions(finished))


def rhythm_drawings(finished: Finished) -> tuple[Drawing, ...]:
    """Contact time, cadence and, where there was a sensor, heart rate."""
    strides = finished.outputs.of(Stride)
    contacts_ms = [1e3 * stride.contact_time_s for stride in strides]
    paces = [Point(s.ic_s, s.cadence_spm) for s in strides if s.stride_time_s > 0.0]
    if not paces:
        leans = finished.outputs.of(LeanState)
        paces = [Point(lean.start_s, lean.cadence_spm) for lean in leans if lean.valid]
    beats = [Point(each.t_s, each.bpm) for each in finished.outputs.of(HeartRate) if each.bpm]
    drawn = []
    if any(map(math.isfinite, contacts_ms)):
        curves = _curves(finished, lambda stride: 1e3 * stride.contact_time_s)
        scale = scale_about(curves, (), "", 80.0)
        chart = _plain_chart(finished, "Contact time", curves, scale)
        keys = (*_feet(finished), *_void_keys(chart))
        drawn.append(Drawing("Contact time, ms", time_chart(chart), keys))
    drawn += _single(finished, "Cadence, steps a minute", "cadence", paces, 20.0)
    drawn += _single(finished, "Heart rate, beats a minute", "heart", beats, 20.0)
    return tuple(drawn)


def _single(
    finished: Finished, title: str, style: str, points: list[Point], least_span: float
) -> list[Drawing]:
    if not points:
        return []
    curve = Curve(style, binned(points, finished.seconds))
    scale = scale_about((curve,), (), "", least_span)
    return [Drawing(title, time_chart(_plain_chart(finished, title, (curve,), scale)), ())]


def _plain_chart(
    finished: Finished, said: str, curves: tuple[Curve, ...], scale: Scale
) -> TimeChart:
    over = f"{said} over {duration(finished.seconds)}"
    gaps, pauses = gaps_of(finished, FEET), pauses_of(finished)
    return TimeChart(over, finished.seconds, scale, curves, (), gaps, pauses)


def _curves(finished: Finished, value: Callable[[Stride], float]) -> tuple[Curve, ...]:
    strides = finished.outputs.of(Stride)
    by_foot = {
        foot: [Point(stride.ic_s, value(stride)) for stride in strides if stride.foot is foot]
        for foot in FEET
    }
    return tuple(
        Curve(SIDES[foot], binned(points, finished.seconds)) for foot, points in by_foot.items()
    )


def _feet(finished: Finished) -> tuple[Key, ...]:
    worn = {stride.foot for stride in finished.outputs.of(Stride)}
    return tuple(key for foot, key in zip(FEET, (LEFT, RIGHT), strict=True) if foot in worn)


def _zones(scale: Scale) -> tuple[Region, ...]:
    return (
        Region("zone-rear", REARFOOT_ABOVE_DEG, scale.high),
        Region("zone-fore", scale.low, FOREFOOT_BELOW_DEG),
    )


def _bands(finished: Finished) -> tuple[Region, ...]:
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


def gaps_of(finished: Finished, placements: Iterable[Placement]) -> tuple[Span, ...]:
    """Where at least one of these sensors measured nothing."""
    wanted = set(placements)
    gaps = [gap for gap in finished.outputs.of(Gap) if gap.placement in wanted]
    lengths = [(gap.start_s, gap.end_s) for gap in gaps if gap.end_s > gap.start_s]
    return spans([*lengths, *_silences(finished, wanted)], finished.seconds)


def _silences(finished: Finished, wanted: set[Placement]) -> list[tuple[float, float]]:
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


def pauses_of(finished: Finished) -> tuple[Span, ...]:
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


def _cue_flags(finished: Finished) -> list[Flag]:
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


def _mark_flags(finished: Finished) -> list[Flag]:
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


def _share(t_s: float, finished: Finished) -> float:
    return min(max(t_s / finished.seconds, 0.0), 1.0) if finished.seconds else 0.0


def _flag_keys(finished: Finished) -> list[Key]:
    cues = finished.outputs.of(Cue)
    kinds = {mark.kind for mark in finished.outputs.of(Mark)}
    keys = {
        "advice": ("cue", any(not cue.kind.is_praise for cue in cues)),
        "praise": ("praise", any(cue.kind.is_praise for cue in cues)),
        "lap": ("lap", MarkKind.LAP in kinds),
        "note": ("note", MarkKind.NOTE in kinds),
        "target": ("target set anew", bool(finished.outputs.of(TargetChange))),
    }
    return [_key(style, text) for style, (text, there) in keys.items() if there]


def _void_keys(chart: TimeChart) -> list[Key]:
    return [*([GAP] if chart.gaps else []), *([PAUSE] if chart.pauses else [])]


FSA_LOW_DEG, FSA_STEP_DEG, FSA_BARS = -20.0, 2.0, 25
CONTACT_LOW_MS, CONTACT_STEP_MS, CONTACT_BARS = 100.0, 10.0, 30


def _distributions(finished: Finished) -> list[Drawing]:
    """How often each strike angle and contact time came, foot by foot."""
    strides = finished.outputs.of(Stride)
    angles, contacts = [], []
    for foot, side in SIDES.items():
        own = [stride for stride in strides if stride.foot is foot]
        own_deg = [stride.strike.fsa_deg for stride in own]
        if any(map(math.isfinite, own_deg)):
            angles.append(Drawing(f"Strike angle, {side} foot", _angles(side, own_deg), ()))
        own_ms = [1e3 * stride.contact_time_s for stride in own]
        if any(map(math.isfinite, own_ms)):
            contacts.append(Drawing(f"Contact time, {side} foot", _contacts(side, own_ms), ()))
    return [*angles, *contacts]


def _angles(side: str, angles: list[float]) -> Markup:
    starts = [FSA_LOW_DEG + FSA_STEP_DEG * number for number in range(FSA_BARS)]
    high = FSA_LOW_DEG + FSA_STEP_DEG * FSA_BARS
    ticks = tuple(
        ((deg - FSA_LOW_DEG) / (high - FSA_LOW_DEG), f"{deg:.0f}°".replace("-", "−"))
        for deg in (-20.0, -10.0, 0.0, 10.0, 20.0, 30.0)
    )
    return histogram(
        Histogram(
            f"Strike angles of the {side} foot, {len(angles)} strides",
            side,
            counts(angles, FSA_LOW_DEG, FSA_STEP_DEG, FSA_BARS),
            tuple(_strike_style(start + 0.5 * FSA_STEP_DEG) for start in starts),
            ticks,
        )
    )


def _strike_style(angle_deg: float) -> str:
    if angle_deg > REARFOOT_ABOVE_DEG:
        return "heel-strike"
    return "forefoot-with-lean" if angle_deg < FOREFOOT_BELOW_DEG else "midfoot"


def _contacts(side: str, contacts_ms: list[float]) -> Markup:
    span_ms = CONTACT_STEP_MS * CONTACT_BARS
    ticks = tuple(
        ((ms - CONTACT_LOW_MS) / span_ms, f"{ms:.0f} ms") for ms in (100.0, 200.0, 300.0, 400.0)
    )
    return histogram(
        Histogram(
            f"Contact times of the {side} foot, {len(contacts_ms)} strides",
            side,
            counts(contacts_ms, CONTACT_LOW_MS, CONTACT_STEP_MS, CONTACT_BARS),
            (side,) * CONTACT_BARS,
            ticks,
        )
    )
