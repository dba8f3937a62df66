"""What the numbers are: scale, noise and bias at rest, and the ends of the range when shaken."""

from collections.abc import Callable

import numpy as np

from imu_stream.conformance.check import Check, not_measured
from imu_stream.datatypes import GRAVITY, Array

SCALE_TOLERANCE = 0.02
MOST_NOISE_DPS = 0.5
MOST_BIAS_DPS = 5.0
_STILL = 0.3
"""m/s², standard deviation of |acc|: more is a sensor that is not lying still."""
_FEWEST = 100
_SHAKEN = 0.25
"""Share of the range that shaking must reach to tell anything."""
_ACROSS = 1.5
"""Times the range, from one sample to the next: no hand is that fast, but a knock may be."""


def rest_checks(acc: Array | None, gyr: Array | None) -> tuple[Check, ...]:
    """Judge what was measured while the sensor was to lie still.

    Args:
        acc: (n, 3) m/s².
        gyr: (m, 3) rad/s; None for a device without gyroscope.
    """
    why = _not_at_rest(acc)
    return (_scale(acc, why), _changes(acc, gyr), _noise(gyr, why), _bias(gyr, why))


def _not_at_rest(acc: Array | None) -> str | None:
    if acc is None or len(acc) < _FEWEST:
        return "too few samples"
    moved = float(np.std(np.linalg.norm(acc, axis=1))) > _STILL
    return "it was moved; lay it on a table" if moved else None


def _scale(acc: Array | None, why: str | None) -> Check:
    name, limit = "acceleration at rest", f"1 g ± {SCALE_TOLERANCE:.0%}"
    meaning = "|acc| lying still; else the range or the scale is not what was asked for"
    if acc is None or why is not None:
        return not_measured(name, why or "no accelerometer", limit, meaning)
    weight_g = float(np.linalg.norm(acc.mean(axis=0))) / GRAVITY
    passed = abs(weight_g - 1.0) <= SCALE_TOLERANCE
    return Check(name, f"{weight_g:.3f} g", limit, passed, meaning)


def _changes(acc: Array | None, gyr: Array | None) -> Check:
    name, limit = "values change", "not always the same"
    meaning = "real sensors are noisy; else one buffer is sent again and again"
    given = [each for each in (acc, gyr) if each is not None and len(each) >= _FEWEST]
    if not given:
        return not_measured(name, "too few samples", limit, meaning)
    alive = any(np.ptp(each, axis=0).any() for each in given)
    return Check(name, "yes" if alive else "no", limit, alive, meaning)


def _noise(gyr: Array | None, why: str | None) -> Check:
    return _gyro(
        "gyroscope noise",
        MOST_NOISE_DPS,
        "standard deviation of the noisiest axis at rest",
        gyr,
        why,
        lambda each: each.std(axis=0),
    )


def _bias(gyr: Array | None, why: str | None) -> Check:
    return _gyro(
        "gyroscope bias",
        MOST_BIAS_DPS,
        "mean of the worst axis at rest; calibration removes it, but it wanders with warmth",
        gyr,
        why,
        lambda each: np.abs(each.mean(axis=0)),
    )


def _gyro(
    name: str,
    most_dps: float,
    meaning: str,
    gyr: Array | None,
    why: str | None,
    of_axes: Callable[[Array], Array],
) -> Check:
    limit = f"at most {most_dps:g} deg/s"
    if gyr is None or why is not None or len(gyr) < _FEWEST:
        because = "no gyroscope" if gyr is None else why or "too few samples"
        return not_measured(name, because, limit, meaning)
    found_dps = float(np.degrees(of_axes(gyr).max()))
    return Check(name, f"{found_dps:.3f} deg/s", limit, found_dps <= most_dps, meaning)


def end_check(name: str, values: Array | None, saturation: float, one: float, unit: str) -> Check:
    """Judge how the numbers behave towards the ends of the range.

    Args:
        name: of the quantity.
        values: (n, 3) SI, of the phase in which the sensor was shaken; None: there was none.
        saturation: largest value that can be sent, SI.
        one: SI value of the unit that is shown.
        unit: its name.
    """
    name, limit = f"{name} when shaken", "never from one end to the other at once"
    meaning = "the largest value seen; a jump is a number that has overflowed instead of clipping"
    if values is None or not len(values):
        return not_measured(name, "only with --shake", limit, meaning)
    largest = float(np.abs(values).max())
    seen = f"{largest / one:.1f} of {saturation / one:.0f} {unit}"
    if largest < _SHAKEN * saturation:
        return not_measured(name, f"only {seen}; shake it harder", limit, meaning)
    jumps = int(np.count_nonzero(np.abs(np.diff(values, axis=0)) > _ACROSS * saturation))
    return Check(name, f"{seen}, {jumps} jumps", limit, jumps == 0, meaning)
