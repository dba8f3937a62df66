"""Cues as vibration: one output for each device that can vibrate or beep, and which of them do."""

from collections.abc import Awaitable, Callable, Collection

from imu_stream.datatypes import FEET, Cue, Placement
from imu_stream.errors import LinkError, OutputError
from imu_stream.sinks.outputs.output import NothingToOpen


class HapticOutput(NothingToOpen):
    """Lets one connected device vibrate."""

    def __init__(
        self,
        placement: Placement,
        vibrate: Callable[[Placement], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        """Plan an output over a link that others keep.

        Args:
            placement: where the device is worn; the output has its name.
            vibrate: returns once the device has taken the command; raises LinkError.
            clock: session clock, s.
        """
        self.name = placement.value
        self._placement = placement
        self._vibrate = vibrate
        self._clock = clock

    async def deliver(self, cue: Cue) -> float:
        """Let it vibrate. Raises OutputError."""
        try:
            await self._vibrate(self._placement)
        except LinkError as error:
            raise OutputError(f"did not vibrate: {error}") from error
        return self._clock()


def felt_at(cue: Cue, able: Collection[Placement]) -> frozenset[Placement]:
    """Which of the devices that can vibrate do so.

    A cue about one foot is felt at that foot only, or at none of them if its sensor has no motor:
    the other foot would mislead. Any other is felt everywhere at once. Praise is not felt: all
    vibrations feel alike, so it would be taken for advice.
    """
    if cue.kind.is_praise:
        return frozenset()
    if cue.placement not in FEET:
        return frozenset(able)
    return frozenset(able) & {cue.placement} or frozenset(able).difference(FEET)
