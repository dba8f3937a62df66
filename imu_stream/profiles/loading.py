"""Profile files -> DeviceProfile, with every key checked."""

import tomllib
from pathlib import Path

from imu_stream.datatypes import Mount
from imu_stream.errors import ProfileError
from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.loading_gatt import Gatt, read_gatt, read_uuid
from imu_stream.profiles.loading_packet import read_packet, read_stream
from imu_stream.profiles.loading_steps import NamedBytes, read_steps
from imu_stream.profiles.schema import (
    Advertisement,
    Clock,
    ClockMark,
    Rate,
    Signature,
    Ticks,
    Vectors,
    fields_of,
    full_uuid,
)
from imu_stream.profiles.toml_table import ProfileTable

_LARGEST_FILE = 100_000
_PLACES = ("foot", "chest")
_AXES = ("x", "y", "z", "-x", "-y", "-z")


def load_profile(path: Path) -> DeviceProfile:
    """Read a profile file; the profile is named after the file.

    Raises:
        ProfileError: the file cannot be read, or something in it is wrong.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_FILE + 1).decode("utf-8")
    except OSError as error:
        raise ProfileError(path, "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ProfileError(path, "", "is not text in UTF-8") from None
    return _parse(text, path.stem, str(path))


def parse_profile(text: str, name: str) -> DeviceProfile:
    """Read a profile from its text, as a session file carries it.

    Raises:
        ProfileError: something in it is wrong.
    """
    return _parse(text, name, name)


def _parse(text: str, name: str, source: str) -> DeviceProfile:
    if len(text) > _LARGEST_FILE:
        raise ProfileError(source, "", f"is longer than {_LARGEST_FILE} characters")
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError(source, "", f"is not valid TOML: {error}") from None
    return _read_profile(ProfileTable(source, "", values), name, text)


def _read_profile(top: ProfileTable, name: str, text: str) -> DeviceProfile:
    gatt = read_gatt(top.table("gatt"))
    rates = _read_rates(top, gatt)
    stream = read_stream(top.only("streams"), gatt, rates[0].packet)
    acc, gyr = _saturations(rates[0])
    profile = DeviceProfile(
        name=name,
        title=top.text("title"),
        vendor=top.text("vendor"),
        evidence=top.text("evidence"),
        placements=_read_placements(top, gyr is not None),
        clock=_read_clock(top.table("clock"), rates[0]),
        mount=_read_mount(top),
        acc_saturation=acc,
        gyr_saturation=gyr,
        default_rate_hz=_read_default_rate(top, rates),
        rates=rates,
        streams=(stream,),
        service_uuid=gatt.service_uuid,
        characteristics=tuple(gatt.characteristics.values()),
        signatures=tuple(_read_signature(row) for row in top.tables("match")),
        advertised=_read_advertised(top.table("advertised")),
        text=text,
    )
    top.finish()
    if not profile.matches(profile.advertisement("0")):
        raise top.error("match", "no entry matches what [advertised] says")
    return profile


def _read_rates(top: ProfileTable, gatt: Gatt) -> tuple[Rate, ...]:
    """Read [[rates]] and, once for each of them, all that may use a rate's bytes."""
    rates = sorted((_read_rate(row, top, gatt) for row in top.tables("rates")), key=_rate_hz)
    if len({rate.hz for rate in rates}) < len(rates):
        raise top.error("rates", "lists a rate twice")
    return tuple(rates)


def _read_rate(row: ProfileTable, top: ProfileTable, gatt: Gatt) -> Rate:
    hz = row.positive("hz")
    samples = row.count("samples_per_packet", 1000)
    named = _read_named_bytes(row)
    row.finish()
    return Rate(
        hz=hz,
        samples_per_packet=samples,
        packet=read_packet(top.only("streams").only("packets"), named),
        setup=read_steps(top.tables("setup"), gatt, named),
        shutdown=read_steps(top.tables("shutdown"), gatt, named),
    )


def _rate_hz(rate: Rate) -> float:
    return rate.hz


def _read_named_bytes(row: ProfileTable) -> NamedBytes:
    if not row.has("bytes"):
        return {}
    table = row.table("bytes")
    return {key: table.byte_string(key, {}) for key in table.keys()}  # noqa: SIM118 - not a dict


def _saturations(rate: Rate) -> tuple[float, float | None]:
    saturation = {v.quantity: v.saturation for v in fields_of(rate.packet.fields, Vectors)}
    return saturation["acc"], saturation.get("gyr")


def _read_placements(top: ProfileTable, has_gyro: bool) -> frozenset[str]:
    places = top.texts("placements")
    for place in places:
        if place not in _PLACES:
            raise top.error("placements", f"has {place!r}; allowed: {', '.join(_PLACES)}")
    if not places:
        raise top.error("placements", "is empty; at least one is needed")
    if "foot" in places and not has_gyro:
        raise top.error("placements", "has 'foot', but the packet has no gyr field")
    return frozenset(places)


def _read_clock(table: ProfileTable, rate: Rate) -> Clock:
    (ticks,) = fields_of(rate.packet.fields, Ticks)
    clock = Clock(
        seconds_per_tick=table.positive("seconds_per_tick"),
        bits=int(ticks.type[1:]),
        mark=table.choice("mark", ClockMark),
    )
    table.finish()
    return clock


def _read_mount(top: ProfileTable) -> Mount:
    if not top.has("mount"):
        return Mount()
    table = top.table("mount")
    mount = Mount(forward=table.one_of("forward", _AXES), up=table.one_of("up", _AXES))
    if mount.forward[-1] == mount.up[-1]:
        raise table.error("up", "is along the same axis as forward")
    table.finish()
    return mount


def _read_default_rate(top: ProfileTable, rates: tuple[Rate, ...]) -> float:
    default_hz = top.positive("default_rate_hz")
    if default_hz not in {rate.hz for rate in rates}:
        raise top.error("default_rate_hz", f"is {default_hz:g}, which is not in [[rates]]")
    return default_hz


def _read_signature(table: ProfileTable) -> Signature:
    signature = Signature(
        name=table.text("name") if table.has("name") else None,
        service_uuid=read_uuid(table, "service_uuid") if table.has("service_uuid") else None,
        company_id=table.count("company_id", 0xFFFF) if table.has("company_id") else None,
    )
    table.finish()
    if signature == Signature(None, None, None):
        raise table.error("", "is empty; name, service_uuid or company_id is needed")
    return signature


def _read_advertised(table: ProfileTable) -> Advertisement:
    uuids = table.uuids("service_uuids") if table.has("service_uuids") else ()
    advertisement = Advertisement(
        name=table.text("name") if table.has("name") else None,
        service_uuids=tuple(full_uuid(uuid) for uuid in uuids),
        company_ids=table.numbers("company_ids", 0xFFFF) if table.has("company_ids") else (),
    )
    table.finish()
    return advertisement
