"""A device profile: all that is known about one kind of sensor."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from imu_stream.datatypes import Mount, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles.packets import Stream, Vectors, fields_of
from imu_stream.profiles.schema import (
    Advertisement,
    BatteryQuery,
    Characteristic,
    Evidence,
    Firmware,
    Mode,
    Pairing,
    Signature,
)
from imu_stream.profiles.steps import CueAction


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One kind of sensor: how to know it, start it, stop it and read it."""

    name: str
    title: str
    vendor: str
    evidence: Evidence
    sources: str
    """Where the facts are from, and what is not confirmed."""
    limits: tuple[str, ...]
    """What its wearer should know."""
    placements: frozenset[str]
    """Where it may be worn, "foot" and "chest", or what it measures, "heart" and "pod"."""
    mount: Mount
    """Nominal: how the sensor sits when it is worn as its maker shows."""
    pairing: Pairing
    min_mtu: int
    """Smallest ATT_MTU at which it sends its samples, bytes."""
    firmware: Firmware | None
    battery: BatteryQuery | None
    """None: the standard battery service, where there is one."""
    default_rate_hz: float
    modes: tuple[Mode, ...]
    """By rate; of one rate the largest ranges first."""
    cues: tuple[CueAction, ...]
    characteristics: tuple[Characteristic, ...]
    signatures: tuple[Signature, ...]
    advertised: Advertisement
    """As the device advertises; `{serial}` in the name stands for its number."""
    text: str
    """The TOML source."""

    @property
    def default_mode(self) -> Mode:
        """The mode that is used when nobody asks for another."""
        return self.mode(self.default_rate_hz)

    @property
    def has_gyro(self) -> bool:
        return self.gyr_saturation is not None

    @property
    def acc_saturation(self) -> float:
        """Largest acceleration the device can report, m/s²; 0 if it reports none."""
        return max(saturations(self.modes[0], "acc"), default=0.0)

    @property
    def gyr_saturation(self) -> float | None:
        """Largest angular rate the device can report, rad/s; None without gyroscope."""
        return max(saturations(self.modes[0], "gyr"), default=None)

    @property
    def rates_hz(self) -> tuple[float, ...]:
        """Nominal rates offered, ascending, Hz."""
        return tuple(sorted({mode.hz for mode in self.modes}))

    @property
    def acc_ranges_g(self) -> tuple[float, ...]:
        """Accelerometer ranges that can be chosen, descending, g."""
        return _descending(mode.acc_range_g for mode in self.modes)

    @property
    def gyr_ranges_dps(self) -> tuple[float, ...]:
        """Gyroscope ranges that can be chosen, descending, deg/s."""
        return _descending(mode.gyr_range_dps for mode in self.modes)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams of samples: the same names and characteristics in every mode."""
        return self.modes[0].streams

    def matches(self, advertisement: Advertisement) -> bool:
        """Whether an advertisement is of such a device."""
        return any(signature.matches(advertisement) for signature in self.signatures)

    def advertisement(self, serial: str) -> Advertisement:
        """Give the advertisement of the device with this serial number."""
        name = self.advertised.name
        return Advertisement(
            name and name.replace("{serial}", serial),
            self.advertised.service_uuids,
            self.advertised.company_ids,
        )

    def fits(self, placement: Placement) -> bool:
        """Whether the device measures what is needed at this place."""
        return ("foot" if placement.is_foot else placement.value) in self.placements

    def mode(
        self,
        rate_hz: float,
        acc_range_g: float | None = None,
        gyr_range_dps: float | None = None,
    ) -> Mode:
        """Look up an offered mode.

        Args:
            rate_hz: a sampling rate of the profile.
            acc_range_g: a range of its accelerometer; None for the largest.
            gyr_range_dps: a range of its gyroscope; None for the largest.

        Raises:
            ProfileError: the device does not offer it.
        """
        modes = [mode for mode in self.modes if math.isclose(mode.hz, rate_hz, rel_tol=1e-6)]
        if not modes:
            raise ProfileError(self.name, "rates", f"no rate of {rate_hz:g} Hz; {self._offer()}")
        for mode in modes:
            if acc_range_g in (None, mode.acc_range_g) and gyr_range_dps in (
                None,
                mode.gyr_range_dps,
            ):
                return mode
        offered = f"{_listed(self.acc_ranges_g)} g and {_listed(self.gyr_ranges_dps)} deg/s"
        raise ProfileError(self.name, "ranges", f"no such range; it offers {offered}")

    def _offer(self) -> str:
        return f"it offers {_listed(self.rates_hz)} Hz"


def saturations(mode: Mode, quantity: str) -> list[float]:
    """Largest values the packets of a mode can hold of "acc" or "gyr", SI."""
    vectors = (each for packet in mode.packets for each in fields_of(packet.fields, Vectors))
    return [each.saturation for each in vectors if each.quantity == quantity]


def _descending(ranges: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(sorted({each for each in ranges if each is not None}, reverse=True))


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers) or "no choice of"
