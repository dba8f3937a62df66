"""The log itself: each session of a folder with its row, or the reason why it has none."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imu_stream.acquisition.recording import Recording
from imu_stream.afterwards.derivation import derive
from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.training_log.folder import SessionFolder
from imu_stream.afterwards.training_log.rows import SessionRow, row_of
from imu_stream.afterwards.training_log.store import DerivedRows
from imu_stream.errors import ImuStreamError


@dataclass(frozen=True, slots=True)
class Logged:
    """A session as it stands in the log."""

    path: Path
    row: SessionRow | None
    """By this version if there is one, else by the last that derived it; None: not derived yet."""
    problem: str = ""
    """Why it cannot be read; empty when it can."""


@dataclass(frozen=True, slots=True)
class Rederived:
    """A session derived anew, beside what was known of it."""

    finished: FinishedSession
    before: SessionRow | None
    after: SessionRow


class TrainingLog:
    """The sessions of a folder with what was derived of them.

    Raises:
        MissingExtraError: the log's packages are not installed.
    """

    def __init__(self, path: Path) -> None:
        self.folder = SessionFolder(path)
        self.rows = DerivedRows(path)

    def listed(self) -> Iterator[Logged]:
        """Every session file by name; nothing is derived."""
        for path in self.folder.sessions():
            yield self.entry(path)

    def entry(self, path: Path) -> Logged:
        """A session with its row; a file that is none with the reason."""
        try:
            Recording(path)
            size = path.stat().st_size
        except ImuStreamError as error:
            return Logged(path, None, _reason(path, error))
        except OSError as error:
            return Logged(path, None, f"cannot be read: {error.strerror or error}")
        rows = [row for row in self.rows.of(path.stem) if row.file_bytes == size]
        current = [row for row in rows if row.is_current]
        return Logged(path, next(reversed(current or rows), None))

    def derived(self, logged: Logged) -> Logged:
        """The same with a row, derived and kept if there is none yet."""
        if logged.row is not None or logged.problem:
            return logged
        try:
            return Logged(logged.path, self.rederive(logged.path).after)
        except ImuStreamError as error:
            return Logged(logged.path, None, _reason(logged.path, error))

    def rederive(self, path: Path) -> Rederived:
        """Derive a session with this version and keep its row.

        Raises:
            ImuStreamError: it cannot be read, or its row not written.
        """
        before = self.rows.of(path.stem)
        finished = derive(path)
        after = row_of(finished)
        self.rows.put(after)
        return Rederived(finished, before[-1] if before else None, after)


def _reason(path: Path, error: ImuStreamError) -> str:
    return str(error).removeprefix(f"{path}: ")
