"""A folder of CSV tables, each with a JSON file beside it that says what its columns are."""

import csv
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from imu_stream.afterwards.export.columns import Column
from imu_stream.afterwards.export.data import ExportData, Provenance
from imu_stream.afterwards.export.tables import Table, tables_of
from imu_stream.sinks.sheets import Content

ROWS_AT_ONCE = 50_000
Cell = str | float | int | None


def write_csv(data: ExportData, folder: Path) -> None:
    """Write every table as NAME.csv and NAME.json; numbers with all their digits."""
    folder.mkdir()
    for table in tables_of(data):
        _write_rows(table, folder / f"{table.name}.csv")
        text = json.dumps(described(table, data.provenance), indent=2, allow_nan=False)
        (folder / f"{table.name}.json").write_text(text + "\n", encoding="utf-8")


def described(table: Table, provenance: Provenance) -> dict[str, object]:
    """What a table's columns are and where it comes from; `analyze` reads it beside raw samples."""
    return {
        "imu_stream_table": table.name,
        "rows": len(table),
        "columns": [
            {"name": each.heading.name, "content": each.heading.content, "unit": each.heading.unit}
            for each in table.columns
        ],
        "sensor": None if table.device is None else asdict(table.device),
        "provenance": asdict(provenance),
    }


def _write_rows(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.heading.name for column in table.columns])
        for start in range(0, len(table), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            writer.writerows(zip(*(_cells(each, rows) for each in table.columns), strict=True))


def _cells(column: Column, rows: slice) -> list[Cell]:
    """Cells as they are written: nothing for what was not measured."""
    part = Column(column.heading, column.values[rows])
    cells: list[Cell] = np.asarray(part.values, dtype=object).tolist()
    if column.heading.content is Content.FLAG:
        cells = ["true" if cell else "false" for cell in cells]
    missing = part.missing
    if not missing.any():
        return cells
    return [None if lacks else cell for cell, lacks in zip(cells, missing.tolist(), strict=True)]
