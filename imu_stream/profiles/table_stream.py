"""Samples of an imported table as frames of a session file, and back; see docs/session_file.md."""

import json
import math
from dataclasses import asdict

import numpy as np

from imu_stream.datatypes import Array, Frame, Gap, GapReason, Placement, Samples

IMU, ACC, GAP = "imu", "acc", "gap"
"""Streams: samples with and without angular rates, and what is missing between them."""
COLUMNS = {IMU: 7, ACC: 4}
"""Time, specific force, angular rate: float64, little-endian, row by row."""


def encode_table(item: Samples | Gap) -> Frame:
    """The frame that holds an item; every number to its last bit."""
    if isinstance(item, Gap):
        content = {key: value for key, value in asdict(item).items() if key != "placement"}
        return Frame(item.end_s, item.placement, GAP, json.dumps(content).encode())
    parts = [item.t_s[:, None], item.acc, *([] if item.gyr is None else [item.gyr])]
    payload = np.hstack(parts).astype("<f8").tobytes()
    return Frame(item.end_s, item.placement, ACC if item.gyr is None else IMU, payload)


def decode_table(frame: Frame) -> Samples | Gap | None:
    """The inverse; None for a frame that holds nothing of the kind."""
    if frame.stream == GAP:
        return _gap(frame)
    columns = COLUMNS.get(frame.stream)
    if columns is None or not frame.payload or len(frame.payload) % (8 * columns):
        return None
    rows = np.frombuffer(frame.payload, "<f8").astype(np.float64).reshape(-1, columns)
    if not _increases(rows[:, 0]):
        return None
    gyr = np.ascontiguousarray(rows[:, 4:7]) if columns == COLUMNS[IMU] else None
    acc = np.ascontiguousarray(rows[:, 1:4])
    return Samples(frame.placement, np.ascontiguousarray(rows[:, 0]), acc, gyr)


def _increases(t_s: Array) -> bool:
    return bool(np.isfinite(t_s).all() and (np.diff(t_s) > 0.0).all())


def _gap(frame: Frame) -> Gap | None:
    try:
        content = json.loads(frame.payload)
        start_s, end_s = float(content["start_s"]), float(content["end_s"])
        reason, samples = GapReason(content["reason"]), int(content["samples"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return None
    if not (math.isfinite(start_s) and math.isfinite(end_s) and start_s <= end_s and samples >= 0):
        return None
    return Gap(frame.placement, start_s, end_s, reason, samples)


class TableReader:
    """Frames of one imported sensor to its samples: what does not follow in time is damage."""

    clock = None
    """Tables tell nothing of a device's clock."""

    def __init__(self, placement: Placement, rate_hz: float) -> None:
        self._placement = placement
        self._step_s = 1.0 / rate_hz
        self._end_s = -math.inf

    def push(self, frame: Frame) -> list[Samples | Gap]:
        item = decode_table(frame)
        if item is None or self._begin_s(item) < self._end_s - 0.5 * self._step_s:
            return [self._damage(frame)]
        # a gap ends where the next sample is, samples end one step before it
        self._end_s = item.end_s if isinstance(item, Gap) else item.end_s + 0.5 * self._step_s
        return [item]

    def battery(self, _: Frame) -> None:
        """No table tells it."""

    def link_changed(self) -> None:
        """There is no link."""

    def finish(self) -> list[Samples | Gap]:
        """Nothing is held back."""
        return []

    def _begin_s(self, item: Samples | Gap) -> float:
        return item.start_s if isinstance(item, Gap) else float(item.t_s[0])

    def _damage(self, frame: Frame) -> Gap:
        """As far as is known it took no samples with it."""
        at_s = frame.arrival_s if self._end_s == -math.inf else self._end_s
        return Gap(self._placement, at_s, at_s, GapReason.CORRUPT, 0)
