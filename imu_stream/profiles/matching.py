"""The profiles that ship with the package."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from imu_stream.errors import ProfileError
from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.loading import parse_profile


@cache
def builtin_profiles() -> tuple[DeviceProfile, ...]:
    """Load the profiles of motion sensors that ship with the package, by name.

    Raises:
        ProfileError: one of them is wrong, or there are none.
    """
    return shipped_profiles()


def shipped_profiles(*subfolder: str) -> tuple[DeviceProfile, ...]:
    """Load the profiles of a folder that ships with the package, by name.

    Raises:
        ProfileError: one of them is wrong, or there are none.
    """
    folder = shipped_folder().joinpath(*subfolder)
    named = {file.name: file for file in folder.iterdir() if file.name.endswith(".toml")}
    if not named:
        raise ProfileError(str(folder), "", "holds no device profiles; install the package again")
    return tuple(
        parse_profile(named[name].read_text("utf-8"), name.removesuffix(".toml"))
        for name in sorted(named)
    )


def shipped_folder() -> Traversable:
    """Find the folder: inside an installed package, at the top of a checkout."""
    installed = files("imu_stream") / "device_profiles"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "device_profiles"


def find_profile(name: str) -> DeviceProfile:
    """Find a built-in profile by its name.

    Raises:
        ProfileError: there is none of that name; the message lists those there are.
    """
    return named_profile(name, builtin_profiles())


def named_profile(name: str, profiles: Iterable[DeviceProfile]) -> DeviceProfile:
    """Find a profile by its name.

    Raises:
        ProfileError: there is none of that name; the message lists those there are.
    """
    known = {profile.name: profile for profile in profiles}
    if name not in known:
        listed = ", ".join(known)
        raise ProfileError(name, "", f"is no known device profile; known are {listed}")
    return known[name]
