"""FIT: the activity file of sports watches, as platforms for runners read it.

Messages stand in the order that all readers accept: file, developer fields, devices, then by time
the starts and stops of the timer, seconds and laps, at last session and activity.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imu_stream.afterwards.export import fit_fields as field
from imu_stream.afterwards.export.activity import Activity, Lap, Second
from imu_stream.afterwards.export.course import activity_of
from imu_stream.afterwards.export.data import ExportData, Surface
from imu_stream.afterwards.export.fit_messages import OwnField, Value, description, message
from imu_stream.datatypes import Battery
from imu_stream.errors import RecordingError

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Times that the format can hold, with room."""


def write_fit(data: ExportData, path: Path) -> None:
    """Write a session as an activity file.

    Raises:
        RecordingError: there is no activity in it, or its start has no usable time.
    """
    from fit_tool.fit_file_builder import FitFileBuilder

    activity, started_ms = activity_of(data), _started_ms(data)
    builder = FitFileBuilder()
    for each in _Messages(data, activity, started_ms).in_order():
        builder.add(each)
    path.write_bytes(builder.build_bytes())


def _started_ms(data: ExportData) -> int:
    """Of session time 0, in whole seconds: ms since 1970."""
    text = data.provenance.started
    try:
        started = datetime.fromisoformat(text)
    except ValueError:
        started = EARLIEST
    started = started if started.tzinfo is not None else started.replace(tzinfo=UTC)
    if not EARLIEST < started < LATEST:
        problem = f"says it was started {text[:40]!r}; FIT needs a time from 1990 to 2100"
        raise RecordingError(data.finished.path, problem)
    return 1000 * int(started.timestamp())


class _Messages:
    """All messages of one file."""

    def __init__(self, data: ExportData, activity: Activity, started_ms: int) -> None:
        from fit_tool.profile import profile_type

        self._data = data
        self._activity = activity
        self._started_ms = started_ms
        self._words: Any = profile_type

    def in_order(self) -> Iterator[Any]:
        yield self._file()
        yield message("developer_data_id", self._developer())
        yield from map(description, field.OWN_FIELDS)
        yield from self._devices()
        yield from self._timeline()
        yield self._session()
        yield self._whole_activity()

    def _at(self, time_s: int) -> int:
        return self._started_ms + 1000 * time_s

    def _file(self) -> Any:
        words = self._words
        values: dict[str, Value] = {
            "type": words.FileType.ACTIVITY,
            "manufacturer": words.Manufacturer.DEVELOPMENT,
            "product": 0,
            # 0 would mean "none"
            "serial_number": int(self._data.provenance.session[:7], 16) + 1,
            "time_created": self._at(0),
        }
        return message("file_id", values)

    def _developer(self) -> dict[str, Value]:
        return {"developer_data_index": 0, "application_id": field.APPLICATION_ID}

    def _devices(self) -> Iterator[Any]:
        """The program itself, and each sensor."""
        words = self._words
        common: dict[str, Value] = {
            "timestamp": self._at(0),
            "manufacturer": words.Manufacturer.DEVELOPMENT,
        }
        version = re.search(r"\d+(\.\d+)?", self._data.provenance.software)
        own = {"device_index": 0, "product": 0, "source_type": words.SourceType.LOCAL}
        own |= {"software_version": float(version.group()) if version else None}
        yield message("device_info", common | own | {"product_name": "imu-stream"})
        for index, device in enumerate(self._data.provenance.devices, start=1):
            charges = [
                each.percent
                for each in self._data.finished.outputs.of(Battery)
                if each.placement is device.placement
            ]
            values: dict[str, Value] = {
                "device_index": index,
                "source_type": words.SourceType.BLUETOOTH_LOW_ENERGY,
                "product_name": device.profile,
                "descriptor": device.placement.value,
                "battery_level": charges[-1] if charges else None,
            }
            yield message("device_info", common | values)

    def _timeline(self) -> Iterator[Any]:
        """Timer, seconds and laps in order of time; at the same time in this order."""
        dated: list[tuple[int, int, Any]] = []
        for number, span in enumerate(self._activity.running, start=1):
            is_last = number == len(self._activity.running)
            types = self._words.EventType
            dated.append((span.start_s, 0, self._timer(span.start_s, types.START)))
            end = types.STOP_ALL if is_last else types.STOP
            dated.append((span.end_s, 2, self._timer(span.end_s, end)))
        dated += [(each.time_s, 1, self._record(each)) for each in self._activity.seconds]
        for number, lap in enumerate(self._laps()):
            dated.append((self._activity.laps[number].span.end_s, 3, lap))
        for _, _, each in sorted(dated, key=lambda one: one[:2]):
            yield each

    def _timer(self, time_s: int, event_type: Any) -> Any:
        words = self._words
        values: dict[str, Value] = {
            "timestamp": self._at(time_s),
            "event": words.Event.TIMER,
            "event_type": event_type,
            "event_group": 0,
        }
        return message("event", values)

    def _record(self, second: Second) -> Any:
        of = second.measures
        whole, fraction = field.rotations(of.cadence_spm)
        values: dict[str, Value] = {
            "timestamp": self._at(second.time_s),
            "distance": second.distance_m,
            "enhanced_speed": of.speed_mps,
            "cadence": whole,
            "fractional_cadence": fraction,
            "heart_rate": None if of.heart_bpm is None else round(of.heart_bpm),
        }
        own: dict[OwnField, Value] = {
            field.LEAN: of.lean_deg,
            field.TARGET: second.target_deg,
            field.ANGLE_LEFT: of.fsa_left_deg,
            field.ANGLE_RIGHT: of.fsa_right_deg,
            field.STRIKE_LEFT: field.strike_number(of.fsa_left_deg),
            field.STRIKE_RIGHT: field.strike_number(of.fsa_right_deg),
            field.CONTACT_LEFT: field.times(of.contact_left_s, 1000.0),
            field.CONTACT_RIGHT: field.times(of.contact_right_s, 1000.0),
            field.CUE: 0 if second.cue is None else field.CUE_NUMBERS[second.cue],
        }
        return message("record", values | field.dynamics(of, ""), own)

    def _laps(self) -> Iterator[Any]:
        """Their distances are cut from one way, so that they add up to it."""
        words, laps = self._words, self._activity.laps
        way_m = 0.0
        for number, lap in enumerate(laps):
            before_m, way_m = way_m, way_m + (lap.distance_m or 0.0)
            is_last = number == len(laps) - 1
            trigger = words.LapTrigger.SESSION_END if is_last else words.LapTrigger.MANUAL
            distance_m = None if lap.distance_m is None else round(way_m, 2) - round(before_m, 2)
            values = {
                "message_index": number,
                "event": words.Event.LAP,
                "lap_trigger": trigger,
                "total_distance": distance_m,
            }
            yield message("lap", self._totals(lap) | values)

    def _session(self) -> Any:
        words, activity = self._words, self._activity
        provenance = self._data.provenance
        values: dict[str, Value] = {
            "message_index": 0,
            "event": words.Event.SESSION,
            "trigger": words.SessionTrigger.ACTIVITY_END,
            "first_lap_index": 0,
            "num_laps": len(activity.laps),
            "total_distance": activity.whole.distance_m,
        }
        band = self._data.finished.bands[-1:]
        cues = self._data.finished.summary.cues
        own: dict[OwnField, Value] = {
            field.LEAN: activity.whole.measures.lean_deg,
            field.TARGET: band[0].target_deg if band else None,
            field.BELOW_TARGET: activity.below_target_s if band else None,
            field.CUES: len(cues),
            field.REARFOOT: activity.rearfoot_percent,
            field.LOST: activity.lost_percent,
            field.SOFTWARE: provenance.software,
            field.DEFINITIONS: provenance.definitions,
            field.PROFILES: " ".join(
                sorted({f"{each.profile}:{each.profile_sha256[:8]}" for each in provenance.devices})
            ),
            field.CALIBRATION: " ".join(
                f"{each.placement.value}:{'standing' if each.from_rest else 'guessed'}"
                for each in _last_calibrations(self._data)
            ),
            field.SUBJECT: provenance.subject,
        }
        return message("session", self._totals(activity.whole) | values, own)

    def _totals(self, lap: Lap) -> dict[str, Value]:
        """What laps and the session have in common."""
        words, of = self._words, lap.measures
        whole, fraction = field.rotations(of.cadence_spm)
        speed_mps = lap.distance_m / lap.timer_s if lap.distance_m else None
        values: dict[str, Value] = {
            "timestamp": self._at(lap.span.end_s),
            "start_time": self._at(lap.span.start_s),
            "event_type": words.EventType.STOP,
            "sport": words.Sport.RUNNING,
            "sub_sport": self._sub_sport(),
            "total_elapsed_time": float(lap.span.length_s),
            "total_timer_time": float(lap.timer_s),
            "total_cycles": lap.strides or None,
            "enhanced_avg_speed": speed_mps,
            "avg_cadence": whole,
            "avg_fractional_cadence": fraction,
            "avg_heart_rate": None if of.heart_bpm is None else round(of.heart_bpm),
            "max_heart_rate": lap.heart_max_bpm,
        }
        return values | field.dynamics(of, "avg_")

    def _sub_sport(self) -> Any:
        kinds = self._words.SubSport
        return {Surface.TREADMILL: kinds.TREADMILL, Surface.ROAD: kinds.STREET}.get(
            self._data.surface, kinds.GENERIC
        )

    def _whole_activity(self) -> Any:
        words, whole = self._words, self._activity.whole
        values: dict[str, Value] = {
            "timestamp": self._at(whole.span.end_s),
            "total_timer_time": float(whole.timer_s),
            "num_sessions": 1,
            "type": words.Activity.MANUAL,
            "event": words.Event.ACTIVITY,
            "event_type": words.EventType.STOP,
        }
        return message("activity", values)


def _last_calibrations(data: ExportData) -> list[Any]:
    """The one of each sensor that held at the end."""
    return list({each.placement: each for each in data.provenance.calibrations}.values())
