"""A MAT file (version 5): one struct for each table, with a field for each column."""

from pathlib import Path
from typing import Any

from scipy.io import savemat

from imu_stream.afterwards.export.data import ExportData
from imu_stream.afterwards.export.tables import tables_of


def write_mat(data: ExportData, path: Path) -> None:
    """Write every table; `units` has the same structs with texts, `provenance` is JSON."""
    tables = list(tables_of(data))
    content: dict[str, Any] = {
        table.name: {column.heading.name: column.array for column in table.columns}
        for table in tables
    }
    content["units"] = {
        table.name: {column.heading.name: column.heading.unit for column in table.columns}
        for table in tables
    }
    content["provenance"] = data.provenance.to_json()
    with path.open("wb") as file:
        savemat(file, content, long_field_names=True, do_compression=True, oned_as="column")
