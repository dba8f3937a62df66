"""How often each strike angle and contact time came, foot by foot."""

import math

from markupsafe import Markup

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.bars import Histogram, histogram
from imu_stream.afterwards.report.bins import counts
from imu_stream.afterwards.report.content import Drawing
from imu_stream.afterwards.report.overlays import SIDES
from imu_stream.datatypes import FOREFOOT_BELOW_DEG, REARFOOT_ABOVE_DEG, Stride

FSA_LOW_DEG, FSA_STEP_DEG, FSA_BARS = -20.0, 2.0, 25
CONTACT_LOW_MS, CONTACT_STEP_MS, CONTACT_BARS = 100.0, 10.0, 30


def distributions(finished: FinishedSession) -> list[Drawing]:
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
