"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from imu_stream.cli.web import Web
from imu_stream.config.remembered import Config
from imu_stream.cueing.presets import Preset
from imu_stream.datatypes import Placement

Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the session file and its summary; default: as your config says, else "
        "./sessions."
    ),
]
Cues = Annotated[
    Preset | None,
    typer.Option(help="How cues are given; default: as your config says, else standard."),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change one number of the cues, such as minimum_interval_s=25; may be given again. "
        "The keys are those of the config's [cues].",
    ),
]
NoReport = Annotated[
    bool, typer.Option("--no-report", help="Write no report beside the session file.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the summary here.")]
Target = Annotated[
    float | None,
    typer.Option(
        min=-90.0, max=90.0, help="Trunk lean to keep, degrees; default: your own baseline + 3."
    ),
]
MountOption = Annotated[
    str | None,
    typer.Option(
        help="Chest sensor axes that point FORWARD,UP on the body, such as x,z or --mount=-z,x "
        "(default: as the profile says, else x,z)."
    ),
]
StrideFactor = Annotated[
    float | None,
    typer.Option(min=0.5, max=2.0, help="Your own stride length by the measured one."),
]
ShowPage = Annotated[bool, typer.Option("--web", help="Also show the session in the browser.")]
Lan = Annotated[
    bool, typer.Option("--lan", help="Let phones and others in your network see it (with --web).")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 is any free one.")]
Tls = Annotated[
    bool, typer.Option("--tls", help="Serve it by https, so that a phone's screen stays awake.")
]
LeftFoot = Annotated[str | None, typer.Option(help="Address or name of the left foot's sensor.")]
RightFoot = Annotated[str | None, typer.Option(help="Address or name of the right foot's sensor.")]
Chest = Annotated[str | None, typer.Option(help="Address or name of the chest sensor.")]
HeartRate = Annotated[
    str | None, typer.Option(help="Address or name of a heart rate sensor beside them.")
]
Pod = Annotated[
    str | None, typer.Option(help="Address or name of a running speed sensor beside them.")
]
Buzzer = Annotated[
    str | None, typer.Option(help="Address or name of a device that shall beep or vibrate.")
]


Named = TypeVar("Named", str, Path)


def given(
    left_foot: Named | None, right_foot: Named | None, chest: Named | None
) -> dict[Placement, Named]:
    """The placements for which something is named."""
    named = {
        Placement.LEFT_FOOT: left_foot,
        Placement.RIGHT_FOOT: right_foot,
        Placement.CHEST: chest,
    }
    return {placement: name for placement, name in named.items() if name}


def companions_of(
    heart_rate: str | None, pod: str | None, buzzer: str | None
) -> dict[Placement, str]:
    """The same for devices that measure no motion."""
    named = {Placement.HEART: heart_rate, Placement.POD: pod, Placement.BUZZER: buzzer}
    return {placement: name for placement, name in named.items() if name}


def page_of(web: bool, lan: bool, port: int, tls: bool) -> Web:
    """The live page as it was asked for; typer.BadParameter for what makes no sense."""
    if (lan or tls) and not web:
        raise typer.BadParameter("--lan and --tls are for the live page: add --web")
    return Web(web, lan, port, tls)


def sessions_folder(config: Config, given: Path | None) -> Path:
    """Where sessions are: as given, else as remembered, else here."""
    if given is not None:
        return given
    remembered = config.defaults.sessions_folder
    return Path("sessions") if remembered is None else Path(remembered).expanduser()
