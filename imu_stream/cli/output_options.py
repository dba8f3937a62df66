"""Options that say which outputs give the cues; what they leave open, the config says."""

from dataclasses import replace
from typing import Annotated

import typer

from imu_stream.sinks.outputs.settings import ADDRESSES, OutputSettings

NoSound = Annotated[bool, typer.Option("--no-sound", help="Show cues, do not play them.")]
Speech = Annotated[bool, typer.Option("--speech", help="Say each cue too (needs espeak-ng).")]
Volume = Annotated[
    float | None, typer.Option(min=0.0, max=1.0, help="Of the cues; default: as your config says.")
]
Mqtt = Annotated[
    str | None, typer.Option(help="Publish cues: mqtt://[USER:PASSWORD@]HOST[:PORT]/TOPIC.")
]
Osc = Annotated[str | None, typer.Option(help="Send cues as OSC messages: HOST:PORT.")]
JsonLines = Annotated[
    bool,
    typer.Option("--json-lines", help="Cues as JSON on standard output; all else on the other."),
]


def output_settings(
    remembered: OutputSettings,
    *,
    no_sound: bool = False,
    speech: bool = False,
    volume: float | None = None,
    mqtt: str | None = None,
    osc: str | None = None,
    json_lines: bool = False,
) -> OutputSettings:
    """The outputs that are remembered, changed by what was given.

    Raises:
        typer.BadParameter: an address is none.
    """
    for name, text in (("mqtt", mqtt), ("osc", osc)):
        if text:
            _check(name, text)
    return replace(
        remembered,
        sound=remembered.sound and not no_sound,
        speech=remembered.speech or speech,
        volume=remembered.volume if volume is None else volume,
        mqtt=remembered.mqtt if mqtt is None else mqtt,
        osc=remembered.osc if osc is None else osc,
        json_lines=remembered.json_lines or json_lines,
    )


def _check(name: str, text: str) -> None:
    try:
        ADDRESSES[name](text)
    except ValueError as error:
        raise typer.BadParameter(f"--{name} {error}") from None
