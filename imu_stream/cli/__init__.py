"""The command line: `imu-stream`."""

import sys

from rich.console import Console

from imu_stream.cli.commands import app
from imu_stream.errors import ImuStreamError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; an expected error is one sentence and exit status 1."""
    try:
        app()
    except ImuStreamError as error:
        Console(stderr=True).print(f"[bold red]imu-stream:[/] {error}", highlight=False)
        sys.exit(1)
