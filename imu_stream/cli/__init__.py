"""The command line: `imu-stream`."""

import sys

from rich.console import Console
from rich.text import Text

from imu_stream.cli.commands import app
from imu_stream.errors import ImuStreamError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; an expected error is one sentence and exit status 1."""
    try:
        app()
    except ImuStreamError as error:
        line = Text("imu-stream: ", "bold red").append(str(error), "default not bold")
        Console(stderr=True).print(line, soft_wrap=True)
        sys.exit(1)
