"""The same runs, measured otherwise: other sampling rates, lost packets, other mountings."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations, product

import numpy as np
from runs import Change, Run, rows_of, table_of
from scipy.signal import resample_poly
from scipy.spatial.transform import Rotation

from imu_stream.acquisition.tables import Table
from imu_stream.datatypes import Array

BURST_S = 0.04
LOST_SHARE = 0.02
TILT_DEG = 20.0


def resampled(rate_hz: float) -> Change:
    """The same at another rate: polyphase FIR of scipy, whose low-pass prevents aliasing."""
    return lambda run: _each_table(run, lambda table: _resampled(table, rate_hz))


def lossy(seed: int) -> Change:
    """2 % of the time lost in packets of 40 ms; the rows are removed."""
    return lambda run: _each_table(run, lambda table: _lossy(table, run.name, seed))


@dataclass(frozen=True, slots=True, eq=False)
class Mounting:
    """A way to put a sensor on: its axes permuted, then tilted about a random axis."""

    name: str
    rotation: Array

    def __call__(self, run: Run) -> Run:
        return _each_table(run, lambda table: _turned(table, self.rotation))


def mountings(count: int | None, seed: int = 1) -> list[Mounting]:
    """All 24 right-handed axis permutations, each tilted by ±20°; or a random few of these."""
    random = np.random.default_rng(seed)
    every = [
        Mounting(f"{name} {tilt_deg:+.0f}°", axes @ _tilt(random, tilt_deg))
        for (name, axes), tilt_deg in product(_permutations(), (TILT_DEG, -TILT_DEG))
    ]
    if count is None:
        return every
    return [every[index] for index in sorted(random.choice(len(every), count, replace=False))]


def _permutations() -> Iterator[tuple[str, Array]]:
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        axes = np.zeros((3, 3))
        axes[range(3), order] = signs
        if np.linalg.det(axes) > 0.0:
            names = (
                "xyz"[axis] if sign > 0 else f"-{'xyz'[axis]}"
                for axis, sign in zip(order, signs, strict=True)
            )
            yield ",".join(names), axes


def _tilt(random: np.random.Generator, tilt_deg: float) -> Array:
    axis = random.standard_normal(3)
    axis *= np.radians(tilt_deg) / np.sqrt(axis @ axis)
    return np.asarray(Rotation.from_rotvec(axis).as_matrix())


def _each_table(run: Run, change: Callable[[Table], Table]) -> Run:
    return replace(run, tables=tuple(map(change, run.tables)))


def _resampled(table: Table, rate_hz: float) -> Table:
    rows = rows_of(table)
    ratio = Fraction(rate_hz / table.rate_hz).limit_denominator(200)
    values = resample_poly(rows[:, 1:], ratio.numerator, ratio.denominator, padtype="line")
    t_s = rows[0, 0] + np.arange(len(values)) / (table.rate_hz * float(ratio))
    inside = t_s <= rows[-1, 0]
    return table_of(np.column_stack([t_s, values])[inside], table.placement)


def _lossy(table: Table, name: str, seed: int) -> Table:
    rows = rows_of(table)
    random = np.random.default_rng([seed, zlib.crc32(f"{name} {table.placement}".encode())])
    packet = ((rows[:, 0] - rows[0, 0]) / BURST_S + 1e-6).astype(int)
    lost = random.random(packet[-1] + 1) < LOST_SHARE
    lost[[0, -1]] = False
    return table_of(rows[~lost[packet]], table.placement)


def _turned(table: Table, rotation: Array) -> Table:
    rows = rows_of(table)
    vectors = rows[:, 1:].reshape(len(rows), -1, 3) @ rotation.T
    turned = np.column_stack([rows[:, 0], vectors.reshape(len(rows), -1)])
    return table_of(turned, table.placement)
