"""Cues as lines of JSON on standard output, for the program at the other end of the pipe."""

from collections.abc import Callable

from imu_stream.datatypes import Cue
from imu_stream.errors import OutputError
from imu_stream.sinks.outputs.output import NothingToOpen
from imu_stream.sinks.outputs.own_thread import in_own_thread
from imu_stream.sinks.outputs.payload import cue_json


class JsonLinesOutput(NothingToOpen):
    """Writes each cue as one line.

    A pipe that nobody reads blocks whoever writes to it, so each line is written by a thread of
    its own; while one is blocked no other is begun.
    """

    name = "json"

    def __init__(self, write: Callable[[bytes], object], clock: Callable[[], float]) -> None:
        """Plan an output.

        Args:
            write: writes all the bytes at once, and raises OSError when it cannot.
            clock: session clock, s.
        """
        self._write = write
        self._clock = clock
        self._is_writing = False

    async def deliver(self, cue: Cue) -> float:
        """Write a line; when it was written. Raises OutputError."""
        if self._is_writing:
            raise OutputError("nobody reads standard output")
        line = cue_json(cue).encode() + b"\n"
        self._is_writing = True
        return await in_own_thread(lambda: self._write_line(line))

    def _write_line(self, line: bytes) -> float:
        try:
            self._write(line)
        except OSError as error:
            said = f"standard output cannot be written: {error.strerror or error}"
            raise OutputError(said) from None
        finally:
            self._is_writing = False
        return self._clock()
