"""What exports are made of: a session's samples and outputs, and where they come from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.datatypes import Array, Calibration, Mount, Placement, Samples

Flags = NDArray[np.bool_]


class Surface(StrEnum):
    """Where the session was run, as far as the user said."""

    UNKNOWN = "unknown"
    ROAD = "road"
    TREADMILL = "treadmill"


@dataclass(frozen=True, slots=True)
class Device:
    """One sensor of the session."""

    placement: Placement
    profile: str
    profile_sha256: str
    """Of the profile's text as it was used; empty for samples that needed no decoding."""
    rate_hz: float
    """Nominal."""
    acc_range_g: float | None
    gyr_range_dps: float | None
    mount: Mount
    address: str
    """As it is, or a digest of it; likewise the name and the serial number."""
    name: str
    about: Mapping[str, str]
    """What it says of itself."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the numbers come from."""

    software: str
    definitions: str
    recorded_with: str
    session: str
    """Digest that tells this recording from others."""
    subject: str
    started: str
    """Wall clock at session time 0, ISO 8601 with time zone."""
    duration_s: float
    truncated: bool
    """The recording has no end: it was read up to where it was cut."""
    target_deg: float | None
    """As it was given; None for the runner's own baseline plus a step."""
    stride_length_factor: float
    cues: str
    """The settings of the cues, as used."""
    outputs_sha256: str
    devices: tuple[Device, ...]
    calibrations: tuple[Calibration, ...]

    def to_json(self, indent: int | None = None) -> str:
        """As JSON text."""
        return json.dumps(asdict(self), indent=indent, allow_nan=False)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTrack:
    """Samples of one sensor in segment axes, where it was known how it sits."""

    t_s: Array
    """(n,) session time, s."""
    acc: Array
    """(n, 3) m/s², specific force."""
    gyr: Array | None
    """(n, 3) rad/s."""
    up: Array
    """(n, 3) earth's up direction in segment axes."""
    from_rest: Flags
    """(n,) a standing phase gave the zero of the angles; else it is guessed."""
    settled: Flags
    """(n,) the direction of up can be trusted."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """All samples of one sensor."""

    device: Device
    raw: Samples
    """As measured, in sensor axes; nothing in the place of what was lost."""
    segment: SegmentTrack

    @property
    def placement(self) -> Placement:
        return self.device.placement


def increasing(t_s: Array) -> Flags:
    """Which samples are later than all before: for formats that take no others.

    The others are there only after a sensor's clock went wrong.
    """
    before = np.fmax.accumulate(np.concatenate([[-np.inf], t_s]))[:-1]
    return np.asarray(t_s > before, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class ExportData:
    """A session, ready to be written in any format."""

    provenance: Provenance
    finished: FinishedSession
    """Without the texts of its marks, unless everything is kept."""
    tracks: tuple[Track, ...]
    """Empty when no format needs samples."""
    surface: Surface = Surface.UNKNOWN
    distance_m: float | None = None
    """As the user knows it; None for what was measured."""
