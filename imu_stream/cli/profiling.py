"""Device profiles on the command line: which there are, whether one is right, a new one."""

import asyncio
from math import degrees
from pathlib import Path

import typer

from imu_stream.acquisition.ble.looking import look_at
from imu_stream.cli.files import write_text
from imu_stream.cli.speaking import console, say, table_of
from imu_stream.datatypes import GRAVITY, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    DeviceProfile,
    Pairing,
    available_profiles,
    load_profile,
    profile_of,
    user_folder,
)
from imu_stream.profiles.fitness import fitness
from imu_stream.profiles.skeleton import Sketch, profile_text
from imu_stream.profiles.steps import CueKind

SMALLEST_MTU = 23
"""Of any link; who needs no more says nothing of it."""


def list_profiles() -> None:
    """Show every profile, the user's own first."""
    titles = ("name", "rates Hz", "ranges", "haptic", "foot", "chest", "evidence")
    table = table_of(*titles)
    table.columns[0].no_wrap = True
    for profile in available_profiles():
        table.add_row(profile.name, *_row(profile))
    console.print(table)
    say("`imu-stream profiles check NAME` tells why, and what to know of one.")
    say(f"Your own profiles come first; they are read from {user_folder()}")


def check_profile(file: str) -> None:
    """Load one profile and say what it holds; a mistake is a ProfileError."""
    profile = profile_of(file)
    maker = "" if profile.title.startswith(profile.vendor) else f"{profile.vendor} "
    say(f"{file}: in order. {maker}{profile.title}")
    if profile.streams:
        say(f"{_numbers(profile.rates_hz)} Hz, {_ranges(profile)}", "samples:")
        say(f"{len(profile.default_mode.setup)} steps", "set-up:")
        for place in (Placement.LEFT_FOOT, Placement.CHEST):
            say(_judged(profile, place), "foot:" if place.is_foot else "chest:")
    if profile.pairing is not Pairing.NONE:
        say(f"with this computer: {profile.pairing.value}", "pairing:")
    if profile.min_mtu > SMALLEST_MTU:
        say(f"of {profile.min_mtu} bytes at least", "ATT_MTU:")
    for cue in profile.cues:
        say(cue.name, f"{cue.kind.value}:")
    for limit in profile.limits:
        say(limit, "limit:")
    say(profile.sources.strip(), f"{profile.evidence.value}:")


def _row(profile: DeviceProfile) -> tuple[str, ...]:
    if not profile.streams:
        says = f"says {' and '.join(sorted(profile.placements))}"
        return "", says, "", "", "", profile.evidence.value
    return (
        _span(profile.rates_hz),
        _largest(profile),
        "yes" if any(cue.kind is CueKind.HAPTIC for cue in profile.cues) else "",
        fitness(profile, Placement.LEFT_FOOT).verdict.value,
        fitness(profile, Placement.CHEST).verdict.value,
        profile.evidence.value,
    )


def _judged(profile: DeviceProfile, placement: Placement) -> str:
    judged = fitness(profile, placement)
    reasons = f": {', '.join(judged.reasons)}" if judged.reasons else ""
    return f"{judged.verdict.value}{reasons}"


def _span(numbers: tuple[float, ...]) -> str:
    least, most = min(numbers), max(numbers)
    return f"{least:.4g}" if least == most else f"{least:.4g}–{most:.4g}"


def _largest(profile: DeviceProfile) -> str:
    acc = f"{profile.acc_saturation / GRAVITY:.3g} g"
    if profile.gyr_saturation is None:
        return f"{acc} no gyro"
    return f"{acc} {degrees(profile.gyr_saturation):.0f}°/s"


def _ranges(profile: DeviceProfile) -> str:
    acc = profile.acc_ranges_g or (profile.acc_saturation / GRAVITY,)
    if profile.gyr_saturation is None:
        return f"±{_numbers(acc)} g, without gyroscope"
    gyr = profile.gyr_ranges_dps or (degrees(profile.gyr_saturation),)
    return f"±{_numbers(acc)} g, ±{_numbers(gyr)} deg/s"


def _numbers(numbers: tuple[float, ...]) -> str:
    return "/".join(f"{number:.4g}" for number in numbers)


def new_profile(file: Path, device: str | None) -> None:
    """Write a first sketch of a profile: of a device that is looked at, or from answers."""
    if file.exists():
        raise ProfileError(file, "", "exists already; choose a new name")
    sketch = _asked() if device is None else asyncio.run(look_at(device))
    write_text(file, profile_text(sketch))
    load_profile(file)
    say(f"{file}: a first sketch. Look at every line: device_profiles/README.md explains the keys.")
    say(f"Then: imu-stream profiles check {file}; copy it to {user_folder()} to use it.")


def _asked() -> Sketch:
    """A sketch from what the user answers; Enter takes what stands in brackets."""
    title = _ask("What is the device called?", "My sensor")
    clock_ms = _ask_number("Milliseconds of one step of its clock (0: it sends no clock)", 1.0)
    return Sketch(
        title=title,
        vendor=_ask("Who makes it?", "unknown"),
        name=_ask("Advertised name, * for what differs", f"{title}*"),
        service_uuid=_ask("UUID of its service", "fff0"),
        data_uuid=_ask("UUID of the characteristic that notifies samples", "fff1"),
        command_uuid=_ask("UUID of the characteristic for commands (Enter: none)", ""),
        start=_ask("Bytes that start it, two hex digits each (Enter: none)", ""),
        stop=_ask("Bytes that stop it (Enter: none)", ""),
        begins=_ask("Constant bytes in front of each packet (Enter: none)", ""),
        rate_hz=_ask_number("Samples a second", 100.0),
        samples_per_packet=round(_ask_number("Samples in a packet", 1.0)),
        tick_type="u32" if clock_ms else "",
        seconds_per_tick=clock_ms / 1000 or 1e-3,
        acc_range_g=_ask_number("Accelerometer range over 16 bit, g", 16.0),
        gyr_range_dps=_ask_number("Gyroscope range over 16 bit, deg/s (0: none)", 2000.0),
    )


def _ask(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default))).strip()


def _ask_number(question: str, default: float) -> float:
    return float(typer.prompt(question, default=default, type=float))
