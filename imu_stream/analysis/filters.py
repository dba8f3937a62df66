"""Small numeric kernels whose result does not depend on how the stream is cut.

Sums are written out element by element: a matrix product may take another path through
the linear algebra library for another block length, and differ in the last bit.
"""

import numpy as np

from imu_stream.datatypes import Array


def rotate(rotation: Array, vectors: Array) -> Array:
    """Turn (n, 3) `vectors` by a (3, 3) rotation: each row of the result is rotation @ row."""
    columns = rotation.T
    return np.asarray(
        vectors[:, 0:1] * columns[0] + vectors[:, 1:2] * columns[1] + vectors[:, 2:3] * columns[2]
    )


def dot(left: Array, right: Array) -> Array:
    """Row-wise scalar product of two (n, 3) arrays, or of (n, 3) and (3,)."""
    product = left * right
    return np.asarray(product[:, 0] + product[:, 1] + product[:, 2])


def unit(vector: Array) -> Array:
    """The vector at length 1; a zero vector stays zero."""
    length = float(np.sqrt(np.sum(vector * vector)))
    return vector / length if length > 0 else vector


def angle_between(left: Array, right: Array) -> float:
    """Angle between two vectors, rad."""
    cosine = float(np.clip(np.sum(unit(left) * unit(right)), -1.0, 1.0))
    return float(np.arccos(cosine))


def gaussian_taps(sigma_s: float, rate_hz: float) -> Array:
    """Symmetric smoothing weights that sum to 1; sigma in seconds, at least a third of a sample."""
    sigma = max(sigma_s * rate_hz, 1.0 / 3.0)
    reach = max(1, round(3.0 * sigma))
    offsets = np.arange(-reach, reach + 1)
    taps = np.exp(-0.5 * (offsets / sigma) ** 2)
    return np.asarray(taps / taps.sum())


class Smoother:
    """Streaming symmetric smoothing; output k belongs to input k, `delay` samples later.

    The first sample stands in for the unknown past.
    """

    def __init__(self, taps: Array) -> None:
        self._taps = taps
        self.delay = (len(taps) - 1) // 2
        self._tail: Array | None = None

    def push(self, block: Array) -> Array:
        """(n, k) in, (m, k) out; m = n but for the first `delay` samples of the stream."""
        if self._tail is None:
            if len(block) == 0:
                return block
            self._tail = np.repeat(block[:1], self.delay, axis=0)
        joined = np.concatenate([self._tail, block])
        count = max(0, len(joined) - len(self._taps) + 1)
        smooth = np.zeros((count, block.shape[1]))
        for offset, tap in enumerate(self._taps):
            smooth += tap * joined[offset : offset + count]
        self._tail = joined[count:]
        return smooth


def peak_position(values: Array, index: int) -> float:
    """Position of the extremum near `index`, by a parabola through three samples."""
    if not 0 < index < len(values) - 1:
        return float(index)
    before, here, after = (float(v) for v in values[index - 1 : index + 2])
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend else 0.0
    return index + min(max(shift, -0.5), 0.5)


class History:
    """The recent past of a stream: rows with absolute indices, oldest ones dropped on request."""

    def __init__(self, columns: int) -> None:
        self._rows = np.empty((0, columns))
        self.start = 0

    @property
    def end(self) -> int:
        return self.start + len(self._rows)

    def append(self, rows: Array) -> None:
        self._rows = np.concatenate([self._rows, rows])

    def discard_before(self, index: int) -> None:
        drop = min(max(index - self.start, 0), len(self._rows))
        self._rows = self._rows[drop:]
        self.start += drop

    def column(self, column: int, start: int, end: int) -> Array:
        """Rows [start, end) of one column; both must lie within the kept past."""
        return self._rows[start - self.start : end - self.start, column]

    def at(self, column: int, position: float) -> float:
        """A column at a fractional index, linearly interpolated."""
        low = min(max(int(position), self.start), self.end - 1)
        high = min(low + 1, self.end - 1)
        first, second = (float(self._rows[i - self.start, column]) for i in (low, high))
        return first + (position - low) * (second - first)


class SmoothedHistory(History):
    """A history whose first columns are smoothed; the others wait for them, `delay` samples."""

    def __init__(self, taps: Array, smoothed: int, others: int) -> None:
        super().__init__(smoothed + others)
        self._smoother = Smoother(taps)
        self.delay = self._smoother.delay
        self._waiting = np.empty((0, others))

    def add(self, smoothed: Array, others: Array) -> None:
        """Take in a block: (n, smoothed) to be smoothed, (n, others) as they are."""
        smooth = self._smoother.push(smoothed)
        waiting = np.concatenate([self._waiting, others])
        ready, self._waiting = waiting[: len(smooth)], waiting[len(smooth) :]
        self.append(np.concatenate([smooth, ready], axis=1))
