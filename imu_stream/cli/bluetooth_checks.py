"""Whether the Bluetooth of this computer is fit for a run."""

from collections.abc import Iterator

from imu_stream.cli.finding import Finding, Verdict
from imu_stream.cli.machine import BluetoothAdapter, BluetoothServiceError, Machine

OLDEST_BLUEZ = (5, 55)
"""What bleak asks for."""
LONGEST_INTERVAL_MS = 30.0
"""At this, a sensor that sends each of 200 samples/s alone needs six packets in each event."""
INTERVAL_UNIT_MS = 1.25
INTERVALS = "/sys/kernel/debug/bluetooth/{}/conn_{}_interval"
_SERVICE, _ADAPTER = "Bluetooth service", "Bluetooth adapter"
_VERSION, _INTERVAL = "BlueZ version", "connection interval"


def bluetooth(machine: Machine) -> Iterator[Finding]:
    """The service, its adapters and their settings; only Linux lets itself be asked."""
    if machine.system != "Linux":
        for name in (_SERVICE, _ADAPTER, _VERSION, _INTERVAL):
            yield Finding(name, Verdict.UNCHECKED, "not checked on this platform")
        return
    adapters: tuple[BluetoothAdapter, ...] = ()
    try:
        adapters = machine.adapters()
    except BluetoothServiceError as error:
        start = "sudo systemctl enable --now bluetooth (and install bluez if it is missing)"
        group = "sudo usermod -aG bluetooth $USER, then log in again"
        yield Finding(_SERVICE, Verdict.BAD, str(error), group if error.denied else start)
        yield Finding(_ADAPTER, Verdict.UNCHECKED, "the service comes first")
    else:
        yield Finding(_SERVICE, Verdict.GOOD, "reached over D-Bus")
        yield adapter(adapters)
    yield bluez_version(machine)
    yield connection_interval(machine, adapters[0].name if adapters else "hci0")


def adapter(adapters: tuple[BluetoothAdapter, ...]) -> Finding:
    """Whether there is one, switched on."""
    powered = [each.name for each in adapters if each.powered]
    if powered:
        return Finding(_ADAPTER, Verdict.GOOD, f"{', '.join(powered)} switched on")
    if adapters:
        advice = "rfkill unblock bluetooth; bluetoothctl power on"
        return Finding(_ADAPTER, Verdict.BAD, f"{adapters[0].name} is switched off", advice)
    return Finding(_ADAPTER, Verdict.BAD, "none", "plug one in, or enable the built-in one")


def bluez_version(machine: Machine) -> Finding:
    """Whether the Bluetooth service is recent enough."""
    try:
        text = machine.output("bluetoothctl", "--version").split()[-1]
        major, minor = map(int, text.split(".")[:2])
    except (OSError, ValueError, IndexError):
        return Finding(_VERSION, Verdict.UNCHECKED, "bluetoothctl does not tell", "install bluez")
    if (major, minor) < OLDEST_BLUEZ:
        oldest = ".".join(map(str, OLDEST_BLUEZ))
        return Finding(_VERSION, Verdict.BAD, text, f"update BlueZ to {oldest} or newer")
    return Finding(_VERSION, Verdict.GOOD, text)


def connection_interval(machine: Machine, adapter: str) -> Finding:
    """How often sensors may send, as far as the kernel lets it be read."""
    least, most = (INTERVALS.format(adapter, end) for end in ("min", "max"))
    try:
        units = [int(machine.read(path)) for path in (least, most)]
    except PermissionError:
        return Finding(
            _INTERVAL, Verdict.UNCHECKED, "only root can read it", f"sudo cat {least} {most}"
        )
    except (OSError, ValueError):
        return Finding(_INTERVAL, Verdict.UNCHECKED, "the kernel does not tell")
    low_ms, high_ms = (INTERVAL_UNIT_MS * each for each in units)
    found = f"{low_ms:g} to {high_ms:g} ms"
    if high_ms > LONGEST_INTERVAL_MS:
        advice = f"if samples are lost: echo 12 | sudo tee {least} {most} (docs/raspberry_pi.md)"
        return Finding(_INTERVAL, Verdict.LOOK, found, advice)
    return Finding(_INTERVAL, Verdict.GOOD, found)
