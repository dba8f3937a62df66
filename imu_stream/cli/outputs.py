"""What gives the cues of a live session: the outputs that are wanted, each behind its channel."""

import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from imu_stream.acquisition.ble import BleSource
from imu_stream.cli.speaking import say
from imu_stream.datatypes import Cue, CueDelivery, Output, Placement
from imu_stream.errors import OutputError
from imu_stream.sinks.outputs import Channel, CueOutput
from imu_stream.sinks.outputs.haptic import HapticOutput, felt_at
from imu_stream.sinks.outputs.json_lines import JsonLinesOutput
from imu_stream.sinks.outputs.mqtt import MqttOutput, parse_broker
from imu_stream.sinks.outputs.osc import OscOutput, parse_receiver
from imu_stream.sinks.outputs.own_thread import in_own_thread
from imu_stream.sinks.outputs.settings import OutputSettings
from imu_stream.sinks.outputs.sound import SoundOutput
from imu_stream.sinks.outputs.speech import Phrase, render_phrases

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class CueOutputs:
    """All channels of a session as one sink."""

    channels: tuple[Channel, ...]

    def write(self, output: Output) -> None:
        for each in self.channels:
            each.write(output)


@asynccontextmanager
async def cue_outputs(
    settings: OutputSettings,
    clock: Clock,
    on_delivery: Callable[[CueDelivery], None],
    source: BleSource | None = None,
) -> AsyncIterator[CueOutputs]:
    """All outputs that are wanted; what cannot be opened is told, and the others go on.

    Raises:
        MissingExtraError: one of them needs a package that is not installed.
    """
    channel = partial(Channel, clock=clock, on_delivery=on_delivery, on_failure=tell_failure)
    phrases = await phrases_wanted(settings)
    channels = [channel(output) for output in _outputs(settings, clock, phrases)]
    if settings.vibration and source is not None:
        channels += haptic_channels(channel, source, clock)
    async with AsyncExitStack() as stack:
        for each in channels:
            await stack.enter_async_context(each)
        yield CueOutputs(tuple(channels))


def require_outputs(settings: OutputSettings) -> None:
    """Raise MissingExtraError when a package that a wanted output needs is absent."""
    for _ in _outputs(settings, time.monotonic, {}):
        pass  # each looks for its package when it is planned, and touches nothing else


def _outputs(
    settings: OutputSettings, clock: Clock, phrases: dict[str, Phrase]
) -> Iterator[CueOutput]:
    """Those that need no sensor."""
    if settings.sound:
        yield SoundOutput(clock, volume=settings.volume, phrases=phrases)
    if settings.mqtt:
        yield MqttOutput(parse_broker(settings.mqtt), clock)
    if settings.osc:
        yield OscOutput(parse_receiver(settings.osc), clock)
    if settings.json_lines:
        yield JsonLinesOutput(write_to_standard_output, clock)


def haptic_channels(
    channel: Callable[..., Channel], source: BleSource, clock: Clock
) -> list[Channel]:
    """One for each device that can vibrate; each takes the cues that are to be felt there."""
    able = source.able_to_vibrate

    def is_felt(placement: Placement, cue: Cue) -> bool:
        return placement in felt_at(cue, able)

    return [
        channel(HapticOutput(each, source.vibrate, clock), accepts=partial(is_felt, each))
        for each in able
    ]


async def phrases_wanted(settings: OutputSettings) -> dict[str, Phrase]:
    """The words of the cues, if they are wanted and can be spoken."""
    if not (settings.sound and settings.speech):
        return {}
    try:
        return await in_own_thread(render_phrases)
    except OutputError as error:
        tell_failure(str(error))
        return {}


def tell_failure(why: str) -> None:
    say(why, "cues:", "bold yellow")


def write_to_standard_output(line: bytes) -> None:
    """Past Python's buffer, whose lock a blocked thread would keep to the end."""
    while line:
        line = line[os.write(sys.stdout.fileno(), line) :]
