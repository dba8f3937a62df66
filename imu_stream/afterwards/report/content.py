"""What stands in a report, section by section; all texts plain, nothing marked up but charts."""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands for itself."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """Time spent in one technique."""

    style: str
    name: str
    time: str
    percent: str


@dataclass(frozen=True, slots=True)
class Key:
    """What a colour or mark in a chart means."""

    mark: Markup
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with its title and keys."""

    title: str
    chart: Markup
    keys: tuple[Key, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; the first cell names it."""

    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A small table."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class SensorCard:
    """One sensor: what it is, and how it did."""

    title: str
    subtitle: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    term: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Report:
    """All sections; those that are empty are left out."""

    title: str
    subtitle: str
    badges: tuple[str, ...]
    story: tuple[str, ...]
    figures: tuple[Figure, ...]
    techniques: tuple[Share, ...]
    technique_bar: Markup
    lean: tuple[Drawing, ...]
    strikes: tuple[Drawing, ...]
    rhythm: tuple[Drawing, ...]
    feet: Table
    advice: tuple[Figure, ...]
    advice_note: str
    cues: Table
    laps: Table
    notes: Table
    sensors: tuple[SensorCard, ...]
    gaps: Table
    gaps_note: str
    trust: tuple[Figure, ...]
    limits: tuple[str, ...]
    missing: tuple[str, ...]
    definitions: tuple[Definition, ...]
    made_by: str
