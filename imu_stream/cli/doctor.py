"""Check this computer before a run: one line for each check, and what to do."""

from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape

from imu_stream import __version__
from imu_stream.analysis.mounting import nominal_rotation
from imu_stream.cli.bluetooth_checks import bluetooth
from imu_stream.cli.finding import Finding, Verdict
from imu_stream.cli.machine import Machine, ThisMachine
from imu_stream.cli.speaking import console, say, table_of
from imu_stream.config.file import config_path, load_config
from imu_stream.datatypes import Mount
from imu_stream.errors import CalibrationError, ConfigError, ProfileError
from imu_stream.profiles import available_profiles, user_folder

PACKAGES = ("bleak", "mcap", "numpy", "platformdirs", "rich", "scipy", "typer", "vqf")
LEAST_FREE, ENOUGH_FREE = 70e6, 500e6
"""Bytes; an hour of three sensors takes 66 million (three virtual Movesense at 208 Hz)."""
SLOW_DISK = 1e6
"""Bytes/s, fifty times what three sensors send."""
MOST_CLOCK_STEP_S = 0.05
_RELEASE_YEAR = 2026


_STYLES = {Verdict.GOOD: "green", Verdict.LOOK: "yellow", Verdict.BAD: "bold red"}


def examine(out: Path) -> bool:
    """Show a table of all checks; whether nothing essential is missing."""
    findings = list(findings_of(ThisMachine(), out, config_path()))
    table = table_of("check", "result", "found", "what to do")
    for each in findings:
        style = _STYLES.get(each.verdict, "")
        verdict = f"[{style}]{each.verdict}[/]" if style else each.verdict.value
        table.add_row(each.name, verdict, escape(each.found), escape(each.advice))
    console.print(table)
    bad = [each.name for each in findings if each.verdict is Verdict.BAD]
    say(f"not fit for a run yet: {', '.join(bad)}" if bad else "fit for a run")
    return not bad


def findings_of(machine: Machine, out: Path, config: Path) -> Iterator[Finding]:
    """All checks of a machine, one after the other."""
    yield Finding("Python", Verdict.GOOD, machine.python)
    yield packages(machine)
    yield from bluetooth(machine)
    yield clock(machine)
    yield time_synchronised(machine)
    yield disk_space(machine, out)
    yield disk_speed(machine, out)
    yield sound(machine)
    yield profiles()
    yield config_file(config)


def packages(machine: Machine) -> Finding:
    """Whether all that is needed is installed."""
    versions = {name: machine.package(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        advice = "install again: pip install --force-reinstall imu-stream"
        return Finding("packages", Verdict.BAD, f"missing: {', '.join(missing)}", advice)
    texts = (f"{name} {version}" for name, version in versions.items())
    return Finding("packages", Verdict.GOOD, f"imu-stream {__version__}, {', '.join(texts)}")


def clock(machine: Machine) -> Finding:
    """Whether the wall clock is set, and goes as the monotonic one, which times a session."""
    step_s, year = machine.clock_disagreement_s(), machine.year()
    advice = "sudo timedatectl set-ntp true, and wait until it is set"
    if year < _RELEASE_YEAR:
        return Finding("clock", Verdict.LOOK, f"stands in the year {year}", advice)
    if abs(step_s) > MOST_CLOCK_STEP_S:
        found = f"wall clock moved {step_s * 1e3:+.0f} ms against the monotonic one in 0.5 s"
        return Finding("clock", Verdict.LOOK, found, "sessions are timed by the monotonic clock")
    found = f"wall and monotonic clock within {abs(step_s) * 1e3:.2f} ms in 0.5 s"
    return Finding("clock", Verdict.GOOD, found)


def time_synchronised(machine: Machine) -> Finding:
    """Whether the wall clock is set by the network: it dates sessions."""
    name = "time from the network"
    if machine.system != "Linux":
        return Finding(name, Verdict.UNCHECKED, "not checked on this platform")
    try:
        said = machine.output("timedatectl", "show", "--property=NTPSynchronized", "--value")
    except OSError:
        return Finding(name, Verdict.UNCHECKED, "timedatectl does not tell")
    if said.strip() == "yes":
        return Finding(name, Verdict.GOOD, "synchronised")
    advice = "sudo timedatectl set-ntp true; without it, only the date of a session may be wrong"
    return Finding(name, Verdict.LOOK, "not synchronised", advice)


def disk_space(machine: Machine, out: Path) -> Finding:
    """Whether a session fits where it will be written."""
    name = "disk space"
    try:
        free = machine.free_bytes(out)
    except OSError as error:
        return Finding(name, Verdict.BAD, _why(error), f"choose another folder than {out}: --out")
    verdict = Verdict.BAD if free < LEAST_FREE else Verdict.LOOK
    verdict = Verdict.GOOD if free >= ENOUGH_FREE else verdict
    advice = "" if verdict is Verdict.GOOD else "delete old sessions, or choose another --out"
    return Finding(name, verdict, f"{free / 1e6:,.0f} MB free for {out}", advice)


def disk_speed(machine: Machine, out: Path) -> Finding:
    """Whether what arrives can be written in time."""
    name = "disk speed"
    try:
        speed = machine.written_bytes_per_s(out)
    except OSError as error:
        advice = f"choose another folder than {out}: --out"
        return Finding(name, Verdict.BAD, f"cannot be written: {_why(error)}", advice)
    found = f"{speed / 1e6:.1f} MB/s written and synced"
    if speed < SLOW_DISK:
        return Finding(name, Verdict.LOOK, found, "choose a faster disk or card: --out")
    return Finding(name, Verdict.GOOD, found)


def sound(machine: Machine) -> Finding:
    """Whether cues can be heard."""
    fault = machine.sound_fault()
    if fault:
        advice = "cues are shown only; see the words beside, or plug in earphones"
        return Finding("sound", Verdict.LOOK, fault, advice)
    return Finding("sound", Verdict.GOOD, "output opened")


def profiles() -> Finding:
    """Whether all device profiles can be used, the user's own too."""
    try:
        count = len(available_profiles())
    except ProfileError as error:
        return Finding("profiles", Verdict.BAD, str(error), "mend or remove that file")
    return Finding("profiles", Verdict.GOOD, f"{count}, your own from {user_folder()}")


def config_file(path: Path) -> Finding:
    """Whether what is remembered can be used."""
    try:
        config = load_config(path)
        for each in config.calibrations:
            nominal_rotation(Mount(rotation=each.rotation))
    except (ConfigError, CalibrationError) as error:
        return Finding("config", Verdict.BAD, str(error), f"mend or remove {path}")
    if not config.sensors:
        return Finding("config", Verdict.LOOK, "no sensors yet", "imu-stream pair")
    worn = ", ".join(placement.words for placement in config.sensors)
    return Finding("config", Verdict.GOOD, f"{worn}; {len(config.calibrations)} calibrated")


def _why(error: OSError) -> str:
    return error.strerror or str(error)
