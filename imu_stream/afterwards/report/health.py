"""How the sensors did: loss, clock, battery, gaps."""

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.content import Figure, Row, SensorCard, Table
from imu_stream.afterwards.report.wording import (
    counted,
    duration,
    foreign,
    number,
    whole,
)
from imu_stream.afterwards.report.words import GAP_REASONS
from imu_stream.datatypes import Battery, Gap, Placement, SensorSetup
from imu_stream.sinks.summary import SensorSummary

MOST_GAPS = 25


def sensor_cards(finished: FinishedSession) -> tuple[SensorCard, ...]:
    """One for each sensor of the session."""
    return tuple(_card(sensor, finished) for sensor in finished.header.sensors)


def _card(sensor: SensorSetup, finished: FinishedSession) -> SensorCard:
    where = sensor.placement.value
    said = finished.summary.devices.get(where, {})
    names = (sensor.name, said.get("manufacturer", ""), said.get("model", ""))
    firmware = f"firmware {said['firmware']}" if "firmware" in said else ""
    described = [foreign(name) for name in (*names, sensor.profile, firmware) if name]
    received = finished.summary.sensors.get(where)
    figures = (*_reception(received), *_clock(received), *_battery(sensor.placement, finished))
    return SensorCard(
        sensor.placement.words.capitalize(), " · ".join(dict.fromkeys(described)), figures
    )


def _reception(received: SensorSummary | None) -> tuple[Figure, ...]:
    if received is None:
        return ()
    if not received.samples:
        return (Figure("Samples", "none", "this sensor gave nothing"),)
    return (
        Figure("Samples", whole(received.samples), f"{received.rate_hz:.1f} a second arrived"),
        Figure("Lost", number(received.lost_percent, " %"), counted(received.gaps, "gap")),
        Figure("Longest silence", number(received.longest_silence_s, " s", 2)),
        Figure("Late packets", number(received.jitter_ms, " ms", 0), "95 % are later by less"),
    )


def _clock(received: SensorSummary | None) -> tuple[Figure, ...]:
    if received is None or not received.samples:
        return ()
    if received.clock_fast_ppm is None:
        return (Figure("Clock drift", "not known", "no clock of its own, or too short a time"),)
    an_hour_ms = abs(received.clock_fast_ppm) * 3.6
    return (
        Figure(
            "Clock drift",
            number(received.clock_fast_ppm, " ppm", 0),
            f"{an_hour_ms:.0f} ms an hour, corrected; "
            f"{number(received.clock_residual_ms, ' ms')} unexplained",
        ),
    )


def _battery(placement: Placement, finished: FinishedSession) -> tuple[Figure, ...]:
    charges = [each for each in finished.outputs.of(Battery) if each.placement is placement]
    if not charges:
        return ()
    begun = f"{charges[0].percent} % at first" if len(charges) > 1 else ""
    return (Figure("Battery", f"{charges[-1].percent} %", begun),)


def gaps_table(finished: FinishedSession) -> Table:
    """The longest gaps, in order of time."""
    gaps = sorted(finished.outputs.of(Gap), key=lambda gap: gap.start_s - gap.end_s)[:MOST_GAPS]
    rows = tuple(
        Row(
            (
                duration(gap.start_s),
                gap.placement.words,
                number(gap.end_s - gap.start_s, " s", 2),
                GAP_REASONS[gap.reason],
            )
        )
        for gap in sorted(gaps, key=lambda gap: gap.start_s)
    )
    return Table(("Time", "Sensor", "Length", "Why"), rows) if rows else Table((), ())


def gaps_note(finished: FinishedSession) -> str:
    """How many there were, and how much time they make."""
    gaps = finished.outputs.of(Gap)
    if not gaps:
        return "Nothing is missing."
    lengths: dict[str, float] = {}
    for gap in gaps:
        where = gap.placement.words
        lengths[where] = lengths.get(where, 0.0) + gap.end_s - gap.start_s
    times = ", ".join(f"{where} {total_s:.1f} s" for where, total_s in lengths.items())
    shown = f"; the longest {MOST_GAPS} are listed" if len(gaps) > MOST_GAPS else ""
    return f"{counted(len(gaps), 'gap')} in all ({times}){shown}."
