"""Commands that play out in time: demo, run, replay, and trying the cues."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from imu_stream.cli import live, programme, trying
from imu_stream.cli.arguments import (
    Buzzer,
    Changes,
    Chest,
    Cues,
    HeartRate,
    Json,
    Lan,
    LeftFoot,
    MountOption,
    NoReport,
    Out,
    Pod,
    Port,
    RightFoot,
    ShowPage,
    StrideFactor,
    Target,
    Tls,
    companions_of,
    given,
    page_of,
    sessions_folder,
)
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
from imu_stream.cli.results import Results
from imu_stream.cli.speaking import speak_on_standard_error
from imu_stream.cli.web import PORT
from imu_stream.config.file import config_path, load_config
from imu_stream.config.remembered import Config
from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.presets import Preset
from imu_stream.sinks.outputs.settings import OutputSettings

live_app = typer.Typer()


@live_app.command()
def demo(
    seconds: Annotated[float, typer.Option(min=8.0, help="How long the virtual runner runs.")] = 60,
    json: Json = None,
    no_sound: NoSound = False,
    out: Out = None,
    target: Annotated[
        float, typer.Option(min=-90.0, max=90.0, help="Trunk lean to keep, degrees.")
    ] = 8.0,
    seed: Annotated[int, typer.Option(help="Another seed is another runner.")] = 1,
    feet: Annotated[
        str, typer.Option(help="What the feet wear: a profile's name, or its file (.toml).")
    ] = "capture2go",
    chest: Annotated[str, typer.Option(help="What the chest wears, likewise.")] = "movesense",
    cues: Annotated[Preset, typer.Option(help="How cues are given.")] = Preset.STANDARD,
    changes: Changes = None,
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
    aim = live.Aim(target, cues_of(Config(), cues, None, changes or ()))
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
    page = page_of(web, lan, port, tls)
    results = Results(folder, json, outputs, page, not no_report)
    asyncio.run(live.demo(worn, seconds, aim, seed, results))


@live_app.command()
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
    changes: Changes = None,
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
    named = given(left_foot, right_foot, chest)
    sensors = sensors_of(config, named, companions_of(heart_rate, pod, buzzer))
    if sensors is None:
        raise typer.BadParameter(
            "name at least one of --left-foot, --right-foot, --chest, or let `imu-stream pair`"
            " remember your sensors"
        )
    target_deg = config.defaults.target_deg if target is None else target
    factor = config.defaults.stride_factor if stride_factor is None else stride_factor
    wanted = Wanted(
        sensors, target_deg, mount, factor, config, cues_of(config, cues, strike, changes or ())
    )
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
    page = page_of(web, lan, port, tls)
    results = Results(folder, json, outputs, page, not no_report)
    summary = asyncio.run(live.run(wanted, seconds, results))
    programme.go_on(config_path(), wanted.cues.programme, summary.running_s)


@live_app.command("cues")
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


@live_app.command()
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
    pace, page = _speed(speed), page_of(web, lan, port, tls)
    if page.wanted and pace is None:
        raise typer.BadParameter("--web needs a --speed at which it can be watched, not max")
    asyncio.run(live.replay(session, pace, Results(None, json, outputs, page)))


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
