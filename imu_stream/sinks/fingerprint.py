"""A digest of outputs, to tell whether two runs gave the same, bit for bit."""

import hashlib
import marshal
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from typing import Any

from imu_stream.datatypes import Output

FORM = 2
"""Of `marshal`: floats as their eight bytes, and none of the references that later ones make."""


class Fingerprint:
    """SHA-256 of the kind and every field of each output, in order; floats to the last bit."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._values: dict[type, Callable[[Any], Any]] = {}

    def add(self, output: Output) -> None:
        kind = type(output)
        if kind not in self._values:
            # two paths at least, so that the getter always gives a tuple
            self._values[kind] = attrgetter("__class__.__name__", *paths(output))
        self._digest.update(marshal.dumps(self._values[kind](output), FORM))

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def paths(value: object, prefix: str = "") -> Iterator[str]:
    """Dotted names of all plain values in a dataclass."""
    for field in fields(value):  # type: ignore[arg-type]
        inner, path = getattr(value, field.name), prefix + field.name
        if is_dataclass(inner):
            yield from paths(inner, f"{path}.")
        else:
            yield f"{path}.value" if isinstance(inner, Enum) else path
