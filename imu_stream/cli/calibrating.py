"""Find out how the chest sensor sits, by standing and bowing, and remember it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from imu_stream.acquisition.ble import find
from imu_stream.analysis.bowing import (
    BOWS,
    Bow,
    BowedMounting,
    BowWatch,
    Standing,
    bowed_mounting,
)
from imu_stream.analysis.bridging import Bridging
from imu_stream.cli.listening import Listening
from imu_stream.cli.radio import FIND_S, Radio, SessionClock
from imu_stream.cli.speaking import console, say
from imu_stream.config.file import load_config, save_config
from imu_stream.config.remembered import Config, StoredCalibration
from imu_stream.datatypes import Gap, Placement
from imu_stream.errors import CalibrationError, ConfigError
from imu_stream.profiles import available_profiles

_STAND = "Stand still and upright."
_BOW = f"Now bow {BOWS} times, not fast: straight ahead to about 60°, and upright again each time."


async def calibrate(
    chest: str | None,
    path: Path,
    radio: Radio | None = None,
    *,
    wait_s: float = 90.0,
    tell: Callable[[str], None] = say,
) -> StoredCalibration:
    """Calibrate the chest sensor and write that into the config.

    Args:
        chest: address or name of the sensor; None for the one in the config.
        path: of the config.
        radio: another one than this computer's own.
        wait_s: for all of it.
        tell: what to do next, and what has been seen.

    Raises:
        LinkError: the sensor is not found or cannot be connected.
        CalibrationError: it took too long, or what was found is not plausible.
        ConfigError: the config cannot be read or written, or names no chest sensor.
    """
    config, radio = load_config(path), radio or Radio()
    async with await _looked_for(chest or _chest_of(config, path), radio) as sensor:
        mounting = await _mounting_within(wait_s, sensor, tell)
    found = _stored(sensor.address, mounting)
    save_config(path, config.with_calibration(found))
    tell(f"forward is known to {found.error_deg:.1f}°, by how well the bows agree")
    tell(f"remembered in {path}; calibrate again when the strap sits otherwise")
    return found


async def _looked_for(label: str, radio: Radio) -> Listening:
    """The chest sensor, to be entered."""
    with console.status("Looking for the sensor …"):
        wanted, profiles = {Placement.CHEST: label}, radio.profiles or available_profiles()
        heard = await find(wanted, profiles, timeout_s=FIND_S, scanner_backend=radio.scanner)
    return Listening(Placement.CHEST, heard[Placement.CHEST], radio, SessionClock())


async def _mounting_within(
    wait_s: float, sensor: Listening, tell: Callable[[str], None]
) -> BowedMounting:
    try:
        async with asyncio.timeout(wait_s):
            return await _mounting(sensor, tell)
    except TimeoutError:
        problem = f"{BOWS} good bows after standing still were not seen within {wait_s:g} s"
        raise CalibrationError(problem) from None


def _stored(address: str, mounting: BowedMounting) -> StoredCalibration:
    return StoredCalibration(
        placement=Placement.CHEST,
        sensor=address,
        date=datetime.now(UTC).replace(microsecond=0),
        rotation=mounting.rotation,
        gyro_bias=mounting.gyro_bias,
        error_deg=round(mounting.error_deg, 2),
    )


def _chest_of(config: Config, path: Path) -> str:
    sensor = config.sensors.get(Placement.CHEST)
    if sensor is None:
        problem = "is missing; run `imu-stream pair` first, or name the sensor with --chest"
        raise ConfigError(path, "sensors.chest", problem)
    return sensor.address


async def _mounting(sensor: Listening, tell: Callable[[str], None]) -> BowedMounting:
    """Listen until there are enough good bows. Raises CalibrationError if they are implausible."""
    bridging, watch = Bridging(sensor.rate_hz), BowWatch(Placement.CHEST, sensor.rate_hz)
    progress = _Progress(tell)
    tell(_STAND)
    async for item in sensor.samples():
        for bridged in bridging.push(item):
            for seen in watch.push(bridged):
                mounting = progress.take(seen)
                if mounting is not None:
                    return mounting
    raise CalibrationError("the sensor stopped before the calibration was complete")


@dataclass(slots=True)
class _Progress:
    """What has been seen so far."""

    tell: Callable[[str], None]
    standing: Standing | None = None
    bows: list[Bow] = field(default_factory=list)

    def take(self, seen: Standing | Bow | Gap) -> BowedMounting | None:
        """The mounting once it is complete; CalibrationError when it is not plausible."""
        match seen:
            case Gap():
                self.standing, self.bows = None, []
                self.tell(f"samples were lost. {_STAND}")
            case Standing():
                self.standing = seen
                self.tell(f"still for {seen.duration_s:g} s. {_BOW}")
            case Bow():
                return self._bowed(seen)
        return None

    def _bowed(self, bow: Bow) -> BowedMounting | None:
        assert self.standing is not None
        if bow.fault:
            self.tell(bow.fault)
            return None
        self.bows.append(bow)
        self.tell(f"bow {len(self.bows)} of {BOWS}: {bow.angle_deg:.0f}° deep")
        if len(self.bows) < BOWS:
            return None
        mounting = bowed_mounting(self.standing, self.bows)
        if mounting.fault:
            raise CalibrationError(mounting.fault)
        return mounting
