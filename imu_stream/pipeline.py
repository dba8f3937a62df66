"""The way of the data: frames in, outputs out; no clock, no I/O.

Live, replay and batch differ only in who calls `Pipeline.push`: the same items in the same order
give the same outputs, bit for bit.
"""

from collections.abc import Iterable, Sequence

from imu_stream.analysis.arrival_timebase import ArrivalTimebase
from imu_stream.analysis.bridging import Bridging
from imu_stream.analysis.calibration import SensorCalibration
from imu_stream.analysis.gait import FootGait
from imu_stream.analysis.heading import FootHeading
from imu_stream.analysis.joining import Joining
from imu_stream.analysis.lean import TrunkLean
from imu_stream.analysis.mounting import sits_otherwise
from imu_stream.analysis.orientation import OrientationFilter
from imu_stream.analysis.reception import Reception
from imu_stream.analysis.screening import screened
from imu_stream.analysis.steps import StepJoin
from imu_stream.analysis.timebase import Timebase, TimebaseParams
from imu_stream.cueing.presets import parse_cues
from imu_stream.cueing.rules import CuePolicy
from imu_stream.datatypes import (
    MOTION,
    Battery,
    CalibratedSamples,
    Calibration,
    Frame,
    Gap,
    LeanState,
    LinkPhase,
    LinkState,
    Notice,
    NoticeKind,
    Orientation,
    Output,
    Placement,
    Samples,
    SensorSetup,
    SessionHeader,
    Stride,
    Strike,
)
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    BatteryQuery,
    ClockMark,
    Corrupt,
    Decoder,
    DeviceProfile,
    Mode,
    Packet,
    parse_profile,
)
from imu_stream.profiles.said import read_said

Input = Frame | LinkState | Samples | Gap
"""Frames from a radio or a recording of it; samples and gaps from a table."""

TABLE = "table"
"""In the place of a profile: samples that need no decoding."""

Measured = Calibration | Strike | Stride | LeanState | Notice | Gap
"""What one sensor alone gives; a gap only to tell where the stream is broken."""


class Reader:
    """Frames of one sensor to samples on the session clock: decode, timebase, join."""

    def __init__(self, sensor: SensorSetup, profile: DeviceProfile) -> None:
        mode = profile.mode(sensor.rate_hz, sensor.acc_range_g, sensor.gyr_range_dps)
        self._decoder = Decoder(mode, sensor.placement)
        self._timebases = [timebase_of(sensor, packet) for packet in mode.packets]
        self._battery = profile.battery
        self._battery_streams = stream_names(mode, self._battery)
        self._joining = Joining(sensor.placement, [each.measures for each in mode.packets], mode.hz)

    def push(self, frame: Frame) -> list[Samples | Gap]:
        """A damaged packet is a gap, known when the next good one has come."""
        items: list[Samples | Gap] = []
        for decoded in self._decoder.decode(frame):
            if isinstance(decoded, Corrupt):
                for timebase in self._timebases:
                    timebase.note_corrupt(decoded.arrival_s)
                continue
            for stamped in self._timebases[decoded.kind].push(decoded):
                items += self._joining.push(decoded.kind, stamped)
        return items

    def battery(self, frame: Frame) -> Battery | None:
        """The charge, from the answer of a device that tells it in its own way."""
        if self._battery is None or frame.stream not in self._battery_streams:
            return None
        percent = self._battery.percent(frame.payload)
        return None if percent is None else Battery(frame.arrival_s, frame.placement, percent)

    def link_changed(self) -> None:
        """A new link starts with a whole message."""
        self._decoder.reset()

    def finish(self) -> list[Samples | Gap]:
        items: list[Samples | Gap] = []
        for kind, timebase in enumerate(self._timebases):
            for stamped in timebase.finish():
                items += self._joining.push(kind, stamped)
        return [*items, *self._joining.finish()]


def stream_names(mode: Mode, battery: BatteryQuery | None) -> set[str]:
    """Under which names a battery's answers stand: the stream's, or the characteristic's UUID."""
    if battery is None:
        return set()
    on = battery.characteristic
    return {on, *(stream.name for stream in mode.streams if stream.characteristic == on)}


def timebase_of(sensor: SensorSetup, packet: Packet) -> Timebase | ArrivalTimebase:
    """By its own clock, or by the arrival of its packets where it has none."""
    clock = packet.clock
    if clock is None:
        return ArrivalTimebase(sensor.placement, sensor.rate_hz)
    params = TimebaseParams(
        rate_hz=sensor.rate_hz,
        seconds_per_tick=clock.seconds_per_tick,
        bits=clock.bits,
        marks_last_sample=clock.mark is ClockMark.LAST,
    )
    return Timebase(sensor.placement, params)


class FootMotion:
    """From here a foot's way parts from the chest's: heading, then strides."""

    def __init__(self, foot: Placement, rate_hz: float, stride_length_factor: float) -> None:
        self._heading = FootHeading(rate_hz)
        self._gait = FootGait(foot, rate_hz, stride_length_factor=stride_length_factor)

    def push(self, item: Orientation | Gap) -> list[Strike | Stride | Notice | Gap]:
        return [out for one in self._heading.push(item) for out in self._gait.push(one)]

    def finish(self) -> list[Strike | Stride | Notice | Gap]:
        out = [out for one in self._heading.finish() for out in self._gait.push(one)]
        return [*out, *self._gait.finish()]


class Motion:
    """Samples of one sensor to strides or lean; gaps at the place where they fall."""

    def __init__(self, sensor: SensorSetup, stride_length_factor: float = 1.0) -> None:
        self._bridging = Bridging(sensor.rate_hz)
        self._mount = sensor.mount
        self._sits_otherwise = False
        self._calibration = SensorCalibration(sensor.placement, sensor.rate_hz, sensor.mount)
        self._orientation = OrientationFilter(sensor.rate_hz)
        self._measure: FootMotion | TrunkLean = (
            FootMotion(sensor.placement, sensor.rate_hz, stride_length_factor)
            if sensor.placement.is_foot
            else TrunkLean(sensor.rate_hz)
        )

    def push(self, item: Samples | Gap) -> list[Measured]:
        return self._calibrate(self._bridging.push(item))

    def finish(self) -> list[Measured]:
        out = self._calibrate(self._bridging.finish())
        out += self._orient(self._calibration.finish())
        return [*out, *self._measure.finish()]

    def _calibrate(self, items: Iterable[Samples | Gap]) -> list[Measured]:
        return [out for item in items for out in self._orient(self._calibration.push(item))]

    def _orient(self, items: Iterable[Calibration | CalibratedSamples | Gap]) -> list[Measured]:
        out: list[Measured] = []
        for item in items:
            if isinstance(item, Calibration):
                out += [item, *self._worn_otherwise(item)]
                continue
            for oriented in self._orientation.push(item):
                out += self._measure.push(oriented)
        return out

    def _worn_otherwise(self, calibration: Calibration) -> list[Notice]:
        """Said once, until it sits again as it did when it was calibrated."""
        before, now = self._sits_otherwise, sits_otherwise(self._mount, calibration)
        self._sits_otherwise = now
        if before or not now:
            return []
        return [Notice(calibration.known_s, calibration.placement, NoticeKind.WORN_OTHERWISE)]


def profile_of(sensor: SensorSetup, header: SessionHeader) -> DeviceProfile:
    """The profile of a sensor, from the session's own copy; ProfileError when it lacks."""
    text = header.profiles.get(sensor.profile)
    if text is None:
        raise ProfileError(sensor.profile, "", "the session's header does not hold this profile")
    return parse_profile(text, sensor.profile)


def sane(items: Iterable[Samples | Gap]) -> Iterable[Samples | Gap]:
    """Items with gaps in the place of values that no sensor measures."""
    for item in items:
        yield from [item] if isinstance(item, Gap) else screened(item)


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
        self._readers = {
            sensor.placement: Reader(sensor, profile_of(sensor, header))
            for sensor in sensors
            if sensor.profile != TABLE
        }
        self._motions = {
            sensor.placement: Motion(sensor, header.stride_length_factor) for sensor in sensors
        }
        self._steps = StepJoin()
        self._cue = CuePolicy(header.target_deg, parse_cues(header.cues, "the session's header"))
        self.receptions = {sensor.placement: Reception() for sensor in sensors}

    @property
    def target_deg(self) -> float | None:
        """The lean to keep; None until the runner's baseline is known."""
        return self._cue.target_deg

    def push(self, item: Input) -> list[Output]:
        """Everything that is known with this item and was not before."""
        if isinstance(item, LinkState):
            return self._link(item)
        if isinstance(item, Frame):
            return self._frame(item)
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
        if items:
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
            elif isinstance(item, LeanState | Notice):
                out += self._cue.push(item)
        return out
