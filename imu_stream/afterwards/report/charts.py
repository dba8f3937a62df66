"""Charts as SVG text: data stretch with the page, words keep their size.

A plot is an SVG as wide as the page allows. Its curves stand in an inner SVG whose x runs from 0
to 1000 whatever the width; words and marks are placed by percentages. Colours come from the
style sheet, so light, dark and paper need no other drawing.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from imu_stream.afterwards.report.bars import FOOT, anchor_of
from imu_stream.afterwards.report.bins import Span
from imu_stream.afterwards.report.scale import HEIGHT, Curve, Scale
from imu_stream.afterwards.report.wording import duration

_WIDE = 1000.0
_TIME_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200)
_MOST_LABELS = 5
_DAY_S = 86400
WHOLE = Span(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Region:
    """Values that mean something, over some time; a line where there is but one."""

    style: str
    low: float
    high: float
    over: Span = WHOLE


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that happened at one time."""

    style: str
    at: float
    title: str


@dataclass(frozen=True, slots=True)
class TimeChart:
    """What is drawn over the time of a session."""

    said: str
    """What one sees, for those who do not see it."""
    seconds: float
    scale: Scale
    curves: tuple[Curve, ...]
    regions: tuple[Region, ...] = ()
    gaps: tuple[Span, ...] = ()
    pauses: tuple[Span, ...] = ()
    flags: tuple[Flag, ...] = ()


def time_chart(chart: TimeChart) -> Markup:
    """The chart as two SVG: the words of the y axis, and the plot."""
    inner = [
        *(_region(region, chart.scale) for region in chart.regions),
        *(_column("pause", span) for span in chart.pauses),
        *(_column("gap", span) for span in chart.gaps),
        *(_grid(chart.scale.y(tick)) for tick in chart.scale.ticks()),
        *(_ribbon(curve, chart.scale) for curve in chart.curves),
        *(_line(curve, chart.scale) for curve in chart.curves),
    ]
    outer = [*map(_flag, chart.flags), *_time_labels(chart.seconds)]
    return _framed(chart.said, _y_labels(chart.scale), inner, outer)


def _framed(said: str, labels: Markup, inner: Iterable[Markup], outer: Iterable[Markup]) -> Markup:
    return Markup(
        '<div class="chart">{}<svg class="plot" height="{}" role="img" aria-label="{}">'
        '<svg width="100%" height="{}" viewBox="0 0 1000 {}" preserveAspectRatio="none">{}</svg>'
        "{}</svg></div>"
    ).format(
        labels, HEIGHT + FOOT, said, HEIGHT, HEIGHT, Markup("").join(inner), Markup("").join(outer)
    )


def _y_labels(scale: Scale) -> Markup:
    ticks = [
        Markup('<text x="34" y="{:.0f}" text-anchor="end">{}</text>').format(
            min(max(scale.y(tick) + 4.0, 10.0), HEIGHT), _plain(tick, scale)
        )
        for tick in scale.ticks()
    ]
    return Markup('<svg class="labels" width="40" height="{}" aria-hidden="true">{}</svg>').format(
        HEIGHT + FOOT, Markup("").join(ticks)
    )


def _plain(tick: float, scale: Scale) -> str:
    decimals = max(0, -math.floor(math.log10(scale.step) + 1e-9))
    return f"{tick + 0.0:.{decimals}f}".replace("-", "−") + scale.unit


def _region(region: Region, scale: Scale) -> Markup:
    top, bottom = scale.y(region.high), scale.y(region.low)
    left, width = _WIDE * region.over.start, _WIDE * (region.over.end - region.over.start)
    if region.low == region.high:
        level = Markup('<path class="{}" d="M{:.1f} {:.1f}h{:.1f}"/>')
        return level.format(region.style, left, top, width)
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        region.style, left, top, max(width, 0.0), max(bottom - top, 0.0)
    )


def _column(style: str, span: Span) -> Markup:
    """As high as the plot; its border keeps the narrowest one visible."""
    width = _WIDE * (span.end - span.start)
    return Markup('<rect class="{}" x="{:.1f}" y="0" width="{:.1f}" height="{}"/>').format(
        style, _WIDE * span.start, width, HEIGHT
    )


def _grid(y: float) -> Markup:
    return Markup('<path class="grid" d="M0 {:.1f}H1000"/>').format(y)


def _ribbon(curve: Curve, scale: Scale) -> Markup:
    return Markup("").join(
        Markup('<path class="ribbon {}" d="{}"/>').format(
            curve.style,
            "M"
            + "L".join(
                [
                    *(_at(each.at, scale.y(each.high)) for each in stretch),
                    *(_at(each.at, scale.y(each.low)) for each in reversed(stretch)),
                ]
            )
            + "Z",
        )
        for stretch in curve.stretches
    )


def _line(curve: Curve, scale: Scale) -> Markup:
    # a lone bin is a line of no length, which its round ends make a dot
    moves = [
        "M" + "L".join(_at(b.at, scale.y(b.mid)) for b in (*stretch, stretch[-1]))
        for stretch in curve.stretches
    ]
    return Markup('<path class="line {}" d="{}"/>').format(curve.style, "".join(moves))


def _at(share: float, y: float) -> str:
    return f"{_WIDE * share:.1f} {y:.1f}"


_SHAPES = {
    "advice": '<path d="M-5 2H5L0 11Z"/>',
    "praise": '<circle cy="6" r="4.5"/>',
    "lap": f'<path d="M0 0V{HEIGHT}"/>',
    "note": '<rect x="-4" y="2" width="8" height="8"/>',
    "target": f'<path d="M0 0V{HEIGHT}"/>',
}


def _flag(flag: Flag) -> Markup:
    shape = Markup(_SHAPES[flag.style])  # constants of this file, nothing foreign
    return Markup(
        '<svg x="{:.2f}%" overflow="visible" class="flag {}"><title>{}</title>{}</svg>'
    ).format(100.0 * flag.at, flag.style, flag.title, shape)


def mark_of(style: str) -> Markup:
    """A small sample of a colour, or of the mark of something that happened."""
    if style not in _SHAPES:
        return Markup(
            '<svg width="18" height="12" aria-hidden="true">'
            '<rect class="swatch {}" width="18" height="12" rx="2"/></svg>'
        ).format(style)
    shape = Markup(_SHAPES[style])  # constants of this file, nothing foreign
    return Markup(
        '<svg width="18" height="12" aria-hidden="true">'
        '<svg x="9" overflow="visible" class="flag {}">{}</svg></svg>'
    ).format(style, shape)


def _time_labels(seconds: float) -> list[Markup]:
    days_s = _DAY_S * max(1, math.ceil(seconds / _DAY_S / _MOST_LABELS))
    step_s = next((s for s in _TIME_STEPS_S if seconds / s <= _MOST_LABELS), days_s)
    times_s = [step_s * number for number in range(int(seconds / step_s) + 1)]
    return [
        Markup('<text x="{:.2f}%" y="{}" text-anchor="{}">{}</text>').format(
            100.0 * t_s / seconds if seconds else 0.0,
            HEIGHT + 16,
            anchor_of(t_s / seconds if seconds else 0.0),
            duration(t_s),
        )
        for t_s in times_s
    ]
