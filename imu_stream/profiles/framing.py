"""How messages lie in notifications: taking them out and putting them in, by name of framing.

A message is what a layout reads. Most devices send one in each notification; some cut a
long one in parts, some send a stream of packages that runs on over notifications.
"""

from imu_stream.profiles.capture2go_packages import Capture2GoPackages, seal_capture2go_package
from imu_stream.profiles.layout import PacketLayout
from imu_stream.profiles.message_parts import MessageParts, seal_message_parts
from imu_stream.profiles.messages import Deframer, Message, Received
from imu_stream.profiles.schema import Framing


def make_deframer(framing: Framing, layout: PacketLayout) -> Deframer:
    """Make the deframer of a stream, in its initial state."""
    match framing:
        case Framing.WHOLE:
            return WholeMessages()
        case Framing.MESSAGE_PARTS:
            return MessageParts(layout)
        case Framing.CAPTURE2GO_PACKAGES:
            return Capture2GoPackages()


def seal(framing: Framing, message: bytes, largest: int) -> list[bytes]:
    """Put a message into notifications of at most `largest` bytes each."""
    match framing:
        case Framing.WHOLE:
            return [message]
        case Framing.MESSAGE_PARTS:
            return seal_message_parts(message, largest)
        case Framing.CAPTURE2GO_PACKAGES:
            return seal_capture2go_package(message, largest)


class WholeMessages:
    """One notification is one message."""

    def receive(self, arrival_s: float, notification: bytes) -> list[Received]:
        """See `Deframer`."""
        return [Message(arrival_s, notification)]
