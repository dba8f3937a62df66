"""One session: source to recorder to pipeline to sinks. Live, replay and batch share the rest."""

import asyncio
import time
from array import array
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from imu_stream.acquisition.recorder import Recorder
from imu_stream.analysis.clock_offset import ClockFit
from imu_stream.analysis.reception import Reception
from imu_stream.datatypes import Entry, Frame, Output
from imu_stream.errors import RecordingError
from imu_stream.pipeline import Input, Pipeline
from imu_stream.sinks.summary import SensorSummary, Summary
from imu_stream.sinks.summary_sink import SummarySink


class Sink(Protocol):
    """Takes every output in order; must return at once."""

    def write(self, output: Output) -> None: ...


@dataclass(slots=True)
class Latencies:
    """Time from the start of decoding to the outputs, for every frame."""

    seconds: "array[float]" = field(default_factory=lambda: array("d"))

    def percentile_ms(self, percent: float) -> float:
        return 1e3 * float(np.percentile(self.seconds, percent)) if self.seconds else 0.0


def _ignore(error: RecordingError) -> None:
    """Before a recording has begun it cannot fail."""


class Session:
    """Feeds a pipeline and hands its outputs to the sinks, in order."""

    def __init__(self, pipeline: Pipeline, sinks: Sequence[Sink] = ()) -> None:
        self.pipeline = pipeline
        self.latencies = Latencies()
        self._recorder: Recorder | None = None
        self._on_recording_failed: Callable[[RecordingError], None] = _ignore
        self._ended = False
        self._summary = SummarySink()
        self._sinks: tuple[Sink, ...] = (self._summary, *sinks)

    async def run_live(
        self,
        source: AsyncIterable[Entry],
        recorder: Recorder,
        on_recording_failed: Callable[[RecordingError], None],
    ) -> None:
        """Run until the source ends; each entry is recorded before anything else can fail.

        When the file cannot be written any more (a full disk), that is told once and the run goes
        on: what was written stays, and cues are worth more than an end.
        """
        self._recorder, self._on_recording_failed = recorder, on_recording_failed
        async for item in source:
            self.take(item)
        self._recorder = None
        self.finish()

    def take(self, item: Entry) -> None:
        """One entry of a live session: recorded, then pushed.

        Events come this way from beside the source, between two of its entries; once the session
        has ended they are no part of it.
        """
        if self._ended:
            return
        if self._recorder is not None:
            try:
                self._recorder.write(item)
            except RecordingError as error:
                self._recorder = None
                self._on_recording_failed(error)
        self.push(item)

    async def run_paced(self, items: AsyncIterable[Entry]) -> None:
        """Run a recording at the pace its source sets."""
        async for item in items:
            self.push(item)
        self.finish()

    def run_at_once(self, items: Iterable[Input]) -> None:
        """Run a recording or tables as fast as they can be read."""
        for item in items:
            self.push(item)
        self.finish()

    def push(self, item: Input) -> None:
        """One item through the pipeline to all sinks."""
        begun = time.perf_counter()
        outputs = self.pipeline.push(item)
        if isinstance(item, Frame):
            self.latencies.seconds.append(time.perf_counter() - begun)
        self._give(outputs)

    def finish(self) -> None:
        """What the pipeline still holds back, at the end."""
        self._ended = True
        self._give(self.pipeline.finish())

    def summary(self) -> Summary:
        """The session so far in a few numbers."""
        sensors = {
            placement.value: _sensor(received, self.pipeline.clock(placement))
            for placement, received in self.pipeline.receptions.items()
        }
        return self._summary.result(sensors)

    def _give(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            for sink in self._sinks:
                sink.write(output)


def _sensor(received: Reception, clock: ClockFit | None) -> SensorSummary:
    return SensorSummary(
        received.samples,
        received.lost,
        received.gaps,
        round(received.rate_hz, 2),
        round(received.lost_percent, 2),
        received.jitter_ms,
        round(received.longest_silence_s, 3),
        None if clock is None else round(clock.fast_ppm, 1),
        None if clock is None else round(clock.residual_ms, 2),
    )


async def paced(
    items: Iterable[Entry],
    speed: float,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Entry]:
    """The items of a recording at `speed` times the pace at which they arrived."""
    begun_s = clock()
    for item in items:
        wait_s = begun_s + item.t_s / speed - clock()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        yield item
