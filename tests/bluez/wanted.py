"""The sensors that the host has put on the air, found as a user would."""

from streams import plan

from imu_stream.acquisition.ble import SensorPlan, find
from imu_stream.acquisition.simulation.child import address_of
from imu_stream.datatypes import Placement
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
