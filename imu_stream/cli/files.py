"""Files that commands write, and what is said when a file is not whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from imu_stream.acquisition.recorder import Recorder
from imu_stream.cli.speaking import say
from imu_stream.datatypes import SessionHeader
from imu_stream.errors import RecordingError


@contextmanager
def recording_to(path: Path, head: SessionHeader, clock: Callable[[], float]) -> Iterator[Recorder]:
    """A session file that is finished as far as the disk allows, without hiding the results."""
    recorder = Recorder(path, head, clock=clock)
    try:
        yield recorder
    finally:
        try:
            recorder.close()
        except RecordingError as error:
            say(f"{error}; what was written before can be read", "NOT FINISHED:", "bold red")


def tell_recording_failed(error: RecordingError) -> None:
    say(f"{error}; the run goes on, but is not recorded any more", "NOT RECORDING:", "bold red")


def new_session_path(out: Path) -> Path:
    """A new file named by the wall clock."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(out, f"cannot be made: {error.strerror or error}") from None
    stem = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    names = (f"{stem}{suffix}.mcap" for suffix in ("", *(f"-{n}" for n in range(2, 100))))
    return next(path for name in names if not (path := out / name).exists())


def write_text(path: Path, text: str) -> None:
    """Write a small file; RecordingError when that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordingError(path, f"cannot be written: {error.strerror or error}") from None


def tell_if_cut(path: Path, truncated: bool) -> None:
    """Say that a recording has no end, when it has none."""
    if truncated:
        say(f"note: {path} has no end; it was read up to where it was cut")
