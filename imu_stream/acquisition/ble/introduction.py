"""What a connected sensor says of itself, and whether that rules it out.

Everything read here is passed on like a notification, so it stands in the recording.
"""

from contextlib import suppress

from imu_stream.acquisition.ble.conversation import Conversation
from imu_stream.errors import Fault, LinkError
from imu_stream.profiles import DeviceProfile
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.said import ABOUT, NOTIFIED
from imu_stream.profiles.standard_services import (
    BATTERY_LEVEL,
    FIRMWARE_REVISION,
    read_battery,
    read_text,
)

EMPTY_PERCENT = 3
"""A battery at this charge does not last for a run; sensors are then about to switch off."""


async def introduce(talk: Conversation, profile: DeviceProfile) -> None:
    """Read what the sensor says of itself.

    Raises:
        LinkError: its firmware does not suit the profile, or its battery is empty.
    """
    values = {each: await _read(talk, each) for each in (*ABOUT, _battery_of(profile))}
    revision = values[FIRMWARE_REVISION]
    if revision is not None and profile.firmware is not None:
        text = read_text(revision)
        if not profile.firmware.suits(text):
            raise talk.failure(Fault.FIRMWARE, f"has firmware {text}")
    percent = _percent(profile, values[_battery_of(profile)])
    if percent is not None and percent <= EMPTY_PERCENT:
        raise talk.failure(Fault.BATTERY, f"has {percent} % of its charge left")


async def listen(talk: Conversation, profile: DeviceProfile) -> None:
    """Subscribe to the standard services it has beside its samples, and ask for its battery."""
    for characteristic in (*NOTIFIED, BATTERY_LEVEL):
        if talk.can_notify(characteristic):
            with suppress(LinkError):  # none of them is worth a run
                await talk.subscribe(characteristic)
    if profile.battery is not None and profile.battery.ask is not None:
        with suppress(LinkError):
            await talk.take([profile.battery.ask], 0.0)


def _battery_of(profile: DeviceProfile) -> str:
    own = profile.battery
    return own.characteristic if own is not None and own.ask is None else BATTERY_LEVEL


def _percent(profile: DeviceProfile, value: bytes | None) -> int | None:
    if value is None:
        return None
    if profile.battery is not None and profile.battery.ask is None:
        return profile.battery.percent(value)
    with suppress(MalformedPacketError):
        return read_battery(value)
    return None


async def _read(talk: Conversation, characteristic: str) -> bytes | None:
    with suppress(LinkError):  # a sensor may keep it to itself
        return await talk.read(characteristic)
    return None
