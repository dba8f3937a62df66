"""What is told of a session afterwards, kept while it goes on or derived from its recording."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from imu_stream.acquisition.recording import Recording
from imu_stream.afterwards.collected import CollectedOutputs
from imu_stream.afterwards.finished import FinishedSession, Retention, TargetBand, share_in_band
from imu_stream.agreement import StartWatch
from imu_stream.analysis.tapping import Alignment
from imu_stream.datatypes import Entry, LeanState, Output, SessionHeader, TargetChange
from imu_stream.pipeline import Pipeline
from imu_stream.session import Session


class KeepingSink:
    """A sink that keeps of a session, live or not, what is told of it afterwards."""

    def __init__(self, header: SessionHeader, pipeline: Pipeline) -> None:
        self._header = header
        self._pipeline = pipeline
        self._outputs = CollectedOutputs()
        self._bands: list[TargetBand] = []
        self._watch = StartWatch(header)
        self._alignment: Alignment | None = None
        self._aimed(0.0)

    def write(self, output: Output) -> None:
        self._outputs.write(output)
        if isinstance(output, LeanState):
            self._aimed(output.start_s)
        elif isinstance(output, TargetChange):
            self._aimed(output.t_s)

    def watched(self, items: Iterable[Entry]) -> Iterator[Entry]:
        """The same items, while looking for the hop at the start."""
        for item in items:
            self.take(item)
            yield item

    def take(self, item: Entry) -> Alignment | None:
        """One thing that was received; gives the agreement by that hop, once."""
        found = self._watch.take(item)
        if found is not None:
            self._alignment = found
        return found

    @property
    def agreement_ms(self) -> float | None:
        """How well the sensors' clocks agreed at a hop at the start; None without such a hop."""
        return None if self._alignment is None else self._alignment.spread_ms

    def finished(self, path: Path, session: Session, truncated: bool) -> FinishedSession:
        """All of it, once the session has ended."""
        lasts_s = [each.last_s for each in self._pipeline.receptions.values()]
        return FinishedSession(
            path,
            self._header,
            session.summary(),
            self._outputs,
            self._pipeline.target_deg,
            truncated,
            max(lasts_s, default=0.0),
            tuple(self._bands),
            self._retention(),
            self.agreement_ms,
        )

    def _aimed(self, t_s: float) -> None:
        """Note a new band from when on it holds."""
        target_deg, limits_deg = self._pipeline.target_deg, self._pipeline.lean_band_deg
        if target_deg is None or limits_deg is None:
            return
        band = TargetBand(t_s, target_deg, *limits_deg)
        if not self._bands or replace(self._bands[-1], since_s=t_s) != band:
            self._bands.append(band)

    def _retention(self) -> Retention | None:
        since_s = self._pipeline.silent_from_s
        leans = [
            lean for lean in self._outputs.of(LeanState) if lean.valid and lean.start_s >= since_s
        ]
        share = share_in_band(leans, self._bands)
        if share is None:
            return None
        running_s = sum(lean.end_s - lean.start_s for lean in leans)
        return Retention(since_s, running_s, 100.0 * share)


Through = Callable[[Iterable[Entry]], Iterable[Entry]]
"""Passes entries on; to show how far it is."""


def derive(path: Path, through: Through | None = None) -> FinishedSession:
    """Reads a session file and derives every number of it anew.

    Args:
        path: the session file.
        through: sees every entry on its way.

    Raises:
        RecordingError: not a session file, damaged at its front, or of a newer version.
        ProfileError, CalibrationError, ConfigError: its header cannot be used.
    """
    recording = Recording(path)
    pipeline = Pipeline(recording.header)
    keeping = KeepingSink(recording.header, pipeline)
    session = Session(pipeline, [keeping])
    session.run_at_once(keeping.watched(recording if through is None else through(recording)))
    return keeping.finished(path, session, recording.truncated)
