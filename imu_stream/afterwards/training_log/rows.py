"""One session as a row of the training log."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from imu_stream import __version__
from imu_stream.afterwards.finished import FinishedSession
from imu_stream.datatypes import Answer, Cue, CueReaction
from imu_stream.definitions import DEFINITIONS

RUN, VIRTUAL, IMPORTED = "run", "virtual", "imported"
"""Kinds of sessions."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What the log keeps of a session; None is what was not measured."""

    name: str
    """Of its file, without the suffix."""
    kind: str
    day: str
    """ISO 8601, by this computer's time zone; empty when the file does not tell."""
    started: str
    recorded_with: str
    software: str
    """Version that derived the row, …"""
    definitions: str
    """… and the definitions it went by."""
    file_bytes: int
    """Of the recording it was derived from."""
    truncated: bool
    duration_s: float
    running_s: float
    distance_m: float | None
    strides: int
    lean_mean_deg: float | None
    target_deg: float | None
    in_band_percent: float | None
    cadence_spm: float | None
    contact_time_left_s: float | None
    contact_time_right_s: float | None
    heel_strike_s: float
    midfoot_s: float
    forefoot_upright_s: float
    forefoot_with_lean_s: float
    unknown_s: float
    advice: int
    praise: int
    returned: int
    """Advice after which the runner came back in band, …"""
    unanswered: int
    """… and after which not."""
    retention_s: float | None
    retention_percent: float | None
    lost_percent: float
    """Of the sensor that lost most."""
    heart_rate_bpm: float | None
    outputs_sha256: str

    @property
    def is_current(self) -> bool:
        """Derived by this version of the program."""
        return (self.software, self.definitions) == (__version__, DEFINITIONS)


def row_of(finished: FinishedSession) -> SessionRow:
    """The row of a session as this version derives it."""
    summary, header = finished.summary, finished.header
    cues = finished.outputs.of(Cue)
    praise = sum(cue.kind.is_praise for cue in cues)
    answers = Counter(each.answer for each in finished.outputs.of(CueReaction))
    means = {foot: strides.means for foot, strides in summary.strides.items()}
    share, kept = finished.in_band_share, finished.retention
    return SessionRow(
        name=finished.path.stem,
        kind=kind_of(finished),
        day=day_of(header.started),
        started=header.started,
        recorded_with=header.version,
        software=__version__,
        definitions=DEFINITIONS,
        file_bytes=size_of(finished),
        truncated=finished.truncated,
        duration_s=finished.seconds,
        running_s=finished.running_s,
        distance_m=summary.distance_m,
        strides=sum(feet.total for feet in summary.strides.values()),
        lean_mean_deg=summary.lean_mean_deg,
        target_deg=finished.target_deg,
        in_band_percent=None if share is None else 100.0 * share,
        cadence_spm=summary.cadence_mean_spm,
        contact_time_left_s=means["left_foot"].contact_time_s,
        contact_time_right_s=means["right_foot"].contact_time_s,
        **{f"{name}_s": seconds for name, seconds in summary.technique_s.items()},
        advice=len(cues) - praise,
        praise=praise,
        returned=answers[Answer.RETURNED],
        unanswered=answers[Answer.NONE],
        retention_s=None if kept is None else kept.running_s,
        retention_percent=None if kept is None else kept.in_band_percent,
        lost_percent=max((each.lost_percent for each in summary.sensors.values()), default=0.0),
        heart_rate_bpm=summary.heart_rate_mean_bpm,
        outputs_sha256=summary.outputs_sha256,
    )


def kind_of(finished: FinishedSession) -> str:
    if finished.header.virtual:
        return VIRTUAL
    return IMPORTED if finished.header.imported else RUN


def day_of(started: str) -> str:
    """The day on which a session began, here; empty for what is no time."""
    try:
        return datetime.fromisoformat(started).astimezone().date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def size_of(finished: FinishedSession) -> int:
    """Of the recording, to notice one that has changed since."""
    try:
        return finished.path.stat().st_size
    except OSError:
        return 0
