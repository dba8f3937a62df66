"""What the radio delivers: frames and the states of links."""

from dataclasses import dataclass
from enum import StrEnum

from imu_stream.datatypes.placement import Placement


@dataclass(frozen=True, slots=True)
class Frame:
    """One notification as the radio delivered it."""

    arrival_s: float
    """Session clock (monotonic, starts at 0) when the notification came in."""
    placement: Placement
    stream: str
    """Name of the stream in the device profile."""
    payload: bytes

    @property
    def t_s(self) -> float:
        """Session time, as every entry of a session has it."""
        return self.arrival_s


class LinkPhase(StrEnum):
    """Phases of one sensor's link."""

    SCANNING = "scanning"
    CONNECTING = "connecting"
    SETTING_UP = "setting up"
    STREAMING = "streaming"
    LOST = "lost"
    BACKING_OFF = "backing off"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class LinkState:
    """A change of a sensor's link; recorded like a frame."""

    t_s: float
    placement: Placement
    phase: LinkPhase
    detail: str = ""
