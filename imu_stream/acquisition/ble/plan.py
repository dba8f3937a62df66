"""What a link is to be: which sensor, and how long to wait for it."""

from dataclasses import dataclass

from bleak.backends.device import BLEDevice

from imu_stream.datatypes import Placement
from imu_stream.profiles import DeviceProfile, Mode


@dataclass(frozen=True, slots=True)
class SensorPlan:
    """One sensor as it shall take part in a session."""

    placement: Placement
    device: BLEDevice
    profile: DeviceProfile
    mode: Mode
    otherwise: tuple["SensorPlan", ...] = ()
    """What it may be instead, to be tried in turn when it turns out to be another device."""

    @property
    def stream_names(self) -> dict[str, str]:
        """Names of the streams by their characteristics."""
        return {stream.characteristic: stream.name for stream in self.mode.streams}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the radio, in seconds, before a step counts as failed."""

    connect_s: float = 20.0
    operation_s: float = 5.0
    """One subscribe or write."""
    reply_s: float = 3.0
    """A sensor's answer to a command of the set-up."""
    first_sample_s: float = 3.0
    """From the last step of the set-up to the first notification of a stream."""
    last_reply_s: float = 0.5
    """A sensor's answer to a command of the shutdown: what it does not say is no harm then."""
    close_s: float = 3.0
    """All of one link's clean-up, and again for the disconnect itself."""
    silence_s: float = 5.0
    """A streaming sensor that sends nothing this long counts as lost."""
    attempts: int = 3
    """Connection attempts before the first link counts as impossible."""
    longest_pause_s: float = 2.0
    """Upper end of the growing pauses between reconnects."""
    rescan_s: float = 5.0
    """To hear a lost sensor again."""
