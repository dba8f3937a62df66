"""A session in the formats that other programs read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from imu_stream.afterwards.export.bids import write_bids
from imu_stream.afterwards.export.csv_files import write_csv
from imu_stream.afterwards.export.data import ExportData
from imu_stream.afterwards.export.fit import write_fit
from imu_stream.afterwards.export.hdf5 import write_hdf5
from imu_stream.afterwards.export.matlab import write_mat
from imu_stream.afterwards.export.opensim import write_sto
from imu_stream.afterwards.export.parquet_files import write_parquet
from imu_stream.afterwards.export.placing import placed, refuse_existing
from imu_stream.errors import MissingExtraError

__all__ = ["FORMATS", "ExportData", "Format", "export"]


@dataclass(frozen=True, slots=True)
class Format:
    """How a session is written in one format."""

    title: str
    target: str
    """Name of the file or folder; of no input, so that nothing can lead elsewhere."""
    write: Callable[[ExportData, Path], None]
    needs_samples: bool = True
    module: str = ""
    """Of an extra, without which it cannot be written."""

    def check(self, out: Path, force: bool) -> None:
        """Refuses before any work is done what would be refused after it.

        Raises:
            MissingExtraError: a package is not installed.
            RecordingError: the file or folder exists already.
        """
        if self.module and find_spec(self.module) is None:
            raise MissingExtraError(f"writing {self.title}", "export")
        refuse_existing(out / self.target, force)


FORMATS: Mapping[str, Format] = {
    "fit": Format("FIT", "session.fit", write_fit, needs_samples=False, module="fit_tool"),
    "csv": Format("CSV", "csv", write_csv),
    "parquet": Format("Parquet", "parquet", write_parquet, module="pyarrow"),
    "bids": Format("Motion-BIDS", "bids", write_bids),
    "sto": Format("OpenSim tables", "sto", write_sto),
    "mat": Format("MAT", "session.mat", write_mat),
    "hdf5": Format("HDF5", "session.h5", write_hdf5, module="h5py"),
}


def export(data: ExportData, form: Format, out: Path, force: bool = False) -> Path:
    """Write a session in one format; gives the path of the file or folder.

    Raises:
        RecordingError: it exists already, cannot be written, or the session has nothing for it.
    """
    target = out / form.target
    with placed(target, force) as path:
        form.write(data, path)
    return target
