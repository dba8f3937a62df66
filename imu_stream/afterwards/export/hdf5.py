"""An HDF5 file: one group for each table, one dataset for each column, units as attributes."""

from pathlib import Path
from typing import Any

from imu_stream.afterwards.export.columns import Column
from imu_stream.afterwards.export.data import ExportData
from imu_stream.afterwards.export.tables import tables_of
from imu_stream.sinks.sheets import Content

BLOCK_SIZE = 1 << 24
"""Bytes by which the file in memory grows."""


def write_hdf5(data: ExportData, path: Path) -> None:
    """Write every table; the dataset `provenance` is JSON."""
    import h5py

    # built in memory: on a full disk the HDF5 library writes pages of errors and may crash
    with h5py.File(path, "w", driver="core", backing_store=False, block_size=BLOCK_SIZE) as file:
        # no attribute: those have room for 64 kB only
        file["provenance"] = data.provenance.to_json()
        for table in tables_of(data):
            group = file.create_group(table.name)
            for column in table.columns:
                _write_column(group, column)
        file.flush()
        path.write_bytes(file.id.get_file_image())


def _write_column(group: Any, column: Column) -> None:
    import h5py

    values, name = column.array, column.heading.name
    if column.heading.content is Content.WORD:
        dataset = group.create_dataset(name, data=values, dtype=h5py.string_dtype())
    else:
        packed = {"compression": "gzip", "shuffle": True} if len(values) else {}
        dataset = group.create_dataset(name, data=values, **packed)
    dataset.attrs["unit"] = column.heading.unit
