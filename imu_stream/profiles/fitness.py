"""How well a device serves at a place, derived from what its profile says."""

from dataclasses import dataclass
from enum import StrEnum
from math import radians

from imu_stream.datatypes import GRAVITY, Placement
from imu_stream.profiles.device_profile import DeviceProfile

_NEARLY = 0.99
"""The largest number may end a step short of the range."""


class Verdict(StrEnum):
    """Whether a device will do."""

    GOOD = "good"
    LIMITED = "limited"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Fitness:
    """A verdict and its reasons."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What a place asks of a sensor, for full marks."""

    rate_hz: float
    acc_g: float
    gyr_dps: float


NEEDS = {
    True: Need(100.0, 16.0, 2000.0),
    False: Need(50.0, 4.0, 250.0),
}
"""Of a foot (landings reach the whole range) and of the chest."""


def fitness(profile: DeviceProfile, placement: Placement) -> Fitness:
    """Judge a device for a place."""
    if not profile.fits(placement):
        why = "no gyroscope" if placement.is_foot and not profile.has_gyro else "not meant for it"
        return Fitness(Verdict.NO, (why,))
    reasons = tuple(_shortcomings(profile, NEEDS[placement.is_foot]))
    return Fitness(Verdict.LIMITED if reasons else Verdict.GOOD, reasons)


def _shortcomings(profile: DeviceProfile, need: Need) -> list[str]:
    found = []
    fastest = max(profile.rates_hz)
    if fastest < need.rate_hz:
        found.append(f"{fastest:g} Hz at most")
    acc_g = profile.acc_saturation / GRAVITY
    if acc_g < need.acc_g * _NEARLY:
        found.append(f"clips at ±{acc_g:.0f} g")
    if profile.gyr_saturation is None:
        found.append("no gyroscope: lean within 2° only")
    elif profile.gyr_saturation < radians(need.gyr_dps) * _NEARLY:
        found.append(f"gyroscope clips at ±{profile.gyr_saturation / radians(1):.0f} deg/s")
    if any(packet.clock is None for packet in profile.default_mode.packets):
        found.append("no clock of its own")
    return found
