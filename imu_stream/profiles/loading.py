"""Profile files -> DeviceProfile, with every key checked."""

import tomllib
from pathlib import Path

from imu_stream.datatypes import Mount
from imu_stream.errors import ProfileError
from imu_stream.profiles.device_profile import DeviceProfile, saturations
from imu_stream.profiles.loading_gatt import Gatt, read_gatt, read_uuid
from imu_stream.profiles.loading_modes import Setting, read_settings
from imu_stream.profiles.loading_packet import read_streams
from imu_stream.profiles.loading_steps import read_battery, read_cues, read_steps
from imu_stream.profiles.schema import (
    SAYS_ONLY,
    Advertisement,
    Evidence,
    Firmware,
    Mode,
    Pairing,
    Signature,
    full_uuid,
)
from imu_stream.profiles.toml_table import ProfileTable

_LARGEST_FILE = 100_000
_PLACES = ("foot", "chest")
_COMPANION_PLACES = ("heart", "pod", "buzzer")
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
    companion = not top.has("streams")
    gatt = Gatt({}) if companion else read_gatt(top.table("gatt"))
    settings = () if companion else read_settings(top)
    modes = tuple(_read_mode(top, gatt, setting) for setting in settings) or (SAYS_ONLY,)
    profile = DeviceProfile(
        name=name,
        title=top.text("title"),
        vendor=top.text("vendor"),
        evidence=top.choice("evidence", Evidence),
        sources=top.text("sources"),
        limits=top.texts("limits") if top.has("limits") else (),
        placements=_read_placements(top, modes),
        mount=_read_mount(top),
        pairing=top.choice("pairing", Pairing) if top.has("pairing") else Pairing.NONE,
        min_mtu=top.count("min_mtu", 517) if top.has("min_mtu") else 23,
        firmware=_read_firmware(top.table("firmware")) if top.has("firmware") else None,
        battery=read_battery(top.table("battery"), gatt) if top.has("battery") else None,
        default_rate_hz=SAYS_ONLY.hz if companion else _read_default_rate(top, modes),
        modes=modes,
        cues=read_cues(top.tables("cues"), gatt) if top.has("cues") else (),
        characteristics=tuple(gatt.characteristics.values()),
        signatures=tuple(read_signature(row) for row in top.tables("match")),
        advertised=_read_advertised(top.table("advertised")),
        text=text,
    )
    _check_clock_is_used(top, profile)
    top.finish()
    if not profile.matches(profile.advertisement("0")):
        raise top.error("match", "no entry matches what [advertised] says")
    return profile


def _read_mode(top: ProfileTable, gatt: Gatt, setting: Setting) -> Mode:
    return Mode(
        hz=setting.hz,
        acc_range_g=setting.acc.limit if setting.acc else None,
        gyr_range_dps=setting.gyr.limit if setting.gyr else None,
        streams=read_streams(top, gatt, setting),
        setup=read_steps(top, "setup", gatt, setting),
        shutdown=read_steps(top, "shutdown", gatt, setting) if top.has("shutdown") else (),
    )


def _check_clock_is_used(top: ProfileTable, profile: DeviceProfile) -> None:
    if top.has("clock"):
        top.table("clock")
        if all(packet.clock is None for mode in profile.modes for packet in mode.packets):
            raise top.error("clock", "is of no use: no packet has ticks")


def _read_firmware(table: ProfileTable) -> Firmware:
    at_least = table.text("at_least") if table.has("at_least") else "0"
    if not all(part.isdecimal() for part in at_least.split(".")):
        raise table.error("at_least", f"is {at_least!r}; numbers and points are needed")
    bad = table.texts("known_bad") if table.has("known_bad") else ()
    table.finish()
    return Firmware(tuple(int(part) for part in at_least.split(".")), bad)


def _read_placements(top: ProfileTable, modes: tuple[Mode, ...]) -> frozenset[str]:
    allowed = _COMPANION_PLACES if modes == (SAYS_ONLY,) else _PLACES
    places = top.texts("placements")
    for place in places:
        if place not in allowed:
            raise top.error("placements", f"has {place!r}; allowed: {', '.join(allowed)}")
    if not places:
        raise top.error("placements", "is empty; at least one is needed")
    if "foot" in places and not any(saturations(mode, "gyr") for mode in modes):
        raise top.error("placements", "has 'foot', but no packet has a gyr field")
    return frozenset(places)


def _read_mount(top: ProfileTable) -> Mount:
    if not top.has("mount"):
        return Mount()
    table = top.table("mount")
    mount = Mount(forward=table.one_of("forward", _AXES), up=table.one_of("up", _AXES))
    if mount.forward[-1] == mount.up[-1]:
        raise table.error("up", "is along the same axis as forward")
    table.finish()
    return mount


def _read_default_rate(top: ProfileTable, modes: tuple[Mode, ...]) -> float:
    default_hz = top.positive("default_rate_hz")
    if default_hz not in {mode.hz for mode in modes}:
        raise top.error("default_rate_hz", f"is {default_hz:g}, which is not in [[rates]]")
    return default_hz


def read_signature(table: ProfileTable) -> Signature:
    """Read one way to recognise a device; ProfileError when something in it is wrong."""
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
