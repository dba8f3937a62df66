"""Shows what can give cues here, and gives each cue once."""

import asyncio
import importlib.util
import shutil
from collections.abc import Iterator

from rich.markup import escape

from imu_stream.cli.machine import Machine, ThisMachine
from imu_stream.cli.outputs import cue_outputs
from imu_stream.cli.speaking import console, say, table_of
from imu_stream.cli.view import CUE_WORDS
from imu_stream.datatypes import Cue, CueCause, CueDelivery, CueKind, Outcome, Placement
from imu_stream.sinks.outputs.earcons import EARCONS, Tone
from imu_stream.sinks.outputs.settings import OutputSettings
from imu_stream.sinks.outputs.speech import PROGRAM, words_of

BETWEEN_S = 1.2
"""From cue to cue: words take up to a second."""
PATIENCE_S = 5.0
"""Opening a sound device may take a while the first time."""


def show_outputs(settings: OutputSettings) -> None:
    """Tables of the outputs and of the cues."""
    table = table_of("output", "wanted", "here")
    for name, wanted, here in outputs_here(ThisMachine(), settings):
        table.add_row(name, escape(wanted or "—"), escape(here))
    console.print(table)
    cues = table_of("cue", "meaning", "sound", "words")
    for kind in CueKind:
        words = words_of(kind, example(kind, 0.0).placement)
        cues.add_row(kind.value, meaning(kind), rhythm(EARCONS[kind]), words)
    console.print(cues)


def outputs_here(machine: Machine, settings: OutputSettings) -> Iterator[tuple[str, str, str]]:
    """Name, what is wanted of it, and whether it can be had, of each output."""
    sound = f"volume {settings.volume:g}" if settings.sound else ""
    yield "sound", sound, machine.sound_fault() or "yes"
    no_speech = f"{PROGRAM} is missing (Debian: apt install {PROGRAM})"
    yield "speech", _yes(settings.speech), "yes" if shutil.which(PROGRAM) else no_speech
    vibration = "during a run, by sensors with a motor and devices with Immediate Alert"
    yield "vibration", _yes(settings.vibration), vibration
    yield "mqtt", settings.mqtt, _extra("aiomqtt", "mqtt")
    yield "osc", settings.osc, _extra("pythonosc", "osc")
    yield "json lines", _yes(settings.json_lines), "yes"


def _yes(wanted: bool) -> str:
    return "yes" if wanted else ""


def _extra(module: str, extra: str) -> str:
    found = importlib.util.find_spec(module) is not None
    return "yes" if found else f"pip install 'imu-stream[{extra}]'"


def meaning(kind: CueKind) -> str:
    """What a cue asks for, without the numbers."""
    return CUE_WORDS[kind].partition(" (")[0]


def rhythm(tones: tuple[Tone, ...]) -> str:
    """A pattern as dots and dashes."""
    return " ".join("—" if tone.is_dash else "·" for tone in tones)


async def try_cues(settings: OutputSettings) -> bool:
    """Give every cue once over every output that is wanted; whether all were given."""
    clock = asyncio.get_running_loop().time
    told: asyncio.Queue[CueDelivery] = asyncio.Queue()
    outcomes: list[Outcome] = []
    async with cue_outputs(settings, clock, told.put_nowait) as outputs:
        if not outputs.channels:
            say("no output is wanted; see the table above")
        for kind in CueKind if outputs.channels else ():
            say(meaning(kind), f"{kind.value}:", "bold magenta")
            cue = example(kind, clock())
            outputs.write(cue)
            for _ in outputs.channels:
                delivery = await told.get()
                outcomes.append(delivery.outcome)
                after_ms = 1e3 * (delivery.t_s - cue.t_s)
                say(f"{delivery.outcome} after {after_ms:.1f} ms", f"  {delivery.output}")
            await asyncio.sleep(BETWEEN_S)
    return all(outcome is Outcome.EMITTED for outcome in outcomes)


EXAMPLES = {"lean": (5.0, 8.0), "cadence": (160.0, 168.0), "strike": (80.0, 30.0)}
"""Value and threshold by what a cue is about."""


def example(kind: CueKind, now_s: float) -> Cue:
    """A cue as it might come during a run."""
    numbers = next(pair for about, pair in EXAMPLES.items() if kind.startswith(about))
    value, threshold = reversed(numbers) if kind.is_praise else numbers
    cause = CueCause.BACK_IN_BAND if kind.is_praise else CueCause.OUT_OF_BAND
    place = Placement.LEFT_FOOT if kind.startswith("strike") else Placement.CHEST
    return Cue(now_s, kind, value, threshold, now_s + PATIENCE_S, cause, placement=place)
