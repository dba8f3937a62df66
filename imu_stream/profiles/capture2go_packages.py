"""Packages `02 crc32 size header payload` in a stream of bytes that runs on over notifications.

Byte 0 of a notification is 0xFF minus the number of whole real-time packages that come first;
they are no part of the stream. The checksum covers header and payload, but not the size.
"""

import zlib

from imu_stream.profiles.messages import Damage, Message, Received

_START = 0x02
_HEAD = 6  # start, CRC-32, payload size
_HEADER = 2
_LARGEST_PAYLOAD = 236
_NO_REAL_TIME = 0xFF
_MOST_REAL_TIME = 3


class Capture2GoPackages:
    """Takes packages out of the stream; a message is header + payload.

    Real-time packages are skipped. After damage the next start byte whose package has a right
    checksum is taken.
    """

    def __init__(self) -> None:
        self._stream = b""
        self._in_step = True
        """False from damage until the next right package: it is reported once."""

    def receive(self, arrival_s: float, notification: bytes) -> list[Received]:
        """See `Deframer`."""
        start = _skip_real_time(notification)
        received: list[Received] = []
        if start is None:
            received += self._fall_out(arrival_s, "no count of real-time packages")
            start = 1
        self._stream += notification[start:]
        while (found := self._next_package(arrival_s)) is not None:
            received += found
        return received

    def _next_package(self, arrival_s: float) -> list[Received] | None:
        """Take one package, or the damage in front of it; None when more bytes are needed."""
        end = _package_end(self._stream, 0)
        if end is None:
            return self._search(arrival_s)
        if end > len(self._stream):
            return None if self._in_step else self._search(arrival_s)
        if not _checksum_holds(self._stream, 0, end):
            return self._search(arrival_s)
        return [self._cut(arrival_s, 0, end)]

    def _search(self, arrival_s: float) -> list[Received] | None:
        """Find the next right package; keep what may become one."""
        damage = self._fall_out(arrival_s, "bytes that are no package") if self._stream else []
        kept = len(self._stream)
        start = self._stream.find(_START)
        while start >= 0:
            end = _package_end(self._stream, start)
            if end is not None and end > len(self._stream):
                kept = min(kept, start)
            elif end is not None and _checksum_holds(self._stream, start, end):
                return [*damage, self._cut(arrival_s, start, end)]
            start = self._stream.find(_START, start + 1)
        self._stream = self._stream[kept:]
        return damage or None

    def _cut(self, arrival_s: float, start: int, end: int) -> Message:
        content = self._stream[start + _HEAD : end]
        self._stream = self._stream[end:]
        self._in_step = True
        return Message(arrival_s, content)

    def _fall_out(self, arrival_s: float, problem: str) -> list[Received]:
        if not self._in_step:
            return []
        self._in_step = False
        return [Damage(arrival_s, problem)]


def _skip_real_time(notification: bytes) -> int | None:
    """Give where the stream goes on in a notification; None when its first byte is wrong."""
    if not notification or _NO_REAL_TIME - notification[0] > _MOST_REAL_TIME:
        return None
    start = 1
    for _ in range(_NO_REAL_TIME - notification[0]):
        end = _package_end(notification, start)
        if end is None or end > len(notification):
            return None
        start = end
    return start


def _package_end(data: bytes, start: int) -> int | None:
    """Give the end of the package at `start`; None when none can start there.

    While its size is not there yet, the end lies just beyond the data.
    """
    if start >= len(data):
        return len(data) + 1
    if data[start] != _START:
        return None
    if start + _HEAD > len(data):
        return len(data) + 1
    size = data[start + _HEAD - 1]
    return start + _HEAD + _HEADER + size if size <= _LARGEST_PAYLOAD else None


def _checksum_holds(data: bytes, start: int, end: int) -> bool:
    expected = int.from_bytes(data[start + 1 : start + 5], "little")
    return zlib.crc32(data[start + _HEAD : end]) == expected


def capture2go_package(message: bytes) -> bytes:
    """Pack header + payload."""
    head = bytes([_START]) + zlib.crc32(message).to_bytes(4, "little")
    return head + bytes([len(message) - _HEADER]) + message


def capture2go_notification(message: bytes) -> bytes:
    """Pack header + payload and give it as a notification of its own."""
    return bytes([_NO_REAL_TIME]) + capture2go_package(message)


def seal_capture2go_package(message: bytes, largest: int) -> list[bytes]:
    """Pack header + payload and spread it over notifications of at most `largest` bytes."""
    package = capture2go_package(message)
    step = largest - 1
    return [
        bytes([_NO_REAL_TIME]) + package[start : start + step]
        for start in range(0, len(package), step)
    ]
