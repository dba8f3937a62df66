"""[[rates]], [[acc_ranges]] and [[gyr_ranges]]: every mode, and what it gives to other tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from imu_stream.profiles.toml_table import ProfileTable

NamedBytes = Mapping[str, bytes]
"""Bytes of one mode, by the name that stands for them elsewhere in the file."""

_MOST_MODES = 400
_MOST_SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Range:
    """One range of the accelerometer or the gyroscope."""

    limit: float
    """Largest value: g or deg/s."""
    scale: float | None
    """Value of the number 1, in the unit of the field; None: the field itself says it."""
    named: NamedBytes


@dataclass(frozen=True, slots=True)
class Setting:
    """One rate with one range of each kind."""

    hz: float
    samples_per_packet: int | None
    acc: Range | None
    gyr: Range | None
    named: NamedBytes

    def range_of(self, quantity: str) -> Range | None:
        return self.acc if quantity == "acc" else self.gyr


@dataclass(frozen=True, slots=True)
class _Rate:
    hz: float
    samples_per_packet: int | None
    named: NamedBytes


def read_settings(top: ProfileTable) -> tuple[Setting, ...]:
    """Read every combination: rates ascending, of one rate the largest ranges first.

    Raises:
        ProfileError: something in the tables is wrong, or they are too many.
    """
    rates = sorted((_read_rate(row) for row in top.tables("rates")), key=lambda rate: rate.hz)
    if len({rate.hz for rate in rates}) < len(rates):
        raise top.error("rates", "lists a rate twice")
    acc = _read_ranges(top, "acc_ranges", "g")
    gyr = _read_ranges(top, "gyr_ranges", "dps")
    if len(rates) * len(acc) * len(gyr) > _MOST_MODES:
        raise top.error("rates", f"make more than {_MOST_MODES} combinations with the ranges")
    return tuple(_combine(top, *parts) for parts in product(rates, acc, gyr))


def _combine(top: ProfileTable, rate: _Rate, acc: Range | None, gyr: Range | None) -> Setting:
    named: dict[str, bytes] = {}
    for more in (rate.named, acc.named if acc else {}, gyr.named if gyr else {}):
        if twice := sorted(named.keys() & more.keys()):
            raise top.error("rates", f"and the ranges both give bytes the name {twice[0]!r}")
        named |= more
    return Setting(rate.hz, rate.samples_per_packet, acc, gyr, named)


def _read_rate(row: ProfileTable) -> _Rate:
    many = row.has("samples_per_packet")
    rate = _Rate(
        hz=row.positive("hz"),
        samples_per_packet=row.count("samples_per_packet", _MOST_SAMPLES) if many else None,
        named=_read_named_bytes(row),
    )
    row.finish()
    return rate


def _read_ranges(top: ProfileTable, key: str, unit: str) -> list[Range | None]:
    if not top.has(key):
        return [None]
    ranges = [_read_range(row, unit) for row in top.tables(key)]
    if len({each.limit for each in ranges}) < len(ranges):
        raise top.error(key, "lists a range twice")
    return [*sorted(ranges, key=lambda each: -each.limit)]


def _read_range(row: ProfileTable, unit: str) -> Range:
    scale = row.positive("scale") if row.has("scale") else None
    found = Range(row.positive(unit), scale, _read_named_bytes(row))
    row.finish()
    return found


def _read_named_bytes(row: ProfileTable) -> NamedBytes:
    if not row.has("bytes"):
        return {}
    table = row.table("bytes")
    return {key: table.byte_string(key, {}) for key in table.keys()}  # noqa: SIM118 - not a dict
