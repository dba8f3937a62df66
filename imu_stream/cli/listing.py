"""What advertises nearby, and which profile fits."""

from rich.markup import escape

from imu_stream.acquisition.ble import Found, scan
from imu_stream.cli.speaking import console, say, table_of
from imu_stream.profiles import DeviceProfile, available_profiles


async def scan_nearby(seconds: float) -> None:
    """Listen and show what advertises, strongest first."""
    with console.status(f"Listening for {seconds:g} s …"):
        found = await scan(available_profiles(), seconds=seconds)
    if not found:
        say("No Bluetooth LE device heard. Switch the sensors on and bring them near.")
        return
    table = table_of("name", "address", "signal dBm", "profile", "worn at")
    for one in found:
        name = escape(one.name) or "(no name)"
        places = "" if one.profile is None else _places(one.profile)
        table.add_row(name, one.address, str(one.rssi), _known_as(one), places)
    console.print(table)


def _known_as(found: Found) -> str:
    names = " or ".join(profile.name for profile in found.profiles)
    if found.closed is not None:
        return "; ".join(filter(None, (names, found.closed.explanation)))
    return names or "no profile fits"


def _places(profile: DeviceProfile) -> str:
    return ", ".join(sorted(profile.placements))
