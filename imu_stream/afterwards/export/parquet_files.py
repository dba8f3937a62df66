"""A folder of Parquet tables; units and provenance stand in their metadata."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imu_stream.afterwards.export.columns import Column
from imu_stream.afterwards.export.data import ExportData, Provenance
from imu_stream.afterwards.export.tables import Table, tables_of
from imu_stream.sinks.sheets import Content


def write_parquet(data: ExportData, folder: Path) -> None:
    """Write every table as NAME.parquet: zstd, numbers with their bytes split."""
    from pyarrow import parquet

    folder.mkdir()
    for table in tables_of(data):
        numbers = [c.heading.name for c in table.columns if c.heading.content is Content.NUMBER]
        parquet.write_table(
            _arrow(table, data.provenance),
            folder / f"{table.name}.parquet",
            compression="zstd",
            use_dictionary=[c.heading.name for c in table.columns if c.heading.name not in numbers],
            use_byte_stream_split=numbers,
        )


def _arrow(table: Table, provenance: Provenance) -> Any:
    import pyarrow

    types = {
        Content.NUMBER: pyarrow.float64(),
        Content.COUNT: pyarrow.int64(),
        Content.FLAG: pyarrow.bool_(),
        Content.WORD: pyarrow.string(),
    }
    about = {
        "imu_stream_table": table.name,
        "provenance": provenance.to_json(),
        "sensor": json.dumps(None if table.device is None else asdict(table.device)),
    }
    fields = [
        pyarrow.field(c.heading.name, types[c.heading.content], metadata={"unit": c.heading.unit})
        for c in table.columns
    ]
    arrays = [_array(c, types[c.heading.content]) for c in table.columns]
    return pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields, metadata=about))


def _array(column: Column, of: Any) -> Any:
    """What was not measured is null."""
    import pyarrow

    return pyarrow.array(column.values, type=of, mask=column.missing)
