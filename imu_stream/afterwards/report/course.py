"""The course of a session: lean, strikes, contact time and cadence over time."""

import math
from collections.abc import Callable

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.bins import Point, binned
from imu_stream.afterwards.report.charts import Region, TimeChart, time_chart
from imu_stream.afterwards.report.content import Drawing, Key
from imu_stream.afterwards.report.distributions import distributions
from imu_stream.afterwards.report.overlays import (
    LEFT,
    RIGHT,
    SIDES,
    bands_of,
    cue_flags,
    flag_keys,
    gaps_of,
    key_of,
    mark_flags,
    pauses_of,
    void_keys,
)
from imu_stream.afterwards.report.scale import Curve, Scale, scale_about
from imu_stream.afterwards.report.wording import duration, number
from imu_stream.datatypes import (
    FEET,
    FOREFOOT_BELOW_DEG,
    REARFOOT_ABOVE_DEG,
    HeartRate,
    LeanState,
    Placement,
    Stride,
)


def lean_drawings(finished: FinishedSession) -> tuple[Drawing, ...]:
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
        bands_of(finished),
        gaps_of(finished, [Placement.CHEST]),
        pauses_of(finished),
        (*cue_flags(finished), *mark_flags(finished)),
    )
    return (
        Drawing(
            "Trunk lean",
            time_chart(chart),
            (
                key_of("trunk", "lean, a line for the middle and a ribbon for all strides"),
                *([key_of("band", "target and its band")] if finished.bands else []),
                *flag_keys(finished),
                *void_keys(chart),
            ),
        ),
    )


def strike_drawings(finished: FinishedSession) -> tuple[Drawing, ...]:
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
    zones = (key_of("zone-rear", "heel strike"), key_of("zone-fore", "forefoot"))
    over_time = Drawing(
        "Foot strike angle", time_chart(chart), (*_feet(finished), *zones, *void_keys(chart))
    )
    return (over_time, *distributions(finished))


def rhythm_drawings(finished: FinishedSession) -> tuple[Drawing, ...]:
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
        keys = (*_feet(finished), *void_keys(chart))
        drawn.append(Drawing("Contact time, ms", time_chart(chart), keys))
    drawn += _single(finished, "Cadence, steps a minute", "cadence", paces, 20.0)
    drawn += _single(finished, "Heart rate, beats a minute", "heart", beats, 20.0)
    return tuple(drawn)


def _single(
    finished: FinishedSession, title: str, style: str, points: list[Point], least_span: float
) -> list[Drawing]:
    if not points:
        return []
    curve = Curve(style, binned(points, finished.seconds))
    scale = scale_about((curve,), (), "", least_span)
    return [Drawing(title, time_chart(_plain_chart(finished, title, (curve,), scale)), ())]


def _plain_chart(
    finished: FinishedSession, said: str, curves: tuple[Curve, ...], scale: Scale
) -> TimeChart:
    over = f"{said} over {duration(finished.seconds)}"
    gaps, pauses = gaps_of(finished, FEET), pauses_of(finished)
    return TimeChart(over, finished.seconds, scale, curves, (), gaps, pauses)


def _curves(finished: FinishedSession, value: Callable[[Stride], float]) -> tuple[Curve, ...]:
    strides = finished.outputs.of(Stride)
    by_foot = {
        foot: [Point(stride.ic_s, value(stride)) for stride in strides if stride.foot is foot]
        for foot in FEET
    }
    return tuple(
        Curve(SIDES[foot], binned(points, finished.seconds)) for foot, points in by_foot.items()
    )


def _feet(finished: FinishedSession) -> tuple[Key, ...]:
    worn = {stride.foot for stride in finished.outputs.of(Stride)}
    return tuple(key for foot, key in zip(FEET, (LEFT, RIGHT), strict=True) if foot in worn)


def _zones(scale: Scale) -> tuple[Region, ...]:
    return (
        Region("zone-rear", REARFOOT_ABOVE_DEG, scale.high),
        Region("zone-fore", scale.low, FOREFOOT_BELOW_DEG),
    )
