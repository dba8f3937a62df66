"""The fitted constants of the contact detector, refitted without the runner they are judged on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from analysing import Outputs
from averages import root_mean_square
from comparing import NEAR_S, Comparison, comparison
from figures import ALL, Figure
from runs import Run

from imu_stream.acquisition.simulation.runner import TrueStride
from imu_stream.acquisition.tables import Table, blocks
from imu_stream.analysis.bridging import Bridging
from imu_stream.analysis.calibration import SensorCalibration
from imu_stream.analysis.contacts import ContactDetector, ContactParams, Landing, PushOff
from imu_stream.analysis.gait import FootGait
from imu_stream.analysis.heading import FootHeading
from imu_stream.analysis.orientation import OrientationFilter
from imu_stream.datatypes import Calibration, Gap, Mount, Orientation, Placement

YAWS_DEG = (2.5, 5.0, 7.5, 10.0, 12.5)
UNDELAYED = ContactParams(ic_delay_s=0.0, ic_delay_per_deg_s=0.0, tc_delay_s=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class FootRun:
    """One foot of one run, worked out up to where the contacts are found."""

    run: Run
    foot: Placement
    rate_hz: float
    items: tuple[Orientation | Gap, ...]


@dataclass(frozen=True, slots=True)
class Minimum:
    """A contact as the detector sees it without delays, and the truth."""

    true: TrueStride
    ic_late_s: float
    tc_late_s: float
    """NaN when no release was found."""
    pitch_deg: float


@dataclass(frozen=True, slots=True)
class Fold:
    """One runner left out."""

    runner: str
    params: ContactParams
    comparisons: tuple[Comparison, ...]


def left_out(runs: Sequence[Run]) -> list[Fold]:
    """Each runner measured with constants fitted on all others."""
    feet = [foot_run(run, table) for run in runs for table in run.tables]
    minima = {yaw: {foot: _minima(foot, yaw) for foot in feet} for yaw in YAWS_DEG}
    folds = []
    for runner in sorted({run.runner for run in runs}):
        others = [foot for foot in feet if foot.run.runner != runner]
        fits = [_fit(yaw, [m for foot in others for m in minima[yaw][foot]]) for yaw in YAWS_DEG]
        params = min(fits, key=lambda fit: _angle_error(others, fit))
        own = [foot for foot in feet if foot.run.runner == runner]
        folds.append(Fold(runner, params, tuple(_comparisons(own, params))))
    return folds


def fitted_figures(folds: Sequence[Fold]) -> tuple[Figure, ...]:
    """Range of each constant over the folds, least, largest, and as it is in the product."""
    shipped = ContactParams()
    return tuple(
        Figure(
            f"{name}, largest change by refitting",
            {ALL: max((abs(v - scale * getattr(shipped, field)) for v in values), default=0.0)},
            details={fold.runner: value for fold, value in zip(folds, values, strict=True)},
            decimals=2,
        )
        for field, name, scale in FITTED
        for values in [[scale * float(getattr(fold.params, field)) for fold in folds]]
    )


FITTED = (
    ("ic_delay_s", "IC delay, ms", 1e3),
    ("ic_delay_per_deg_s", "IC delay per degree, ms", 1e3),
    ("tc_delay_s", "TC delay, ms", 1e3),
    ("long_axis_yaw_deg", "long axis yaw, °", 1.0),
)


def foot_run(run: Run, table: Table) -> FootRun:
    """A foot's table through the stages before the contact detector, as the pipeline has them."""
    bridging = Bridging(table.rate_hz)
    calibration = SensorCalibration(table.placement, table.rate_hz, Mount())
    orientation = OrientationFilter(table.rate_hz)
    heading = FootHeading(table.rate_hz)
    crossed = [out for item in blocks([table]) for out in bridging.push(item)]
    crossed += bridging.finish()
    worn = [out for one in crossed for out in calibration.push(one)] + calibration.finish()
    moving = [one for one in worn if not isinstance(one, Calibration)]
    turned = [out for one in moving for out in orientation.push(one)]
    ahead = [out for one in turned for out in heading.push(one)] + heading.finish()
    return FootRun(run, table.placement, table.rate_hz, tuple(ahead))


def _minima(foot: FootRun, yaw_deg: float) -> list[Minimum]:
    params = replace(UNDELAYED, long_axis_yaw_deg=yaw_deg)
    detector = ContactDetector(foot.foot, foot.rate_hz, params)
    found = [out for item in foot.items for out in detector.push(item)] + detector.finish()
    return [m for landing, end in _contacts(found) for m in _with_truth(foot, landing, end)]


def _contacts(
    found: Iterable[Landing | PushOff | Gap],
) -> Iterator[tuple[Landing, PushOff | None]]:
    """Each landing with the push-off that follows it."""
    landing: Landing | None = None
    for item in found:
        if landing is not None:
            yield landing, item if isinstance(item, PushOff) else None
        landing = item if isinstance(item, Landing) else None


def _with_truth(foot: FootRun, landing: Landing, end: PushOff | None) -> Iterator[Minimum]:
    for true in foot.run.contacts:
        late_s = landing.ic_s - true.ic_s
        if true.foot is foot.foot and abs(late_s) <= NEAR_S:
            tc_late_s = np.nan if end is None else end.tc_s - true.tc_s
            yield Minimum(true, late_s, tc_late_s, landing.pitch_deg)


def _fit(yaw_deg: float, minima: Sequence[Minimum]) -> ContactParams:
    """Delays by least squares."""
    known = [m for m in minima if not np.isnan(m.pitch_deg)]
    heel = np.array([max(m.pitch_deg, 0.0) for m in known])
    late_s = np.array([m.ic_late_s for m in known])
    terms = np.stack([np.ones(len(heel)), heel], axis=1)
    (delay_s, per_deg_s), *_ = np.linalg.lstsq(terms, late_s, rcond=None)
    return ContactParams(
        ic_delay_s=float(delay_s),
        ic_delay_per_deg_s=float(per_deg_s),
        tc_delay_s=float(np.nanmean([m.tc_late_s for m in minima])),
        long_axis_yaw_deg=yaw_deg,
    )


def _angle_error(feet: Sequence[FootRun], params: ContactParams) -> float:
    comparisons = _comparisons(feet, params)
    return root_mean_square(pair.fsa_error_deg for one in comparisons for pair in one.pairs)


def _comparisons(feet: Sequence[FootRun], params: ContactParams) -> list[Comparison]:
    by_run: dict[str, Outputs] = {}
    for foot in feet:
        outputs = by_run.setdefault(foot.run.name, Outputs())
        _follow(foot, params, outputs)
    runs = {foot.run.name: foot.run for foot in feet}
    return [comparison(runs[name], outputs) for name, outputs in by_run.items()]


def _follow(foot: FootRun, params: ContactParams, outputs: Outputs) -> None:
    gait = FootGait(foot.foot, foot.rate_hz, contacts=params)
    for out in [out for item in foot.items for out in gait.push(item)] + gait.finish():
        outputs.write(out)
