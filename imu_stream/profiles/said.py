"""Frames of the services that the Bluetooth SIG defines -> what the sensor says in them.

Such a frame stands in a recording under the UUID of its characteristic.
"""

import math
from collections.abc import Callable

from imu_stream.datatypes import (
    About,
    Battery,
    DeviceInformation,
    Frame,
    HeartRate,
    RunningSpeed,
    Said,
)
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.standard_services import (
    BATTERY_LEVEL,
    FIRMWARE_REVISION,
    HARDWARE_REVISION,
    HEART_RATE_MEASUREMENT,
    MANUFACTURER_NAME,
    MODEL_NUMBER,
    RUNNING_SPEED_MEASUREMENT,
    SERIAL_NUMBER,
    read_battery,
    read_heart_rate,
    read_running_speed,
    read_text,
)

ABOUT = {
    MANUFACTURER_NAME: About.MANUFACTURER,
    MODEL_NUMBER: About.MODEL,
    SERIAL_NUMBER: About.SERIAL,
    HARDWARE_REVISION: About.HARDWARE,
    FIRMWARE_REVISION: About.FIRMWARE,
}
"""Characteristics that hold a text about the sensor."""
NOTIFIED = (HEART_RATE_MEASUREMENT, RUNNING_SPEED_MEASUREMENT)
"""Characteristics that are worth subscribing to wherever there are."""


def read_said(frame: Frame) -> Said | None:
    """Read a frame of a standard service; None for all others, and for a damaged one."""
    read = _READERS.get(frame.stream)
    if read is None:
        return None
    try:
        return read(frame)
    except MalformedPacketError:
        return None


def _heart_rate(frame: Frame) -> HeartRate:
    said = read_heart_rate(frame.payload)
    return HeartRate(frame.arrival_s, frame.placement, said.bpm, said.contact, said.rr_s)


def _running_speed(frame: Frame) -> RunningSpeed:
    said = read_running_speed(frame.payload)
    return RunningSpeed(
        t_s=frame.arrival_s,
        placement=frame.placement,
        running=said.running,
        speed_mps=said.speed_mps,
        cadence=said.cadence_spm,
        stride_length_m=math.nan if said.stride_m is None else said.stride_m,
        distance_m=math.nan if said.distance_m is None else said.distance_m,
    )


def _battery(frame: Frame) -> Battery:
    return Battery(frame.arrival_s, frame.placement, read_battery(frame.payload))


def _about(frame: Frame) -> DeviceInformation:
    text = read_text(frame.payload)
    return DeviceInformation(frame.arrival_s, frame.placement, ABOUT[frame.stream], text)


_READERS: dict[str, Callable[[Frame], Said]] = {
    HEART_RATE_MEASUREMENT: _heart_rate,
    RUNNING_SPEED_MEASUREMENT: _running_speed,
    BATTERY_LEVEL: _battery,
    **dict.fromkeys(ABOUT, _about),
}
