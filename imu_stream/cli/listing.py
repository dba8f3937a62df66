"""Lists: sensors nearby, device profiles."""

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from imu_stream.acquisition.ble import scan
from imu_stream.cli.speaking import console, say
from imu_stream.profiles import DeviceProfile, builtin_profiles, load_profile


async def scan_nearby(seconds: float) -> None:
    """Listen and show what advertises, strongest first."""
    with console.status(f"Listening for {seconds:g} s …"):
        found = await scan(builtin_profiles(), seconds=seconds)
    if not found:
        say("No Bluetooth LE device heard. Switch the sensors on and bring them near.")
        return
    table = Table("name", "address", "signal dBm", "profile", "worn at")
    for one in found:
        profile = one.profile
        row = (profile.name, _places(profile)) if profile else ("no profile fits", "")
        table.add_row(escape(one.name) or "(no name)", one.address, str(one.rssi), *row)
    console.print(table)


def list_profiles() -> None:
    """Show every built-in profile."""
    table = Table("name", "device", "rates Hz", "gyroscope", "worn at")
    for profile in builtin_profiles():
        table.add_row(
            profile.name,
            f"{profile.vendor} {profile.title}",
            _rates(profile),
            "yes" if profile.has_gyro else "no",
            _places(profile),
        )
    console.print(table)


def check_profile(file: Path) -> None:
    """Load one profile and say what it holds; a mistake is a ProfileError."""
    profile = load_profile(file)
    say(
        f"{file}: in order. {profile.vendor} {profile.title}, {_rates(profile)} Hz, "
        f"{'with' if profile.has_gyro else 'without'} gyroscope, worn at {_places(profile)}."
    )


def _rates(profile: DeviceProfile) -> str:
    return ", ".join(f"{hz:g}" for hz in profile.rates_hz)


def _places(profile: DeviceProfile) -> str:
    return ", ".join(sorted(profile.placements))
