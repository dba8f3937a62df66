"""Bars as SVG: how often values came, and parts of a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

FOOT = 22
"""Below the bars, for the words of the x axis."""
_WIDE = 1000.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often each value came, for one foot."""

    said: str
    style: str
    counts: tuple[int, ...]
    styles: tuple[str, ...]
    """Of each bar."""
    ticks: tuple[tuple[float, str], ...]
    """Places on the x axis as shares, and their words."""


BARS_HEIGHT = 70


def histogram(chart: Histogram) -> Markup:
    """Bars from the bottom; the highest one fills the height."""
    most = max(chart.counts, default=0) or 1
    wide = _WIDE / len(chart.counts)
    bars = [
        _bar(style, place * wide + 1.0, wide - 2.0, count / most)
        for place, (count, style) in enumerate(zip(chart.counts, chart.styles, strict=True))
        if count
    ]
    words = [
        Markup('<text x="{:.2f}%" y="{}" text-anchor="{}">{}</text>').format(
            100.0 * at, BARS_HEIGHT + 16, anchor_of(at), word
        )
        for at, word in chart.ticks
    ]
    return Markup(
        '<svg class="plot" height="{}" role="img" aria-label="{}"><svg width="100%" height="{}" '
        'viewBox="0 0 1000 {}" preserveAspectRatio="none">{}<path class="grid" d="M0 {}H1000"/>'
        "</svg>{}</svg>"
    ).format(
        BARS_HEIGHT + FOOT,
        chart.said,
        BARS_HEIGHT,
        BARS_HEIGHT,
        Markup("").join(bars),
        BARS_HEIGHT,
        Markup("").join(words),
    )


def anchor_of(share: float) -> str:
    """How a word stands at its place on the x axis, so that it stays on the page."""
    if share == 0.0:
        return "start"
    return "end" if share > 0.95 else "middle"


def _bar(style: str, x: float, width: float, share: float) -> Markup:
    high = BARS_HEIGHT * share
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        style, x, BARS_HEIGHT - high, width, high
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole."""

    style: str
    share: float


def stacked_bar(said: str, parts: Sequence[Part]) -> Markup:
    """The parts side by side, as wide as the page."""
    drawn, left = [], 0.0
    for part in parts:
        drawn.append(
            Markup('<rect class="{}" x="{:.2f}%" width="{:.2f}%" height="34"/>').format(
                part.style, 100.0 * left, 100.0 * part.share
            )
        )
        left += part.share
    return Markup('<svg class="bar" height="34" role="img" aria-label="{}">{}</svg>').format(
        said, Markup("").join(drawn)
    )
