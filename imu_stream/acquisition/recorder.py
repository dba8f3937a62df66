"""Writes the session file: every frame before anything is done with it."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from mcap.writer import Writer

from imu_stream.acquisition.entries import ENTRY_KINDS, write_entry
from imu_stream.acquisition.session_format import (
    ARRIVAL,
    FORMAT,
    FRAME_ENCODING,
    FRAME_SCHEMA,
    FRAME_TEXT,
    HEADER_NAME,
    header_to_json,
    nanoseconds,
    recording_failure,
)
from imu_stream.datatypes import Entry, Frame, Placement, SessionHeader
from imu_stream.errors import RecordingError

SYNC_INTERVAL_S = 1.0


class Recorder:
    """Writes a session file; a context manager.

    Every item is handed to the operating system before `write` returns, so a killed process
    loses nothing. Once a second a worker thread calls fsync, so a power cut loses about a
    second; the caller never waits for the disk, and while one fsync is under way no second one
    is queued. An error of the disk, also one found by the worker, is raised by the next call.

    Args:
        path: a file that does not exist yet; an existing one is never overwritten.
        header: written and synced before anything else.
        clock: any monotonic clock in seconds; it only paces the fsync.

    Raises:
        RecordingError: the file exists, cannot be made, or the disk is full.
    """

    def __init__(self, path: Path, header: SessionHeader, *, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._failure: RecordingError | None = None
        self._channels: dict[tuple[Placement, str], int] = {}
        self._json_channels: dict[type, int] = {}
        self._sequence = 0
        try:
            self._stream = path.open("xb")
        except FileExistsError:
            raise RecordingError(path, "exists already; choose a new name") from None
        except OSError as error:
            raise recording_failure("be written", path, error) from None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._syncing: Future[None] | None = None
        self._begin(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, item: Entry) -> None:
        """Appends one item; times must be finite. Raises RecordingError."""
        self._check()
        try:
            self._append(item)
            self._stream.flush()
        except OSError as error:
            raise self._fail(error) from None
        now_s = self._clock()
        if now_s - self._synced_s >= SYNC_INTERVAL_S:
            self._start_sync(now_s)

    def sync(self) -> None:
        """Waits until all that was written is on the disk. Raises RecordingError."""
        self._check()
        self._wait_for_sync()
        self._start_sync(self._clock())
        self._wait_for_sync()

    def close(self) -> None:
        """Finishes the file and syncs it; closing twice is allowed. Raises RecordingError."""
        if self._stream.closed:
            return
        try:
            if self._failure is None:
                self._writer.finish()  # type: ignore[no-untyped-call]
                self._stream.flush()
                self.sync()
        except OSError as error:
            raise self._fail(error) from None
        finally:
            self._worker.shutdown(wait=True)
            self._close_stream()

    def _begin(self, header: SessionHeader) -> None:
        self._writer = Writer(self._stream, use_chunking=False, enable_data_crcs=True)
        try:
            self._writer.start("imu_stream", f"imu_stream {header.version}")
            self._frame_schema = self._writer.register_schema(
                FRAME_SCHEMA, "x-text", FRAME_TEXT.encode()
            )
            session = {"format": FORMAT, "session": header_to_json(header)}
            self._writer.add_metadata(HEADER_NAME, session)
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            failure = self._fail(error)
            self.close()
            raise failure from None
        self._synced_s = self._clock()

    def _append(self, item: Entry) -> None:
        if isinstance(item, Frame):
            at_s, channel = item.arrival_s, self._frame_channel(item)
            content = ARRIVAL.pack(item.arrival_s) + item.payload
        else:
            at_s, channel = item.t_s, self._json_channel(type(item))
            content = write_entry(item)
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        at_ns = nanoseconds(at_s)
        self._writer.add_message(channel, at_ns, content, at_ns, self._sequence)

    def _frame_channel(self, frame: Frame) -> int:
        key = (frame.placement, frame.stream)
        if key not in self._channels:
            self._channels[key] = self._writer.register_channel(
                f"/{frame.placement}/{frame.stream}",
                FRAME_ENCODING,
                self._frame_schema,
                {"placement": frame.placement.value, "stream": frame.stream},
            )
        return self._channels[key]

    def _json_channel(self, kind: type) -> int:
        if kind not in self._json_channels:
            entry = ENTRY_KINDS[kind]
            schema = self._writer.register_schema(
                entry.schema, "jsonschema", entry.schema_text.encode()
            )
            self._json_channels[kind] = self._writer.register_channel(entry.topic, "json", schema)
        return self._json_channels[kind]

    def _start_sync(self, now_s: float) -> None:
        if self._syncing is not None and not self._syncing.done():
            return
        self._wait_for_sync()
        self._syncing = self._worker.submit(os.fsync, self._stream.fileno())
        self._synced_s = now_s

    def _wait_for_sync(self) -> None:
        if self._syncing is None:
            return
        try:
            self._syncing.result()
        except OSError as error:
            raise self._fail(error) from None

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._stream.closed:
            raise RecordingError(self._path, "the recording is closed already")

    def _fail(self, error: OSError) -> RecordingError:
        self._failure = recording_failure("be written", self._path, error)
        return self._failure

    def _close_stream(self) -> None:
        try:
            self._stream.close()
        except OSError as error:
            # what a full disk refused once it refuses again here; that is reported already
            if self._failure is None:
                raise self._fail(error) from None
