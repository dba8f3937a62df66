"""FIT: the activity file of sports watches, as platforms for runners read it.

Messages stand in the order that all readers accept: file, developer fields, devices, then by time
the starts and stops of the timer, seconds and laps, at last session and activity.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imu_stream.afterwards.export.activity import Activity, Lap, Measures, Second, activity_of
from imu_stream.afterwards.export.data import ExportData, Surface
from imu_stream.afterwards.export.fit_messages import OwnField, Value, description, message
from imu_stream.datatypes import Battery, CueKind, StrikeType
from imu_stream.errors import RecordingError

APPLICATION_ID = bytes.fromhex("6f1d0a5c3b7e4d0f9a61c2e85b40d7f3")
"""Of this program's developer fields; made up once."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Times that the format can hold, with room."""

LEAN = OwnField(0, "trunk_pitch", "deg")
TARGET = OwnField(1, "trunk_pitch_target", "deg")
ANGLE_LEFT = OwnField(2, "foot_strike_angle_left", "deg")
ANGLE_RIGHT = OwnField(3, "foot_strike_angle_right", "deg")
STRIKE_LEFT = OwnField(4, "RS_FootStrike_L", "", "UINT8")
STRIKE_RIGHT = OwnField(5, "RS_FootStrike_R", "", "UINT8")
CONTACT_LEFT = OwnField(6, "RS_ContactTime_L", "Milliseconds")
CONTACT_RIGHT = OwnField(7, "RS_ContactTime_R", "Milliseconds")
CUE = OwnField(8, "cue", "", "UINT8")
BELOW_TARGET = OwnField(9, "time_below_target", "s")
CUES = OwnField(10, "cues_total", "", "UINT16")
REARFOOT = OwnField(11, "rearfoot_percent", "%")
LOST = OwnField(12, "sensor_loss_percent", "%")
SOFTWARE = OwnField(13, "software", "", "STRING")
DEFINITIONS = OwnField(14, "definitions", "", "STRING")
PROFILES = OwnField(15, "profiles", "", "STRING")
CALIBRATION = OwnField(16, "calibration", "", "STRING")
SUBJECT = OwnField(17, "subject", "", "STRING")
OWN_FIELDS = (
    *(LEAN, TARGET, ANGLE_LEFT, ANGLE_RIGHT, STRIKE_LEFT, STRIKE_RIGHT),
    *(CONTACT_LEFT, CONTACT_RIGHT, CUE, BELOW_TARGET, CUES, REARFOOT, LOST),
    *(SOFTWARE, DEFINITIONS, PROFILES, CALIBRATION, SUBJECT),
)
CUE_NUMBERS = {kind: number for number, kind in enumerate(CueKind, start=1)}
"""In the cue field; 0 is a second without a cue."""


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
        yield from map(description, OWN_FIELDS)
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
        return {"developer_data_index": 0, "application_id": APPLICATION_ID}

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
        whole, fraction = rotations(of.cadence_spm)
        values: dict[str, Value] = {
            "timestamp": self._at(second.time_s),
            "distance": second.distance_m,
            "enhanced_speed": of.speed_mps,
            "cadence": whole,
            "fractional_cadence": fraction,
            "heart_rate": None if of.heart_bpm is None else round(of.heart_bpm),
        }
        own: dict[OwnField, Value] = {
            LEAN: of.lean_deg,
            TARGET: second.target_deg,
            ANGLE_LEFT: of.fsa_left_deg,
            ANGLE_RIGHT: of.fsa_right_deg,
            STRIKE_LEFT: strike_number(of.fsa_left_deg),
            STRIKE_RIGHT: strike_number(of.fsa_right_deg),
            CONTACT_LEFT: times(of.contact_left_s, 1000.0),
            CONTACT_RIGHT: times(of.contact_right_s, 1000.0),
            CUE: 0 if second.cue is None else CUE_NUMBERS[second.cue],
        }
        return message("record", values | _dynamics(of, ""), own)

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
            LEAN: activity.whole.measures.lean_deg,
            TARGET: band[0].target_deg if band else None,
            BELOW_TARGET: activity.below_target_s if band else None,
            CUES: len(cues),
            REARFOOT: activity.rearfoot_percent,
            LOST: activity.lost_percent,
            SOFTWARE: provenance.software,
            DEFINITIONS: provenance.definitions,
            PROFILES: " ".join(
                sorted({f"{each.profile}:{each.profile_sha256[:8]}" for each in provenance.devices})
            ),
            CALIBRATION: " ".join(
                f"{each.placement.value}:{'standing' if each.from_rest else 'guessed'}"
                for each in _last_calibrations(self._data)
            ),
            SUBJECT: provenance.subject,
        }
        return message("session", self._totals(activity.whole) | values, own)

    def _totals(self, lap: Lap) -> dict[str, Value]:
        """What laps and the session have in common."""
        words, of = self._words, lap.measures
        whole, fraction = rotations(of.cadence_spm)
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
        return values | _dynamics(of, "avg_")

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


def _dynamics(of: Measures, prefix: str) -> dict[str, Value]:
    """Running dynamics, in the units of the format: ms, mm, percent."""
    values = {
        "stance_time": times(of.contact_time_s, 1000.0),
        "stance_time_percent": times(of.duty_factor, 100.0),
        "stance_time_balance": times(of.left_share, 100.0),
        "vertical_oscillation": times(of.oscillation_m, 1000.0),
        "vertical_ratio": times(of.vertical_ratio, 100.0),
        "step_length": times(of.step_length_m, 1000.0),
    }
    return {f"{prefix}{name}": value for name, value in values.items()}


def _last_calibrations(data: ExportData) -> list[Any]:
    """The one of each sensor that held at the end."""
    return list({each.placement: each for each in data.provenance.calibrations}.values())


def times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def rotations(cadence_spm: float | None) -> tuple[int | None, float | None]:
    """Cadence as the format has it, of one foot: whole ones a minute, and the rest in 128ths."""
    if cadence_spm is None or not 0.0 <= cadence_spm < 500.0:
        return None, None
    whole, rest = divmod(round(64.0 * cadence_spm), 128)
    return whole, rest / 128.0


def strike_number(fsa_deg: float | None) -> int | None:
    """Foot strike on the scale of RunScribe: heel 0 to 5, midfoot 6 to 10, forefoot 11 to 16."""
    if fsa_deg is None:
        return None
    match StrikeType.of(fsa_deg):
        case StrikeType.REARFOOT:
            return round(_between(fsa_deg, (8.0, 5.0), (30.0, 0.0)))
        case StrikeType.MIDFOOT:
            return round(_between(fsa_deg, (-1.6, 10.0), (8.0, 6.0)))
        case StrikeType.FOREFOOT:
            return round(_between(fsa_deg, (-20.0, 16.0), (-1.6, 11.0)))
    return None


def _between(value: float, low: tuple[float, float], high: tuple[float, float]) -> float:
    """On a straight line from one point to another, and no farther."""
    share = (value - low[0]) / (high[0] - low[0])
    return low[1] + min(max(share, 0.0), 1.0) * (high[1] - low[1])
