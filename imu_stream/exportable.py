"""A recorded session made ready for export: derived anew, and without what names the runner."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imu_stream import __version__
from imu_stream.acquisition.recording import Recording
from imu_stream.afterwards import derive
from imu_stream.datatypes import (
    About,
    Calibration,
    DeviceInformation,
    Entry,
    Frame,
    Mark,
    SensorSetup,
)
from imu_stream.definitions import DEFINITIONS
from imu_stream.sinks.collected import Collected
from imu_stream.sinks.export.data import Device, ExportData, Provenance, Surface, Track
from imu_stream.sinks.finished import Finished
from imu_stream.tracks import read_tracks

Watch = Callable[[Iterable[Entry], str], Iterable[Entry]]
"""Passes entries on and shows how far it is; with a word for what is being done."""

_KEY_BYTES = 1 << 20
_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants of an export, and knows of the run."""

    subject: str | None = None
    """Code of the runner; None for one made from the recording."""
    full: bool = False
    """Keep addresses, names, serial numbers and texts of marks as they are."""
    surface: Surface = Surface.UNKNOWN
    distance_m: float | None = None


class Masking:
    """Digests in the place of what names a runner or a device.

    The key comes from the recording itself, with its noise: without the recording nobody can find
    an address by trying all there are, and the same device has another digest in each session.
    """

    def __init__(self, path: Path, full: bool) -> None:
        with path.open("rb") as stream:
            self._key = hashlib.sha256(stream.read(_KEY_BYTES)).digest()
        self._full = full

    def digest(self, text: str) -> str:
        """The same for the same text of one recording."""
        keyed = hashlib.blake2b(
            text.encode(errors="surrogatepass"), key=self._key, digest_size=_DIGEST_BYTES
        )
        return keyed.hexdigest()

    def named(self, text: str) -> str:
        """The text itself when everything is kept; nothing stays nothing."""
        return text if self._full or not text else self.digest(text)

    def mark(self, mark: Mark) -> Mark:
        """Without what was written beside it: it may name someone."""
        return mark if self._full else replace(mark, text="")


def gather(path: Path, wish: Wish, *, samples: bool, watch: Watch | None = None) -> ExportData:
    """Derive a session anew; with the samples of its sensors only if a format needs them.

    Raises:
        RecordingError: not a session file, damaged at its front, or of a newer version.
        ProfileError, CalibrationError, ConfigError: its header cannot be used.
    """
    end = _End()
    watched = watch or _unwatched
    finished = derive(path, lambda entries: end.noting(watched(entries, "deriving")))
    masking = Masking(path, wish.full)
    devices = {
        sensor.placement: _device(sensor, finished, masking) for sensor in finished.header.sensors
    }
    provenance = _provenance(finished, end.s, wish, masking, tuple(devices.values()))
    tracks: list[Track] = []
    if samples:
        found = read_tracks(finished.header, watched(Recording(path), "reading samples"))
        tracks = [Track(devices[p], each.raw(), each.segment()) for p, each in found.items()]
    masked = replace(finished, outputs=_masked(finished.outputs, masking))
    return ExportData(provenance, masked, tuple(tracks), wish.surface, wish.distance_m)


@dataclass(slots=True)
class _End:
    """When the last entry came."""

    s: float = 0.0

    def noting(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self.s = max(self.s, entry.arrival_s if isinstance(entry, Frame) else entry.t_s)
            yield entry


def _unwatched(entries: Iterable[Entry], doing: str) -> Iterable[Entry]:
    return entries


def _masked(outputs: Collected, masking: Masking) -> Collected:
    """The same, with marks that name nobody."""
    marks = [masking.mark(mark) for mark in outputs.of(Mark)]
    return outputs.with_others(Mark, marks)


def _device(sensor: SensorSetup, finished: Finished, masking: Masking) -> Device:
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
    finished: Finished, end_s: float, wish: Wish, masking: Masking, devices: tuple[Device, ...]
) -> Provenance:
    header = finished.header
    return Provenance(
        software=f"imu-stream {__version__}",
        definitions=DEFINITIONS,
        recorded_with=header.version,
        session=masking.digest("session"),
        subject=wish.subject or masking.digest("subject"),
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
