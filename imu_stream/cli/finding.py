"""What `doctor` finds: the result of one check, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check has ended."""

    GOOD = "good"
    LOOK = "look"
    """A run is possible, but something will be missing or worse."""
    BAD = "bad"
    """No run is possible."""
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""
    """What to do, in one line."""
