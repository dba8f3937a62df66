"""What is laid around the bytes of a command so that a device takes them."""

from enum import StrEnum

from imu_stream.profiles.capture2go_packages import capture2go_notification, capture2go_package
from imu_stream.profiles.checksums import Checksum


class Wrapping(StrEnum):
    """How a command or an answer in a profile is completed."""

    NEGATIVE_SUM = "negative_sum"
    CRC16_CCITT_FALSE = "crc16_ccitt_false"
    CRC32 = "crc32"
    CAPTURE2GO_PACKAGE = "capture2go_package"
    CAPTURE2GO_NOTIFICATION = "capture2go_notification"


def wrap(wrapping: Wrapping, content: bytes) -> bytes:
    """Complete the bytes of a command; a checksum is laid behind them."""
    match wrapping:
        case Wrapping.CAPTURE2GO_PACKAGE:
            return capture2go_package(content)
        case Wrapping.CAPTURE2GO_NOTIFICATION:
            return capture2go_notification(content)
        case _:
            return content + Checksum(wrapping.value).compute(content)
