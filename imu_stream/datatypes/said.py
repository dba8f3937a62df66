"""What sensors say through the services that the Bluetooth SIG defines."""

from dataclasses import dataclass
from enum import StrEnum

from imu_stream.datatypes.placement import Placement


@dataclass(frozen=True, slots=True)
class HeartRate:
    """What a heart rate sensor says, about once a second."""

    t_s: float
    """Session time of its arrival."""
    placement: Placement
    bpm: int
    """Beats a minute; 0 while it finds none."""
    contact: bool | None
    """Whether it feels skin; None when it cannot tell."""
    rr_s: tuple[float, ...]
    """Times from beat to beat since the last one, s."""

    @property
    def rr_text(self) -> str:
        """The times from beat to beat as one cell of a table."""
        return " ".join(f"{rr_s:.4f}" for rr_s in self.rr_s)


@dataclass(frozen=True, slots=True)
class RunningSpeed:
    """What a running speed and cadence sensor says, about once a second; by its own method."""

    t_s: float
    placement: Placement
    running: bool
    speed_mps: float
    cadence: int
    """As sent: steps a minute, with some sensors strides a minute."""
    stride_length_m: float
    """NaN when it does not say."""
    distance_m: float
    """Since it was switched on; NaN likewise."""


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge of a sensor's battery."""

    t_s: float
    placement: Placement
    percent: int


class About(StrEnum):
    """What a sensor says of itself."""

    MANUFACTURER = "manufacturer"
    MODEL = "model"
    SERIAL = "serial"
    HARDWARE = "hardware"
    FIRMWARE = "firmware"


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """One thing that a sensor says of itself."""

    t_s: float
    placement: Placement
    about: About
    text: str


Said = HeartRate | RunningSpeed | Battery | DeviceInformation
"""What sensors say through the services that the Bluetooth SIG defines."""
