"""All profiles that can be used: the user's own, those that ship, and companions."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from platformdirs import user_config_path

from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.loading import load_profile
from imu_stream.profiles.matching import builtin_profiles, named_profile, shipped_profiles
from imu_stream.profiles.schema import Advertisement


def user_folder() -> Path:
    """Where the user's own profiles are, by the platform's custom; it need not exist."""
    return user_config_path("imu_stream") / "profiles"


@cache
def available_profiles(folder: Path | None = None) -> tuple[DeviceProfile, ...]:
    """Load all profiles; of several with one name, or that fit one device, the user's comes first.

    Args:
        folder: of the user's own profiles; None for the platform's place.

    Raises:
        ProfileError: one of them is wrong.
    """
    own = tuple(load_profile(file) for file in sorted((folder or user_folder()).glob("*.toml")))
    names = {profile.name for profile in own}
    shipped = (*builtin_profiles(), *companion_profiles())
    return (*own, *(profile for profile in shipped if profile.name not in names))


@cache
def companion_profiles() -> tuple[DeviceProfile, ...]:
    """Load the profiles of devices without motion: heart rate, running speed and cadence."""
    return shipped_profiles("companions")


def profile_of(name: str) -> DeviceProfile:
    """Load a profile by its name, or by the path of its file when that ends in .toml.

    Raises:
        ProfileError: there is none of that name, or the file is wrong.
    """
    if name.endswith(".toml"):
        return load_profile(Path(name))
    return named_profile(name, available_profiles())


def candidates(
    advertisement: Advertisement, profiles: Iterable[DeviceProfile]
) -> tuple[DeviceProfile, ...]:
    """Find the profiles that fit an advertisement, the likeliest first.

    More than one fits a family whose members can only be told apart after connecting. A
    companion is meant only where no other profile fits.
    """
    fitting = [profile for profile in profiles if profile.matches(advertisement)]
    streaming = [profile for profile in fitting if profile.streams]
    return tuple(streaming or fitting)
