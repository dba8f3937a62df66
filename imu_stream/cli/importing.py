"""Brings recordings of other tools into the training log."""

from pathlib import Path

from imu_stream.afterwards.training_log.imports import ImportRequest, import_session
from imu_stream.cli.reporting import report
from imu_stream.cli.speaking import console, say


def bring_in(folder: Path, request: ImportRequest) -> None:
    """Make a session of them, with its report."""
    with console.status("Reading the tables …"):
        imported = import_session(folder, request)
    for place, tool in imported.tools.items():
        say(f"{request.paths[place].name}, {tool}", f"{place.words}:")
    say(f"session file: {imported.path}")
    report(imported.path, None)
