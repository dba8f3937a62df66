"""Prints the table, and writes it as JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from figures import COLUMNS, Figure, Group
from rich.console import Console
from rich.table import Table

from imu_stream import __version__


def table_of_groups(groups: Iterable[Group]) -> Table:
    """One table; a value outside its limit is red and marked."""
    table = Table("figure", title=f"imu_stream {__version__}: accuracy", title_justify="left")
    for column in (*COLUMNS, "limit"):
        table.add_column(column, justify="right", no_wrap=True)
    for group in groups:
        table.add_section()
        table.add_row(f"[bold]{group.title}[/]")
        for figure in group.figures:
            table.add_row(*_cells(figure))
    return table


def _cells(figure: Figure) -> list[str]:
    values = [_value(figure, column) for column in COLUMNS]
    return [f"  {figure.name}", *values, "" if figure.limit is None else figure.limit.text()]


def _value(figure: Figure, column: str) -> str:
    value = figure.values.get(column, math.nan)
    if math.isnan(value):
        return "" if figure.holds(column) else "[bold red]none ![/]"
    text = f"{round(value, figure.decimals) + 0.0:.{figure.decimals}f}"
    return text if figure.holds(column) else f"[bold red]{text} ![/]"


def missed(groups: Sequence[Group]) -> list[str]:
    """Names of the figures that miss their limits."""
    return [f"{g.title}: {f.name}" for g in groups for f in g.figures if f.missed]


def print_report(groups: Sequence[Group]) -> None:
    """The table, and how many limits are missed."""
    console = Console(width=None if Console().is_terminal else 132)
    console.print(table_of_groups(groups))
    count = len(missed(groups))
    console.print(f"{count} limits missed (marked !)" if count else "all limits are held")


def write_json(groups: Sequence[Group], path: Path) -> None:
    """All figures with their limits; null where there was nothing to measure."""
    content = {
        "version": __version__,
        "groups": [{"title": g.title, "figures": list(map(_as_json, g.figures))} for g in groups],
        "missed": missed(groups),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _as_json(figure: Figure) -> dict[str, object]:
    return {
        "figure": figure.name,
        "values": {name: _number(value) for name, value in figure.values.items()},
        "limit": None if figure.limit is None else figure.limit.text(),
        "held": not figure.missed,
        **{name: _number(value) for name, value in figure.details.items()},
    }


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
