"""Every stage gives the same output, bit for bit, however its stream is cut into blocks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import cycle
from typing import Any, Protocol

import numpy as np
import pytest
from conftest import ORDINARY, WORN_ON_CHEST, between, standing_then, with_gap, worn
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import Gait
from imu_stream.analysis.bridging import Bridging
from imu_stream.analysis.calibration import CalibrationParams, SensorCalibration
from imu_stream.analysis.contacts import ContactDetector
from imu_stream.analysis.filters import Smoother, gaussian_taps
from imu_stream.analysis.gait import FootGait
from imu_stream.analysis.heading import FootHeading, HeadingParams
from imu_stream.analysis.lean import TrunkLean
from imu_stream.analysis.orientation import OrientationFilter
from imu_stream.analysis.rest import RestParams
from imu_stream.analysis.touchdown import Touchdowns
from imu_stream.datatypes import (
    Array,
    CalibratedSamples,
    Gap,
    Mount,
    Orientation,
    Placement,
    Samples,
    SensorSetup,
)
from imu_stream.motion import SensorMotion

FOOT, CHEST = Placement.LEFT_FOOT, Placement.CHEST
FOOT_HZ, CHEST_HZ = 208.0, 104.0
SECONDS = 15.0
SHORT_GAP_AT_S, SHORT_GAP_S = 7.1, 0.04
LONG_GAP_AT_S, LONG_GAP_S = 9.3, 0.6

Block = Samples | CalibratedSamples | Orientation
Item = Any
"""A block or an event; each stage has its own."""


class Stage(Protocol):
    """What all stages have in common; some also have `finish`."""

    def push(self, item: Any) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Subject:
    """A stage under test and the stages before it, which make its input."""

    make: Callable[[], Stage]
    placement: Placement
    before: tuple[Callable[[], Stage], ...] = ()
    has_gyro: bool = True


def foot_calibration() -> SensorCalibration:
    return SensorCalibration(FOOT, FOOT_HZ, Mount())


def chest_calibration() -> SensorCalibration:
    return SensorCalibration(CHEST, CHEST_HZ, Mount())


def foot_orientation() -> OrientationFilter:
    return OrientationFilter(FOOT_HZ)


def chest_orientation() -> OrientationFilter:
    return OrientationFilter(CHEST_HZ)


def foot_bridging() -> Bridging:
    return Bridging(FOOT_HZ)


def chest_bridging() -> Bridging:
    return Bridging(CHEST_HZ)


def foot_heading() -> FootHeading:
    return FootHeading(FOOT_HZ)


TO_FOOT = (foot_bridging, foot_calibration, foot_orientation, foot_heading)
TO_CHEST = (chest_bridging, chest_calibration, chest_orientation)

SUBJECTS = {
    "bridging": Subject(foot_bridging, FOOT),
    "bridging without gyroscope": Subject(chest_bridging, CHEST, has_gyro=False),
    "calibration of a foot": Subject(foot_calibration, FOOT, TO_FOOT[:1]),
    "calibration of the chest": Subject(chest_calibration, CHEST, TO_CHEST[:1]),
    "calibration without gyroscope": Subject(
        chest_calibration, CHEST, TO_CHEST[:1], has_gyro=False
    ),
    "orientation": Subject(foot_orientation, FOOT, TO_FOOT[:2]),
    "orientation without gyroscope": Subject(
        chest_orientation, CHEST, TO_CHEST[:2], has_gyro=False
    ),
    "heading": Subject(foot_heading, FOOT, TO_FOOT[:3]),
    "heading by the first footfall": Subject(
        lambda: FootHeading(FOOT_HZ, HeadingParams(first_s=5.0)), FOOT, TO_FOOT[:3]
    ),
    "touchdowns": Subject(lambda: Touchdowns(FOOT_HZ), FOOT, TO_FOOT[:3]),
    "contacts": Subject(lambda: ContactDetector(FOOT, FOOT_HZ), FOOT, TO_FOOT),
    "gait": Subject(lambda: FootGait(FOOT, FOOT_HZ), FOOT, TO_FOOT),
    "lean": Subject(lambda: TrunkLean(CHEST_HZ), CHEST, TO_CHEST),
    "all of a foot": Subject(lambda: SensorMotion(SensorSetup(FOOT, "table", FOOT_HZ)), FOOT),
    "all of the chest": Subject(lambda: SensorMotion(SensorSetup(CHEST, "table", CHEST_HZ)), CHEST),
    "all of the chest without gyroscope": Subject(
        lambda: SensorMotion(SensorSetup(CHEST, "table", CHEST_HZ)), CHEST, has_gyro=False
    ),
}
STARTS_OVER = (
    "orientation",
    "orientation without gyroscope",
    "touchdowns",
    "contacts",
    "gait",
    "lean",
)
"""Stages that a long gap makes as good as new."""

block_lengths = st.lists(
    st.sampled_from([0, 0, 1, 1, 2, 3, 7, 16, 37, 61, 211, 700]), min_size=1, max_size=6
).filter(any)
"""Lengths of the blocks, over and over."""


@pytest.fixture(scope="session")
def signals() -> dict[Placement, Samples]:
    """Stands for 3 s, then runs."""
    runner = Runner(standing_then(Gait(lean_deg=6.0), stand_s=3.0))
    return {
        FOOT: worn(runner, FOOT, FOOT_HZ, SECONDS, ORDINARY),
        CHEST: worn(runner, CHEST, CHEST_HZ, SECONDS, WORN_ON_CHEST),
    }


def with_both_gaps(samples: Samples) -> list[Samples | Gap]:
    before, long_gap, after = with_gap(samples, LONG_GAP_AT_S, LONG_GAP_S)
    assert isinstance(before, Samples)
    return [*with_gap(before, SHORT_GAP_AT_S, SHORT_GAP_S), long_gap, after]


def items_for(subject: Subject, signal: Samples, with_gaps: bool) -> list[Item]:
    """What flows into a stage, in as few blocks as there can be."""
    samples = signal if subject.has_gyro else replace(signal, gyr=None)
    items: list[Item] = list(with_both_gaps(samples) if with_gaps else [samples])
    for make in subject.before:
        items = outputs_of(make(), items)
    return items


def outputs_of(stage: Stage, items: Sequence[Item]) -> list[Item]:
    """All outputs to the end; what is no block and no gap does not flow into a later stage."""
    out = [output for item in items if is_flowing(item) for output in stage.push(item)]
    finish: Callable[[], Sequence[Item]] | None = getattr(stage, "finish", None)
    return [*out, *finish()] if finish else out


def is_flowing(item: Item) -> bool:
    return isinstance(item, Block | Gap)


def cut(items: Sequence[Item], lengths: Sequence[int]) -> Iterator[Item]:
    """The same stream with its blocks cut into pieces of these lengths."""
    each = cycle(lengths)
    for item in items:
        if not isinstance(item, Block):
            yield item
            continue
        first, length = 0, length_of(item)
        while first < length:
            step = next(each)
            yield section(item, first, first + step)
            first += step


def length_of(block: Block) -> int:
    return len(block.up) if isinstance(block, Orientation) else len(block.t_s)


def section(block: Any, start: int, end: int) -> Any:
    """Samples [start, end) of any block."""
    cut_fields: dict[str, Any] = {}
    for field in fields(block):
        value = getattr(block, field.name)
        if isinstance(value, np.ndarray):
            cut_fields[field.name] = value[start:end]
        elif is_dataclass(value):
            cut_fields[field.name] = section(value, start, end)
    return replace(block, **cut_fields)


@dataclass
class Stretch:
    """Consecutive blocks that differ in nothing but their samples."""

    flags: str
    arrays: list[list[Array]]

    def content(self) -> tuple[str, *tuple[bytes, ...]]:
        return (self.flags, *(np.concatenate(array).tobytes() for array in self.arrays))


def trace(outputs: Sequence[Item]) -> list[object]:
    """Outputs without regard to how arrays are cut, but with every bit of them."""
    merged: list[str | Stretch] = []
    for output in outputs:
        if not isinstance(output, Block):
            merged.append(repr(output))
        elif length_of(output):
            arrays, flags = list(arrays_of(output)), repr(section(output, 0, 0))
            last = merged[-1] if merged else ""
            if isinstance(last, Stretch) and last.flags == flags:
                for before, array in zip(last.arrays, arrays, strict=True):
                    before.append(array)
            else:
                merged.append(Stretch(flags, [[array] for array in arrays]))
    return [item.content() if isinstance(item, Stretch) else item for item in merged]


def arrays_of(block: Any) -> Iterator[Array]:
    for field in fields(block):
        value = getattr(block, field.name)
        if isinstance(value, np.ndarray):
            yield value
        elif is_dataclass(value):
            yield from arrays_of(value)


@pytest.fixture(scope="session", params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture(scope="session", params=[False, True], ids=["unbroken", "with gaps"])
def items(
    request: pytest.FixtureRequest, subject: Subject, signals: dict[Placement, Samples]
) -> list[Item]:
    return items_for(subject, signals[subject.placement], request.param)


@pytest.fixture(scope="session")
def whole(subject: Subject, items: list[Item]) -> list[object]:
    """The output for the uncut stream."""
    out = trace(outputs_of(subject.make(), items))
    assert len(out) > 0
    return out


@given(lengths=block_lengths)
@example(lengths=[1])
@settings(max_examples=6, deadline=None)
def test_cutting_changes_nothing(
    subject: Subject, items: list[Item], whole: list[object], lengths: list[int]
) -> None:
    assert trace(outputs_of(subject.make(), list(cut(items, lengths)))) == whole


def test_empty_block_gives_nothing_and_changes_nothing(
    subject: Subject, items: list[Item], whole: list[object]
) -> None:
    block = next(item for item in items if isinstance(item, Block))
    empty = section(block, 0, 0)
    stage = subject.make()
    assert trace(stage.push(empty)) == []
    assert trace(outputs_of(stage, [empty, *items, empty])) == whole


@pytest.mark.parametrize("name", STARTS_OVER)
def test_long_gap_makes_a_stage_as_good_as_new(
    name: str, signals: dict[Placement, Samples]
) -> None:
    subject = SUBJECTS[name]
    items = items_for(subject, signals[subject.placement], with_gaps=True)
    at = max(index for index, item in enumerate(items) if isinstance(item, Gap))
    used = subject.make()
    for item in filter(is_flowing, items[:at]):
        used.push(item)
    assert trace(outputs_of(used, items[at:])) == trace(outputs_of(subject.make(), items[at:]))


@given(lengths=block_lengths, sigma_s=st.sampled_from([0.0, 0.005, 0.02]))
@settings(max_examples=20, deadline=None)
def test_smoothing_is_the_same_in_any_cut(
    signals: dict[Placement, Samples], lengths: list[int], sigma_s: float
) -> None:
    samples, taps = signals[FOOT], gaussian_taps(sigma_s, FOOT_HZ)
    smoother = Smoother(taps)
    pieces = [smoother.push(block.acc) for block in cut([samples], lengths)]
    whole = Smoother(taps).push(samples.acc)
    assert np.concatenate(pieces).tobytes() == whole.tobytes()
    assert len(whole) == len(samples.t_s) - smoother.delay


@pytest.mark.parametrize("length", [1, 50, 700])
def test_standing_longer_than_samples_are_held_is_the_same_in_any_cut(
    signals: dict[Placement, Samples], length: int
) -> None:
    def forgetful() -> SensorCalibration:
        params = CalibrationParams(RestParams(windows=5), memory_s=0.8)
        return SensorCalibration(FOOT, FOOT_HZ, Mount(), params)

    items = [signals[FOOT]]
    whole = trace(outputs_of(forgetful(), items))
    assert trace(outputs_of(forgetful(), list(cut(items, [length])))) == whole


def test_of_a_foot_that_stands_only_the_last_seconds_are_held(
    signals: dict[Placement, Samples],
) -> None:
    """In any cut; a gap among what is forgotten is still given out, at its place."""

    def forgetful() -> FootHeading:
        return FootHeading(FOOT_HZ, HeadingParams(longest_held_s=1.0))

    items: list[Item] = list(with_gap(signals[FOOT], 2.4, SHORT_GAP_S))
    for make in TO_FOOT[1:-1]:
        items = outputs_of(make(), items)
    out = outputs_of(forgetful(), items)
    gap, first = out[0], out[1]
    assert isinstance(gap, Gap)
    assert isinstance(first, Orientation)
    assert first.samples.t_s[0] == pytest.approx(first.samples.released_s - 1.0, abs=1.5 / FOOT_HZ)
    for length in (1, 50, 700):
        assert trace(outputs_of(forgetful(), list(cut(items, [length])))) == trace(out)


def standing_still_in_a_stance(samples: Samples, at: int, count: int) -> Samples:
    """The same with `count` samples put in, in which nothing moves."""
    assert samples.gyr is not None
    order = np.sort(np.append(np.arange(len(samples.t_s)), np.full(count, at)))
    gyr = samples.gyr[order]
    gyr[at : at + count] = samples.gyr[:400].mean(axis=0)
    t_s = np.arange(len(order)) / FOOT_HZ
    return replace(samples, t_s=t_s, acc=samples.acc[order], gyr=gyr)


@pytest.mark.parametrize("stop_s", [0.5, 0.7, 0.9, 1.0, 1.1, 1.2, 1.4])
def test_foot_that_stops_in_a_stance_is_the_same_in_any_cut(
    signals: dict[Placement, Samples], stop_s: float
) -> None:
    """A stance may be longer than a stride."""
    samples = signals[FOOT]
    assert samples.gyr is not None
    quiet = 1500 + int(np.argmin(np.abs(samples.gyr[1500:1640]).max(axis=1)))
    items = [standing_still_in_a_stance(samples, quiet, round(stop_s * FOOT_HZ))]
    make = SUBJECTS["all of a foot"].make
    whole = trace(outputs_of(make(), items))
    for length in (1, 16, 208):
        assert trace(outputs_of(make(), list(cut(items, [length])))) == whole


@pytest.mark.parametrize("length", [1, 50, 700])
@pytest.mark.parametrize("memory_s", [2.0, 60.0])
def test_guess_is_the_same_in_any_cut(
    signals: dict[Placement, Samples], length: int, memory_s: float
) -> None:
    def impatient() -> SensorCalibration:
        params = CalibrationParams(patience_s=5.0, memory_s=memory_s)
        return SensorCalibration(FOOT, FOOT_HZ, Mount(), params)

    items = [between(signals[FOOT], 4.0, SECONDS)]
    whole = trace(outputs_of(impatient(), items))
    assert trace(outputs_of(impatient(), list(cut(items, [length])))) == whole
