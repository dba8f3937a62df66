"""Every error this package raises on purpose.

ImuStreamError
├── ProfileError       a device profile is wrong, or no profile fits
├── LinkError          the radio: no adapter, sensor not found, set-up refused, link lost
├── RecordingError     a session file or table cannot be read or written
├── ConfigError        the user's config file is wrong
├── CalibrationError   a mounting or calibration that cannot be used
├── ServingError       the live page cannot be served
├── OutputError        an output for cues that cannot be opened or did not take one
└── MissingExtraError  an optional package is not installed

A bad *frame* is not an error: it is counted and reported as a `Gap`, and never stops a run.
"""

from enum import StrEnum
from pathlib import Path


class ImuStreamError(Exception):
    """Base of all errors; the message says what is wrong, where, and what to do."""


class ProfileError(ImuStreamError):
    """A device profile that cannot be used.

    Attributes:
        path: the profile file, or its name.
        key: the offending key in dotted form, or "" for the whole file.
    """

    def __init__(self, path: Path | str, key: str, problem: str) -> None:
        where = f"{path}: {key}" if key else f"{path}"
        super().__init__(f"{where}: {problem}")
        self.path = path
        self.key = key


class Fault(StrEnum):
    """Why a sensor cannot be used, as far as it can be told."""

    NOT_FOUND = "not found"
    OTHER_DEVICE = "other device"
    FIRMWARE = "firmware"
    PAIRING = "pairing"
    RATE = "rate"
    RANGE = "range"
    BUSY = "busy"
    BATTERY = "battery"
    REFUSED = "refused"
    """It said no, but not why."""
    NO_ANSWER = "no answer"
    SILENT = "silent"
    """It was set up, but sends nothing."""
    NO_ADAPTER = "no adapter"
    RADIO = "radio"


class LinkError(ImuStreamError):
    """A Bluetooth link that could not be made, set up or kept.

    Attributes:
        fault: what kind of failure it is.
    """

    def __init__(self, message: str, fault: Fault = Fault.RADIO) -> None:
        super().__init__(message)
        self.fault = fault


class RecordingError(ImuStreamError):
    """A session file or table that cannot be read or written.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path | str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class ConfigError(ImuStreamError):
    """A config file that cannot be read or written.

    Attributes:
        path: the file.
        key: the offending key in dotted form, or "" for the whole file.
    """

    def __init__(self, path: Path | str, key: str, problem: str) -> None:
        where = f"{path}: {key}" if key else f"{path}"
        super().__init__(f"{where}: {problem}")
        self.path = path
        self.key = key


class CalibrationError(ImuStreamError):
    """A mounting or calibration that cannot be used."""


class ServingError(ImuStreamError):
    """The live page cannot be served where it was asked for."""


class OutputError(ImuStreamError):
    """An output for cues that cannot be opened, or did not take a cue."""


class MissingExtraError(ImuStreamError):
    """An optional package is needed and not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'imu-stream[{extra}]'")
        self.extra = extra
