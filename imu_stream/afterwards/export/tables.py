"""A session as tables: what CSV, Parquet, MAT and HDF5 files hold alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imu_stream.afterwards.export.columns import Column, Heading, Values
from imu_stream.afterwards.export.data import Device, ExportData, Track
from imu_stream.afterwards.export.kinds import CALIBRATED, KINDS, RAW
from imu_stream.datatypes import Array


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of the same length under one name."""

    name: str
    columns: tuple[Column, ...]
    device: Device | None = None
    """Whose samples they are, if they are samples."""

    def __len__(self) -> int:
        return len(self.columns[0].values)


def tables_of(data: ExportData) -> Iterator[Table]:
    """Every table of a session: what was derived, then the samples of each sensor.

    Names are made of this program's own words alone, so they are safe in file names.
    """
    for kind in KINDS:
        outputs: Sequence[object] = data.finished.outputs.of(kind.of)
        yield Table(kind.name, tuple(heading.column(outputs) for heading in kind.headings))
    for track in data.tracks:
        yield raw_table(track)
        yield calibrated_table(track)


def raw_table(track: Track) -> Table:
    """As measured, in sensor axes: what `analyze` reads."""
    raw = track.raw
    columns = _columns(_measured(RAW, raw.gyr), (raw.t_s, *raw.acc.T, *_turning(raw.gyr)))
    return Table(f"raw_{track.placement.value}", columns, track.device)


def calibrated_table(track: Track) -> Table:
    """In segment axes, with the vertical."""
    own = track.segment
    values = (own.t_s, *own.acc.T, *_turning(own.gyr), *own.up.T, own.from_rest, own.settled)
    columns = _columns(_measured(CALIBRATED, own.gyr), values)
    return Table(f"calibrated_{track.placement.value}", columns, track.device)


def _turning(gyr: Array | None) -> tuple[Array, ...]:
    """Its columns; none for an accelerometer alone."""
    return () if gyr is None else tuple(gyr.T)


def _measured(headings: Sequence[Heading], gyr: Array | None) -> list[Heading]:
    """The columns there are; those of angular rates only when they are measured."""
    return [each for each in headings if gyr is not None or not each.name.startswith("gyr")]


def _columns(headings: Sequence[Heading], values: Sequence[Values]) -> tuple[Column, ...]:
    return tuple(Column(*pair) for pair in zip(headings, values, strict=True))
