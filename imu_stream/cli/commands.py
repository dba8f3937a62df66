"""The commands and their options; what they do stands in the files beside this one."""

import asyncio
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from imu_stream import __version__
from imu_stream.cli import (
    analyzing,
    calibrating,
    doctor,
    exporting,
    listing,
    live,
    pairing,
    profiling,
    programme,
    trying,
    verifying,
)
from imu_stream.cli.log_commands import log_app, sessions_folder
from imu_stream.cli.options import Wanted, cues_of, sensors_of
from imu_stream.cli.output_options import (
    JsonLines,
    Mqtt,
    NoSound,
    Osc,
    Speech,
    Volume,
    output_settings,
)
from imu_stream.cli.speaking import speak_on_standard_error
from imu_stream.cli.web import PORT, Web
from imu_stream.config import Config, config_path, load_config
from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.presets import Preset
from imu_stream.datatypes import Placement
from imu_stream.exportable import Wish
from imu_stream.sinks.export import FORMATS
from imu_stream.sinks.outputs.settings import OutputSettings

app = typer.Typer(
    help="Foot-strike type and trunk lean, live, from motion sensors on feet and chest. "
    "A training aid relative to your own baseline; not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
profiles_app = typer.Typer(help="Device profiles: which sensors fit.", no_args_is_help=True)
app.add_typer(profiles_app, name="profiles")
app.add_typer(log_app)

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
NoReport = Annotated[
    bool, typer.Option("--no-report", help="Write no report beside the session file.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the summary here.")]
Target = Annotated[
    float | None,
    typer.Option(help="Trunk lean to keep, degrees; default: your own baseline + 3."),
]
MountOption = Annotated[
    str | None,
    typer.Option(
        help="Chest sensor axes that point FORWARD,UP on the body, such as x,z or=-z,x "
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


_Named = TypeVar("_Named", str, Path)


def _given(
    left_foot: _Named | None, right_foot: _Named | None, chest: _Named | None
) -> dict[Placement, _Named]:
    """The placements for which something is named."""
    named = {
        Placement.LEFT_FOOT: left_foot,
        Placement.RIGHT_FOOT: right_foot,
        Placement.CHEST: chest,
    }
    return {placement: name for placement, name in named.items() if name}


def _companions(
    heart_rate: str | None, pod: str | None, buzzer: str | None
) -> dict[Placement, str]:
    """The same for devices that measure no motion."""
    named = {Placement.HEART: heart_rate, Placement.POD: pod, Placement.BUZZER: buzzer}
    return {placement: name for placement, name in named.items() if name}


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


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(min=8.0, help="How long the virtual runner runs.")] = 60,
    json: Json = None,
    no_sound: NoSound = False,
    out: Out = None,
    target: Annotated[float, typer.Option(help="Trunk lean to keep, degrees.")] = 8.0,
    seed: Annotated[int, typer.Option(help="Another seed is another runner.")] = 1,
    feet: Annotated[
        str, typer.Option(help="What the feet wear: a profile's name, or its file (.toml).")
    ] = "capture2go",
    chest: Annotated[str, typer.Option(help="What the chest wears, likewise.")] = "movesense",
    cues: Annotated[Preset, typer.Option(help="How cues are given.")] = Preset.STANDARD,
    speech: Speech = False,
    volume: Volume = None,
    mqtt: Mqtt = None,
    osc: Osc = None,
    json_lines: JsonLines = False,
    web: ShowPage = False,
    lan: Lan = False,
    port: Port = PORT,
    tls: Tls = False,
    no_report: NoReport = False,
) -> None:
    """A virtual runner with three virtual sensors on a real Bluetooth stack: no hardware."""
    worn = live.Virtual(feet, chest)
    aim = live.Aim(target, cues_of(Config(), cues))
    outputs = output_settings(
        OutputSettings(),
        no_sound=no_sound,
        speech=speech,
        volume=volume,
        mqtt=mqtt,
        osc=osc,
        json_lines=json_lines,
    )
    _leave_standard_output(outputs)
    folder = sessions_folder(load_config(config_path()), out)
    page = _page(web, lan, port, tls)
    results = live.Results(folder, json, outputs, page, not no_report)
    asyncio.run(live.demo(worn, seconds, aim, seed, results))


@app.command()
def scan(
    seconds: Annotated[float, typer.Option(min=0.5, help="How long to listen.")] = 5.0,
) -> None:
    """Show the sensors nearby and which profile fits."""
    asyncio.run(listing.scan_nearby(seconds))


@app.command()
def pair(
    sensors: Annotated[
        list[str] | None,
        typer.Argument(help="Addresses or names; default: all motion sensors nearby."),
    ] = None,
    heart_rate: HeartRate = None,
    pod: Pod = None,
    buzzer: Buzzer = None,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long to listen for them.")] = 5.0,
) -> None:
    """Tap each sensor in turn to tell which is worn where; `run` then finds them."""
    companions = _companions(heart_rate, pod, buzzer)
    wanted = pairing.Pairing(tuple(sensors or ()), companions, seconds)
    if not asyncio.run(pairing.pair(wanted, config_path())):
        raise typer.Exit(1)


@app.command()
def calibrate(chest: Chest = None) -> None:
    """Stand still, then bow three times: tells how the chest sensor sits, for every later run."""
    asyncio.run(calibrating.calibrate(chest, config_path()))


@app.command("doctor")
def check_computer(out: Out = None) -> None:
    """Check this computer: Bluetooth, clock, disk, sound, your files; exit status 1 if unfit."""
    if not doctor.examine(sessions_folder(load_config(config_path()), out)):
        raise typer.Exit(1)


@app.command()
def run(
    left_foot: LeftFoot = None,
    right_foot: RightFoot = None,
    chest: Chest = None,
    heart_rate: HeartRate = None,
    pod: Pod = None,
    buzzer: Buzzer = None,
    target: Target = None,
    cues: Cues = None,
    strike: Annotated[
        WantedStrike | None,
        typer.Option(help="Also cue how your feet land; default: as your config says, else any."),
    ] = None,
    mount: MountOption = None,
    stride_factor: StrideFactor = None,
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="Stop after this time; default: at Ctrl-C.")
    ] = None,
    json: Json = None,
    no_sound: NoSound = False,
    speech: Speech = False,
    volume: Volume = None,
    mqtt: Mqtt = None,
    osc: Osc = None,
    json_lines: JsonLines = False,
    out: Out = None,
    web: ShowPage = False,
    lan: Lan = False,
    port: Port = PORT,
    tls: Tls = False,
    no_report: NoReport = False,
) -> None:
    """Record and analyse a run with your own sensors; stand still for 3 s at the start.

    Without --left-foot, --right-foot and --chest it takes the sensors that `pair` remembers.
    """
    config = load_config(config_path())
    named = _given(left_foot, right_foot, chest)
    sensors = sensors_of(config, named, _companions(heart_rate, pod, buzzer))
    if sensors is None:
        raise typer.BadParameter(
            "name at least one of --left-foot, --right-foot, --chest, or let `imu-stream pair`"
            " remember your sensors"
        )
    target_deg = config.defaults.target_deg if target is None else target
    factor = config.defaults.stride_factor if stride_factor is None else stride_factor
    wanted = Wanted(sensors, target_deg, mount, factor, config, cues_of(config, cues, strike))
    outputs = output_settings(
        config.outputs,
        no_sound=no_sound,
        speech=speech,
        volume=volume,
        mqtt=mqtt,
        osc=osc,
        json_lines=json_lines,
    )
    _leave_standard_output(outputs)
    folder = sessions_folder(config, out)
    page = _page(web, lan, port, tls)
    results = live.Results(folder, json, outputs, page, not no_report)
    summary = asyncio.run(live.run(wanted, seconds, results))
    programme.go_on(config_path(), wanted.cues.programme, summary.running_s)


@app.command("cues")
def show_cues(
    give: Annotated[bool, typer.Option("--try", help="Give each cue once.")] = False,
    no_sound: NoSound = False,
    speech: Speech = False,
    volume: Volume = None,
    mqtt: Mqtt = None,
    osc: Osc = None,
    json_lines: JsonLines = False,
) -> None:
    """Show what can give cues here, and what each one says and sounds like."""
    outputs = output_settings(
        load_config(config_path()).outputs,
        no_sound=no_sound,
        speech=speech,
        volume=volume,
        mqtt=mqtt,
        osc=osc,
        json_lines=json_lines,
    )
    _leave_standard_output(outputs)
    trying.show_outputs(outputs)
    if give and not asyncio.run(trying.try_cues(outputs)):
        raise typer.Exit(1)


@app.command()
def replay(
    session: Annotated[Path, typer.Argument(help="A session file (.mcap).")],
    speed: Annotated[str, typer.Option(help="Times real time, or max.")] = "1",
    json: Json = None,
    sound: Annotated[bool, typer.Option("--sound", help="Play the cues too.")] = False,
    web: ShowPage = False,
    lan: Lan = False,
    port: Port = PORT,
    tls: Tls = False,
) -> None:
    """Play a session again: the same frames give the same outputs, bit for bit."""
    outputs = OutputSettings(sound=sound)
    pace, page = _speed(speed), _page(web, lan, port, tls)
    if page.wanted and pace is None:
        raise typer.BadParameter("--web needs a --speed at which it can be watched, not max")
    asyncio.run(live.replay(session, pace, live.Results(None, json, outputs, page)))


@app.command()
def analyze(
    out: Annotated[Path, typer.Option(help="Folder for the tables and the summary.")],
    session: Annotated[
        Path | None, typer.Argument(help="A session file (.mcap), instead of tables.")
    ] = None,
    left_foot: Annotated[Path | None, typer.Option(help="CSV of the left foot's sensor.")] = None,
    right_foot: Annotated[Path | None, typer.Option(help="CSV of the right foot's.")] = None,
    chest: Annotated[Path | None, typer.Option(help="CSV of the chest sensor.")] = None,
    target: Target = None,
    mount: MountOption = None,
    stride_factor: StrideFactor = None,
    distance: Annotated[
        float | None, typer.Option(min=1.0, help="Known distance, m: prints your stride factor.")
    ] = None,
    cues: Annotated[
        Preset | None,
        typer.Option(help="How tables are cued; default: standard. A session has its own."),
    ] = None,
) -> None:
    """Analyse a session or the CSV tables of other tools (time_s,acc_x,…,gyr_z; SI units)."""
    tables = _given(left_foot, right_foot, chest)
    if (session is None) == (not tables):
        raise typer.BadParameter("give either a session file or at least one table")
    known = analyzing.Known(target, mount, stride_factor, distance, cues)
    if session is not None:
        analyzing.analyze_session(session, known, out)
    else:
        analyzing.analyze_tables(tables, known, out)


@app.command("export")
def export_session(
    session: Annotated[Path, typer.Argument(help="A session file (.mcap).")],
    to: Annotated[str, typer.Option(help=f"Formats, with commas: {', '.join(FORMATS)}.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; default: SESSION_export beside it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Keep device addresses, names, serials and notes.")
    ] = False,
    subject: Annotated[
        str | None, typer.Option(help="Code of the runner, letters and digits; default: made up.")
    ] = None,
    treadmill: Annotated[
        bool | None, typer.Option("--treadmill/--road", help="Where it was; FIT says so.")
    ] = None,
    distance: Annotated[
        float | None, typer.Option(min=1.0, help="Known distance, m; default: as measured.")
    ] = None,
) -> None:
    """Write a session for other programs: watches' platforms, spreadsheets, statistics, MATLAB."""
    wish = Wish(exporting.subject_of(subject), full, exporting.surface_of(treadmill), distance)
    place = exporting.Destination(out or session.with_name(f"{session.stem}_export"), force)
    exporting.export_session(session, exporting.formats_of(to), wish, place)


@profiles_app.command("list")
def list_profiles() -> None:
    """Show the sensors that fit out of the box."""
    profiling.list_profiles()


@profiles_app.command("check")
def check_profile(
    profile: Annotated[str, typer.Argument(help="A device profile: file (.toml) or name.")],
) -> None:
    """Check a device profile: the first mistake with its key, or its contents."""
    profiling.check_profile(profile)


@profiles_app.command("new")
def new_profile(
    file: Annotated[Path, typer.Argument(help="The file to write (.toml).")],
    device: Annotated[
        str | None, typer.Option(help="Address or name of a device to look at; else you are asked.")
    ] = None,
) -> None:
    """Write a first sketch of a device profile."""
    profiling.new_profile(file, device)


@profiles_app.command("verify")
def verify_device(
    device: Annotated[
        str | None, typer.Argument(help="Address or name of the sensor, instead of --virtual.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Profile to hold it to, by name or file (.toml); default: what fits."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=2.0, help="How long it lies still.")] = 30.0,
    virtual: Annotated[
        str | None, typer.Option(help="Verify a virtual sensor of this profile (name or .toml).")
    ] = None,
    shake: Annotated[
        bool, typer.Option("--shake", help="Then shake it: the range's ends.")
    ] = False,
) -> None:
    """Check that a sensor does what its profile says; exit status 1 when it does not."""
    if (device is None) == (virtual is None):
        raise typer.BadParameter("name either a sensor or --virtual PROFILE")
    wanted = verifying.Verification(device, profile, virtual, seconds, shake)
    if not asyncio.run(verifying.verify(wanted)):
        raise typer.Exit(1)


def _page(web: bool, lan: bool, port: int, tls: bool) -> Web:
    if (lan or tls) and not web:
        raise typer.BadParameter("--lan and --tls are for the live page: add --web")
    return Web(web, lan, port, tls)


def _leave_standard_output(outputs: OutputSettings) -> None:
    if outputs.json_lines:
        speak_on_standard_error()


def _speed(text: str) -> float | None:
    """Times real time; None for as fast as possible."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        raise typer.BadParameter(f"--speed {text}: expected a number above 0, or max")
    return speed
