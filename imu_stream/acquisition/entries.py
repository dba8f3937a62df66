"""Entries of a session file that are written as JSON: states of links, and events."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from imu_stream.acquisition.session_format import checked_number, checked_text
from imu_stream.datatypes import (
    CueDelivery,
    CueKind,
    Event,
    LinkPhase,
    LinkState,
    Mark,
    MarkKind,
    Outcome,
    Placement,
    TargetChange,
)

JsonEntry = LinkState | Event


@dataclass(frozen=True, slots=True)
class EntryKind:
    """How one kind of entry stands in the file."""

    make: Callable[..., JsonEntry]
    topic: str
    schema: str
    fields: Mapping[str, Callable[..., Any]]
    """Each field, with what makes its value from the JSON one; raises TypeError or ValueError."""

    @property
    def schema_text(self) -> str:
        """JSON schema."""
        types = {
            name: {"type": "number" if read is checked_number else "string"}
            for name, read in self.fields.items()
        }
        return json.dumps({"type": "object", "properties": types})

    def read(self, text: bytes) -> JsonEntry:
        """The entry of a message. Raises KeyError, TypeError, ValueError for other text."""
        content = json.loads(text)
        return self.make(**{name: read(content[name]) for name, read in self.fields.items()})


def write_entry(entry: JsonEntry) -> bytes:
    """The content of an entry's message."""
    return json.dumps(asdict(entry)).encode()


ENTRY_KINDS: Mapping[type, EntryKind] = {
    LinkState: EntryKind(
        LinkState,
        "/link",
        "imu_stream.link_state.v1",
        {
            "t_s": checked_number,
            "placement": Placement,
            "phase": LinkPhase,
            "detail": checked_text,
        },
    ),
    Mark: EntryKind(
        Mark,
        "/mark",
        "imu_stream.mark.v1",
        {"t_s": checked_number, "kind": MarkKind, "text": checked_text},
    ),
    TargetChange: EntryKind(
        TargetChange,
        "/target",
        "imu_stream.target_change.v1",
        {"t_s": checked_number, "target_deg": checked_number},
    ),
    CueDelivery: EntryKind(
        CueDelivery,
        "/delivery",
        "imu_stream.cue_delivery.v1",
        {
            "t_s": checked_number,
            "cue_s": checked_number,
            "kind": CueKind,
            "output": checked_text,
            "outcome": Outcome,
        },
    ),
}
BY_SCHEMA = {kind.schema: kind for kind in ENTRY_KINDS.values()}
