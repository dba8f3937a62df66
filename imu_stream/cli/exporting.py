"""Export a session in the formats that other programs read."""

import re
from dataclasses import dataclass
from pathlib import Path

import typer

from imu_stream.afterwards.export import FORMATS, Format, export
from imu_stream.afterwards.export.data import Surface
from imu_stream.afterwards.export.gathering import ExportRequest, gather
from imu_stream.cli.files import tell_if_cut
from imu_stream.cli.progress import HowFar, progress_display
from imu_stream.cli.speaking import say


@dataclass(frozen=True, slots=True)
class Destination:
    """Where exports go."""

    out: Path
    force: bool


def formats_of(text: str) -> tuple[Format, ...]:
    """The formats in a list such as "fit,csv", each once.

    Raises:
        BadParameter: one of them is none.
    """
    names = dict.fromkeys(name.strip().lower() for name in text.split(","))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        known = ", ".join(FORMATS)
        raise typer.BadParameter(f"--to {text}: {unknown[0]!r} is none of {known}")
    return tuple(FORMATS[name] for name in names)


def subject_of(code: str | None) -> str | None:
    """The code, if it can stand in file names everywhere.

    Raises:
        BadParameter: it cannot.
    """
    if code is None or re.fullmatch("[A-Za-z0-9]{1,32}", code):
        return code
    raise typer.BadParameter(f"--subject {code}: up to 32 letters and digits are expected")


def surface_of(treadmill: bool | None) -> Surface:
    """Where the session was run, as far as the user said."""
    if treadmill is None:
        return Surface.UNKNOWN
    return Surface.TREADMILL if treadmill else Surface.ROAD


def export_session(
    session: Path, formats: tuple[Format, ...], request: ExportRequest, destination: Destination
) -> None:
    """Write a session in each format; all are looked at before any work is done."""
    for form in formats:
        form.check(destination.out, destination.force)
    needs_samples = any(form.needs_samples for form in formats)
    with progress_display() as progress:
        data = gather(session, request, samples=needs_samples, show=HowFar(progress))
        task = progress.add_task("writing", total=len(formats))
        for form in formats:
            progress.update(task, description=f"writing {form.title}")
            path = export(data, form, destination.out, destination.force)
            progress.advance(task)
            say(f"{form.title}: {path}")
    tell_if_cut(session, data.provenance.truncated)
