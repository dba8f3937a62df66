"""Sensors that are listened to before a session: samples as they come, nothing recorded."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from imu_stream.acquisition.ble import BleSource, Found
from imu_stream.cli.options import plan, setup_of
from imu_stream.cli.radio import Radio, SessionClock
from imu_stream.config.remembered import ChosenSensor
from imu_stream.datatypes import MOTION, Frame, Gap, LinkPhase, Placement, Samples
from imu_stream.reading import SensorReader, sane


class Listening:
    """One motion sensor, connected while entered."""

    def __init__(self, placement: Placement, found: Found, radio: Radio, clock: SessionClock):
        """Plan it without touching the radio; ProfileError when it does not fit there."""
        self._placement = placement
        self._source = BleSource(
            [plan(placement, found)],
            clock,
            client_backend=radio.client,
            scanner_backend=radio.scanner,
        )
        self.label = found.name or found.address
        self.address = found.address

    async def __aenter__(self) -> Self:
        """Connect and set up; LinkError when that is not possible."""
        await self._source.__aenter__()
        self._plan = self._source.plans[self._placement]
        self.profile = self._plan.profile
        self.rate_hz = self._plan.mode.hz
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._source.__aexit__(kind, error, trace)

    @property
    def chosen(self) -> ChosenSensor:
        """The sensor as it is remembered."""
        return ChosenSensor(self.address, self._plan.device.name or "", self.profile.name)

    async def samples(self) -> AsyncIterator[Samples | Gap]:
        """What it measures, in order, until `stop`."""
        reader = SensorReader(setup_of(self._plan), self.profile)
        async for item in self._source:
            if isinstance(item, Frame):
                for each in sane(reader.push(item)):
                    yield each
            elif item.phase is not LinkPhase.STREAMING:
                reader.link_changed()

    def stop(self) -> None:
        self._source.stop()


def place_for(found: Found) -> Placement | None:
    """Some place where a sensor could measure motion; None when it measures none."""
    fits = (p for p in MOTION for profile in found.profiles if profile.streams and profile.fits(p))
    return next(fits, None)
