"""Reads the session file: every frame as the radio delivered it.

Records are read directly: a message is two reads and one `struct` call, because an hour of three
sensors is some 280 000 of them, and a file without an end is nothing special that way.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Metadata, Schema
from mcap.writer import MCAP0_MAGIC

from imu_stream.acquisition.entries import BY_SCHEMA, EntryKind
from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.session_format import (
    FORMAT,
    FRAME_MESSAGE,
    FRAME_SCHEMA,
    HEADER_NAME,
    MESSAGE,
    RECORD,
    checked_number,
    header_from_json,
    nanoseconds,
    recording_failure,
)
from imu_stream.datatypes import Entry, Frame, Placement, SessionHeader
from imu_stream.errors import RecordingError

__all__ = ["Recorder", "Recording"]

LARGEST_RECORD = 1 << 24
"""Bytes; the largest that are written hold some profiles, and are a hundredth of it."""

_DAMAGE = (
    struct.error,
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
    McapError,
)
"""What parsing bytes that are not what they should be can raise."""


class Recording:
    """Reads a session file: iterating yields `Entry` as they were written.

    A file whose end is missing, or that is damaged somewhere, is read up to that place.

    Attributes:
        header: what was known when the session began.
        truncated: after an iteration, whether the end of the file was missing.

    Raises:
        RecordingError: not a session file, or written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.truncated = False
        self.header = self._read_header()

    def __iter__(self) -> Iterator[Entry]:
        self.truncated = True
        channels = _Channels(self._path)
        with _open_log(self._path) as stream:
            for opcode, body in _records(self._path, stream):
                if opcode == Opcode.DATA_END:
                    self.truncated = not _ends_with_magic(stream)
                    return
                try:
                    item = channels.read(opcode, body)
                except _DAMAGE:
                    return
                if item is not None:
                    yield item

    def _read_header(self) -> SessionHeader:
        with _open_log(self._path) as stream:
            for opcode, body in _records(self._path, stream):
                if opcode == Opcode.METADATA:
                    return _session_header(self._path, body)
                if opcode not in (Opcode.HEADER, Opcode.SCHEMA):
                    break
        raise RecordingError(
            self._path,
            "has no session header: it was cut within its first bytes, or another program wrote it",
        )


@dataclass(frozen=True, slots=True)
class _FrameChannel:
    placement: Placement
    stream: str


class _Channels:
    """Turns records into items, remembering the schemas and channels met so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._schemas: dict[int, str] = {}
        self._channels: dict[int, _FrameChannel | EntryKind] = {}

    def read(self, opcode: int, body: bytes) -> Entry | None:
        if opcode == Opcode.MESSAGE:
            return self._item(body)
        if opcode == Opcode.CHANNEL:
            self._add_channel(Channel.read(ReadDataStream(BytesIO(body))))
        elif opcode == Opcode.SCHEMA:
            schema = Schema.read(ReadDataStream(BytesIO(body)))
            self._schemas[schema.id] = schema.name
        elif opcode == Opcode.CHUNK:
            raise RecordingError(
                self._path, "was rewritten in chunks by another program; use the original file"
            )
        return None

    def _item(self, body: bytes) -> Entry:
        # any entry's text is longer than a frame's arrival, so unpacking both alike is safe
        channel_id, _, logged_ns, published_ns, arrival_s = FRAME_MESSAGE.unpack_from(body)
        channel = self._channels[channel_id]
        if isinstance(channel, EntryKind):
            return channel.read(body[MESSAGE.size :])
        # after a power cut a record may go over into zeros; its three times then differ
        if not logged_ns == published_ns == nanoseconds(checked_number(arrival_s)):
            raise ValueError("the times of a message differ")
        return Frame(
            arrival_s,
            channel.placement,
            channel.stream,
            body[FRAME_MESSAGE.size :],
        )

    def _add_channel(self, channel: Channel) -> None:
        schema = self._schemas[channel.schema_id]
        if schema == FRAME_SCHEMA:
            placement = Placement(channel.metadata["placement"])
            self._channels[channel.id] = _FrameChannel(placement, channel.metadata["stream"])
        elif schema in BY_SCHEMA:
            self._channels[channel.id] = BY_SCHEMA[schema]
        else:
            raise RecordingError(
                self._path,
                f"holds {schema!r}, which this version does not know; update imu-stream",
            )


def _session_header(path: Path, body: bytes) -> SessionHeader:
    try:
        metadata = Metadata.read(ReadDataStream(BytesIO(body)))
        written = metadata.metadata["format"]
        if metadata.name != HEADER_NAME:
            raise ValueError(f"the header is named {metadata.name!r}")
    except _DAMAGE as error:
        raise RecordingError(path, f"has no usable session header ({error})") from None
    if written.split(".")[0] != FORMAT.split(".")[0]:
        problem = f"has format {written!r}, this version reads {FORMAT}; update imu-stream"
        raise RecordingError(path, problem)
    try:
        return header_from_json(metadata.metadata["session"])
    except (*_DAMAGE, AttributeError) as error:
        problem = f"has a damaged session header ({type(error).__name__}: {error})"
        raise RecordingError(path, problem) from None


def _open_log(path: Path) -> BinaryIO:
    """Opens a file and takes the magic off its front."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise RecordingError(path, "cannot be read: it is no file")
    try:
        stream = path.open("rb", buffering=1 << 18)
        if stream.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC:
            return stream
        stream.close()
    except OSError as error:
        raise recording_failure("be read", path, error) from None
    raise RecordingError(path, "is not a session file (no MCAP file)")


def _records(path: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Opcode and body of each whole record (MCAP specification, section Records)."""
    left = os.fstat(stream.fileno()).st_size - stream.tell()
    try:
        while left >= RECORD.size:
            opcode, length = RECORD.unpack(stream.read(RECORD.size))
            left -= RECORD.size + length
            # opcode 0 is what a power cut leaves where blocks were allotted and never written
            if left < 0 or opcode == 0 or length > LARGEST_RECORD:
                return
            yield opcode, stream.read(length)
    except OSError as error:
        raise recording_failure("be read", path, error) from None


def _ends_with_magic(stream: BinaryIO) -> bool:
    stream.seek(-len(MCAP0_MAGIC), os.SEEK_END)
    return stream.read() == MCAP0_MAGIC
