"""Gathers of a recorded session what is exported: derived anew, and without names."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imu_stream import __version__
from imu_stream.acquisition.recording import Recording
from imu_stream.afterwards.collected import CollectedOutputs
from imu_stream.afterwards.derivation import derive
from imu_stream.afterwards.export.data import Device, ExportData, Provenance, Surface, Track
from imu_stream.afterwards.export.masking import Masking
from imu_stream.afterwards.export.tracks import read_tracks
from imu_stream.afterwards.finished import FinishedSession
from imu_stream.datatypes import (
    About,
    Calibration,
    DeviceInformation,
    Entry,
    Mark,
    SensorSetup,
)
from imu_stream.definitions import DEFINITIONS

ShowProgress = Callable[[Iterable[Entry], str], Iterable[Entry]]
"""Passes entries on and shows how far it is; with a word for what is being done."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What the user wants of an export, and knows of the run."""

    subject: str | None = None
    """Code of the runner; None for one made from the recording."""
    full: bool = False
    """Keep addresses, names, serial numbers and texts of marks as they are."""
    surface: Surface = Surface.UNKNOWN
    distance_m: float | None = None


def gather(
    path: Path, request: ExportRequest, *, samples: bool, show: ShowProgress | None = None
) -> ExportData:
    """Derive a session anew; with the samples of its sensors only if a format needs them.

    Raises:
        RecordingError: not a session file, damaged at its front, or of a newer version.
        ProfileError, CalibrationError, ConfigError: its header cannot be used.
    """
    end = _End()
    shown = show or _unshown
    finished = derive(path, lambda entries: end.noting(shown(entries, "deriving")))
    masking = Masking(path, request.full)
    devices = {
        sensor.placement: _device(sensor, finished, masking) for sensor in finished.header.sensors
    }
    provenance = _provenance(finished, end.s, request, masking, tuple(devices.values()))
    tracks: list[Track] = []
    if samples:
        found = read_tracks(finished.header, shown(Recording(path), "reading samples"))
        tracks = [Track(devices[p], each.raw(), each.segment()) for p, each in found.items()]
    masked = replace(finished, outputs=_masked(finished.outputs, masking))
    return ExportData(provenance, masked, tuple(tracks), request.surface, request.distance_m)


@dataclass(slots=True)
class _End:
    """When the last entry came."""

    s: float = 0.0

    def noting(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self.s = max(self.s, entry.t_s)
            yield entry


def _unshown(entries: Iterable[Entry], doing: str) -> Iterable[Entry]:
    return entries


def _masked(outputs: CollectedOutputs, masking: Masking) -> CollectedOutputs:
    """The same, with marks that name nobody."""
    marks = [masking.mark(mark) for mark in outputs.of(Mark)]
    return outputs.with_others(Mark, marks)


def _device(sensor: SensorSetup, finished: FinishedSession, masking: Masking) -> Device:
    said = [
        each
        for each in finished.outputs.of(DeviceInformation)
        if each.placement is sensor.placement
    ]
    about = {
        each.about.value: masking.named(each.text) if each.about is About.SERIAL else each.text
        for each in said
    }
    text = finished.header.profiles.get(sensor.profile, "").encode(errors="surrogatepass")
    return Device(
        placement=sensor.placement,
        profile=sensor.profile,
        profile_sha256=hashlib.sha256(text).hexdigest() if text else "",
        rate_hz=sensor.rate_hz,
        acc_range_g=sensor.acc_range_g,
        gyr_range_dps=sensor.gyr_range_dps,
        mount=sensor.mount,
        address=masking.named(sensor.address),
        name=masking.named(sensor.name),
        about=about,
    )


def _provenance(
    finished: FinishedSession,
    end_s: float,
    request: ExportRequest,
    masking: Masking,
    devices: tuple[Device, ...],
) -> Provenance:
    header = finished.header
    return Provenance(
        software=f"imu-stream {__version__}",
        definitions=DEFINITIONS,
        recorded_with=header.version,
        session=masking.digest("session"),
        subject=request.subject or masking.digest("subject"),
        started=header.started,
        duration_s=end_s,
        truncated=finished.truncated,
        target_deg=header.target_deg,
        stride_length_factor=header.stride_length_factor,
        cues=header.cues,
        outputs_sha256=finished.summary.outputs_sha256,
        devices=devices,
        calibrations=tuple(finished.outputs.of(Calibration)),
    )
