"""The [gatt] table: characteristics, most of them of one service."""

from collections.abc import Mapping
from dataclasses import dataclass

from imu_stream.profiles.schema import Characteristic, full_uuid
from imu_stream.profiles.toml_table import ProfileTable

_PROPERTIES = ("read", "write", "write-without-response", "notify", "indicate")


@dataclass(frozen=True, slots=True)
class Gatt:
    """The characteristics, by the word the profile uses for them."""

    characteristics: Mapping[str, Characteristic]

    def uuid(self, table: ProfileTable, key: str) -> str:
        """Look up the characteristic that `key` names; ProfileError for an unknown word."""
        return self._named(table, key).uuid

    def service_uuid(self, table: ProfileTable, key: str) -> str:
        """Look up the service of the characteristic that `key` names; ProfileError likewise."""
        return self._named(table, key).service_uuid

    def _named(self, table: ProfileTable, key: str) -> Characteristic:
        return self.characteristics[table.one_of(key, list(self.characteristics))]


def read_gatt(table: ProfileTable) -> Gatt:
    """Read [gatt].

    Raises:
        ProfileError: something in it is wrong.
    """
    service_uuid = read_uuid(table, "service")
    rows = table.table("characteristics")
    named = {key: _read_characteristic(rows.table(key), service_uuid) for key in rows.keys()}  # noqa: SIM118
    if not named:
        raise table.error("characteristics", "is empty; at least one is needed")
    places: set[tuple[str, str]] = set()
    for word, each in named.items():
        if (place := (each.service_uuid, each.uuid)) in places:
            raise rows.error(f"{word}.uuid", "stands twice in this service")
        places.add(place)
    table.finish()
    return Gatt(named)


def read_uuid(table: ProfileTable, key: str) -> str:
    """Read a UUID, short or long; ProfileError when it is none."""
    return full_uuid(table.uuid(key))


def _read_characteristic(table: ProfileTable, service_uuid: str) -> Characteristic:
    uuid = read_uuid(table, "uuid")
    service = read_uuid(table, "service") if table.has("service") else service_uuid
    properties = table.texts("properties")
    for name in properties:
        if name not in _PROPERTIES:
            raise table.error("properties", f"has {name!r}; allowed: {', '.join(_PROPERTIES)}")
    table.finish()
    return Characteristic(uuid, service, properties)
