"""What can go wrong on the radio, in words a runner can act on."""

import asyncio
from collections.abc import Iterable
from typing import Any

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakCharacteristicNotFoundError,
    BleakDeviceNotFoundError,
    BleakError,
)

RADIO_ERRORS = (BleakError, OSError, EOFError)
"""What bleak's backends let out: their own errors, a dead D-Bus socket, a timeout (an OSError)."""

NO_BLUETOOTH = (
    "no Bluetooth adapter is available: plug one in or switch Bluetooth on, then try again"
)


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
        case BleakError():
            return f"{error or type(error).__name__}; bring it near and try again"
        case _:
            return NO_BLUETOOTH


async def end_all(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel what still runs and wait for it; results and errors are not wanted any more."""
    ending = list(futures)
    for future in ending:
        future.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
