"""What flows between the stations: one frozen, typed thing for each joint.

SI inside (s, m/s², rad/s, rad); degrees, g and steps/min only where the name says so.
Segment axes are right-handed, x forward, y left, z up when standing upright. Earth: z up.
Quaternions are scalar first and turn segment axes into earth axes. Intervals are [start, end).
"""

from imu_stream.datatypes.cues import Answer, Cue, CueCause, CueKind, CueReaction
from imu_stream.datatypes.events import (
    CueDelivery,
    Event,
    Mark,
    MarkKind,
    Outcome,
    TargetChange,
)
from imu_stream.datatypes.gait import (
    FOREFOOT_BELOW_DEG,
    REARFOOT_ABOVE_DEG,
    WITH_LEAN_DEG,
    LeanState,
    Notice,
    NoticeKind,
    Step,
    Stride,
    Strike,
    StrikeType,
    Technique,
)
from imu_stream.datatypes.header import TABLE, Mount, SensorSetup, SessionHeader
from imu_stream.datatypes.placement import FEET, MOTION, Placement
from imu_stream.datatypes.said import (
    About,
    Battery,
    DeviceInformation,
    HeartRate,
    RunningSpeed,
    Said,
)
from imu_stream.datatypes.samples import (
    CalibratedSamples,
    Calibration,
    DeviceSamples,
    Gap,
    GapReason,
    Orientation,
    Samples,
    Stamped,
)
from imu_stream.datatypes.units import GRAVITY, Array, Rotation, Triple
from imu_stream.datatypes.wire import Frame, LinkPhase, LinkState

Entry = Frame | LinkState | Event
"""What a session file holds."""

Output = (
    Calibration
    | Strike
    | Stride
    | Step
    | LeanState
    | Notice
    | Cue
    | CueReaction
    | Gap
    | LinkState
    | Said
    | Event
)
"""What the pipeline gives out."""

__all__ = [
    "FEET",
    "FOREFOOT_BELOW_DEG",
    "GRAVITY",
    "MOTION",
    "REARFOOT_ABOVE_DEG",
    "TABLE",
    "WITH_LEAN_DEG",
    "About",
    "Answer",
    "Array",
    "Battery",
    "CalibratedSamples",
    "Calibration",
    "Cue",
    "CueCause",
    "CueDelivery",
    "CueKind",
    "CueReaction",
    "DeviceInformation",
    "DeviceSamples",
    "Entry",
    "Event",
    "Frame",
    "Gap",
    "GapReason",
    "HeartRate",
    "LeanState",
    "LinkPhase",
    "LinkState",
    "Mark",
    "MarkKind",
    "Mount",
    "Notice",
    "NoticeKind",
    "Orientation",
    "Outcome",
    "Output",
    "Placement",
    "Rotation",
    "RunningSpeed",
    "Said",
    "Samples",
    "SensorSetup",
    "SessionHeader",
    "Stamped",
    "Step",
    "Stride",
    "Strike",
    "StrikeType",
    "TargetChange",
    "Technique",
    "Triple",
]
