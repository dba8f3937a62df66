"""What gives the cues of a live session to the runner."""

from collections.abc import Callable
from dataclasses import dataclass

from imu_stream.acquisition.ble import BleSource
from imu_stream.cli.speaking import say
from imu_stream.datatypes import Cue, Output
from imu_stream.sinks.audio import NoSound, Sound, open_sound


@dataclass(frozen=True, slots=True)
class CuePlayer:
    """Plays cues on an open sound output."""

    sound: Sound | NoSound

    def write(self, output: Output) -> None:
        if isinstance(output, Cue):
            self.sound.play(output)


@dataclass(frozen=True, slots=True)
class CueVibration:
    """Lets the connected devices vibrate with each cue."""

    source: BleSource

    def write(self, output: Output) -> None:
        # all vibrations feel alike, so praise would be taken for advice
        if isinstance(output, Cue) and not output.kind.is_praise:
            self.source.vibrate()


def sound_of(wanted: bool, clock: Callable[[], float]) -> Sound | NoSound:
    if not wanted:
        return NoSound("")
    sound = open_sound(clock)
    if isinstance(sound, NoSound):
        say(f"{sound.reason}; cues are shown only")
    return sound
