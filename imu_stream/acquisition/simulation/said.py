"""Standard services of a virtual sensor: battery, device information, heart rate, running speed."""

import asyncio
import itertools
from collections.abc import Callable, Iterable

from bumble.gatt import Characteristic, Service

from imu_stream.acquisition.simulation.advertising import uuid_of
from imu_stream.profiles import Advertisement, DeviceProfile, Notification
from imu_stream.profiles.commands import BATTERY_PERCENT
from imu_stream.profiles.standard_services import (
    ALERT_LEVEL,
    BATTERY_LEVEL,
    BATTERY_SERVICE,
    DEVICE_INFORMATION_SERVICE,
    FIRMWARE_REVISION,
    HEART_RATE_MEASUREMENT,
    HEART_RATE_SERVICE,
    IMMEDIATE_ALERT_SERVICE,
    MANUFACTURER_NAME,
    MODEL_NUMBER,
    RUNNING_SPEED_MEASUREMENT,
    RUNNING_SPEED_SERVICE,
    SERIAL_NUMBER,
    HeartRateMeasurement,
    RunningSpeedMeasurement,
    write_heart_rate,
    write_running_speed,
)

PERIOD_S = 1.0
"""From one notification to the next."""
_NOTIFIED = {
    HEART_RATE_SERVICE: HEART_RATE_MEASUREMENT,
    RUNNING_SPEED_SERVICE: RUNNING_SPEED_MEASUREMENT,
}


def standard_services(profile: DeviceProfile, serial: str) -> list[Service]:
    """Build the services that a device has beside its own; those it advertises notify."""
    own = {each.service_uuid for each in profile.characteristics}
    firmware = ".".join(map(str, profile.firmware.at_least)) if profile.firmware else "1.0.0"
    texts = {
        MANUFACTURER_NAME: profile.vendor,
        MODEL_NUMBER: profile.title,
        SERIAL_NUMBER: serial,
        FIRMWARE_REVISION: firmware,
    }
    values = {uuid: text.encode() for uuid, text in texts.items()}
    services = {
        BATTERY_SERVICE: [_readable(BATTERY_LEVEL, bytes([BATTERY_PERCENT]))],
        DEVICE_INFORMATION_SERVICE: [_readable(uuid, value) for uuid, value in values.items()],
        **{service: [notifying(_NOTIFIED[service])] for service in advertised(profile.advertised)},
    }
    if IMMEDIATE_ALERT_SERVICE in profile.advertised.service_uuids:
        services[IMMEDIATE_ALERT_SERVICE] = [_writable(ALERT_LEVEL)]
    return [Service(uuid_of(uuid), held) for uuid, held in services.items() if uuid not in own]


def advertised(shown: Advertisement) -> list[str]:
    """The standard services with measurements that a device advertises."""
    return [service for service in _NOTIFIED if service in shown.service_uuids]


async def measure(shown: Advertisement, send: Callable[[Notification], None]) -> None:
    """Notify what an easy run would give, once a second, until cancelled."""
    uuids = [_NOTIFIED[service] for service in advertised(shown)]
    for second in itertools.count():
        for uuid in uuids:
            send(Notification(uuid, _measurement(uuid, second)))
        await asyncio.sleep(PERIOD_S)


def _measurement(uuid: str, second: int) -> bytes:
    if uuid == HEART_RATE_MEASUREMENT:
        bpm = min(90 + second, 150)
        return write_heart_rate(HeartRateMeasurement(bpm, True, None, (60.0 / bpm,)))
    return write_running_speed(RunningSpeedMeasurement(True, 3.0, 170, 1.06, 3.0 * second))


def _readable(uuid: str, value: bytes) -> Characteristic[bytes]:
    return Characteristic(
        uuid_of(uuid),
        Characteristic.Properties.READ,
        Characteristic.Permissions.READABLE,
        value,
    )


def _writable(uuid: str) -> Characteristic[bytes]:
    return Characteristic(
        uuid_of(uuid),
        Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
        Characteristic.Permissions.WRITEABLE,
        b"",
    )


def notifying(uuid: str) -> Characteristic[bytes]:
    """Build a characteristic that only notifies."""
    return Characteristic(
        uuid_of(uuid),
        Characteristic.Properties.NOTIFY,
        Characteristic.Permissions.READABLE,
        b"",
    )


def characteristics_of(services: Iterable[Service]) -> dict[str, Characteristic[bytes]]:
    """Those that notify, by the UUID that a notification names."""
    notifying_ones = {uuid_of(uuid): uuid for uuid in _NOTIFIED.values()}
    return {
        notifying_ones[each.uuid]: each
        for service in services
        for each in service.characteristics
        if each.uuid in notifying_ones
    }
