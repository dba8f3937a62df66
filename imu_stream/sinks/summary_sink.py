"""Adds up a session's outputs to the numbers that stand in its summary."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import fields
from math import isfinite
from operator import attrgetter
from statistics import median

from imu_stream.datatypes import (
    FEET,
    Answer,
    Battery,
    Calibration,
    Cue,
    CueKind,
    CueReaction,
    DeviceInformation,
    HeartRate,
    LeanState,
    Notice,
    Output,
    Placement,
    Step,
    Stride,
    StrikeType,
)
from imu_stream.sinks.fingerprint import Fingerprint
from imu_stream.sinks.summary import (
    AnswerSummary,
    CueSummary,
    SensorSummary,
    StrideMeans,
    StrideSummary,
    Summary,
)
from imu_stream.sinks.technique import TechniqueTimes


class Mean:
    """A running mean that leaves out what was not measured."""

    def __init__(self) -> None:
        self.total = 0.0
        self._count = 0

    def add(self, value: float) -> None:
        if isfinite(value):
            self.total += value
            self._count += 1

    @property
    def value(self) -> float | None:
        return self.total / self._count if self._count else None


MEANS = tuple(field.name for field in fields(StrideMeans))
MEASURED = attrgetter(*(f"strike.{name}" if name == "fsa_deg" else name for name in MEANS))
"""Of a stride."""


class SummarySink:
    """Takes every output of a session; small however long it runs."""

    def __init__(self) -> None:
        self._strikes: Counter[tuple[Placement, StrikeType]] = Counter()
        self._means = {foot: {name: Mean() for name in MEANS} for foot in FEET}
        self._flights = {foot: Mean() for foot in FEET}
        self._lean, self._oscillation, self._stride_time = Mean(), Mean(), Mean()
        self._techniques = TechniqueTimes()
        self._cues: list[CueSummary] = []
        self._reactions: defaultdict[CueKind, list[CueReaction]] = defaultdict(list)
        self._trunk_running_s = 0.0
        self._heart = Mean()
        self._heart_max: int | None = None
        self._devices: defaultdict[Placement, dict[str, str]] = defaultdict(dict)
        self._notes: dict[Placement, str] = {}
        self._notices: list[str] = []
        self._fingerprint = Fingerprint()

    def write(self, output: Output) -> None:
        self._fingerprint.add(output)
        self._techniques.write(output)
        match output:
            case Stride():
                self._add_stride(output)
            case Step():
                self._flights[output.foot].add(output.flight_time_s)
            case LeanState() if output.valid:
                self._trunk_running_s += output.end_s - output.start_s
                self._lean.add(output.lean_deg)
                self._oscillation.add(output.vertical_oscillation_m)
            case Cue():
                self._cues.append(
                    CueSummary(output.t_s, output.kind.value, output.value, output.threshold)
                )
            case CueReaction():
                self._reactions[output.kind].append(output)
            case HeartRate() if output.bpm:
                self._heart.add(output.bpm)
                self._heart_max = max(self._heart_max or 0, output.bpm)
            case Battery():
                self._devices[output.placement]["battery_percent"] = str(output.percent)
            case DeviceInformation():
                self._devices[output.placement][output.about.value] = output.text
            case Calibration():
                self._notes[output.placement] = output.note
            case Notice():
                self._notices.append(f"{output.placement.value} {output.kind.value}")

    def result(self, sensors: dict[str, SensorSummary]) -> Summary:
        """The summary so far, with what was received of each sensor."""
        stride_time_s = self._stride_time.value
        notes = [f"{where}: {note}" for where, note in self._notes.items() if note]
        distances_m = [self._means[foot]["stride_length_m"].total for foot in FEET]
        return Summary(
            sensors=sensors,
            strides={foot.value: self._of(foot) for foot in FEET},
            lean_mean_deg=self._lean.value,
            cadence_mean_spm=120.0 / stride_time_s if stride_time_s else None,
            vertical_oscillation_mean_m=self._oscillation.value,
            flight_time_mean_s=self._mean_flight_s(),
            distance_m=max(distances_m) if any(distances_m) else None,
            asymmetry_percent=self._asymmetries(),
            technique_s=self._techniques.seconds(),
            cues=tuple(self._cues),
            answers={kind.value: answers_of(given) for kind, given in self._reactions.items()},
            running_s=round(self._seconds_run(), 2),
            heart_rate_mean_bpm=self._heart.value,
            heart_rate_max_bpm=self._heart_max,
            devices={where.value: dict(said) for where, said in self._devices.items()},
            notes=(*notes, *self._notices),
            outputs_sha256=self._fingerprint.hexdigest(),
        )

    def _add_stride(self, stride: Stride) -> None:
        self._strikes[stride.foot, stride.strike.strike_type] += 1
        self._stride_time.add(stride.stride_time_s)
        for mean, value in zip(self._means[stride.foot].values(), MEASURED(stride), strict=True):
            mean.add(value)

    def _of(self, foot: Placement) -> StrideSummary:
        counts = {kind.value: self._strikes[foot, kind] for kind in StrikeType}
        means = StrideMeans(**{name: mean.value for name, mean in self._means[foot].items()})
        return StrideSummary(total=sum(counts.values()), means=means, **counts)

    def _seconds_run(self) -> float:
        return max(
            self._trunk_running_s, *(self._means[foot]["stride_time_s"].total for foot in FEET)
        )

    def _mean_flight_s(self) -> float | None:
        known = [mean.value for mean in self._flights.values() if mean.value is not None]
        return sum(known) / len(known) if known else None

    def _asymmetries(self) -> dict[str, float | None]:
        left, right = (self._means[foot] for foot in FEET)
        pairs = {name: (left[name].value, right[name].value) for name in ASYMMETRIES}
        # the flight onto the right foot is the one after the left foot's push-off
        flights = self._flights[Placement.RIGHT_FOOT], self._flights[Placement.LEFT_FOOT]
        pairs["flight_time_s"] = (flights[0].value, flights[1].value)
        return {name: asymmetry_percent(*pair) for name, pair in pairs.items()}


def answers_of(reactions: Sequence[CueReaction]) -> AnswerSummary:
    """How often advice was followed, and how soon."""
    counts = Counter(reaction.answer for reaction in reactions)
    strides = [each.strides for each in reactions if each.answer is Answer.RETURNED]
    return AnswerSummary(
        counts[Answer.RETURNED],
        counts[Answer.NONE],
        counts[Answer.BROKEN_OFF],
        median(strides) if strides else None,
    )


ASYMMETRIES = ("contact_time_s", "stride_length_m", "shock_g")


def asymmetry_percent(left: float | None, right: float | None) -> float | None:
    """100 (left - right) / mean of both; None when one is not measured."""
    if left is None or right is None or left + right == 0.0:
        return None
    return 100.0 * (left - right) / (0.5 * (left + right))
