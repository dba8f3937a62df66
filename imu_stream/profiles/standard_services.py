"""Measurements and values of services that the Bluetooth SIG defines, read and written."""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from imu_stream.profiles.malformed import MalformedPacketError


def _standard_uuid(short: int) -> str:
    return f"{short:08x}-0000-1000-8000-00805f9b34fb"


HEART_RATE_SERVICE = _standard_uuid(0x180D)
HEART_RATE_MEASUREMENT = _standard_uuid(0x2A37)
RUNNING_SPEED_SERVICE = _standard_uuid(0x1814)
RUNNING_SPEED_MEASUREMENT = _standard_uuid(0x2A53)
BATTERY_SERVICE = _standard_uuid(0x180F)
BATTERY_LEVEL = _standard_uuid(0x2A19)
DEVICE_INFORMATION_SERVICE = _standard_uuid(0x180A)
MODEL_NUMBER = _standard_uuid(0x2A24)
SERIAL_NUMBER = _standard_uuid(0x2A25)
FIRMWARE_REVISION = _standard_uuid(0x2A26)
HARDWARE_REVISION = _standard_uuid(0x2A27)
SOFTWARE_REVISION = _standard_uuid(0x2A28)
MANUFACTURER_NAME = _standard_uuid(0x2A29)
IMMEDIATE_ALERT_SERVICE = _standard_uuid(0x1802)
ALERT_LEVEL = _standard_uuid(0x2A06)


class AlertLevel(IntEnum):
    """What is written to `ALERT_LEVEL`, one byte."""

    NONE = 0
    MILD = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """What one notification of `HEART_RATE_MEASUREMENT` says."""

    bpm: int
    """Beats/min; 0 while the sensor finds none."""
    contact: bool | None = None
    """Whether the sensor feels skin; None if it cannot tell."""
    energy_kj: int | None = None
    """Energy spent since it was last set to 0, kJ."""
    rr_s: tuple[float, ...] = ()
    """Times from beat to beat since the last notification, oldest first, s."""


@dataclass(frozen=True, slots=True)
class RunningSpeedMeasurement:
    """What one notification of `RUNNING_SPEED_MEASUREMENT` says."""

    running: bool
    """As flagged: False means walking, or a sensor that does not tell them apart."""
    speed_mps: float
    cadence_spm: int
    """Steps/min as sent; some sensors send strides/min, which is half."""
    stride_m: float | None = None
    distance_m: float | None = None
    """Total distance."""


class _HeartRateFlag(IntFlag):
    WIDE = 1
    CONTACT = 2
    CONTACT_KNOWN = 4
    ENERGY = 8
    RR = 16


class _RunningSpeedFlag(IntFlag):
    STRIDE = 1
    DISTANCE = 2
    RUNNING = 4


_RR_PER_S = 1024
_SPEED_PER_MPS = 256
_STRIDE_PER_M = 100
_DISTANCE_PER_M = 10


class _Numbers:
    """The unsigned numbers of a payload, one after another."""

    def __init__(self, payload: bytes) -> None:
        self._left = payload

    def take(self, size: int) -> int:
        if len(self._left) < size:
            raise MalformedPacketError("a measurement that is too short")
        number, self._left = self._left[:size], self._left[size:]
        return int.from_bytes(number, "little")

    def take_if(self, present: bool, size: int) -> int | None:
        return self.take(size) if present else None

    def take_rest(self, size: int) -> list[int]:
        return [self.take(size) for _ in range(0, len(self._left), size)]


def read_heart_rate(payload: bytes) -> HeartRateMeasurement:
    """Read a notification of `HEART_RATE_MEASUREMENT`.

    Raises:
        MalformedPacketError: it is too short for what its flags say.
    """
    numbers = _Numbers(payload)
    flags = _HeartRateFlag(numbers.take(1))
    bpm = numbers.take(2 if _HeartRateFlag.WIDE in flags else 1)
    contact = _HeartRateFlag.CONTACT in flags if _HeartRateFlag.CONTACT_KNOWN in flags else None
    energy = numbers.take_if(_HeartRateFlag.ENERGY in flags, 2)
    intervals = numbers.take_rest(2) if _HeartRateFlag.RR in flags else []
    return HeartRateMeasurement(bpm, contact, energy, tuple(rr / _RR_PER_S for rr in intervals))


def write_heart_rate(measurement: HeartRateMeasurement) -> bytes:
    """Write a notification of `HEART_RATE_MEASUREMENT`.

    Raises:
        OverflowError: a value too large for its field.
    """
    flags = _HeartRateFlag(0)
    wide = measurement.bpm > 0xFF
    body = measurement.bpm.to_bytes(2 if wide else 1, "little")
    if wide:
        flags |= _HeartRateFlag.WIDE
    if measurement.contact is not None:
        flags |= _HeartRateFlag.CONTACT_KNOWN
    if measurement.contact:
        flags |= _HeartRateFlag.CONTACT
    if measurement.energy_kj is not None:
        flags |= _HeartRateFlag.ENERGY
        body += measurement.energy_kj.to_bytes(2, "little")
    if measurement.rr_s:
        flags |= _HeartRateFlag.RR
        body += b"".join(_in_units(rr, _RR_PER_S, 2) for rr in measurement.rr_s)
    return bytes([flags]) + body


def read_running_speed(payload: bytes) -> RunningSpeedMeasurement:
    """Read a notification of `RUNNING_SPEED_MEASUREMENT`.

    Raises:
        MalformedPacketError: it is too short for what its flags say.
    """
    numbers = _Numbers(payload)
    flags = _RunningSpeedFlag(numbers.take(1))
    speed, cadence = numbers.take(2), numbers.take(1)
    stride = numbers.take_if(_RunningSpeedFlag.STRIDE in flags, 2)
    distance = numbers.take_if(_RunningSpeedFlag.DISTANCE in flags, 4)
    return RunningSpeedMeasurement(
        _RunningSpeedFlag.RUNNING in flags,
        speed / _SPEED_PER_MPS,
        cadence,
        None if stride is None else stride / _STRIDE_PER_M,
        None if distance is None else distance / _DISTANCE_PER_M,
    )


def write_running_speed(measurement: RunningSpeedMeasurement) -> bytes:
    """Write a notification of `RUNNING_SPEED_MEASUREMENT`.

    Raises:
        OverflowError: a value too large for its field.
    """
    flags = _RunningSpeedFlag.RUNNING if measurement.running else _RunningSpeedFlag(0)
    body = _in_units(measurement.speed_mps, _SPEED_PER_MPS, 2)
    body += measurement.cadence_spm.to_bytes(1, "little")
    if measurement.stride_m is not None:
        flags |= _RunningSpeedFlag.STRIDE
        body += _in_units(measurement.stride_m, _STRIDE_PER_M, 2)
    if measurement.distance_m is not None:
        flags |= _RunningSpeedFlag.DISTANCE
        body += _in_units(measurement.distance_m, _DISTANCE_PER_M, 4)
    return bytes([flags]) + body


def _in_units(value: float, per_unit: int, size: int) -> bytes:
    return round(value * per_unit).to_bytes(size, "little")


def read_battery(payload: bytes) -> int:
    """Read `BATTERY_LEVEL`: percent.

    Raises:
        MalformedPacketError: there is no byte, or it is beyond 100.
    """
    percent = _Numbers(payload).take(1)
    if percent > 100:
        raise MalformedPacketError(f"a battery at {percent} %")
    return percent


def read_text(payload: bytes) -> str:
    """Read a text of the device information; what is no UTF-8 becomes U+FFFD."""
    return payload.rstrip(b"\0").decode("utf-8", "replace")
