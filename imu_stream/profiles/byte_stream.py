"""Messages of fixed lengths in a stream of bytes, cut anywhere into notifications.

Nothing closes such a message and there is no checksum: only the place where the next one
begins shows that the stream was read right.
"""

from collections import deque

from imu_stream.profiles.messages import Damage, Message, Received

_MOST_HELD = 4096
"""Bytes a search keeps, so that messages that turn out to be right are not lost."""
_LEAD = 2
"""By how many marks one place must be ahead of all others; see `_Search`."""


class ByteStream:
    """Takes messages out of a stream of bytes.

    In step, a message is complete with its last byte. Which of several lengths it has is told
    once by where the next message begins, and then remembered.

    Where a message should begin and none does, bytes were lost or added: one `Damage`, and a
    search, which begins within the message given last, for it may be one of two halves. A
    search ends as `_Search` says, and then gives every message that it passed over.

    So a loss of bytes spoils the messages it touches and no other. One wrong message, made of
    both sides of the loss, is given before it is noticed; more than one only if bytes that look
    like the mark stand just where the next should begin, which for a mark of one byte is
    common. Once the length is told, bytes within a message that look like the mark never put
    the stream out of step.
    """

    def __init__(
        self,
        begin: bytes,
        lengths: tuple[int, ...],
        other: tuple[tuple[bytes, int], ...] = (),
        ignored: bytes = b"",
    ) -> None:
        """Describe the stream.

        Args:
            begin: the bytes that messages begin with.
            lengths: those that messages may have, mark included.
            other: marks and lengths of other messages, which are passed on whole; none of the
                marks begins as another does.
            ignored: single bytes that may stand between messages, such as acknowledgements.

        Raises:
            ValueError: no mark, no length, or one that is shorter than a mark.
        """
        self._longest_mark = max(len(begin), *(len(mark) for mark, _ in other), 0)
        shortest = min((*lengths, *(length for _, length in other)), default=0)
        if not begin or not lengths or shortest < self._longest_mark:
            raise ValueError("a stream of messages without mark, or shorter than one")
        self._begin, self._other, self._ignored = begin, other, ignored
        self._lengths = tuple(sorted(set(lengths)))
        self._length = lengths[0] if len(self._lengths) == 1 else None
        self._search: _Search | None = None
        self._stream = b""
        self._at = 0
        """Where in `_stream` the next message should begin, or the search has come to."""
        self._doubtful = 0
        """From where a search would have to begin."""
        self._forgotten = 0
        """Bytes that were in front of `_stream`."""
        self._arrivals: deque[tuple[int, float]] = deque()
        """Of each notification where in the whole stream it ends, and its arrival."""

    def receive(self, arrival_s: float, notification: bytes) -> list[Received]:
        """See `Deframer`."""
        if not notification:
            return []
        if self._is_next(notification):
            return [self._pass_on(arrival_s, notification)]
        self._stream += notification
        self._arrivals.append((self._forgotten + len(self._stream), arrival_s))
        received: list[Received] = []
        while (found := self._next()) is not None:
            received += found
        self._forget()
        return received

    def _is_next(self, notification: bytes) -> bool:
        """Whether it is just the next message, in step: as most are, so it is worth a short cut."""
        return (
            self._length == len(notification)
            and self._search is None
            and self._at == len(self._stream)
            and notification.startswith(self._begin)
        )

    def _pass_on(self, arrival_s: float, message: bytes) -> Message:
        self._forgotten += len(self._stream) + 1
        self._stream = message[1:]
        self._at = len(self._stream)
        self._doubtful = 0
        self._arrivals.clear()
        self._arrivals.append((self._forgotten + self._at, arrival_s))
        return Message(arrival_s, message)

    def _next(self) -> list[Received] | None:
        """Give what stands next in the stream; None when more bytes are needed."""
        return self._take() if self._search is None else self._seek(self._search)

    def _take(self) -> list[Received] | None:
        if self._lacks(self._longest_mark):
            return None
        for mark, length in self._other:
            if self._stream.startswith(mark, self._at):
                return self._cut(length)
        if self._stream.startswith(self._begin, self._at):
            return self._tell_length() if self._length is None else self._cut(self._length)
        if self._stream[self._at] in self._ignored:
            self._at += 1
            self._doubtful = self._at
            return []
        return self._fall_out()

    def _lacks(self, count: int) -> bool:
        return self._at + count > len(self._stream)

    def _cut(self, length: int) -> list[Received] | None:
        if self._lacks(length):
            return None
        message = self._message(self._at, length)
        self._doubtful = self._at + 1
        self._at += length
        return [message]

    def _tell_length(self) -> list[Received] | None:
        for length in self._lengths:
            if self._lacks(length + self._longest_mark):
                return None
            if self._may_begin(self._at + length):
                self._length = length
                return []
        return self._fall_out()

    def _may_begin(self, at: int) -> bool:
        marks = (self._begin, *(mark for mark, _ in self._other))
        return self._stream.startswith(marks, at) or self._stream[at] in self._ignored

    def _fall_out(self) -> list[Received]:
        known = self._at + self._longest_mark
        self._search = _Search(self._lengths)
        self._at = self._doubtful
        return [Damage(self._arrival(known), "bytes where a message should begin")]

    def _seek(self, search: "_Search") -> list[Received] | None:
        while not self._lacks(len(self._begin)):
            found = search.go_on(self._stream.startswith(self._begin, self._at))
            if found is not None:
                return self._step_in(*found)
            self._at += 1
        return None

    def _step_in(self, length: int, marks: int) -> list[Received]:
        """Go on in step at the mark that ended the search, the last of `marks` in a row."""
        self._search, self._length = None, length
        self._doubtful = self._at - length + 1
        most = min(marks - 1, _MOST_HELD // length)
        return [self._message(self._at - k * length, length) for k in range(most, 0, -1)]

    def _message(self, start: int, length: int) -> Message:
        end = start + length
        return Message(self._arrival(end), self._stream[start:end])

    def _arrival(self, end: int) -> float:
        """Give when the bytes up to `end` were there."""
        return next(arrival for last, arrival in self._arrivals if last >= self._forgotten + end)

    def _forget(self) -> None:
        """Drop the bytes that are needed no more."""
        kept = self._doubtful if self._search is None else max(0, self._at - _MOST_HELD)
        self._stream = self._stream[kept:]
        self._at -= kept
        self._doubtful -= kept
        self._forgotten += kept
        while self._arrivals and self._arrivals[0][0] <= self._forgotten:
            self._arrivals.popleft()


class _Search:
    """Counts at how many places in a row, one length apart, a message may begin.

    It does so for every length and every place modulo that length, and takes the row that is
    ahead of all others by `_LEAD` marks. The right row never fails and every row of a length is
    tried equally often, so a wrong one can never be that far ahead; while bytes that look like
    marks keep up with the right ones, the search goes on. (A wrong row of a shorter length is
    tried more often, and would need such bytes in several messages running.)
    """

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self._rows = {length: [0] * length for length in lengths}
        self._place = 0

    def go_on(self, marked: bool) -> tuple[int, int] | None:
        """Take in whether a mark stands at the next place.

        Returns: length and number of marks in the row that ends there, once it is certain.
        """
        for length, rows in self._rows.items():
            rows[self._place % length] = rows[self._place % length] + 1 if marked else 0
        self._place += 1
        if not marked:
            return None
        return next((found for found in self._ending_here() if self._leads(found[1])), None)

    def _ending_here(self) -> list[tuple[int, int]]:
        last = self._place - 1
        return [(length, rows[last % length]) for length, rows in self._rows.items()]

    def _leads(self, marks: int) -> bool:
        counts = (count for rows in self._rows.values() for count in rows)
        return sum(count > marks - _LEAD for count in counts) == 1
