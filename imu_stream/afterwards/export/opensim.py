"""OpenSim tables (.sto): how each segment is turned, and the lean, in OpenSim's axes.

OpenSim's x points forward, y up, z to the right; a table of quaternions has one column a sensor.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from imu_stream.afterwards.export.data import ExportData, Provenance, Track, increasing
from imu_stream.datatypes import Array, LeanState
from imu_stream.errors import RecordingError

LEAN = ("lean_deg", "side_lean_deg", "cadence_spm", "vertical_oscillation_m")
ROWS_AT_ONCE = 50_000


def write_sto(data: ExportData, folder: Path) -> None:
    """Write orientation_PLACEMENT.sto of each sensor, lean.sto, and provenance.json.

    Raises:
        RecordingError: no sensor's orientation is known at any time.
    """
    tracks = [track for track in data.tracks if len(track.segment.t_s)]
    if not tracks:
        raise RecordingError(data.finished.path, "holds no sample of a sensor that was calibrated")
    folder.mkdir()
    for track in tracks:
        _write_orientation(track, data.provenance, folder)
    _write_lean(data, folder)
    text = data.provenance.to_json(indent=2) + "\n"
    (folder / "provenance.json").write_text(text, encoding="utf-8")


def turns_of(up: Array) -> Array:
    """Quaternions (n, 4), scalar first, segment to earth, by the earth's up in segment axes.

    The way a segment is turned about the vertical is not known without a magnetometer, so these
    are the shortest turns that bring it upright: roll and pitch, and nothing about the vertical.
    """
    x, y, z = up.T
    scalar = np.sqrt(np.maximum(0.5 * (1.0 + z), 0.0))
    overhead = scalar < 1e-6
    half = 0.5 / np.where(overhead, 1.0, scalar)
    turns = np.stack([scalar, y * half, -x * half, np.zeros(len(up))], axis=1)
    turns[overhead] = (0.0, 0.0, 1.0, 0.0)
    return np.asarray(turns)


def in_opensim_axes(turns: Array) -> Array:
    """The same turns of a body and a world whose y points up and z to the right."""
    scalar, forward, left, up = turns.T
    return np.stack([scalar, forward, up, -left], axis=1)


def _write_orientation(track: Track, provenance: Provenance, folder: Path) -> None:
    kept = increasing(track.segment.t_s)
    t_s, up = track.segment.t_s[kept], track.segment.up[kept]
    turns = in_opensim_axes(turns_of(up))
    header = _header(
        provenance, DataRate=f"{track.device.rate_hz:g}", DataType="Quaternion", inDegrees="no"
    )
    name = track.placement.value
    with (folder / f"orientation_{name}.sto").open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{header}time\t{name}\n")
        for start in range(0, len(turns), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            for at_s, turn in zip(t_s[rows].tolist(), turns[rows].tolist(), strict=True):
                file.write(f"{at_s!r}\t{','.join(map(repr, turn))}\n")


def _write_lean(data: ExportData, folder: Path) -> None:
    """Valid trunk strides at their ends; only increasing times can stand in such a table."""
    rows: list[str] = []
    latest_s = -np.inf
    for lean in data.finished.outputs.of(LeanState):
        if lean.valid and lean.end_s > latest_s:
            latest_s = lean.end_s
            rows.append(_row((lean.end_s, *(getattr(lean, name) for name in LEAN))))
    header = _header(data.provenance, DataType="double", inDegrees="yes", nRows=str(len(rows)))
    names = "\t".join(("time", *LEAN))
    text = header + "\n".join([names, *rows]) + "\n"
    (folder / "lean.sto").write_text(text, encoding="utf-8")


def _row(values: Iterable[float]) -> str:
    return "\t".join(map(repr, values))


def _header(provenance: Provenance, **settings: str) -> str:
    about = {
        "version": "3",
        **settings,
        "software": provenance.software,
        "definitions": provenance.definitions,
        "session": provenance.session,
        "subject": provenance.subject,
    }
    return "".join(f"{key}={value}\n" for key, value in about.items()) + "endheader\n"
