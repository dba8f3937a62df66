"""What a session file carries beside its frames."""

from collections.abc import Mapping
from dataclasses import dataclass

from imu_stream.datatypes.placement import Placement
from imu_stream.datatypes.units import Rotation

TABLE = "table"
"""In the place of a profile: samples that need no decoding."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Which sensor axes ("x", "-y", "z", …) point forward and up on the body."""

    forward: str = "x"
    up: str = "z"
    rotation: Rotation | None = None
    """As found by calibrating: rows, the segment's x, y and z axis in sensor axes. It goes before
    the names of axes."""


@dataclass(frozen=True, slots=True)
class SensorSetup:
    """How one sensor takes part in a session."""

    placement: Placement
    profile: str
    """Name of the device profile; "table" for samples that need no decoding."""
    rate_hz: float
    mount: Mount = Mount()
    address: str = ""
    name: str = ""
    acc_range_g: float | None = None
    """Range of the accelerometer; None: the largest of the profile, or the only one."""
    gyr_range_dps: float | None = None
    """Range of the gyroscope; None likewise."""


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """All that is needed to derive a session's numbers again from its frames."""

    version: str
    started: str
    """Wall clock at session time 0, ISO 8601 with time zone."""
    sensors: tuple[SensorSetup, ...]
    profiles: Mapping[str, str]
    """Profile name -> the text of its TOML file, as used."""
    target_deg: float | None
    """Absolute lean target; None for the runner's own baseline plus a step."""
    stride_length_factor: float = 1.0
    """The runner's own: true stride length by the measured one."""
    cues: str = ""
    """The text of the `[cues]` table, as used; empty for the preset "standard"."""
    virtual: bool = False
    """The runner was a virtual one: nobody has trained."""

    @property
    def imported(self) -> bool:
        """Made from tables of other tools, not received by radio."""
        return bool(self.sensors) and all(sensor.profile == TABLE for sensor in self.sensors)
