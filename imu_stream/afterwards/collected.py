"""All outputs of a session by their kind, for what is made of it afterwards."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeVar

from imu_stream.datatypes import Output

_Kind = TypeVar("_Kind")


@dataclass(slots=True)
class CollectedOutputs:
    """A sink that keeps every output; some 100 MB for an hour of running at the most."""

    _by_kind: defaultdict[type, list[Output]] = field(default_factory=lambda: defaultdict(list))

    def write(self, output: Output) -> None:
        self._by_kind[type(output)].append(output)

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """The outputs of one kind, in the order in which they were known."""
        return self._by_kind.get(kind, [])  # type: ignore[return-value]

    def with_others(self, kind: type[_Kind], outputs: "list[_Kind]") -> "CollectedOutputs":
        """The same with other outputs in the place of one kind's."""
        by_kind = self._by_kind.copy()
        by_kind[kind] = outputs  # type: ignore[assignment]
        return CollectedOutputs(by_kind)
