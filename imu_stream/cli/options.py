"""What the user asked for, turned into what a session needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from imu_stream import __version__
from imu_stream.acquisition.ble import Found, SensorPlan
from imu_stream.config.remembered import Config
from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import PRESETS, STANDARD, Preset, changed_cues, cues_text
from imu_stream.datatypes import MOTION, Mount, Placement, SensorSetup, SessionHeader
from imu_stream.errors import CalibrationError, ProfileError
from imu_stream.profiles import DeviceProfile, Mode

RATE_WANTED_HZ = 200.0
"""Feet need 200 Hz for contacts; the chest would do with 100."""
CALIBRATION_HOLDS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sensors to use, by address or name, and how."""

    sensors: Mapping[Placement, str]
    target_deg: float | None
    mount: str | None
    stride_factor: float = 1.0
    config: Config = field(default_factory=Config)
    """What is remembered: how the chest sensor sits holds unless `mount` is given."""
    cues: CueParams = STANDARD
    virtual: bool = False


def cues_of(
    config: Config,
    preset: Preset | None,
    strike: WantedStrike | None = None,
    changes: Sequence[str] = (),
) -> CueParams:
    """What is remembered; a preset, if one is given, changes how cues are given, not what about.

    Raises:
        ConfigError: one of the changes, `key=value`, cannot be made.
    """
    cues = config.cues
    if preset is not None:
        cues = replace(
            PRESETS[preset],
            strike=cues.strike,
            cadence_increase=cues.cadence_increase,
            programme=cues.programme,
        )
    cues = cues if strike is None else replace(cues, strike=strike)
    return changed_cues(cues, changes, "--set")


def sensors_of(
    config: Config, named: Mapping[Placement, str], companions: Mapping[Placement, str]
) -> dict[Placement, str] | None:
    """Which sensors take part: those named, else those remembered; None without any for motion.

    Who names a sensor of motion means those named and no others; companions are added to either.
    """
    if named:
        return {**named, **companions}
    remembered = {place: sensor.address for place, sensor in config.sensors.items()}
    has_motion = any(place in MOTION for place in remembered)
    return {**remembered, **companions} if has_motion else None


def parse_mount(text: str) -> Mount:
    """A mount from "FORWARD,UP", such as "x,z".

    Raises:
        CalibrationError: not two axes.
    """
    forward, comma, up = text.replace(" ", "").partition(",")
    if not comma or not forward or not up:
        raise CalibrationError(f"mount {text!r}: expected FORWARD,UP such as x,z")
    return Mount(forward, up)


def plan(placement: Placement, found: Found, likeliest: str = "") -> SensorPlan:
    """How a found sensor takes part; `likeliest` is the profile it had before, by name.

    Raises:
        ProfileError: no profile fits it, or it does not measure what this place needs.
    """
    label = found.name or found.address
    fitting = [profile for profile in found.profiles if profile.fits(placement)]
    if not fitting:
        raise ProfileError(label, "", _why_none_fits(placement, found))
    fitting.sort(key=lambda profile: profile.name != likeliest)
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
    sensors = tuple(replace(setup_of(one), mount=_mount(one, wanted)) for one in plans)
    texts = {one.profile.name: one.profile.text for one in plans}
    return SessionHeader(
        version=__version__,
        started=now(),
        sensors=sensors,
        profiles=texts,
        target_deg=wanted.target_deg,
        stride_length_factor=wanted.stride_factor,
        cues=cues_text(wanted.cues),
        virtual=wanted.virtual,
    )


def now() -> str:
    """Wall clock, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def setup_of(one: SensorPlan) -> SensorSetup:
    """What a session file says of a sensor, worn as its profile says."""
    return SensorSetup(
        one.placement,
        one.profile.name,
        one.mode.hz,
        one.profile.mount,
        one.device.address,
        one.device.name or "",
        one.mode.acc_range_g,
        one.mode.gyr_range_dps,
    )


def _mount(one: SensorPlan, wanted: Wanted) -> Mount:
    """How it is worn: as the user says, else as it was calibrated, else as its profile says."""
    if wanted.mount is not None and one.placement is Placement.CHEST:
        return parse_mount(wanted.mount)
    stored = wanted.config.calibration(one.placement, one.device.address)
    mount = one.profile.mount
    return mount if stored is None else replace(mount, rotation=stored.rotation)


def outdated(header: SessionHeader, config: Config, today: datetime) -> list[str]:
    """Of the calibrations a session uses, those that are too old to be relied on, in words."""
    used = [sensor for sensor in header.sensors if sensor.mount.rotation is not None]
    said = []
    for sensor in used:
        stored = config.calibration(sensor.placement, sensor.address)
        if stored is not None and today - stored.date > CALIBRATION_HOLDS:
            days = (today - stored.date).days
            said.append(
                f"{sensor.placement}: calibrated {days} days ago; run `imu-stream calibrate` again"
            )
    return said
