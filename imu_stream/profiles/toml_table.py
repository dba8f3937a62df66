"""One table of a profile file: gives keys by type and objects to those nobody asked for."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from imu_stream.errors import ProfileError
from imu_stream.profiles.notation import BytePattern, NotationError, read_bytes, read_pattern

_Choice = TypeVar("_Choice", bound=StrEnum)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{4}", re.IGNORECASE)

_SMALLEST, _LARGEST = 1e-18, 1e18
_TYPE_NAMES = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a table",
    list: "a list",
}


class ProfileTable:
    """Typed access to a TOML table; every mistake is a ProfileError with file and key."""

    def __init__(self, source: str, key: str, values: Mapping[str, Any]) -> None:
        self._source = source
        self._key = key
        self._values = values
        self._used: set[str] = set()

    def error(self, key: str, problem: str) -> ProfileError:
        """Make the error for a key of this table ("" for the table itself)."""
        return ProfileError(self._source, ".".join(filter(None, (self._key, key))), problem)

    def finish(self) -> None:
        """Object to keys nobody asked for.

        Raises:
            ProfileError: naming the first such key.
        """
        for key in sorted(self._values.keys() - self._used):
            raise self.error(key, "unknown key here; see device_profiles/README.md for the schema")

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str) -> str:
        value: str = self._take(key, str)
        if not value.strip():
            raise self.error(key, "is empty")
        return value

    def flag(self, key: str) -> bool:
        value: bool = self._take(key, bool)
        return value

    def positive(self, key: str) -> float:
        """Give a number above zero, and not so near to it or so large that it cannot be meant."""
        value: float = self._take(key, float)
        if not _SMALLEST < value < _LARGEST:
            raise self.error(key, f"is {value}; a number above 0 is needed")
        return float(value)

    def count(self, key: str, largest: int) -> int:
        """Give a whole number in 1…largest."""
        value: int = self._take(key, int)
        if not 1 <= value <= largest:
            raise self.error(key, f"is {value}; a whole number from 1 to {largest} is needed")
        return value

    def choice(self, key: str, allowed: type[_Choice]) -> _Choice:
        return allowed(self.one_of(key, [member.value for member in allowed]))

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        value = self.text(key)
        if value not in allowed:
            raise self.error(key, f"is {value!r}; allowed: {', '.join(allowed)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._list(key, str))

    def uuid(self, key: str) -> str:
        """Give a UUID as written: 4 hex digits or the long form."""
        return self._check_uuid(key, self.text(key))

    def uuids(self, key: str) -> tuple[str, ...]:
        return tuple(self._check_uuid(key, text) for text in self.texts(key))

    def numbers(self, key: str, largest: int) -> tuple[int, ...]:
        """Give a list of whole numbers in 0…largest."""
        values = self._list(key, int)
        for value in values:
            if not 0 <= value <= largest:
                raise self.error(key, f"has {value}; whole numbers from 0 to {largest} are needed")
        return tuple(values)

    def positives(self, key: str) -> tuple[float, ...]:
        """Give a list of numbers above zero."""
        values = self._list(key, float)
        for value in values:
            if not _SMALLEST < value < _LARGEST:
                raise self.error(key, f"has {value}; numbers above 0 are needed")
        return tuple(float(value) for value in values)

    def byte_string(self, key: str, named: Mapping[str, bytes]) -> bytes:
        return self.bytes_of(key, self.text(key), named)

    def bytes_of(self, key: str, text: str, named: Mapping[str, bytes]) -> bytes:
        """Read a part of the text of `key` as bytes."""
        try:
            return read_bytes(text, named)
        except NotationError as error:
            raise self.error(key, str(error)) from None

    def pattern(self, key: str, named: Mapping[str, bytes]) -> BytePattern:
        return self._pattern(key, self.text(key), named)

    def patterns(self, key: str, named: Mapping[str, bytes]) -> tuple[BytePattern, ...]:
        return tuple(self._pattern(key, text, named) for text in self.texts(key))

    def table(self, key: str) -> "ProfileTable":
        return ProfileTable(self._source, self._path(key), self._take(key, dict))

    def tables(self, key: str) -> tuple["ProfileTable", ...]:
        """Give a list of at least one table; the first has the key `key[0]`."""
        values = self._list(key, dict)
        if not values:
            raise self.error(key, "is empty; at least one is needed")
        return tuple(
            ProfileTable(self._source, f"{self._path(key)}[{index}]", value)
            for index, value in enumerate(values)
        )

    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)

    def _check_uuid(self, key: str, text: str) -> str:
        if not _UUID.fullmatch(text):
            raise self.error(key, f"has {text!r}; a UUID is 4 hex digits or the long form")
        return text

    def _pattern(self, key: str, text: str, named: Mapping[str, bytes]) -> BytePattern:
        try:
            return read_pattern(text, named)
        except NotationError as error:
            raise self.error(key, str(error)) from None

    def _path(self, key: str) -> str:
        return ".".join(filter(None, (self._key, key)))

    def _take(self, key: str, kind: type) -> Any:
        if key not in self._values:
            raise self.error(key, f"is missing; {_TYPE_NAMES[kind]} is needed")
        self._used.add(key)
        value = self._values[key]
        if not _is_a(value, kind):
            raise self.error(key, f"is {_name_type(value)}; {_TYPE_NAMES[kind]} is needed")
        return value

    def _list(self, key: str, kind: type) -> list[Any]:
        values: list[Any] = self._take(key, list)
        for value in values:
            if not _is_a(value, kind):
                problem = f"holds {_name_type(value)}; a list with {_TYPE_NAMES[kind]} is needed"
                raise self.error(key, problem)
        return values


def _is_a(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float)) if kind is float else isinstance(value, kind)


def _name_type(value: object) -> str:
    return _TYPE_NAMES.get(type(value), f"a {type(value).__name__}")
