"""Brings recordings of other tools into the training log."""

from pathlib import Path

from imu_stream.cli.reporting import report
from imu_stream.cli.speaking import console, say
from imu_stream.training_log.imports import Wish, import_session


def bring_in(folder: Path, wish: Wish) -> None:
    """Make a session of them, with its report."""
    with console.status("Reading the tables …"):
        imported = import_session(folder, wish)
    for place, tool in imported.tools.items():
        say(f"{wish.paths[place].name}, {tool}", f"{place.value.replace('_', ' ')}:")
    say(f"session file: {imported.path}")
    report(imported.path, None)
