"""Messages cut in two or more notifications: `[2][reference][…]`, `[3][reference][rest]`."""

from imu_stream.profiles.layout import PacketLayout
from imu_stream.profiles.messages import Damage, Message, Received

_DATA, _CONTINUATION = 2, 3
_KNOWN_KINDS = (1, _DATA, _CONTINUATION)
_LONGEST_MESSAGE = 4096


class MessageParts:
    """Joins the parts of messages of one reference; lets all other messages through.

    Nothing in the first part says whether more follows. A message of the usual length is
    complete. One of another length that its layout allows is held until the next
    notification tells; from then on its length counts as whole, until a continuation
    shows that to be wrong.
    """

    def __init__(self, layout: PacketLayout) -> None:
        self._layout = layout
        self._begin = layout.prefix
        self._continue = bytes([_CONTINUATION]) + layout.prefix[1:]
        self._usual_length = layout.length(layout.samples_per_packet)
        self._whole_lengths: set[int] = set()
        self._open: Message | None = None
        self._lost = False
        """A beginning was lost and that has been reported: its continuation is no news."""

    def receive(self, arrival_s: float, notification: bytes) -> list[Received]:
        """See `Deframer`."""
        if notification.startswith(self._begin):
            self._lost = False
            return self._close_open() + self._take(Message(arrival_s, notification))
        if notification.startswith(self._continue):
            return self._append(arrival_s, notification[len(self._continue) :])
        if not notification or notification[0] not in _KNOWN_KINDS:
            self._open, self._lost = None, True
        return [Message(arrival_s, notification)]

    def _take(self, message: Message) -> list[Received]:
        length = len(message.content)
        if length == self._usual_length or length in self._whole_lengths:
            return [message]
        self._open = message
        return []

    def _close_open(self) -> list[Received]:
        message, self._open = self._open, None
        if message is None:
            return []
        if self._layout.sample_count(len(message.content)) is None:
            return [Damage(message.arrival_s, "a message without its end")]
        self._whole_lengths.add(len(message.content))
        return [message]

    def _append(self, arrival_s: float, rest: bytes) -> list[Received]:
        if self._open is None:
            self._whole_lengths.clear()
            return self._report_lost(Damage(arrival_s, "the end of a message without its start"))
        joined = Message(arrival_s, self._open.content + rest)
        self._open = None
        if len(joined.content) > _LONGEST_MESSAGE:
            return self._report_lost(Damage(arrival_s, "a message without end"))
        return self._take(joined)

    def _report_lost(self, damage: Damage) -> list[Received]:
        if self._lost:
            return []
        self._lost = True
        return [damage]


def seal_message_parts(message: bytes, largest: int) -> list[bytes]:
    """Cut a message into notifications of at most `largest` bytes each."""
    parts = [message[:largest]]
    step = largest - 2
    for start in range(largest, len(message), step):
        parts.append(bytes([_CONTINUATION, message[1]]) + message[start : start + step])
    return parts
