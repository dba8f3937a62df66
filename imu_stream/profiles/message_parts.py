"""Messages cut in two or more notifications: `[2][reference][…]`, `[3][reference][rest]`."""

from dataclasses import dataclass

from imu_stream.profiles.layout import PacketLayout
from imu_stream.profiles.messages import Damage, Message, Received

_DATA, _CONTINUATION = 2, 3
_KNOWN_KINDS = (1, _DATA, _CONTINUATION)
_LONGEST_MESSAGE = 4096


@dataclass(frozen=True, slots=True)
class _Crossed:
    """Two beginnings and one end: it belongs to the second, unless another end follows."""

    first: Message
    second: Message
    end: Message


class MessageParts:
    """Joins the parts of messages of one reference; lets all other messages through.

    Nothing in the first part says whether more follows. A message of the usual length is
    complete. One of another length that its layout allows is held until the next
    notification tells; from then on its length counts as whole, until a continuation
    shows that to be wrong.

    Nor does anything in a continuation say of which message it is. Where a beginning has
    overtaken the end before it, two ends follow on two beginnings; where an end and the next
    beginning are lost, only the times tell: see `Message.spread_s`.
    """

    def __init__(self, layout: PacketLayout) -> None:
        self._layout = layout
        self._begin = layout.prefix
        self._continue = bytes([_CONTINUATION]) + layout.prefix[1:]
        self._usual_length = layout.length(layout.samples_per_packet)
        self._whole_lengths: set[int] = set()
        self._endless: Message | None = None
        """The message before the open one, which has no end yet."""
        self._open: Message | None = None
        self._crossed: _Crossed | None = None
        self._lost = False
        """A beginning was lost and that has been reported: its continuation is no news."""

    def receive(self, arrival_s: float, notification: bytes) -> list[Received]:
        """See `Deframer`."""
        if notification.startswith(self._begin):
            return self._begin_message(Message(arrival_s, notification))
        if notification.startswith(self._continue):
            return self._append(Message(arrival_s, notification[len(self._continue) :]))
        if not notification or notification[0] not in _KNOWN_KINDS:
            self._open, self._lost = None, True
        return [Message(arrival_s, notification)]

    def _begin_message(self, message: Message) -> list[Received]:
        self._lost = False
        return self._uncross() + self._close_open() + self._take(message)

    def _take(self, message: Message) -> list[Received]:
        length = len(message.content)
        if length != self._usual_length and length not in self._whole_lengths:
            self._open = message
            return []
        return [*self._give_up_endless(), message]

    def _close_open(self) -> list[Received]:
        message, self._open = self._open, None
        if message is None:
            return []
        before = self._give_up_endless()
        if self._layout.sample_count(len(message.content)) is None:
            self._endless = message
            return before
        self._whole_lengths.add(len(message.content))
        return [*before, message]

    def _give_up_endless(self) -> list[Received]:
        message, self._endless = self._endless, None
        return [] if message is None else [Damage(message.arrival_s, "a message without its end")]

    def _append(self, rest: Message) -> list[Received]:
        if self._crossed is not None:
            return self._cross(self._crossed, rest)
        if self._open is None:
            self._whole_lengths.clear()
            return self._report_lost(rest, "the end of a message without its start")
        beginning, self._open = self._open, None
        message = joined(beginning, rest)
        if len(message.content) > _LONGEST_MESSAGE:
            return [*self._give_up_endless(), *self._report_lost(rest, "a message without end")]
        if self._endless is not None and self._is_usual(joined(self._endless, rest)):
            self._crossed = _Crossed(self._endless, beginning, rest)
            self._endless = None
            return []
        return self._take(message)

    def _is_usual(self, message: Message) -> bool:
        return len(message.content) == self._usual_length

    def _cross(self, crossed: _Crossed, rest: Message) -> list[Received]:
        """Another end, or the same once more, as radios do; or the second one goes on."""
        if rest.content == crossed.end.content:
            return self._uncross()
        second = joined(crossed.second, rest)
        if not self._is_usual(second):
            return [*self._uncross(), *self._append(rest)]
        self._crossed = None
        return [joined(crossed.first, crossed.end), second]

    def _uncross(self) -> list[Received]:
        """No other end has followed: that of the first message is lost."""
        crossed, self._crossed = self._crossed, None
        if crossed is None:
            return []
        self._endless = crossed.first
        return self._take(joined(crossed.second, crossed.end))

    def _report_lost(self, part: Message, problem: str) -> list[Received]:
        if self._lost:
            return []
        self._lost = True
        return [Damage(part.arrival_s, problem)]


def joined(beginning: Message, rest: Message) -> Message:
    """A message and what continues it."""
    spread_s = beginning.spread_s + rest.arrival_s - beginning.arrival_s
    return Message(rest.arrival_s, beginning.content + rest.content, spread_s)


def seal_message_parts(message: bytes, largest: int) -> list[bytes]:
    """Cut a message into notifications of at most `largest` bytes each."""
    parts = [message[:largest]]
    step = largest - 2
    for start in range(largest, len(message), step):
        parts.append(bytes([_CONTINUATION, message[1]]) + message[start : start + step])
    return parts
