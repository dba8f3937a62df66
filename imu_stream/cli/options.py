"""What the user asked for, turned into what a session needs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from imu_stream import __version__
from imu_stream.acquisition.ble import Found, SensorPlan
from imu_stream.datatypes import Mount, Placement, SensorSetup, SessionHeader
from imu_stream.errors import CalibrationError, ProfileError
from imu_stream.profiles import DeviceProfile, Mode

RATE_WANTED_HZ = 200.0
"""Feet need 200 Hz for contacts; the chest would do with 100."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sensors to use, by address or name, and how."""

    sensors: Mapping[Placement, str]
    target_deg: float | None
    mount: str | None
    stride_factor: float = 1.0


def parse_mount(text: str) -> Mount:
    """A mount from "FORWARD,UP", such as "x,z".

    Raises:
        CalibrationError: not two axes.
    """
    forward, comma, up = text.replace(" ", "").partition(",")
    if not comma or not forward or not up:
        raise CalibrationError(f"mount {text!r}: expected FORWARD,UP such as x,z")
    return Mount(forward, up)


def plan(placement: Placement, found: Found) -> SensorPlan:
    """How a found sensor takes part.

    Raises:
        ProfileError: no profile fits it, or it does not measure what this place needs.
    """
    label = found.name or found.address
    fitting = [profile for profile in found.profiles if profile.fits(placement)]
    if not fitting:
        raise ProfileError(label, "", _why_none_fits(placement, found))
    options = [SensorPlan(placement, found.device, each, _mode(each)) for each in fitting]
    return replace(options[0], otherwise=tuple(options[1:]))


def _why_none_fits(placement: Placement, found: Found) -> str:
    if found.closed is not None:
        return found.closed.explanation
    if found.profile is None:
        return "no device profile fits; see `imu-stream profiles list`"
    places = " and ".join(sorted(found.profile.placements))
    return f"a {found.profile.title} serves for {places}, not {placement}"


def _mode(profile: DeviceProfile) -> Mode:
    """The slowest that is fast enough, in the largest ranges."""
    if not profile.streams:
        return profile.modes[0]
    fast_enough = [hz for hz in profile.rates_hz if hz >= RATE_WANTED_HZ]
    return profile.mode(min(fast_enough) if fast_enough else max(profile.rates_hz))


def header(plans: list[SensorPlan], wanted: Wanted) -> SessionHeader:
    """The header of a session that begins now."""
    sensors = tuple(_setup(one, wanted.mount) for one in plans)
    texts = {one.profile.name: one.profile.text for one in plans}
    return SessionHeader(
        __version__, now(), sensors, texts, wanted.target_deg, wanted.stride_factor
    )


def now() -> str:
    """Wall clock, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _setup(one: SensorPlan, mount: str | None) -> SensorSetup:
    setup = SensorSetup(
        one.placement,
        one.profile.name,
        one.mode.hz,
        one.profile.mount,
        one.device.address,
        one.device.name or "",
        one.mode.acc_range_g,
        one.mode.gyr_range_dps,
    )
    if mount is not None and one.placement is Placement.CHEST:
        return replace(setup, mount=parse_mount(mount))
    return setup
