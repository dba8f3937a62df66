"""One line of a report: what was measured, its limit, and what it means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """Something a device must do."""

    name: str
    measured: str
    """In words, with its unit."""
    limit: str
    passed: bool | None
    """None: not measured, and `measured` says why."""
    meaning: str
    """What it is good for, or what is likely wrong when it fails."""


def not_measured(name: str, why: str, limit: str, meaning: str) -> Check:
    """Give a check that could not be made."""
    return Check(name, f"not measured: {why}", limit, None, meaning)
