"""Frames of one sensor to samples on the session clock."""

from collections.abc import Iterable

from imu_stream.analysis.arrival_timebase import ArrivalTimebase
from imu_stream.analysis.clock_offset import ClockFit
from imu_stream.analysis.joining import Joining
from imu_stream.analysis.screening import screened
from imu_stream.analysis.timebase import Timebase, TimebaseParams
from imu_stream.datatypes import TABLE, Battery, Frame, Gap, Samples, SensorSetup, SessionHeader
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
from imu_stream.profiles.table_stream import TableReader


class SensorReader:
    """Decode, timebase, join."""

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

    @property
    def clock(self) -> ClockFit | None:
        """How the device's clock runs; None when it has none, or too little was received."""
        clocks = (each for each in self._timebases if isinstance(each, Timebase))
        return next((fit for each in clocks if (fit := each.clock) is not None), None)

    def link_changed(self) -> None:
        """A new link starts with a whole message."""
        self._decoder.reset()

    def finish(self) -> list[Samples | Gap]:
        items: list[Samples | Gap] = []
        for kind, timebase in enumerate(self._timebases):
            for stamped in timebase.finish():
                items += self._joining.push(kind, stamped)
        return [*items, *self._joining.finish()]


def reader_of(sensor: SensorSetup, header: SessionHeader) -> SensorReader | TableReader:
    """What turns a sensor's frames into samples. Raises ProfileError."""
    if sensor.profile == TABLE:
        return TableReader(sensor.placement, sensor.rate_hz)
    return SensorReader(sensor, profile_of(sensor, header))


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
