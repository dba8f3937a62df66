"""Small numeric kernels whose result does not depend on how the stream is cut.

Sums are written out element by element: a matrix product may take another path through
the linear algebra library for another block length, and differ in the last bit.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from imu_stream.datatypes import Array

total = np.add.reduce
largest = np.maximum.reduce
smallest = np.minimum.reduce
"""The same as the methods of an array, which take some Python more; of a stride's few samples
that is half of the time."""


def rotate(rotation: Array, vectors: Array) -> Array:
    """Turn (n, 3) `vectors` by a (3, 3) rotation: each row of the result is rotation @ row."""
    return rotated(rotation, vectors.T)


def rotated(rotation: Array, columns: Iterable[Array]) -> Array:
    """The same, (n, 3), for vectors given as columns x, y and z."""
    x, y, z = columns
    result = np.empty((len(x), 3))
    for axis, (by_x, by_y, by_z) in enumerate(rotation.tolist()):
        result[:, axis] = by_x * x + by_y * y + by_z * z
    return result


def dot(left: Array, right: Array) -> Array:
    """Row-wise scalar product of two (n, 3) arrays, or of (n, 3) and (3,)."""
    left_x, left_y, left_z = left.T
    x, y, z = right.T
    return np.asarray(left_x * x + left_y * y + left_z * z)


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
            self._tail = np.repeat(block[:1].T, self.delay, axis=1)
        joined = np.concatenate([self._tail, block.T], axis=1)
        count = max(0, joined.shape[1] - len(self._taps) + 1)
        self._tail = joined[:, count:]
        if count == 0:
            return np.empty((0, len(joined)))
        # each output is one scalar product of its own, always of this length
        return np.array([np.correlate(column, self._taps, "valid") for column in joined]).T


def peak_position(values: Array, index: int) -> float:
    """Position of the extremum near `index`, by a parabola through three samples."""
    if not 0 < index < len(values) - 1:
        return float(index)
    before, here, after = values[index - 1 : index + 2].tolist()
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend else 0.0
    return index + min(max(shift, -0.5), 0.5)


def running_maximum(values: Array, count: int) -> Array:
    """Largest of each `count` neighbours: (n,) in, (n - count + 1,) out."""
    if count == 1:
        return values
    half = count // 2
    halves = running_maximum(values, half)
    pairs = np.maximum(halves[:-half], halves[half:])
    return pairs if count % 2 == 0 else np.maximum(pairs[:-1], values[count - 1 :])


PIECE = 128
"""Samples looked at in one go by `History.first`."""


class History:
    """The recent past of a stream: columns over absolute indices, old ones dropped on request.

    The first columns are smoothed. All others wait for them, `delay` samples: `end` counts what
    is complete.
    """

    def __init__(self, columns: int, smoothed: int, taps: Array) -> None:
        self._smoother = Smoother(taps)
        self._smoothed = smoothed
        self.delay = self._smoother.delay
        self._kept = np.empty((columns, 0))
        self._first = 0
        """Absolute index of what stands first in `_kept`."""
        self.taken = 0
        self.start = 0
        self.end = 0

    def add(self, smoothed: Array, others: Iterable[Array | float]) -> None:
        """Take in a block: (n, smoothed) to be smoothed, the columns after them as they are."""
        self._make_room(len(smoothed))
        new = slice(self.taken - self._first, self.taken - self._first + len(smoothed))
        for column, values in enumerate(others, start=self._smoothed):
            self._kept[column, new] = values
        smooth = self._smoother.push(smoothed).T
        complete = self.end - self._first
        self._kept[: self._smoothed, complete : complete + smooth.shape[1]] = smooth
        self.taken += len(smoothed)
        self.end += smooth.shape[1]

    def _make_room(self, count: int) -> None:
        """Move what is kept to the front when the end is reached, or to a new, larger place."""
        if self.taken - self._first + count <= self._kept.shape[1]:
            return
        kept = self._kept[:, self.start - self._first : self.taken - self._first]
        if 2 * kept.shape[1] + count > self._kept.shape[1]:
            self._kept = np.empty((len(kept), 2 * (kept.shape[1] + count)))
        self._kept[:, : kept.shape[1]] = kept
        self._first = self.start

    def discard_before(self, index: int) -> None:
        self.start = min(max(index, self.start), self.end)

    def column(self, column: int, start: int, end: int) -> Array:
        """Samples [start, end) of one column; both must lie within the kept past."""
        return self._kept[column, start - self._first : end - self._first]

    def columns(self, first: int, last: int, start: int, end: int) -> Array:
        """The same of neighbouring columns, first to last: (columns, end - start)."""
        return self._kept[first : last + 1, start - self._first : end - self._first]

    def at(self, column: int, position: float) -> float:
        """A column at a fractional index, linearly interpolated."""
        low = min(max(int(position), self.start), self.end - 1)
        place = low - self._first
        first: float = self._kept.item(column, place)
        if low == self.end - 1:
            return first
        after: float = self._kept.item(column, place + 1)
        return first + (position - low) * (after - first)

    def sample(self, column: int, index: int) -> float:
        """A column at one index, which must lie within the kept past."""
        return self._kept.item(column, index - self._first)

    def enumerate(self, column: int, start: int, end: int) -> Iterator[tuple[int, float]]:
        """Samples [start, end) of one column as far as they are there, each with its index."""
        return enumerate(self.column(column, start, min(end, self.end)).tolist(), start)

    def first(self, column: int, start: int, compare: np.ufunc, limit: float) -> int | None:
        """First index from `start` on at which a comparison with `limit` holds, if there is one."""
        values = self.column(column, start, self.end)
        for piece in range(0, len(values), PIECE):
            found = compare(values[piece : piece + PIECE], limit)
            place = int(found.argmax())
            if found[place]:
                return start + piece + place
        return None
