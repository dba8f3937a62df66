"""The folder of sessions: which there are, what belongs to each, and how one is deleted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from imu_stream.afterwards.training_log.store import FOLDER
from imu_stream.errors import RecordingError

SUFFIX = ".mcap"


class SessionFolder:
    """Sessions and what was made of them, in one folder that the user owns.

    Names come from the folder itself, never from what a user types: so no name leads out of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def sessions(self) -> tuple[Path, ...]:
        """The session files by name, whatever they hold.

        Raises:
            RecordingError: the folder cannot be read.
        """
        return tuple(sorted(each for each in self._entries(self.path) if each.suffix == SUFFIX))

    def session(self, name: str) -> Path:
        """The session of that name, with or without the suffix.

        Raises:
            RecordingError: there is none.
        """
        for path in self.sessions():
            if name in (path.name, path.stem):
                return path
        raise RecordingError(self.path, f"holds no session {name!r}; see `imu-stream sessions`")

    def belongings(self, session: Path) -> tuple[Path, ...]:
        """All that is there of a session: recording, report, exports, originals, derived rows."""
        stems = {path.stem for path in self.sessions()}
        entries = [*self._entries(self.path), *self._entries(self.path / FOLDER)]
        return tuple(sorted(e for e in entries if _owner(e.name, stems) == session.stem))

    def delete(self, session: Path) -> tuple[Path, ...]:
        """Delete a session with all its belongings; what was deleted.

        A link is deleted, never what it leads to.

        Raises:
            RecordingError: something cannot be deleted.
        """
        gone = self.belongings(session)
        # the recording last: until then the session is listed, and can be deleted again
        for path in sorted(gone, key=lambda each: each == session):
            try:
                _remove(path)
            except OSError as error:
                problem = f"cannot be deleted: {error.strerror or error}"
                raise RecordingError(path, problem) from None
        return gone

    def _entries(self, folder: Path) -> Iterator[Path]:
        try:
            yield from folder.iterdir()
        except FileNotFoundError:
            return
        except OSError as error:
            raise RecordingError(folder, f"cannot be read: {error.strerror or error}") from None


def _owner(name: str, stems: set[str]) -> str | None:
    """The session that a file's name begins with; of two the longer one."""
    parts = name.split(".")
    beginnings = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((each for each in beginnings if each in stems), None)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
