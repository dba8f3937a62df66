"""Commands about sensors and this computer: scan, pair, calibrate, doctor, profiles."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from imu_stream.cli import calibrating, doctor, listing, pairing, profiling, verifying
from imu_stream.cli.arguments import (
    Buzzer,
    Chest,
    HeartRate,
    Out,
    Pod,
    companions_of,
    sessions_folder,
)
from imu_stream.config.file import config_path, load_config

sensor_app = typer.Typer()
profiles_app = typer.Typer(help="Device profiles: which sensors fit.", no_args_is_help=True)
sensor_app.add_typer(profiles_app, name="profiles")


@sensor_app.command()
def scan(
    seconds: Annotated[float, typer.Option(min=0.5, help="How long to listen.")] = 5.0,
) -> None:
    """Show the sensors nearby and which profile fits."""
    asyncio.run(listing.scan_nearby(seconds))


@sensor_app.command()
def pair(
    sensors: Annotated[
        list[str] | None,
        typer.Argument(help="Addresses or names; default: all motion sensors nearby."),
    ] = None,
    heart_rate: HeartRate = None,
    pod: Pod = None,
    buzzer: Buzzer = None,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long to listen for them.")] = 5.0,
) -> None:
    """Tap each sensor in turn to tell which is worn where; `run` then finds them."""
    companions = companions_of(heart_rate, pod, buzzer)
    wanted = pairing.Pairing(tuple(sensors or ()), companions, seconds)
    if not asyncio.run(pairing.pair(wanted, config_path())):
        raise typer.Exit(1)


@sensor_app.command()
def calibrate(chest: Chest = None) -> None:
    """Stand still, then bow three times: tells how the chest sensor sits, for every later run."""
    asyncio.run(calibrating.calibrate(chest, config_path()))


@sensor_app.command("doctor")
def check_computer(out: Out = None) -> None:
    """Check this computer: Bluetooth, clock, disk, sound, your files; exit status 1 if unfit."""
    if not doctor.examine(sessions_folder(load_config(config_path()), out)):
        raise typer.Exit(1)


@profiles_app.command("list")
def list_profiles() -> None:
    """Show the sensors that fit out of the box."""
    profiling.list_profiles()


@profiles_app.command("check")
def check_profile(
    profile: Annotated[str, typer.Argument(help="A device profile: file (.toml) or name.")],
) -> None:
    """Check a device profile: the first mistake with its key, or its contents."""
    profiling.check_profile(profile)


@profiles_app.command("new")
def new_profile(
    file: Annotated[Path, typer.Argument(help="The file to write (.toml).")],
    device: Annotated[
        str | None, typer.Option(help="Address or name of a device to look at; else you are asked.")
    ] = None,
) -> None:
    """Write a first sketch of a device profile."""
    profiling.new_profile(file, device)


@profiles_app.command("verify")
def verify_device(
    device: Annotated[
        str | None, typer.Argument(help="Address or name of the sensor, instead of --virtual.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Profile to hold it to, by name or file (.toml); default: what fits."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=2.0, help="How long it lies still.")] = 30.0,
    virtual: Annotated[
        str | None, typer.Option(help="Verify a virtual sensor of this profile (name or .toml).")
    ] = None,
    shake: Annotated[
        bool, typer.Option("--shake", help="Then shake it: the range's ends.")
    ] = False,
) -> None:
    """Check that a sensor does what its profile says; exit status 1 when it does not."""
    if (device is None) == (virtual is None):
        raise typer.BadParameter("name either a sensor or --virtual PROFILE")
    wanted = verifying.Verification(device, profile, virtual, seconds, shake)
    if not asyncio.run(verifying.verify(wanted)):
        raise typer.Exit(1)
