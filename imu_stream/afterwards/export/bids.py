"""Motion-BIDS: the data set that movement researchers share, with one tracking system a sensor.

Latencies and onsets are times on the session clock, whose 0 is the acquisition time: so the samples
of all sensors, which have each its own times, and the events lie on one axis.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from imu_stream.afterwards.export.columns import Column
from imu_stream.afterwards.export.data import ExportData, Track, increasing
from imu_stream.afterwards.export.tables import raw_table
from imu_stream.datatypes import Cue, Gap, Mark, Placement, Stride
from imu_stream.errors import RecordingError

VERSION = "1.10.0"
TASK = "running"
SYSTEMS = {
    Placement.LEFT_FOOT: "leftfoot",
    Placement.RIGHT_FOOT: "rightfoot",
    Placement.CHEST: "chest",
}
"""Labels may hold letters and digits only."""
ROWS_AT_ONCE = 50_000
TYPES = {"time": "LATENCY", "acc": "ACCEL", "gyr": "GYRO"}
README = """Motion of a runner, recorded by wearable inertial sensors: one tracking system a sensor.

Accelerations (specific force) and angular rates are in the sensor's own axes, as measured. Samples
that were lost are not there; the latency channel tells when each was taken, in seconds since the
acquisition time of the scans file, and so do the onsets of events. Written by imu-stream, which is
a training aid and not a medical device.
"""
Row = Sequence[object]


def write_bids(data: ExportData, folder: Path) -> None:
    """Write a data set with one subject, ready to be joined with others.

    Raises:
        RecordingError: no sensor has samples, or the start has no usable time.
    """
    tracks = [track for track in data.tracks if len(track.raw.t_s)]
    if not tracks:
        raise RecordingError(data.finished.path, "holds no samples of a motion sensor")
    subject = f"sub-{data.provenance.subject}"
    motion = folder / subject / "motion"
    motion.mkdir(parents=True)
    _write_data_set(data, folder, subject)
    for track in tracks:
        _write_system(
            data, track, motion / f"{subject}_task-{TASK}_tracksys-{SYSTEMS[track.placement]}"
        )
    _write_events(data, motion / f"{subject}_task-{TASK}_events")
    _write_scans(data, tracks, folder / subject / f"{subject}_scans", subject)


def _stem(subject: str, track: Track) -> str:
    return f"{subject}_task-{TASK}_tracksys-{SYSTEMS[track.placement]}"


def _write_data_set(data: ExportData, folder: Path, subject: str) -> None:
    software = data.provenance.software
    _write_json(
        folder / "dataset_description.json",
        {
            "Name": "Running with wearable inertial sensors",
            "BIDSVersion": VERSION,
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": "imu-stream", "Version": software.split()[-1]}],
        },
    )
    (folder / "README.md").write_text(README, encoding="utf-8")
    _write_rows(folder / "participants.tsv", [("participant_id",), (subject,)])


def _write_system(data: ExportData, track: Track, stem: Path) -> None:
    columns = raw_table(track).columns
    _write_samples(columns, Path(f"{stem}_motion.tsv"))
    _write_rows(Path(f"{stem}_channels.tsv"), _channels(columns, track.placement))
    _write_json(Path(f"{stem}_channels.json"), REFERENCE_FRAME)
    _write_json(Path(f"{stem}_motion.json"), _about(data, track, columns))


REFERENCE_FRAME = {
    "reference_frame": {
        "Description": "Axes of the sensor's housing, as its maker draws them.",
        "Levels": {
            "sensor": {
                "SpatialAxes": "n/a",
                "RotationOrder": "n/a",
                "RotationRule": "right-hand",
                "Description": "Mounting and calibration: in the motion file, under ImuStream.",
            }
        },
    }
}


def _channels(columns: Sequence[Column], placement: Placement) -> Iterator[Row]:
    yield ("name", "component", "type", "tracked_point", "units", "reference_frame")
    for column in columns:
        name = column.heading.name
        if name == "time_s":
            yield ("latency", "n/a", "LATENCY", "n/a", "s", "n/a")
        else:
            what, axis = name.split("_")
            yield (name, axis, TYPES[what], placement.value, column.heading.unit, "sensor")


def _about(data: ExportData, track: Track, columns: Sequence[Column]) -> dict[str, object]:
    device, provenance = track.device, data.provenance
    t_s = track.raw.t_s[increasing(track.raw.t_s)]
    counts = Counter(TYPES[column.heading.name.split("_")[0]] for column in columns)
    span_s = float(t_s[-1] - t_s[0])
    return {
        "TaskName": TASK,
        "TaskDescription": "Standing still at first, then running.",
        "TrackingSystemName": f"{device.profile} on the {track.placement.words}",
        "SamplingFrequency": device.rate_hz,
        "SamplingFrequencyEffective": (len(t_s) - 1) / span_s if span_s > 0 else device.rate_hz,
        "RecordingDuration": span_s,
        "RecordingType": "continuous",
        "TrackedPointsCount": 1,
        "MotionChannelCount": len(columns),
        **{f"{name}ChannelCount": number for name, number in counts.items()},
        "MissingValues": "n/a",
        "Manufacturer": device.about.get("manufacturer", "n/a"),
        "ManufacturersModelName": device.about.get("model", "n/a"),
        "SoftwareVersions": provenance.software,
        "DeviceSerialNumber": device.about.get("serial", device.address or "n/a"),
        "ImuStream": json.loads(provenance.to_json()),
    }


def _write_samples(columns: Sequence[Column], path: Path) -> None:
    """Without a header, as the standard wants it."""
    values = np.column_stack([column.array for column in columns])
    values = values[increasing(values[:, 0])]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for start in range(0, len(values), ROWS_AT_ONCE):
            for row in values[start : start + ROWS_AT_ONCE].tolist():
                file.write("\t".join([_cell(each) for each in row]) + "\n")


def _cell(value: float) -> str:
    return repr(value) if abs(value) < np.inf else "n/a"


def _write_events(data: ExportData, stem: Path) -> None:
    header = ("onset", "duration", "trial_type", "value")
    rows = sorted(_events(data), key=lambda row: float(str(row[0])))
    _write_rows(Path(f"{stem}.tsv"), [header, *rows])
    _write_json(Path(f"{stem}.json"), EVENTS)


EVENTS = {
    "onset": {"Description": "Session time, as in the latency channels.", "Units": "s"},
    "duration": {"Description": "n/a when it has none.", "Units": "s"},
    "trial_type": {
        "LongName": "What happened",
        "Description": "Derived from the samples, except cues given and marks set.",
        "Levels": {
            "stride": "A running contact of a foot; lasts from initial to terminal contact.",
            "gap": "Samples of a sensor were lost.",
            "cue": "The runner was advised or praised.",
            "mark": "Set by the runner or the coach.",
        },
    },
    "value": {
        "Description": "Foot and strike type; sensor; what the cue said; kind of mark.",
    },
}


def _events(data: ExportData) -> Iterator[Row]:
    outputs = data.finished.outputs
    for stride in outputs.of(Stride):
        value = f"{stride.foot.value} {stride.strike.strike_type.value}"
        yield (_cell(stride.ic_s), _cell(stride.contact_time_s), "stride", value)
    for gap in outputs.of(Gap):
        yield (_cell(gap.start_s), _cell(gap.end_s - gap.start_s), "gap", gap.placement.value)
    for cue in outputs.of(Cue):
        yield (_cell(cue.t_s), "n/a", "cue", cue.kind.value)
    for mark in outputs.of(Mark):
        yield (_cell(mark.t_s), "n/a", "mark", mark.kind.value)


def _write_scans(data: ExportData, tracks: Iterable[Track], stem: Path, subject: str) -> None:
    try:
        started = datetime.fromisoformat(data.provenance.started)
        acquired = started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError):
        acquired = "n/a"
    names = [f"motion/{_stem(subject, track)}_motion.tsv" for track in tracks]
    _write_rows(Path(f"{stem}.tsv"), [("filename", "acq_time"), *((n, acquired) for n in names)])


def _write_rows(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows)


def _write_json(path: Path, content: object) -> None:
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
