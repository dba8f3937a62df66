"""What a device profile knows beside its packets and steps: advertisement, GATT, modes."""

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from imu_stream.profiles.packets import Packet, Stream
from imu_stream.profiles.steps import Step, Write

_BLUETOOTH_BASE = "0000{}-0000-1000-8000-00805f9b34fb"


def full_uuid(uuid: str) -> str:
    """Write a UUID in its long form, lower case; "fdf3" is one of the Bluetooth base."""
    short = uuid.lower()
    return _BLUETOOTH_BASE.format(short) if len(short) == 4 else short


class Evidence(StrEnum):
    """What the facts of a profile rest on, by the weakest of those that streaming needs."""

    CAPTURE = "capture"
    VENDOR_DOCUMENT = "vendor document"
    UNVERIFIED = "unverified"


class Pairing(StrEnum):
    """Whether the system must be paired with the device first."""

    NONE = "none"
    WINDOWS = "windows"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a device says of itself before it is connected."""

    name: str | None
    service_uuids: tuple[str, ...]
    company_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to recognise a device: all that is given must hold."""

    name: str | None
    """Name with `*` for any text."""
    service_uuid: str | None
    company_id: int | None

    def matches(self, advertisement: Advertisement) -> bool:
        """Whether the advertisement shows all of this."""
        uuids = {full_uuid(uuid) for uuid in advertisement.service_uuids}
        return (
            (self.name is None or fnmatchcase(advertisement.name or "", self.name))
            and (self.service_uuid is None or self.service_uuid in uuids)
            and (self.company_id is None or self.company_id in advertisement.company_ids)
        )


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A GATT characteristic, with the names of its properties in the specification's words."""

    uuid: str
    service_uuid: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Firmware:
    """Which firmware a profile is for."""

    at_least: tuple[int, ...]
    known_bad: tuple[str, ...]

    def suits(self, revision: str) -> bool:
        """Whether this firmware will do; one without a number in its name is not judged."""
        if revision in self.known_bad:
            return False
        parts = revision.split(".")
        if not all(part.isdecimal() for part in parts):
            return True
        return tuple(int(part) for part in parts) >= self.at_least


@dataclass(frozen=True, slots=True)
class BatteryQuery:
    """How a device without the standard battery service is asked for its charge, percent."""

    ask: Write | None
    """None: the characteristic is read."""
    characteristic: str
    begins: bytes

    def percent(self, notification: bytes) -> int | None:
        """The charge in an answer; None when it is another notification."""
        at = len(self.begins)
        if not notification.startswith(self.begins) or len(notification) <= at:
            return None
        return min(notification[at], 100)


@dataclass(frozen=True, slots=True)
class Mode:
    """The device at one sampling rate and range: all that depends on them."""

    hz: float
    acc_range_g: float | None
    """None: the range is as it is and cannot be chosen."""
    gyr_range_dps: float | None
    streams: tuple[Stream, ...]
    setup: tuple[Step, ...]
    shutdown: tuple[Step, ...]

    @property
    def packets(self) -> tuple[Packet, ...]:
        """The kinds of packets with samples, of all streams."""
        return tuple(packet for stream in self.streams for packet in stream.packets)


SAYS_ONLY = Mode(1.0, None, None, (), (), ())
"""Of a device that says what it has measured through standard services, and streams nothing."""
