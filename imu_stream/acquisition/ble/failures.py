"""What can go wrong on the radio, in words a runner can act on."""

import asyncio
from collections.abc import Iterable
from typing import Any

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakCharacteristicNotFoundError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from imu_stream.errors import Fault

RADIO_ERRORS = (BleakError, OSError, EOFError)
"""What bleak's backends let out: their own errors, a dead D-Bus socket, a timeout (an OSError)."""

NO_BLUETOOTH = (
    "no Bluetooth adapter is available: plug one in or switch Bluetooth on, then try again"
)
PAIR_FIRST = "pair it with this computer first, in the system's Bluetooth settings"


def reason(error: Exception) -> str:
    """What went wrong and what to do, in one sentence."""
    match error:
        case BleakBluetoothNotAvailableError():
            return NO_BLUETOOTH
        case BleakDeviceNotFoundError() | TimeoutError():
            return (
                "no answer; switch it on, bring it near, and make sure that no other program"
                " or phone is connected to it"
            )
        case BleakCharacteristicNotFoundError():
            return f"it has no characteristic {error.char_specifier}; choose the right profile"
        case BleakError() if needs_pairing(error):
            return PAIR_FIRST
        case BleakError():
            return f"{error or type(error).__name__}; bring it near and try again"
        case _:
            return NO_BLUETOOTH


_PAIRING_CODES = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
)
_PAIRING_WORDS = ("authentication", "authorization", "encryption", "not paired")
"""How systems call them that give no code: bleak issues 1943 (Windows), 1434 (BlueZ)."""


def needs_pairing(error: Exception) -> bool:
    """Whether the sensor refused because it does not know this computer."""
    if isinstance(error, BleakGATTProtocolError):
        return error.code in _PAIRING_CODES
    return isinstance(error, BleakError) and any(w in str(error).lower() for w in _PAIRING_WORDS)


def fault_of(error: Exception) -> Fault:
    """What kind of failure it is."""
    match error:
        case BleakBluetoothNotAvailableError():
            return Fault.NO_ADAPTER
        case BleakDeviceNotFoundError():
            return Fault.NOT_FOUND
        case BleakCharacteristicNotFoundError():
            return Fault.OTHER_DEVICE
        case TimeoutError():
            return Fault.NO_ANSWER
        case _:
            return Fault.PAIRING if needs_pairing(error) else Fault.RADIO


async def end_all(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel what still runs and wait for it; results and errors are not wanted any more."""
    ending = list(futures)
    for future in ending:
        future.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
