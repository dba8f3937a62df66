"""What is remembered from run to run: who wears which sensor, how it sits, and the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import STANDARD
from imu_stream.cueing.schedule import Programme, after_session
from imu_stream.datatypes import Placement, Rotation, Triple
from imu_stream.sinks.outputs.settings import USUAL, OutputSettings


@dataclass(frozen=True, slots=True)
class ChosenSensor:
    """A sensor and what it is, as it was when it was chosen."""

    address: str
    name: str
    profile: str


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """How one sensor sits at one place, as it was found by calibrating."""

    placement: Placement
    sensor: str
    """Its address."""
    date: datetime
    """With time zone."""
    rotation: Rotation
    """Rows: the segment's x, y and z axis in sensor axes."""
    gyro_bias: Triple
    """rad/s, sensor axes."""
    error_deg: float
    """Estimated error of the forward direction."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds when the command line says nothing."""

    target_deg: float | None = None
    stride_factor: float = 1.0
    sessions_folder: str | None = None
    """Where sessions are kept; None: `sessions` in the folder where the program is started."""


@dataclass(frozen=True, slots=True)
class Config:
    """All that is remembered."""

    sensors: Mapping[Placement, ChosenSensor] = field(default_factory=dict)
    calibrations: tuple[StoredCalibration, ...] = ()
    """At most one for each sensor and placement."""
    defaults: Defaults = Defaults()
    cues: CueParams = STANDARD
    outputs: OutputSettings = USUAL

    def calibration(self, placement: Placement, sensor: str) -> StoredCalibration | None:
        """How this sensor sat at this place when it was last calibrated there."""
        wanted = placement, sensor.casefold()
        return next((each for each in self.calibrations if mounting_of(each) == wanted), None)

    def with_calibration(self, new: StoredCalibration) -> "Config":
        """The same with a calibration in the place of the one of the same mounting."""
        others = (each for each in self.calibrations if mounting_of(each) != mounting_of(new))
        return replace(self, calibrations=(*others, new))

    def with_sensors(self, chosen: Mapping[Placement, ChosenSensor]) -> "Config":
        """The same with some sensors assigned anew; one that moves leaves its old place."""
        taken = {sensor.address.casefold() for sensor in chosen.values()}
        kept = {w: s for w, s in self.sensors.items() if s.address.casefold() not in taken}
        return replace(self, sensors=kept | dict(chosen))

    def after_session(self, done: Programme, running_s: float) -> "Config":
        """The same after a run in the programme; as it was when the programme is another by now."""
        if self.cues.programme != done:
            return self
        return replace(self, cues=replace(self.cues, programme=after_session(done, running_s)))


def mounting_of(calibration: StoredCalibration) -> tuple[Placement, str]:
    """Which sensor sits where."""
    return calibration.placement, calibration.sensor.casefold()
