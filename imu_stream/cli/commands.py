"""The command line's commands, from the files beside this one."""

from typing import Annotated

import typer

from imu_stream import __version__
from imu_stream.cli.live_commands import live_app
from imu_stream.cli.log_commands import log_app
from imu_stream.cli.sensor_commands import sensor_app

app = typer.Typer(
    help="Foot-strike type and trunk lean, live, from motion sensors on feet and chest. "
    "A training aid relative to your own baseline; not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for group in (live_app, sensor_app, log_app):
    app.add_typer(group)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"imu-stream {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass
