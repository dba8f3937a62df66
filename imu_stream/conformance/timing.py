"""Rate, loss, jitter, drift and delay of one kind of packets."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from imu_stream.conformance.check import Check, not_measured
from imu_stream.conformance.reception import Track
from imu_stream.datatypes import Array

RATE_TOLERANCE = 0.03
"""Sensors with an oscillator of their own are up to this far off."""
MOST_LOST = 0.005
MOST_JITTER_S = 0.05
MOST_DELAY_S = 0.25
MOST_DRIFT_PPM = 100.0

_BINS = 20
_LEAST_IN_BIN = 4
_NO_CLOCK = "its packets carry no time"


@dataclass(frozen=True, slots=True)
class _Drift:
    """How much the device's clock runs fast, with the bounds of 95 % confidence, ppm."""

    ppm: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """From each packet to the next, on the device's clock."""

    device_s: Array
    onward: NDArray[np.bool_]
    """Whether the clock has gone on."""
    rate_hz: float
    missing: NDArray[np.int64]
    """Samples that are not there."""


def timing_checks(track: Track, nominal_hz: float) -> tuple[Check, ...]:
    """Judge the times of one kind of packets."""
    steps = _steps(track)
    drift = _drift(track)
    return (
        _device_rate(steps, nominal_hz),
        _host_rate(track, steps, nominal_hz),
        _clock_runs(steps),
        _loss_by_clock(track, steps),
        _loss_by_counter(track),
        _jitter(track),
        _delay(track, drift),
        _drift_check(track, drift),
    )


def _steps(track: Track) -> _Steps | None:
    if track.last_s is None:
        return None
    device_s = np.diff(track.last_s)
    counts = track.counts[1:]
    onward = device_s > 0.0
    if not onward.any():
        return None
    period_s = np.median(device_s[onward] / counts[onward])
    whole = onward & (device_s < 1.5 * counts * period_s)  # nothing is missing
    rate_hz = float(counts[whole].sum() / device_s[whole].sum())
    missing = np.maximum(np.rint(device_s * rate_hz) - counts, 0).astype(np.int64)
    return _Steps(device_s, onward, rate_hz, missing)


def _device_rate(steps: _Steps | None, nominal_hz: float) -> Check:
    name = "rate by its own clock"
    meaning = "samples a second as the device times them; else strides have the wrong duration"
    limit = _rate_limit(nominal_hz)
    if steps is None:
        return not_measured(name, _NO_CLOCK, limit, meaning)
    passed = abs(steps.rate_hz / nominal_hz - 1.0) <= RATE_TOLERANCE
    return Check(name, f"{steps.rate_hz:.2f} Hz", limit, passed, meaning)


def _host_rate(track: Track, steps: _Steps | None, nominal_hz: float) -> Check:
    """What was lost counts as sampled: loss has its own checks."""
    missing = 0.0
    if steps is not None:
        missing = float(steps.missing.sum())
    elif track.skipped is not None:
        missing = float(track.skipped.sum() * np.median(track.counts))
    span_s = float(track.arrival_s[-1] - track.arrival_s[0])
    limit, name = _rate_limit(nominal_hz), "rate by this computer"
    meaning = "the same by arrival; far off: it samples at another rate, or the link is too slow"
    if span_s <= 0.0:
        return not_measured(name, "all arrived at once", limit, meaning)
    rate_hz = (float(track.counts[1:].sum()) + missing) / span_s
    passed = abs(rate_hz / nominal_hz - 1.0) <= RATE_TOLERANCE
    return Check(name, f"{rate_hz:.2f} Hz", limit, passed, meaning)


def _rate_limit(nominal_hz: float) -> str:
    return f"{nominal_hz:g} Hz ± {RATE_TOLERANCE:.0%}"


def _clock_runs(steps: _Steps | None) -> Check:
    name, limit = "clock goes on", "0 times back or the same"
    meaning = "a packet was sent twice or out of order, or the device has started anew"
    if steps is None:
        return not_measured(name, _NO_CLOCK, limit, meaning)
    wrong = int(np.count_nonzero(~steps.onward))
    return Check(name, f"{wrong} times", limit, wrong == 0, meaning)


def _loss_by_clock(track: Track, steps: _Steps | None) -> Check:
    name, limit = "loss by the clock", f"at most {MOST_LOST:.1%} of the samples"
    meaning = "samples never taken or never sent: sensor buffer overrun, or the link is too slow"
    if steps is None:
        return not_measured(name, _NO_CLOCK, limit, meaning)
    lost = int(steps.missing[~track.damaged].sum())
    share = lost / (lost + int(track.counts.sum()))
    return Check(name, f"{lost} ({share:.2%})", limit, share <= MOST_LOST, meaning)


def _loss_by_counter(track: Track) -> Check:
    name, limit = "loss by sequence number", f"at most {MOST_LOST:.1%} of the packets"
    meaning = "packets made but not sent: the radio's queue was full, the link is too slow"
    if track.skipped is None:
        return not_measured(name, "its packets carry no number", limit, meaning)
    lost = int(track.skipped[~track.damaged].sum())
    share = lost / (lost + len(track.counts))
    return Check(name, f"{lost} ({share:.2%})", limit, share <= MOST_LOST, meaning)


def _jitter(track: Track) -> Check:
    name, limit = "arrival jitter", f"at most {MOST_JITTER_S * 1e3:g} ms (95 %)"
    meaning = "unevenness from packet to packet; large: the connection interval is too long"
    intervals_s = np.diff(track.arrival_s)
    even_s = np.median(intervals_s) if track.last_s is None else np.diff(track.last_s)
    jitter_s = float(np.percentile(np.abs(intervals_s - even_s), 95))
    return Check(name, f"{jitter_s * 1e3:.1f} ms", limit, jitter_s <= MOST_JITTER_S, meaning)


def _delay(track: Track, drift: _Drift | None) -> Check:
    name, limit = "delay over the quickest", f"at most {MOST_DELAY_S * 1e3:g} ms (99 %)"
    meaning = "how much later than the quickest packet others come: cues are late by that"
    if track.last_s is None:
        return not_measured(name, _NO_CLOCK, limit, meaning)
    slope = 0.0 if drift is None else -1e-6 * drift.ppm
    late_s = track.arrival_s - track.last_s - slope * (track.last_s - track.last_s[0])
    late_s = late_s - late_s.min()
    median_s, most_s = (float(each) for each in np.percentile(late_s, [50, 99]))
    measured = f"median {median_s * 1e3:.0f} ms, 99 % within {most_s * 1e3:.0f} ms"
    return Check(name, measured, limit, most_s <= MOST_DELAY_S, meaning)


def _drift(track: Track) -> _Drift | None:
    """The trend of the quickest packets: a radio can only delay.

    Theil-Sen over the quickest of each of 20 spans, with its 95 % confidence interval.
    """
    if track.last_s is None or len(track.arrival_s) < _BINS * _LEAST_IN_BIN:
        return None
    late_s = track.arrival_s - track.last_s
    parts = np.array_split(np.arange(len(late_s)), _BINS)
    quickest = [part[np.argmin(late_s[part])] for part in parts]
    if np.ptp(track.last_s[quickest]) <= 0.0:
        return None
    slope, _, low, high = scipy.stats.theilslopes(late_s[quickest], track.last_s[quickest], 0.95)
    return _Drift(-1e6 * float(slope), -1e6 * float(high), -1e6 * float(low))


def _drift_check(track: Track, drift: _Drift | None) -> Check:
    """Undecided while the limit lies within the uncertainty."""
    name, limit = "clock drift", f"at most {MOST_DRIFT_PPM:g} ppm"
    meaning = "its clock against this computer's; large: it runs from no crystal"
    if drift is None:
        why = _NO_CLOCK if track.last_s is None else "too few packets; take more --seconds"
        return not_measured(name, why, limit, meaning)
    measured = f"{drift.ppm:+.0f} ppm ({drift.low:+.0f} to {drift.high:+.0f}, 95 %)"
    if drift.low > MOST_DRIFT_PPM or drift.high < -MOST_DRIFT_PPM:
        return Check(name, measured, limit, False, meaning)
    if max(abs(drift.low), abs(drift.high)) <= MOST_DRIFT_PPM:
        return Check(name, measured, limit, True, meaning)
    return not_measured(name, f"{measured} is too uncertain; take more --seconds", limit, meaning)
