"""What the server says to a page: one JSON object a message, its kind beside its fields.

All times of a session are in session seconds; ages and what is left of a cue are in seconds of the
clock on the wall, counted from the message's own `sent_s`, so a replay at another speed shows the
same. What was not measured is null. `docs/live_page.md` lists every message.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import ClassVar

from imu_stream.datatypes import CueKind, Placement, StrikeType, Technique
from imu_stream.sinks.outputs.earcons import Tone

PROTOCOL = "imu-stream.live.1"
"""Subprotocol of the WebSocket; another number means other messages."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a phone says a cue."""

    tones: tuple[Tone, ...]
    vibration_ms: tuple[int, ...]
    """On, off, on, …; empty: not to be felt."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message: what does not change while the page is open."""

    kind: ClassVar[str] = "hello"
    version: str
    may_control: bool
    is_replay: bool
    patterns: Mapping[CueKind, Pattern]
    peak: float
    """Loudest sample of a tone, of 1."""
    fade_s: float
    """In which a tone swells and dies away."""
    gains: tuple[float, ...]
    """Amplitude of a cue of level 1, 2, …, against one of the first."""


@dataclass(frozen=True, slots=True)
class Band:
    """The lean that is wanted, degrees."""

    low_deg: float
    target_deg: float
    high_deg: float


@dataclass(frozen=True, slots=True)
class Sensor:
    """How one sensor fares."""

    placement: Placement
    phase: str
    """Of its link; empty while nothing is known of it."""
    age_s: float | None
    """Since its last notification; null before the first."""
    rate_hz: float
    lost_percent: float
    battery_percent: int | None
    calibrated: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What holds at the moment; sent several times a second."""

    kind: ClassVar[str] = "status"
    session_s: float
    band: Band | None
    """Null while the runner's own lean is being learnt."""
    paused: bool
    laps: int
    cues: int
    technique: Technique | None
    """The most frequent one of the last strides; null before the first."""
    technique_s: Mapping[Technique, float]
    heart_bpm: int | None
    sensors: tuple[Sensor, ...]


@dataclass(frozen=True, slots=True)
class Lean:
    """One stride of the trunk."""

    kind: ClassVar[str] = "lean"
    t_s: float
    """The stride's end."""
    lean_deg: float
    smoothed_deg: float
    """Mean of the last strides, as many as the cue is judged by."""
    trend_deg: float
    """The same against the strides before them; 0 while there are too few."""
    cadence_spm: float
    valid: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class Landing:
    """One foot strike, as soon as its type is known."""

    kind: ClassVar[str] = "landing"
    t_s: float
    foot: Placement
    fsa_deg: float | None
    strike_type: StrikeType
    confidence: float
    running: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """One complete running contact."""

    kind: ClassVar[str] = "contact"
    t_s: float
    foot: Placement
    fsa_deg: float | None
    strike_type: StrikeType
    confidence: float
    contact_time_s: float | None
    cadence_spm: float | None


@dataclass(frozen=True, slots=True)
class PageCue:
    """Advice to be given now; never sent again to a page that comes back."""

    kind: ClassVar[str] = "cue"
    number: int
    t_s: float
    cue: CueKind
    value: float
    threshold: float
    level: int
    where: Placement
    """Whose strides it is about."""
    technique: Technique
    """What is asked for, when it is about how a foot lands."""
    expires_in_s: float
    """From `sent_s`; later it must not be given."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something to be marked in the strips, over [t_s, end_s)."""

    kind: ClassVar[str] = "moment"
    t_s: float
    end_s: float
    what: str
    """cue, gap, notice, pause, resume, lap, note, target or lost."""
    where: Placement | None
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """The last minutes for the strips; nothing of it is to be played."""

    kind: ClassVar[str] = "history"
    leans: tuple[Lean, ...]
    contacts: tuple[Contact, ...]
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping; aligns the page's clock with `sent_s`."""

    kind: ClassVar[str] = "pong"
    at_ms: float
    """As the page sent it."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A request of the page that was not carried out."""

    kind: ClassVar[str] = "denied"
    reason: str


@dataclass(frozen=True, slots=True)
class Missed:
    """So many messages were dropped because the page read too slowly."""

    kind: ClassVar[str] = "missed"
    count: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; nothing follows."""

    kind: ClassVar[str] = "ended"


Message = (
    Hello
    | Status
    | Lean
    | Landing
    | Contact
    | PageCue
    | Moment
    | History
    | Pong
    | Denied
    | Missed
    | Ended
)


def encode(message: Message, sent_s: float) -> str:
    """One line of JSON.

    Args:
        message: what to say.
        sent_s: seconds on the server's clock, any zero.
    """
    body = {"kind": message.kind, "sent_s": round(sent_s, 4), **_plain(message)}
    return json.dumps(body, separators=(",", ":"), allow_nan=False)


def measured(value: float, digits: int = 3) -> float | None:
    """Rounded to what is worth sending; None for what was not measured."""
    return round(value, digits) if math.isfinite(value) else None


def _plain(value: object) -> dict[str, object]:
    return {field.name: _json(getattr(value, field.name)) for field in fields(value)}  # type: ignore[arg-type]


def _json(value: object) -> object:
    if is_dataclass(value):
        kind = getattr(value, "kind", None)
        return _plain(value) if kind is None else {"kind": kind, **_plain(value)}
    if isinstance(value, Mapping):
        return {str(key): _json(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
