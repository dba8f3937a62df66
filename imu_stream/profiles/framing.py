"""How messages lie in notifications: taking them out and putting them in, by name of framing.

A message is what a layout reads. Most devices send one in each notification; some cut a
long one in parts, some send a stream of bytes that runs on over notifications.
"""

from collections.abc import Sequence

from imu_stream.profiles.byte_stream import ByteStream
from imu_stream.profiles.capture2go_packages import Capture2GoPackages, seal_capture2go_package
from imu_stream.profiles.layout import PacketLayout
from imu_stream.profiles.message_parts import MessageParts, seal_message_parts
from imu_stream.profiles.messages import Deframer, Message, Received
from imu_stream.profiles.packets import Framing, Stream


def make_deframer(stream: Stream, layouts: Sequence[PacketLayout]) -> Deframer:
    """Make the deframer of a stream, in its initial state."""
    match stream.framing:
        case Framing.WHOLE:
            return WholeMessages()
        case Framing.MESSAGE_PARTS:
            return MessageParts(layouts[0])
        case Framing.BYTE_STREAM:
            lengths = tuple(layout.length(layout.samples_per_packet) for layout in layouts)
            others = tuple((each.begins, each.length) for each in stream.other_messages)
            between = b"".join(each.value for each in stream.ignored if len(each.value) == 1)
            return ByteStream(layouts[0].prefix, lengths, others, between)
        case Framing.CAPTURE2GO_PACKAGES:
            return Capture2GoPackages()


def seal(framing: Framing, message: bytes, largest: int) -> list[bytes]:
    """Put a message into notifications of at most `largest` bytes each."""
    match framing:
        case Framing.WHOLE:
            return [message]
        case Framing.BYTE_STREAM:
            return [message[start : start + largest] for start in range(0, len(message), largest)]
        case Framing.MESSAGE_PARTS:
            return seal_message_parts(message, largest)
        case Framing.CAPTURE2GO_PACKAGES:
            return seal_capture2go_package(message, largest)


class WholeMessages:
    """One notification is one message."""

    def receive(self, arrival_s: float, notification: bytes) -> list[Received]:
        """See `Deframer`."""
        return [Message(arrival_s, notification)]
