"""How much to trust a session's numbers, and what was not measured."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.content import Figure
from imu_stream.afterwards.report.wording import counted, number, percent
from imu_stream.datatypes import (
    FEET,
    MOTION,
    LeanState,
    Placement,
    Stride,
    Strike,
    StrikeType,
)

SURE = 0.8
"""Of the landings called with this confidence or more, none was wrong on the recordings."""


def trust_figures(finished: FinishedSession) -> tuple[Figure, ...]:
    """Shares of what was measured well."""
    strikes = [stride.strike for stride in finished.outputs.of(Stride)]
    agreement = number(finished.agreement_ms, " ms", 0)
    return (
        *(_landings(strikes) if strikes else ()),
        *(_leans(leans) if (leans := finished.outputs.of(LeanState)) else ()),
        *(
            (Figure("Sensors agree within", agreement, "by the hop at the start"),)
            if finished.agreement_ms is not None
            else ()
        ),
    )


def _landings(strikes: Sequence[Strike]) -> Iterator[Figure]:
    known = [each for each in strikes if each.strike_type is not StrikeType.UNKNOWN]
    yield Figure(
        "Landings with an angle",
        percent(len(known) / len(strikes)),
        f"of {len(strikes)}; the others fell into gaps or lacked a zero",
    )
    if known:
        sure = sum(each.confidence >= SURE for each in known)
        yield Figure(
            "Called with confidence",
            percent(sure / len(known)),
            "of those: strike type at least 80 % sure",
        )


def _leans(leans: Sequence[LeanState]) -> Iterator[Figure]:
    valid = [lean for lean in leans if lean.valid]
    yield Figure(
        "Strides with a valid lean",
        percent(len(valid) / len(leans)),
        f"of {len(leans)}; the others were uncalibrated, settling or slipped",
    )
    if valid:
        sure = fmean(lean.confidence for lean in valid)
        yield Figure("Lean within ±2°", percent(sure), "how sure on average, by its own reckoning")


def missing_of(finished: FinishedSession) -> tuple[str, ...]:
    """What this session could not tell, and why."""
    worn = {sensor.placement for sensor in finished.header.sensors}
    said = [
        f"No sensor on the {where.words}: {_lacking(where)}."
        for where in MOTION
        if where not in worn
    ]
    silent = [
        f"The sensor on the {Placement(where).words} gave no samples."
        for where, received in finished.summary.sensors.items()
        if not received.samples
    ]
    unknown = sum(feet.unknown for feet in finished.summary.strides.values())
    if unknown:
        said.append(f"{counted(unknown, 'landing')} without a strike angle.")
    if worn & set(FEET) and finished.summary.distance_m is None:
        said.append("Distance: no stride length could be measured.")
    if finished.truncated:
        said.append("The end: the recording was cut before it was finished.")
    return (*said, *silent)


def _lacking(where: Placement) -> str:
    if where is Placement.CHEST:
        return "lean, and whether a forefoot landing came with lean, was not measured"
    return "its strikes and contact times, and differences of left and right, were not measured"
