"""A device profile: all that is known about one kind of sensor."""

import math
from dataclasses import dataclass

from imu_stream.datatypes import Mount, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles.schema import (
    Advertisement,
    Characteristic,
    Clock,
    Rate,
    Signature,
    Step,
    Stream,
)


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One kind of sensor: how to know it, start it, stop it and read it."""

    name: str
    title: str
    vendor: str
    evidence: str
    """What the facts rest on."""
    placements: frozenset[str]
    """Where it may be worn: "foot", "chest"."""
    clock: Clock
    mount: Mount
    """Nominal: how the sensor sits when it is worn as its maker shows."""
    acc_saturation: float
    """Largest acceleration the device can report, m/s²."""
    gyr_saturation: float | None
    """Largest angular rate the device can report, rad/s; None without gyroscope."""
    default_rate_hz: float
    rates: tuple[Rate, ...]
    streams: tuple[Stream, ...]
    service_uuid: str
    characteristics: tuple[Characteristic, ...]
    signatures: tuple[Signature, ...]
    advertised: Advertisement
    """As the device advertises; `{serial}` in the name stands for its number."""
    text: str
    """The TOML source."""

    @property
    def has_gyro(self) -> bool:
        return self.gyr_saturation is not None

    @property
    def rates_hz(self) -> tuple[float, ...]:
        """Nominal rates offered, ascending, Hz."""
        return tuple(rate.hz for rate in self.rates)

    @property
    def stream(self) -> str:
        """Name of the stream of samples, as used in `Frame.stream`."""
        return self.streams[0].name

    @property
    def data_characteristic(self) -> str:
        """UUID of the characteristic that notifies the samples."""
        return self.streams[0].characteristic

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
        return ("foot" if placement.is_foot else "chest") in self.placements

    def rate(self, rate_hz: float) -> Rate:
        """Look up an offered rate.

        Raises:
            ProfileError: the device does not offer it.
        """
        for rate in self.rates:
            if math.isclose(rate.hz, rate_hz, rel_tol=1e-6):
                return rate
        raise ProfileError(self.name, "rates", f"no rate of {rate_hz:g} Hz; {self._offer()}")

    def choose_rate(self, wanted_hz: float | None) -> float:
        """Choose the lowest offered rate that is at least the wanted one.

        Args:
            wanted_hz: None for the profile's default.

        Raises:
            ProfileError: no offered rate is that high.
        """
        if wanted_hz is None:
            return self.default_rate_hz
        enough = [hz for hz in self.rates_hz if hz >= wanted_hz * (1 - 1e-6)]
        if not enough or not wanted_hz > 0:
            raise ProfileError(self.name, "rates", f"no rate for {wanted_hz:g} Hz; {self._offer()}")
        return min(enough)

    def setup(self, rate_hz: float) -> tuple[Step, ...]:
        """Give the steps from a fresh link to streaming; ProfileError for an unknown rate."""
        return self.rate(rate_hz).setup

    def shutdown(self, rate_hz: float) -> tuple[Step, ...]:
        """Give the steps that end the streaming; ProfileError for an unknown rate."""
        return self.rate(rate_hz).shutdown

    def _offer(self) -> str:
        return "it offers " + ", ".join(f"{hz:g}" for hz in self.rates_hz) + " Hz"
