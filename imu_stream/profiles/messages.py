"""What comes out of notifications: messages, and damage between them."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A complete message."""

    arrival_s: float
    """Arrival of the notification that completed it."""
    content: bytes
    spread_s: float = 0.0
    """From the arrival of its first part to that of its last one."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that belong to no message."""

    arrival_s: float
    problem: str


Received = Message | Damage


class Deframer(Protocol):
    """Takes messages out of notifications, one notification at a time."""

    def receive(self, arrival_s: float, notification: bytes) -> list[Received]:
        """Take in a notification and give what it completes; never raises."""
        ...
