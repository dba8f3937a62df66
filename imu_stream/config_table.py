"""One table of the config file: gives keys by type and objects to those nobody asked for.

The profiles' `ProfileTable` does the same for another file: its errors speak of the profile schema,
and it knows neither signed numbers nor dates.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self

from imu_stream.datatypes import Placement, Rotation, Triple
from imu_stream.errors import ConfigError


class ConfigTable:
    """Typed access to a TOML table; every mistake is a ConfigError with file and key."""

    def __init__(self, source: str, key: str, values: Mapping[str, Any]) -> None:
        self._source = source
        self._key = key
        self._values = values
        self._used: set[str] = set()

    @classmethod
    def parse(cls, text: str, source: str) -> Self:
        """Read the whole of a file; ConfigError when it is not valid TOML."""
        try:
            return cls(source, "", tomllib.loads(text))
        except (ValueError, RecursionError) as error:
            raise ConfigError(source, "", f"is not valid TOML: {error}") from None

    def error(self, key: str, problem: str) -> ConfigError:
        """Make the error for a key of this table."""
        return ConfigError(self._source, ".".join(filter(None, (self._key, key))), problem)

    def finish(self) -> None:
        """Object to keys nobody asked for. Raises ConfigError."""
        for key in sorted(self._values.keys() - self._used):
            raise self.error(key, "is not known here")

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str):
            raise self.error(key, "must be a text")
        return value

    def placement(self, key: str) -> Placement:
        return self.place(key, self.text(key))

    def place(self, key: str, name: str) -> Placement:
        """Read a part of what stands at `key` as a placement."""
        try:
            return Placement(name)
        except ValueError:
            known = ", ".join(Placement)
            raise self.error(key, f"is no place for a sensor; there are: {known}") from None

    def date(self, key: str) -> datetime:
        value = self._take(key)
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise self.error(key, "must be a date with time and time zone")
        return value

    def number(self, key: str, least: float, largest: float) -> float:
        """Give a number within [least, largest]."""
        value = self._finite(key, self._take(key))
        if not least <= value <= largest:
            raise self.error(key, f"is {value:g}; a number from {least:g} to {largest:g} is needed")
        return value

    def whole_number(self, key: str, least: float, largest: float) -> int:
        """Give a whole number within [least, largest]."""
        return self._whole(key, self._take(key), least, largest)

    def whole_numbers(self, key: str, least: float, largest: float) -> tuple[int, ...]:
        """Give a list of them."""
        values = self._take(key)
        if not isinstance(values, list):
            raise self.error(key, "must be a list of whole numbers")
        return tuple(self._whole(key, value, least, largest) for value in values)

    def flag(self, key: str) -> bool:
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def triple(self, key: str) -> Triple:
        return self._triple(key, self._take(key))

    def rotation(self, key: str) -> Rotation:
        """Give a rotation matrix by rows; whether it is one, shows where it is used."""
        rows = self._take(key)
        if not isinstance(rows, list) or len(rows) != 3:
            raise self.error(key, "must be three rows of three numbers")
        first, second, third = (self._triple(key, row) for row in rows)
        return first, second, third

    def table(self, key: str) -> "ConfigTable":
        """Give a table; an empty one when it is not there."""
        value = self._take(key) if self.has(key) else {}
        if not isinstance(value, dict):
            raise self.error(key, "must be a table")
        return self._below(key, value)

    def tables(self, key: str) -> Iterator["ConfigTable"]:
        """Give a list of tables; the first has the key `key[0]`."""
        values = self._take(key) if self.has(key) else []
        if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
            raise self.error(key, f"must be a list of tables, [[{key}]]")
        for index, value in enumerate(values):
            yield self._below(f"{key}[{index}]", value)

    def _below(self, key: str, values: Mapping[str, Any]) -> "ConfigTable":
        return ConfigTable(self._source, ".".join(filter(None, (self._key, key))), values)

    def _take(self, key: str) -> Any:
        if key not in self._values:
            raise self.error(key, "is missing")
        self._used.add(key)
        return self._values[key]

    def _triple(self, key: str, values: object) -> Triple:
        if not isinstance(values, list) or len(values) != 3:
            raise self.error(key, "must be three numbers")
        first, second, third = (self._finite(key, value) for value in values)
        return first, second, third

    def _whole(self, key: str, value: object, least: float, largest: float) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= largest:
            raise self.error(key, f"must be a whole number from {least:g} to {largest:g}")
        return value

    def _finite(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, "must be a number")
        if not -1e18 < value < 1e18:
            raise self.error(key, "is too large, or no number")
        return float(value)
