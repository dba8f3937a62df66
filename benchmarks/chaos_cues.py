"""Cues of a session of faults: whether each stood on a sensor that was there and knew its zero.

Judged by what was sent and what arrived, not by what the pipeline says of its gaps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from chaos_measures import INTACT, Observed
from chaos_session import Played

from imu_stream.datatypes import Calibration, Cue, CueKind, Placement

FRESH_S = 1.0
"""A sensor is stale when nothing of it has arrived for longer."""
STANDS_ON_S = 2.0
"""The strides before a cue that it stands on at least."""
LEAST_MEASURED = 0.8
"""Share of the samples in these that arrived whole."""
NEAR_DEG = 2.0
LEAN = (CueKind.LEAN_MORE, CueKind.LEAN_LESS, CueKind.LEAN_GOOD)


@dataclass(frozen=True, slots=True)
class JudgedCue:
    """One cue, and what it stood on."""

    cue: Cue
    silent_s: float
    """Since the chest's last notification had arrived, when the cue was given."""
    measured: float
    """Share of the chest's samples that arrived, of those before the cue."""
    is_calibrated: bool
    lean_error_deg: float
    """Of its value; NaN for a cue that is about something else."""

    @property
    def is_unfounded(self) -> bool:
        """Whether it came from a stale, missing or uncalibrated sensor."""
        is_there = self.silent_s <= FRESH_S and self.measured >= LEAST_MEASURED
        return not (is_there and self.is_calibrated)

    @property
    def is_off(self) -> bool:
        return abs(self.lean_error_deg) > NEAR_DEG


def judged_cues(observed: Observed) -> list[JudgedCue]:
    """Every cue of a session."""
    session = observed.session
    chest = next(p for p in session.sensors if p.sent.setup.placement is Placement.CHEST)
    arrivals_s = np.array([frame.arrival_s for frame in chest.delivery.frames])
    calibrated_s = min((c.known_s for c in _of_chest(observed)), default=np.inf)
    return [
        JudgedCue(
            cue,
            given_s - float(arrivals_s[np.searchsorted(arrivals_s, given_s, side="right") - 1]),
            _share_measured(chest, cue.t_s),
            calibrated_s <= cue.t_s,
            _lean_error_deg(observed, cue),
        )
        for given_s, cue in observed.cues
    ]


def _of_chest(observed: Observed) -> Iterator[Calibration]:
    """Those that gave the zero of the lean."""
    for output in observed.outputs:
        if isinstance(output, Calibration) and output.placement is Placement.CHEST:
            yield from [output] if output.from_rest else []


def _share_measured(chest: Played, until_s: float) -> float:
    """Of the samples taken in the time before; by their true times."""
    true_s = chest.sent.true_s
    first, end = np.searchsorted(true_s, (until_s - STANDS_ON_S, until_s))
    arrived = np.zeros(len(true_s), dtype=np.bool_)
    for packet, fate in zip(chest.sent.packets, chest.delivery.fates, strict=True):
        if fate in INTACT:
            arrived[packet.first : packet.end] = True
    return float(arrived[first:end].mean()) if end > first else 0.0


def _lean_error_deg(observed: Observed, cue: Cue) -> float:
    if cue.kind not in LEAN:
        return float("nan")
    return cue.value - observed.session.truth.lean_deg(cue.t_s - STANDS_ON_S, cue.t_s)
