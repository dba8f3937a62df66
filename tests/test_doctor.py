"""The doctor: a finding for every check of any computer, what to do, and never a crash."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from imu_stream.cli import doctor, machine
from imu_stream.cli.bluetooth_checks import bluetooth, bluez_version, connection_interval
from imu_stream.cli.doctor import findings_of
from imu_stream.cli.finding import Finding, Verdict
from imu_stream.cli.machine import BluetoothAdapter, BluetoothServiceError, ThisMachine
from imu_stream.config.file import save_config
from imu_stream.config.remembered import ChosenSensor, Config
from imu_stream.datatypes import Placement

GOOD, LOOK, BAD, UNCHECKED = Verdict
INTERVALS = "/sys/kernel/debug/bluetooth/hci0/conn_{}_interval"


@dataclass(frozen=True)
class FakeMachine:
    """A computer as one wishes it; an OSError in place of an answer is raised."""

    system: str = "Linux"
    python: str = "3.12.1"
    missing: tuple[str, ...] = ()
    files: dict[str, str | OSError] = field(
        default_factory=lambda: {INTERVALS.format("min"): "12\n", INTERVALS.format("max"): "12\n"}
    )
    commands: dict[str, str | OSError] = field(
        default_factory=lambda: {"bluetoothctl": "bluetoothctl: 5.66\n", "timedatectl": "yes\n"}
    )
    bluetooth: tuple[BluetoothAdapter, ...] | BluetoothServiceError = (
        BluetoothAdapter("hci0", True),
    )
    clock_step_s: float = 1e-5
    now_year: int = 2026
    free: int | OSError = 20_000_000_000
    speed: float | OSError = 30e6
    silent: str = ""

    def package(self, name: str) -> str | None:
        return None if name in self.missing else "1.0"

    def read(self, path: str) -> str:
        return answer(self.files.get(path, FileNotFoundError(2, "No such file")))

    def output(self, *command: str) -> str:
        return answer(self.commands.get(command[0], FileNotFoundError(2, "No such file")))

    def adapters(self) -> tuple[BluetoothAdapter, ...]:
        return answer(self.bluetooth)

    def clock_disagreement_s(self) -> float:
        return self.clock_step_s

    def year(self) -> int:
        return self.now_year

    def free_bytes(self, folder: Path) -> int:
        return answer(self.free)

    def written_bytes_per_s(self, folder: Path) -> float:
        return answer(self.speed)

    def sound_fault(self) -> str:
        return self.silent


_Answer = TypeVar("_Answer")


def answer(value: _Answer | Exception) -> _Answer:
    if isinstance(value, Exception):
        raise value
    return value


IN_ORDER = FakeMachine()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    save_config(path, Config({Placement.CHEST: ChosenSensor("C4:00:00:00:00:03", "H10", "x")}))
    return path


def found(computer: FakeMachine, config: Path, name: str) -> Finding:
    (finding,) = (f for f in findings_of(computer, Path("sessions"), config) if f.name == name)
    return finding


def test_a_computer_in_order_is_good_in_everything(config: Path) -> None:
    findings = list(findings_of(IN_ORDER, Path("sessions"), config))
    assert {each.verdict for each in findings} == {GOOD}
    assert len({each.name for each in findings}) == len(findings) == 13


@pytest.mark.parametrize(
    ("change", "name", "verdict", "said", "advice"),
    [
        ({"missing": ("vqf",)}, "packages", BAD, "missing: vqf", "pip install"),
        (
            {"bluetooth": BluetoothServiceError("ServiceUnknown")},
            "Bluetooth service",
            BAD,
            "ServiceUnknown",
            "systemctl enable --now bluetooth",
        ),
        (
            {"bluetooth": BluetoothServiceError("AccessDenied", denied=True)},
            "Bluetooth service",
            BAD,
            "AccessDenied",
            "usermod -aG bluetooth",
        ),
        ({"bluetooth": ()}, "Bluetooth adapter", BAD, "none", "plug"),
        (
            {"bluetooth": (BluetoothAdapter("hci1", False),)},
            "Bluetooth adapter",
            BAD,
            "hci1 is switched off",
            "rfkill unblock",
        ),
        ({"clock_step_s": -0.2}, "clock", LOOK, "-200 ms", "monotonic"),
        ({"now_year": 1970}, "clock", LOOK, "1970", "set-ntp"),
        ({"commands": {"timedatectl": "no\n"}}, "time from the network", LOOK, "not", "set-ntp"),
        ({"commands": {}}, "time from the network", UNCHECKED, "does not tell", ""),
        ({"free": 400_000_000}, "disk space", LOOK, "400 MB", "--out"),
        ({"free": 4_000_000}, "disk space", BAD, "4 MB", "--out"),
        ({"free": OSError(5, "I/O error")}, "disk space", BAD, "I/O error", "--out"),
        ({"speed": 2e5}, "disk speed", LOOK, "0.2 MB/s", "faster"),
        ({"speed": OSError(30, "Read-only")}, "disk speed", BAD, "Read-only", "--out"),
        ({"silent": "no sound: no device"}, "sound", LOOK, "no sound", "shown only"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    config: Path, change: dict[str, object], name: str, verdict: Verdict, said: str, advice: str
) -> None:
    finding = found(replace(IN_ORDER, **change), config, name)  # type: ignore[arg-type]
    assert finding.verdict is verdict
    assert said in finding.found
    assert advice in finding.advice


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("bluetoothctl: 5.55\n", GOOD),
        ("bluetoothctl: 5.54\n", BAD),
        ("6.0", GOOD),
        ("", UNCHECKED),
        ("bluetoothctl: unknown", UNCHECKED),
        (OSError("timed out"), UNCHECKED),
    ],
)
def test_bluez_must_be_as_new_as_bleak_wants(text: str | OSError, verdict: Verdict) -> None:
    computer = replace(IN_ORDER, commands={"bluetoothctl": text})
    assert bluez_version(computer).verdict is verdict


@pytest.mark.parametrize(
    ("least", "most", "verdict", "said"),
    [
        ("24\n", "40\n", LOOK, "30 to 50 ms"),
        ("6\n", "12\n", GOOD, "7.5 to 15 ms"),
        ("x", "12", UNCHECKED, "does not tell"),
        (PermissionError(13, "denied"), "12", UNCHECKED, "only root"),
    ],
)
def test_the_connection_interval_is_told_where_it_can_be_read(
    least: str | OSError, most: str, verdict: Verdict, said: str
) -> None:
    files = {INTERVALS.format("min"): least, INTERVALS.format("max"): most}
    finding = connection_interval(replace(IN_ORDER, files=files), "hci0")
    assert finding.verdict is verdict
    assert said in finding.found


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_elsewhere_what_only_linux_tells_is_not_checked(system: str, config: Path) -> None:
    computer = FakeMachine(system, files={}, commands={}, bluetooth=())
    findings = list(findings_of(computer, Path("sessions"), config))
    unchecked = [each for each in findings if each.verdict is UNCHECKED]
    assert len(unchecked) == 5
    assert {each.found for each in unchecked} == {"not checked on this platform"}
    assert BAD not in {each.verdict for each in findings}


def test_a_wrong_config_and_a_wrong_rotation_are_bad(config: Path) -> None:
    config.write_text("[sensors.nose]\n")
    assert found(IN_ORDER, config, "config").verdict is BAD
    config.write_text(
        '[[calibrations]]\nplacement = "chest"\nsensor = "a"\ndate = 2026-01-01T00:00:00Z\n'
        "rotation = [[1, 0, 0], [0, 1, 0], [0, 0, -1]]\ngyro_bias = [0, 0, 0]\nerror_deg = 1\n"
    )
    finding = found(IN_ORDER, config, "config")
    assert finding.verdict is BAD
    assert "rotation" in finding.found


def test_no_config_yet_asks_to_pair(tmp_path: Path) -> None:
    finding = found(IN_ORDER, tmp_path / "none.toml", "config")
    assert (finding.verdict, finding.advice) == (LOOK, "imu-stream pair")


def test_a_wrong_profile_of_the_user_is_bad(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "mine.toml").write_text("title = 3\n")
    own = doctor.available_profiles
    monkeypatch.setattr(doctor, "available_profiles", lambda: own(folder))
    finding = found(IN_ORDER, config, "profiles")
    assert finding.verdict is BAD
    assert "mine.toml: title" in finding.found


def test_this_computer_is_examined_without_a_crash(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = list(findings_of(ThisMachine(), tmp_path / "not" / "yet", config))
    named = {each.name: each for each in findings}
    assert named["packages"].verdict is GOOD
    assert named["disk speed"].verdict in (GOOD, LOOK)
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize(("computer", "fit"), [(IN_ORDER, True), (FakeMachine(free=0), False)])
def test_only_what_is_essential_makes_it_unfit(
    computer: FakeMachine,
    fit: bool,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(doctor, "ThisMachine", lambda: computer)
    monkeypatch.setattr(doctor, "config_path", lambda: config)
    assert doctor.examine(Path("sessions")) is fit
    assert ("not fit for a run yet: disk space" in capsys.readouterr().out) is not fit


# ------------------------------------------------------------------ the real question over D-Bus

BUS = """<busconfig><type>session</type><listen>unix:path={socket}</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>"""


@pytest.fixture
def system_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A D-Bus of our own in the place of the system's."""
    pytest.importorskip("dbus_fast")
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("no dbus-daemon here")
    socket, settings = tmp_path / "bus", tmp_path / "bus.conf"
    settings.write_text(BUS.format(socket=socket))
    command = [program, f"--config-file={settings}", "--print-address=1", "--nofork"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline()  # it listens now
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
        try:
            yield
        finally:
            daemon.terminate()


@pytest.mark.usefixtures("system_bus")
def test_without_the_service_d_bus_says_so() -> None:
    finding = next(bluetooth(ThisMachine()))
    assert (finding.verdict, finding.found) == (BAD, "ServiceUnknown")


@pytest.mark.usefixtures("system_bus")
async def test_the_adapters_of_the_service_are_found() -> None:
    from dbus_fast import BusType, PropertyAccess
    from dbus_fast.aio import MessageBus
    from dbus_fast.service import ServiceInterface, dbus_property

    class Adapter(ServiceInterface):
        def __init__(self, powered: bool) -> None:
            super().__init__("org.bluez.Adapter1")
            self._powered = powered

        @dbus_property(access=PropertyAccess.READ)
        def Powered(self) -> "b":  # type: ignore[name-defined]  # noqa: F821, N802
            return self._powered

    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    for name, powered in (("hci1", False), ("hci0", True)):
        bus.export(f"/org/bluez/{name}", Adapter(powered))
    await bus.request_name("org.bluez")
    adapters = await asyncio.to_thread(ThisMachine().adapters)
    assert adapters == (BluetoothAdapter("hci0", True), BluetoothAdapter("hci1", False))
    bus.disconnect()
    await bus.wait_for_disconnect()


def test_no_d_bus_at_all_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dbus_fast")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    with pytest.raises(BluetoothServiceError, match="D-Bus cannot be used"):
        ThisMachine().adapters()


@pytest.mark.skipif(sys.platform == "win32", reason="its commands have other names")
def test_a_command_that_fails_or_hangs_is_an_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_PATIENCE_S", 0.05)
    for command, said in (
        (("false",), "status 1"),
        (("sleep", "5"), "timed out"),
        (("no-such-command",), "No such file"),
    ):
        with pytest.raises(OSError, match=said):
            ThisMachine().output(*command)
