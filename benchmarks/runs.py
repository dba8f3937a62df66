"""Runs with known truth: the recordings beside the checkout, as tables that `analyze` reads."""

import csv
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imu_stream.acquisition.simulation.runner import TrueStride, Truth
from imu_stream.acquisition.table_gaps import samples_and_gaps, usable_rows
from imu_stream.acquisition.tables import Table, read_table
from imu_stream.datatypes import FEET, Array, Placement, Samples, StrikeType

DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What the sensors of one run measured, and how it really was."""

    name: str
    runner: str
    tables: tuple[Table, ...]
    contacts: tuple[TrueStride, ...]
    """True contacts by initial contact; those outside the force plates' time are not among them."""
    truth: Truth | None = None
    """Of a simulated run: also knows the lean."""
    known_from_s: float = 0.0
    """From then on somebody moves and all contacts are known."""


RECORDED_FROM_S = 7.5
"""Recorded runs begin with standing and a blend to running, which is nobody's movement."""
Change = Callable[[Run], Run]
"""Makes another run of a run: other rates, losses, mountings."""


def data_folder(given: Path | None) -> Path:
    """The folder of the recordings: as given, by IMU_STREAM_DATA, or beside the checkout."""
    return given or Path(os.environ.get("IMU_STREAM_DATA", DEFAULT_DATA))


def recorded_runs(data: Path) -> list[Run]:
    """All runs with truth, in the order of their names."""
    folders = sorted(path.parent for path in (data / "runners").glob("*/truth.csv"))
    return [_recorded_run(folder) for folder in folders]


def _recorded_run(folder: Path) -> Run:
    tables = tuple(read_table(folder / f"{foot}.csv.gz", foot) for foot in FEET)
    return Run(
        folder.name,
        folder.name.split("_")[0],
        tables,
        true_contacts(folder / "truth.csv"),
        known_from_s=RECORDED_FROM_S,
    )


def true_contacts(path: Path) -> tuple[TrueStride, ...]:
    """The contacts of a `truth.csv`, by initial contact."""
    with path.open(encoding="utf-8", newline="") as file:
        contacts = [_contact(row) for row in csv.DictReader(file)]
    return tuple(sorted(contacts, key=lambda contact: contact.ic_s))


def _contact(row: dict[str, str]) -> TrueStride:
    fsa_deg = float(row["fsa_deg"])
    return TrueStride(
        Placement(row["foot"]),
        float(row["ic_s"]),
        float(row["tc_s"]),
        fsa_deg,
        StrikeType.of(fsa_deg),
    )


def rows_of(table: Table) -> Array:
    """The usable rows of a table, (n, 7) or (n, 4) without gyroscope."""
    return np.concatenate([_rows(item) for item in table.items if isinstance(item, Samples)])


def _rows(samples: Samples) -> Array:
    columns: Sequence[Array] = (samples.t_s[:, None], samples.acc)
    return np.hstack(columns if samples.gyr is None else (*columns, samples.gyr))


def table_of(rows: Array, placement: Placement) -> Table:
    """A table of such rows, as if read from a file."""
    usable = usable_rows(Path(placement), rows)
    return Table(placement, 1.0 / usable.step_s, tuple(samples_and_gaps(rows, usable, placement)))
