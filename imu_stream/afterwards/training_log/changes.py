"""What differs between two derivations of a session."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from imu_stream.afterwards.training_log.rows import SessionRow

_OF_THE_DERIVATION = {"software", "definitions", "outputs_sha256", "day", "file_bytes"}


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a session, before and after."""

    name: str
    before: object
    after: object

    def __str__(self) -> str:
        return f"{self.name} {_text(self.before)} → {_text(self.after)}"


def changes(before: SessionRow, after: SessionRow) -> Iterator[Change]:
    """Every number that is not the same to the last bit."""
    for each in fields(SessionRow):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if each.name not in _OF_THE_DERIVATION and old != new:
            yield Change(each.name, old, new)


def _text(value: object) -> str:
    if value is None:
        return "not measured"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
