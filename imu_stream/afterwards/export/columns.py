"""Columns of exported tables: what they are called, hold and are measured in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imu_stream.sinks.sheets import Column as SheetColumn
from imu_stream.sinks.sheets import Content

NOT_KNOWN = -1
"""A flag that is neither true nor false, where flags are numbers."""
LARGEST_COUNT = 2**53
"""Beyond it a MATLAB number is no longer exact; only a broken clock counts so far."""

# float64 with NaN for what was not measured, int64, flags with None for what is not known, words
Values = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.bool_] | list[str] | list[bool | None]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a column is called and holds, and how its value is taken from an output."""

    name: str
    content: Content
    value: Callable[[Any], Any]

    @property
    def unit(self) -> str:
        """By the name; empty for words, flags, counts and shares."""
        return unit_of(self.name)

    def column(self, outputs: Sequence[object]) -> "Column":
        """One cell for each output."""
        return Column(self, _AS_VALUES[self.content]([self.value(each) for each in outputs]))


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a table; numbers and counts are arrays."""

    heading: Heading
    values: Values

    @property
    def array(self) -> NDArray[Any]:
        """As an array: words as objects; flags as 1, 0, and -1 for what is not known."""
        if self.heading.content is Content.WORD:
            return np.array(self.values, dtype=object)
        if self.heading.content is Content.FLAG:
            flags = [NOT_KNOWN if flag is None else flag for flag in self.values]
            return np.array(flags, dtype=np.int8)
        return np.asarray(self.values)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which cells were not measured."""
        if self.heading.content is Content.NUMBER:
            return np.isnan(np.asarray(self.values, dtype=np.float64))
        return np.array([cell is None for cell in self.values], dtype=np.bool_)


_UNIT_OF_START = {"acc": "m/s^2", "gyr": "rad/s", "bpm": "1/min", "cadence": "1/min"}
_UNIT_OF_END = {
    "_mps": "m/s",
    "_s": "s",
    "_deg": "deg",
    "_m": "m",
    "_g": "g",
    "_percent": "%",
}


def unit_of(name: str) -> str:
    """The unit of a column, from the start or the end of its name."""
    units = [unit for start, unit in _UNIT_OF_START.items() if name.startswith(start)]
    units += [unit for end, unit in _UNIT_OF_END.items() if name.endswith(end)]
    return units[0] if units else ""


def heading(column: SheetColumn) -> Heading:
    """The column of a table for people, with all digits."""
    return Heading(column.name, column.content, attrgetter(column.path))


def number(name: str, path: str = "") -> Heading:
    """A column of numbers; `path` says where the value stands, when it is not so called."""
    return Heading(name, Content.NUMBER, attrgetter(path or name))


def count(name: str, path: str = "") -> Heading:
    return Heading(name, Content.COUNT, attrgetter(path or name))


def flag(name: str) -> Heading:
    return Heading(name, Content.FLAG, attrgetter(name))


def word(name: str) -> Heading:
    return Heading(name, Content.WORD, attrgetter(name))


def axis(name: str, at: int, vectors: str, row: int | None = None) -> Heading:
    """A column with one number of a vector, or of one row of a matrix."""
    whole = attrgetter(vectors)
    if row is None:
        return Heading(name, Content.NUMBER, lambda output: whole(output)[at])
    return Heading(name, Content.NUMBER, lambda output: whole(output)[row][at])


def plain(text: str) -> str:
    """Without what a text file or another format's texts cannot hold."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _counts(cells: list[int]) -> NDArray[np.int64]:
    limited = [max(-LARGEST_COUNT, min(cell, LARGEST_COUNT)) for cell in cells]
    return np.array(limited, dtype=np.int64)


_AS_VALUES: dict[Content, Callable[[list[Any]], Values]] = {
    Content.NUMBER: lambda cells: np.array(cells, dtype=np.float64),
    Content.COUNT: _counts,
    Content.FLAG: list,
    Content.WORD: lambda cells: [plain(str(cell)) for cell in cells],
}
