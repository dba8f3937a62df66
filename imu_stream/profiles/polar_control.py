"""Control point of Polar's measurement service: responses, and the settings in them.

Settings are a list of `id u8, count u8, values`.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from imu_stream.profiles.malformed import MalformedPacketError

_RESPONSE = 0xF0
_MORE = 4
_PARAMETERS = 5
_SETTING_HEAD = 2


class Operation(IntEnum):
    """What a command asks for."""

    GET_SETTINGS = 1
    START = 2
    STOP = 3
    GET_SDK_MODE_SETTINGS = 4
    GET_STATUS = 5
    GET_SDK_MODE_STATUS = 6
    GET_OFFLINE_TRIGGER_STATUS = 7
    SET_OFFLINE_TRIGGER_MODE = 8
    SET_OFFLINE_TRIGGER_SETTINGS = 9


class MeasurementType(IntEnum):
    """What is measured, or the mode that is switched in the same way."""

    ECG = 0
    PPG = 1
    ACC = 2
    PPI = 3
    GYRO = 5
    MAG = 6
    SKIN_TEMPERATURE = 7
    SDK_MODE = 9
    LOCATION = 10
    PRESSURE = 11
    TEMPERATURE = 12
    OFFLINE_RECORDING = 13
    OFFLINE_HR = 14


class Status(IntEnum):
    """What became of a command."""

    SUCCESS = 0
    INVALID_OP_CODE = 1
    INVALID_MEASUREMENT_TYPE = 2
    NOT_SUPPORTED = 3
    INVALID_LENGTH = 4
    INVALID_PARAMETER = 5
    ALREADY_IN_STATE = 6
    INVALID_RESOLUTION = 7
    INVALID_SAMPLE_RATE = 8
    INVALID_RANGE = 9
    INVALID_MTU = 10
    INVALID_NUMBER_OF_CHANNELS = 11
    INVALID_STATE = 12
    DEVICE_IN_CHARGER = 13
    DISK_FULL = 14


class _Setting(IntEnum):
    RATE = 0
    RESOLUTION = 1
    RANGE = 2
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5
    SECURITY = 6


_LAYOUTS = {
    _Setting.RATE: struct.Struct("<H"),
    _Setting.RESOLUTION: struct.Struct("<H"),
    _Setting.RANGE: struct.Struct("<H"),
    _Setting.RANGE_MILLI: struct.Struct("<i"),
    _Setting.CHANNELS: struct.Struct("<B"),
    _Setting.FACTOR: struct.Struct("<f"),
    _Setting.SECURITY: struct.Struct("<16s"),
}
_TYPE_MASK = 0x3F
"""Bits of the measurement type; the others say that it is recorded offline."""
_WITH_SETTINGS = (Operation.GET_SETTINGS, Operation.START, Operation.GET_SDK_MODE_SETTINGS)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a device offers, or was started with; empty is what it did not say."""

    rates_hz: tuple[int, ...] = ()
    resolutions: tuple[int, ...] = ()
    """Bits."""
    ranges: tuple[int, ...] = ()
    """Largest value in the unit of the measurement: g, °/s."""
    ranges_milli: tuple[int, ...] = ()
    """The same in thousandths of the unit."""
    channels: tuple[int, ...] = ()
    factor: float | None = None
    """What numbers of compressed frames are multiplied by; 1 where the device says nothing."""


_NO_SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class ControlResponse:
    """Answer to a command."""

    operation: Operation
    measurement_type: MeasurementType | None
    """None when the answer is about no single one, or one that is not known here."""
    status: Status
    more: bool = False
    """The answer goes on in another indication: read them again together."""
    parameters: bytes = b""
    """All that follows; empty unless `status` is SUCCESS."""
    settings: Settings = _NO_SETTINGS
    """Empty while `more` is to come, and after operations that do not answer with settings."""


def read_response(first: bytes, *following: bytes) -> ControlResponse:
    """Read an answer from the indications that carry it: more than one only after `more`.

    Raises:
        MalformedPacketError: no answer, or one that does not say what it should.
    """
    answer = _read_indication(first)
    for indication in following:
        part = _read_indication(indication)
        if not answer.more or indication[:_MORE] != first[:_MORE]:
            raise MalformedPacketError("an answer that goes on with another")
        answer = replace(part, parameters=answer.parameters + part.parameters)
    if answer.more or answer.operation not in _WITH_SETTINGS:
        return answer
    return replace(answer, settings=read_settings(answer.parameters))


def _read_indication(indication: bytes) -> ControlResponse:
    if len(indication) < _MORE or indication[0] != _RESPONSE:
        raise MalformedPacketError("no answer of the control point")
    try:
        operation, status = Operation(indication[1]), Status(indication[3])
    except ValueError as error:
        raise MalformedPacketError(f"an answer of unknown meaning: {error}") from error
    measurement_type = _known_type(indication[2])
    if status is not Status.SUCCESS:
        return ControlResponse(operation, measurement_type, status)
    more = any(indication[_MORE:_PARAMETERS])
    return ControlResponse(operation, measurement_type, status, more, indication[_PARAMETERS:])


def _known_type(number: int) -> MeasurementType | None:
    return next((each for each in MeasurementType if each == number & _TYPE_MASK), None)


def read_factor(payload: bytes) -> float | None:
    """Read what a device multiplies by from its answer; None if the answer does not tell.

    Raises:
        MalformedPacketError: no answer, or one that does not say what it should.
    """
    return read_response(payload).settings.factor


def read_settings(content: bytes) -> Settings:
    """Read a list of settings; where one stands twice the later holds.

    Raises:
        MalformedPacketError: an unknown setting, a list that is cut, or a factor that is none.
    """
    # the H10 answers START with a lone 01; Polar's own reader takes less than two bytes as none
    if len(content) < _SETTING_HEAD:
        return Settings()
    settings: dict[_Setting, tuple[Any, ...]] = {}
    at = 0
    while at < len(content):
        setting, values, at = _read_setting(content, at)
        settings[setting] = values
    return Settings(
        settings.get(_Setting.RATE, ()),
        settings.get(_Setting.RESOLUTION, ()),
        settings.get(_Setting.RANGE, ()),
        settings.get(_Setting.RANGE_MILLI, ()),
        settings.get(_Setting.CHANNELS, ()),
        _factor(settings.get(_Setting.FACTOR, ())),
    )


def _read_setting(content: bytes, at: int) -> tuple[_Setting, tuple[Any, ...], int]:
    """Give the setting at `at`, its values, and where the next one begins."""
    start = at + _SETTING_HEAD
    if start > len(content) or content[at] not in _LAYOUTS:
        raise MalformedPacketError("a setting that is not known, or cut")
    setting = _Setting(content[at])
    layout = _LAYOUTS[setting]
    end = start + content[at + 1] * layout.size
    if end > len(content):
        raise MalformedPacketError("a setting that is cut")
    return setting, tuple(value for (value,) in layout.iter_unpack(content[start:end])), end


def _factor(values: tuple[float, ...]) -> float | None:
    if not values:
        return None
    if len(values) > 1 or not (math.isfinite(values[0]) and values[0] > 0):
        raise MalformedPacketError(f"a factor of {values}")
    return values[0]


def write_response(
    operation: Operation,
    measurement_type: MeasurementType,
    status: Status,
    settings: Settings = _NO_SETTINGS,
) -> bytes:
    """Write an answer, as one indication."""
    return bytes([_RESPONSE, operation, measurement_type, status, 0]) + write_settings(settings)


def write_settings(settings: Settings) -> bytes:
    """Write a list of settings; what is empty is left out."""
    factor = () if settings.factor is None else (settings.factor,)
    return (
        _write_setting(_Setting.RATE, settings.rates_hz)
        + _write_setting(_Setting.RESOLUTION, settings.resolutions)
        + _write_setting(_Setting.RANGE, settings.ranges)
        + _write_setting(_Setting.RANGE_MILLI, settings.ranges_milli)
        + _write_setting(_Setting.CHANNELS, settings.channels)
        + _write_setting(_Setting.FACTOR, factor)
    )


def _write_setting(setting: _Setting, values: Sequence[float]) -> bytes:
    if not values:
        return b""
    return bytes([setting, len(values)]) + b"".join(_LAYOUTS[setting].pack(v) for v in values)
