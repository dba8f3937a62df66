"""A finished session, derived again from its recording: the ground of report, exports and log."""

from dataclasses import dataclass
from pathlib import Path

from imu_stream.acquisition.recording import Recording
from imu_stream.datatypes import SessionHeader
from imu_stream.pipeline import Pipeline
from imu_stream.session import Session
from imu_stream.sinks.collected import Collected
from imu_stream.sinks.summary import Summary


@dataclass(frozen=True, slots=True)
class Finished:
    """All that this version of the program makes of a recording."""

    path: Path
    header: SessionHeader
    summary: Summary
    outputs: Collected
    target_deg: float | None
    """The lean to keep at the end; None while the baseline was never known."""
    truncated: bool
    """The file has no end: it was read up to where it was cut."""


def derive(path: Path) -> Finished:
    """Reads a session file and derives every number of it anew.

    Raises:
        RecordingError: not a session file, damaged at its front, or of a newer version.
        ProfileError, CalibrationError, ConfigError: its header cannot be used.
    """
    recording = Recording(path)
    pipeline, outputs = Pipeline(recording.header), Collected()
    session = Session(pipeline, [outputs])
    session.run_at_once(recording)
    return Finished(
        path,
        recording.header,
        session.summary(),
        outputs,
        pipeline.target_deg,
        recording.truncated,
    )
