"""Puts whole files and folders in their place: never half of one, never over another unasked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from imu_stream.errors import RecordingError


@contextmanager
def placed(target: Path, force: bool) -> Iterator[Path]:
    """Gives a path to write to; what stands there at the end is renamed to the target.

    Written in a hidden folder beside the target, which is deleted when anything fails; a process
    that is killed leaves that folder, and no half target.

    Raises:
        RecordingError: the target exists, or cannot be written.
    """
    refuse_existing(target, force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".partial-", dir=target.parent) as folder:
            written = Path(folder) / target.name
            yield written
            _flush(written)
            refuse_existing(target, force)  # it may have come meanwhile
            if target.exists():
                target.rename(Path(folder) / "replaced")
            written.rename(target)
    except OSError as error:
        raise RecordingError(target, f"cannot be written: {error.strerror or error}") from None


def refuse_existing(target: Path, force: bool) -> None:
    """Raises RecordingError for a target that exists, unless forced."""
    if not force and target.exists():
        raise RecordingError(target, "exists already; give --force to replace it")


def _flush(written: Path) -> None:
    """To the disk, before it gets its name."""
    files = [written] if written.is_file() else [p for p in written.rglob("*") if p.is_file()]
    for path in files:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
