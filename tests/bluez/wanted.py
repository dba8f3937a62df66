"""The sensors that the host has put on the air, found as a user would."""

from collections.abc import Sequence

from streams import plan

from imu_stream.acquisition.ble import SensorPlan, find
from imu_stream.acquisition.simulation.child import address_of
from imu_stream.datatypes import Placement, SensorSetup, SessionHeader
from imu_stream.profiles import find_profile

PROFILES = {
    Placement.LEFT_FOOT: "capture2go",
    Placement.RIGHT_FOOT: "movesense",
    Placement.CHEST: "polar_h10",
}
ADDRESSES = {placement: address_of(placement) for placement in PROFILES}
FIND_S = 20.0


async def found_plans() -> list[SensorPlan]:
    profiles = [find_profile(name) for name in PROFILES.values()]
    found = await find(ADDRESSES, profiles, timeout_s=FIND_S)
    return [plan(placement, one) for placement, one in found.items()]


def header_of(plans: Sequence[SensorPlan]) -> SessionHeader:
    sensors = [
        SensorSetup(
            each.placement,
            each.profile.name,
            each.mode.hz,
            acc_range_g=each.mode.acc_range_g,
            gyr_range_dps=each.mode.gyr_range_dps,
        )
        for each in plans
    ]
    texts = {each.profile.name: each.profile.text for each in plans}
    return SessionHeader("0", "2026-01-01T12:00:00+00:00", tuple(sensors), texts, None)
