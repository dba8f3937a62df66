"""The way of the data: frames in, outputs out; no clock, no I/O.

Live, replay and batch differ only in who calls `Pipeline.push`: the same items in the same order
give the same outputs, bit for bit.
"""

from collections.abc import Iterable, Sequence

from imu_stream.analysis.clock_offset import ClockFit
from imu_stream.analysis.reception import Reception
from imu_stream.analysis.steps import StepJoin
from imu_stream.cueing.presets import parse_cues
from imu_stream.cueing.rules import CuePolicy
from imu_stream.datatypes import (
    MOTION,
    CueDelivery,
    Entry,
    Frame,
    Gap,
    LeanState,
    LinkPhase,
    LinkState,
    Mark,
    Notice,
    Output,
    Placement,
    Samples,
    SessionHeader,
    Stride,
    TargetChange,
)
from imu_stream.motion import Measured, SensorMotion
from imu_stream.profiles.said import read_said
from imu_stream.reading import SensorReader, reader_of, sane

Input = Entry | Samples | Gap
"""From a radio or a recording of it; samples and gaps from a table."""


class Pipeline:
    """All sensors of a session and the cue that follows from them."""

    def __init__(self, header: SessionHeader) -> None:
        """Build every stage from what the session file carries.

        Raises:
            ProfileError: a profile in the header cannot be used.
            CalibrationError: a mount in the header cannot be used.
            ConfigError: the settings of the cues in the header cannot be used.
        """
        sensors = [sensor for sensor in header.sensors if sensor.placement in MOTION]
        self._readers = {sensor.placement: reader_of(sensor, header) for sensor in sensors}
        self._motions = {
            sensor.placement: SensorMotion(sensor, header.stride_length_factor)
            for sensor in sensors
        }
        self._steps = StepJoin()
        self._cue = CuePolicy(header.target_deg, parse_cues(header.cues, "the session's header"))
        self.receptions = {sensor.placement: Reception() for sensor in sensors}

    @property
    def target_deg(self) -> float | None:
        """The lean to keep; None until the runner's baseline is known."""
        return self._cue.target_deg

    @property
    def lean_band_deg(self) -> tuple[float, float] | None:
        """Below and above which the runner is cued, degrees; None until it is known."""
        return self._cue.lean_band_deg

    @property
    def silent_from_s(self) -> float:
        """From when on a programme gives no more cues; infinite without one, or before running."""
        return self._cue.silent_from_s

    def clock(self, placement: Placement) -> ClockFit | None:
        """How a sensor's clock runs against this computer's; None when that is not known."""
        reader = self._readers.get(placement)
        return None if reader is None else reader.clock

    def push(self, item: Input) -> list[Output]:
        """Everything that is known with this item and was not before."""
        if isinstance(item, LinkState):
            return self._link(item)
        if isinstance(item, Frame):
            return self._frame(item)
        if isinstance(item, CueDelivery):
            return [item]
        if isinstance(item, Mark | TargetChange):
            return [item, *self._cue.push(item)]
        # a recording is not trusted to hold only what its header says
        return self._measure(item.placement, [item]) if item.placement in self._motions else []

    def finish(self) -> list[Output]:
        """The session has ended: what is still held back."""
        out: list[Output] = []
        for placement, motion in self._motions.items():
            if placement in self._readers:
                out += self._measure(placement, self._readers[placement].finish())
            out += self._cued(motion.finish())
        return [*out, *self._cue.finish()]

    def _frame(self, frame: Frame) -> list[Output]:
        reader = self._readers.get(frame.placement)
        said = read_said(frame)
        if said is None and reader is not None:
            said = reader.battery(frame)
        if said is not None:
            return [said]
        if reader is None:
            return []
        items = reader.push(frame)
        # a table has no arrivals: nothing of it was late
        if items and isinstance(reader, SensorReader):
            self.receptions[frame.placement].arrived(frame.arrival_s, items)
        return self._measure(frame.placement, items)

    def _link(self, state: LinkState) -> list[Output]:
        reader = self._readers.get(state.placement)
        if reader is not None and state.phase is not LinkPhase.STREAMING:
            reader.link_changed()
        return [state, *self._cue.push(state)]

    def _measure(self, placement: Placement, items: Sequence[Samples | Gap]) -> list[Output]:
        out: list[Output] = []
        for item in sane(items):
            self.receptions[placement].count(item)
            if isinstance(item, Gap):
                out.append(item)
                if item.end_s <= item.start_s:
                    continue  # damage that took no sample with it
            out += self._cued(self._motions[placement].push(item))
        return out

    def _cued(self, items: Iterable[Measured]) -> list[Output]:
        out: list[Output] = []
        for item in items:
            if isinstance(item, Gap):
                out += self._cue.push(item)
                continue
            out.append(item)
            if isinstance(item, Stride):
                out += self._steps.push(item)
            if isinstance(item, LeanState | Stride | Notice):
                out += self._cue.push(item)
        return out
