"""How a phone says each cue: the sounds of `earcons`, and a vibration that differs as much."""

from imu_stream.datatypes import CueKind
from imu_stream.sinks.outputs.earcons import EARCONS
from imu_stream.sinks.web.messages import Pattern

VIBRATIONS_MS: dict[CueKind, tuple[int, ...]] = {
    CueKind.LEAN_MORE: (220, 80, 90),
    CueKind.LEAN_LESS: (90, 90, 90),
    CueKind.LEAN_GOOD: (),
    CueKind.CADENCE_MORE: (60, 60, 60, 60, 60),
    CueKind.CADENCE_GOOD: (),
    CueKind.STRIKE_CHANGE: (60, 60, 60, 60, 220),
    CueKind.STRIKE_GOOD: (),
}
"""Long-short like the falling tone, twice, three times quickly, short-short-long; praise is only
heard. A phone's motor needs some 60 ms to be felt at all."""

PATTERNS = {kind: Pattern(EARCONS[kind], VIBRATIONS_MS[kind]) for kind in CueKind}
