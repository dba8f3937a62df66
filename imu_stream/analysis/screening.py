"""Takes out values that no sensor measures, before a filter can swallow them."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from imu_stream.datatypes import Array, Gap, GapReason, Samples

LARGEST_ACC = 1e4
"""m/s², 1000 g: beyond any wearable sensor."""
LARGEST_GYR = 1e3
"""rad/s, 57 000 deg/s."""


def screened(samples: Samples) -> list[Samples | Gap]:
    """The samples, with a `Gap` in the place of each run of impossible ones."""
    if is_small(samples.acc, LARGEST_ACC) and (
        samples.gyr is None or is_small(samples.gyr, LARGEST_GYR)
    ):
        return [samples]
    sane = within(samples.acc, LARGEST_ACC)
    if samples.gyr is not None:
        sane = sane & within(samples.gyr, LARGEST_GYR)
    edges = [0, *(np.flatnonzero(np.diff(sane)) + 1).tolist(), len(sane)]
    return [
        samples.part(start, end) if sane[start] else gap(samples, start, end)
        for start, end in pairwise(edges)
    ]


def is_small(values: Array, largest: float) -> bool:
    """Whether all are finite and not larger; written so that NaN is not."""
    return bool(values.max(initial=0.0) <= largest and values.min(initial=0.0) >= -largest)


def within(values: Array, largest: float) -> NDArray[np.bool_]:
    """Which rows of (n, 3) are finite and not larger; written so that NaN is not."""
    return np.asarray((np.abs(values) <= largest).all(axis=1), dtype=np.bool_)


def gap(samples: Samples, start: int, end: int) -> Gap:
    """What stands for samples [start, end); up to the next sample where there is one."""
    t_s = samples.t_s
    end_s = t_s[end] if end < len(t_s) else t_s[-1]
    return Gap(
        samples.placement, float(t_s[start]), float(end_s), GapReason.NOT_A_NUMBER, end - start
    )
