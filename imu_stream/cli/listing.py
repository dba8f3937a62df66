"""What advertises nearby, and which profile fits."""

from rich.markup import escape
from rich.table import Table

from imu_stream.acquisition.ble import scan
from imu_stream.cli.speaking import console, say
from imu_stream.profiles import DeviceProfile, available_profiles


async def scan_nearby(seconds: float) -> None:
    """Listen and show what advertises, strongest first."""
    with console.status(f"Listening for {seconds:g} s …"):
        found = await scan(available_profiles(), seconds=seconds)
    if not found:
        say("No Bluetooth LE device heard. Switch the sensors on and bring them near.")
        return
    table = Table("name", "address", "signal dBm", "profile", "worn at")
    for one in found:
        profile = one.profile
        names = " or ".join(each.name for each in one.profiles)
        row = (names, _places(profile)) if profile else ("no profile fits", "")
        table.add_row(escape(one.name) or "(no name)", one.address, str(one.rssi), *row)
    console.print(table)


def _places(profile: DeviceProfile) -> str:
    return ", ".join(sorted(profile.placements))
