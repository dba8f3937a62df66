"""What a page may ask for, and how its text is read: every byte of it is untrusted."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from imu_stream.datatypes import MarkKind

LONGEST_MESSAGE = 4096
"""Bytes; a note is the longest there is."""
LONGEST_NOTE = 200
LEAST_TARGET_DEG, MOST_TARGET_DEG = 0.0, 25.0
"""Runners lean 3 to 20°; a target beyond is a slip of the finger."""
_MOST_MS = 1e15


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for the server's clock."""

    at_ms: float
    """The page's own clock; comes back unchanged."""


@dataclass(frozen=True, slots=True)
class AskHistory:
    """Asks for the last minutes."""


@dataclass(frozen=True, slots=True)
class Given:
    """A cue has been given by this page."""

    number: int
    by: "Way"


class Way(StrEnum):
    """How a page gave a cue."""

    SOUND = "sound"
    VIBRATION = "vibration"


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Sets the lean to keep."""

    target_deg: float


@dataclass(frozen=True, slots=True)
class PutMark:
    """Pause, resume, lap or note."""

    mark: MarkKind
    text: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Ends the session."""


Control = SetTarget | PutMark | Stop
"""Only with the token to control."""

Request = Ping | AskHistory | Given | Control


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that cannot be read, and why."""

    reason: str


def parse(text: str) -> Request | Malformed:
    """What a page asks for; never raises."""
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Malformed("not JSON")
    if not isinstance(content, dict):
        return Malformed("not an object")
    reader = _READERS.get(str(content.get("kind")))
    return Malformed("of no known kind") if reader is None else reader(content)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _number(content: Mapping[str, object], name: str, least: float, most: float) -> float | None:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if least <= value <= most and math.isfinite(value) else None


def _ping(content: Mapping[str, object]) -> Request | Malformed:
    at_ms = _number(content, "at_ms", -_MOST_MS, _MOST_MS)
    return Malformed("ping without at_ms") if at_ms is None else Ping(at_ms)


def _history(_: Mapping[str, object]) -> Request | Malformed:
    return AskHistory()


def _given(content: Mapping[str, object]) -> Request | Malformed:
    number, way = content.get("number"), content.get("by")
    if type(number) is not int or way not in list(Way):
        return Malformed("given without number and way")
    return Given(number, Way(str(way)))


def _target(content: Mapping[str, object]) -> Request | Malformed:
    target_deg = _number(content, "target_deg", LEAST_TARGET_DEG, MOST_TARGET_DEG)
    if target_deg is None:
        return Malformed(f"target_deg is a number from {LEAST_TARGET_DEG} to {MOST_TARGET_DEG}")
    return SetTarget(target_deg)


def _mark(content: Mapping[str, object]) -> Request | Malformed:
    mark, text = content.get("mark"), content.get("text", "")
    if mark not in list(MarkKind):
        return Malformed("of no known mark")
    # lone surrogates are not printable either, and no file could hold them
    if not isinstance(text, str) or len(text) > LONGEST_NOTE or not text.isprintable():
        return Malformed(f"text has at most {LONGEST_NOTE} printable characters")
    return PutMark(MarkKind(str(mark)), text)


def _stop(_: Mapping[str, object]) -> Request | Malformed:
    return Stop()


_READERS: Mapping[str, Callable[[Mapping[str, object]], Request | Malformed]] = {
    "ping": _ping,
    "history": _history,
    "given": _given,
    "set_target": _target,
    "mark": _mark,
    "stop": _stop,
}
