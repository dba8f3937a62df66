"""Devices that people own and that cannot stream raw motion: which they are, and why."""

import tomllib
from dataclasses import dataclass
from functools import cache

from imu_stream.errors import ProfileError
from imu_stream.profiles.loading import read_signature
from imu_stream.profiles.matching import shipped_folder
from imu_stream.profiles.schema import Advertisement, Evidence, Signature
from imu_stream.profiles.toml_table import ProfileTable


@dataclass(frozen=True, slots=True)
class ClosedDevice:
    """A kind of device that no profile can be written for."""

    title: str
    vendor: str
    signatures: tuple[Signature, ...]
    why: str
    """Why it cannot stream, to stand after a colon."""
    gives: str
    """What it does give, to stand after "it gives"."""
    evidence: Evidence
    sources: str
    """Where the facts are from, and what is not confirmed."""

    @property
    def explanation(self) -> str:
        """What it is, why it cannot stream, and what it gives instead: one sentence."""
        return f"{self.title} cannot stream raw motion here: {self.why}; it gives {self.gives}"

    def matches(self, advertisement: Advertisement) -> bool:
        """Whether an advertisement is of such a device."""
        return any(signature.matches(advertisement) for signature in self.signatures)


def find_closed_device(advertisement: Advertisement) -> ClosedDevice | None:
    """Find the closed device that an advertisement belongs to.

    Raises:
        ProfileError: the list of them is wrong.
    """
    return next((each for each in closed_devices() if each.matches(advertisement)), None)


@cache
def closed_devices() -> tuple[ClosedDevice, ...]:
    """Load those that ship with the package.

    Raises:
        ProfileError: something in their file is wrong.
    """
    file = shipped_folder() / "closed" / "devices.toml"
    return parse_closed_devices(file.read_text("utf-8"), str(file))


def parse_closed_devices(text: str, source: str) -> tuple[ClosedDevice, ...]:
    """Read the list from its text.

    Raises:
        ProfileError: something in it is wrong; it names the source and the key.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError(source, "", f"is not valid TOML: {error}") from None
    top = ProfileTable(source, "", values)
    devices = tuple(_read_device(row) for row in top.tables("devices"))
    top.finish()
    return devices


def _read_device(row: ProfileTable) -> ClosedDevice:
    device = ClosedDevice(
        title=row.text("title"),
        vendor=row.text("vendor"),
        signatures=tuple(read_signature(each) for each in row.tables("match")),
        why=row.text("why"),
        gives=row.text("gives"),
        evidence=row.choice("evidence", Evidence),
        sources=row.text("sources"),
    )
    row.finish()
    return device
