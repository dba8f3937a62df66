"""All checks of a recorded stream."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from imu_stream.conformance.check import Check
from imu_stream.conformance.reception import Reception, Track, receive
from imu_stream.conformance.timing import timing_checks
from imu_stream.conformance.values import end_check, rest_checks
from imu_stream.datatypes import GRAVITY, Array, Battery, Frame
from imu_stream.profiles import DeviceProfile, Mode
from imu_stream.profiles.device_profile import saturations
from imu_stream.profiles.said import read_said


def check_stream(
    frames: Sequence[Frame], mode: Mode, shaken_s: float = math.inf
) -> tuple[Check, ...]:
    """Judge what a device has sent.

    Args:
        frames: of one link, in order of arrival.
        mode: the one it was set up for.
        shaken_s: arrival from which it was shaken; until then it lay still.
    """
    reception = receive(frames, mode)
    shaken = [_part(each, shaken_s, math.inf) for each in reception.tracks]
    still = [_part(each, -math.inf, shaken_s) for each in reception.tracks]
    ends = (
        end_check("acceleration", _of(shaken, "acc"), _end(mode, "acc"), GRAVITY, "g"),
        end_check("turning", _of(shaken, "gyr"), _end(mode, "gyr"), math.radians(1), "deg/s"),
    )
    timing = [check for track in reception.tracks for check in _timing(track, mode, reception)]
    rest = rest_checks(_of(still, "acc"), _of(still, "gyr"))
    return (*_arrived(reception, mode), *timing, *rest, *ends[: 1 + _has_gyro(mode)])


def check_battery(frames: Iterable[Frame], profile: DeviceProfile) -> Check:
    """Judge whether the device has told its charge."""
    told = (_percent(frame, profile) for frame in frames)
    percent = next((each for each in told if each is not None), None)
    measured = "it does not say" if percent is None else f"{percent} %"
    meaning = "the wearer is told before a run that would end in the middle"
    return Check("battery readable", measured, "says its charge", percent is not None, meaning)


def _percent(frame: Frame, profile: DeviceProfile) -> int | None:
    said = read_said(frame)
    if isinstance(said, Battery):
        return said.percent
    query = profile.battery
    if query is None:
        return None
    streams = {stream.characteristic: stream.name for stream in profile.streams}
    where = streams.get(query.characteristic, query.characteristic)
    return query.percent(frame.payload) if frame.stream == where else None


def _arrived(reception: Reception, mode: Mode) -> tuple[Check, Check]:
    # of packets that stand for one another, by the firmware, only one kind may come
    come = {quantity for track in reception.tracks for quantity in track.measures}
    due = {quantity for packet in mode.packets for quantity in packet.measures}
    samples = Check(
        "samples arrive",
        f"{reception.packets} packets with {_listed(come)}",
        _listed(due),
        come == due,
        "else it streams something else than its profile says",
    )
    damaged = len(reception.problems)
    common = "".join(f"; {text}" for text, _ in Counter(reception.problems).most_common(1))
    undamaged = Check(
        "damaged packets",
        f"{damaged} of {damaged + reception.packets}{common}",
        "0",
        damaged == 0,
        "a wrong checksum, length or constant: buffers are overwritten while they are sent",
    )
    return samples, undamaged


def _timing(track: Track, mode: Mode, reception: Reception) -> tuple[Check, ...]:
    checks = timing_checks(track, mode.hz)
    if len(reception.tracks) == 1:
        return checks
    return tuple(replace(each, name=f"{each.name} ({_listed(track.measures)})") for each in checks)


def _listed(quantities: Iterable[str]) -> str:
    return " and ".join(sorted(quantities)) or "nothing"


def _part(track: Track, start_s: float, end_s: float) -> Track:
    """The values that arrived in [start_s, end_s); times are left as they are."""
    arrival_s = track.sample_arrival_s
    within = (arrival_s >= start_s) & (arrival_s < end_s)
    acc, gyr = (None if each is None else each[within] for each in (track.acc, track.gyr))
    return replace(track, acc=acc, gyr=gyr)


def _of(tracks: Iterable[Track], quantity: str) -> Array | None:
    arrays = [track.acc if quantity == "acc" else track.gyr for track in tracks]
    given = [array for array in arrays if array is not None]
    return np.concatenate(given) if given else None


def _end(mode: Mode, quantity: str) -> float:
    return max(saturations(mode, quantity), default=math.inf)


def _has_gyro(mode: Mode) -> bool:
    return bool(saturations(mode, "gyr"))
