"""How each preset of the cue policy does with a simulated runner who listens.

python benchmarks/cues.py [--seeds 20] [--json cues.json]
"""

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from imu_stream.acquisition.simulation.listener import Listener, ListenerParams
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import PRESETS, STANDARD, Preset
from imu_stream.cueing.rules import CuePolicy
from imu_stream.cueing.schedule import Programme
from imu_stream.datatypes import Cue, CueKind

TARGET_DEG = 8.0
RUNNER = ListenerParams()
DEAF = replace(
    RUNNER,
    habit_deg=TARGET_DEG,
    compliance=0.0,
    aim_bias_deg=0.0,
    aim_sigma_deg=0.0,
    sag_deg_per_hour=0.0,
)
"""On target by habit with natural variation, whatever is said: 0.8° in the mean of 4 strides."""
CALM = replace(DEAF, wander_deg=0.0)
RESTLESS = replace(DEAF, wander_deg=0.75)
"""0.6° and 1.0°: so much it may be (derived from breathing, stride and sensor)."""
SHAKEN = replace(DEAF, stride_sigma_deg=2.0, breath_deg=1.5)
"""As with a loose strap: 1.1°, most of it from one stride to the next."""
SLOW = replace(RUNNER, learning_s=3.0 * RUNNER.learning_s)
FALL_DEG = 4.0
FALL_AT_S = 60.0
STEADY_HOURS = 4.0
MINUTES = 20.0
SESSIONS = 8
SILENT_S = 180.0
BELOW_DEG, ABOVE_DEG = 1.5, STANDARD.over_deg
"""In band is the same for every preset and runner, of the lean that is held."""


@dataclass(frozen=True, slots=True)
class Course:
    """One run: the lean held and measured at each stride, and the cues."""

    held_deg: list[float]
    leans_deg: list[float]
    cues: list[Cue]
    stride_s: float
    low_deg: float
    """Below it the runner was cued at the end."""

    def in_band_percent(self, last_s: float | None = None) -> float:
        """Share of the strides, of the last part of the run if one is given."""
        held = self.held_deg[-round(last_s / self.stride_s) :] if last_s else self.held_deg
        low, high = TARGET_DEG - BELOW_DEG, TARGET_DEG + ABOVE_DEG
        return 100.0 * sum(low <= lean <= high for lean in held) / len(held)

    def advice(self) -> list[Cue]:
        return [cue for cue in self.cues if not cue.kind.is_praise]

    def most_in_a_minute(self) -> int:
        times_s = [cue.t_s for cue in self.cues]
        return max((sum(t <= u <= t + 60.0 for u in times_s) for t in times_s), default=0)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one preset and one seed; percentages of the strides."""

    false_cues_calm: float
    false_cues_per_hour: float
    false_cues_restless: float
    false_cues_shaken: float
    first_cue_strides: float
    first_cue_s: float
    first_cue_of_means: float
    cues_per_minute: float
    most_in_a_minute: float
    in_band_without: float
    in_band_first: float
    in_band_cued: float
    in_band_faded: float
    silent_end_without: float
    silent_end_cued: float
    silent_end_faded: float
    gain_kept: float
    gain_kept_slow: float


def run_course(
    listener: Listener, params: CueParams, seconds: float, fall_at_s: float | None = None
) -> Course:
    """One session: the runner hears each cue before the next stride."""
    policy = CuePolicy(TARGET_DEG, params)
    held_deg: list[float] = []
    leans_deg: list[float] = []
    cues: list[Cue] = []
    stride_s = RUNNER.stride_s
    for number in range(round(seconds / stride_s)):
        if fall_at_s is not None and number == round(fall_at_s / stride_s):
            listener.let_go(TARGET_DEG - FALL_DEG)
        stride = listener.run()
        given = [out for out in policy.push(stride) if isinstance(out, Cue)]
        held_deg.append(listener.held_deg)
        leans_deg.append(stride.lean_deg)
        for cue in given:
            listener.hear(cue)
        cues += given
    low_deg, _ = policy.lean_band_deg or (float("-inf"), float("inf"))
    return Course(held_deg, leans_deg, cues, stride_s, low_deg)


def false_cues_per_hour(params: CueParams, runner: ListenerParams, seed: int) -> float:
    course = run_course(Listener(TARGET_DEG, runner, seed), params, 3600.0 * STEADY_HOURS)
    return len(course.advice()) / STEADY_HOURS


@dataclass(frozen=True, slots=True)
class FirstCue:
    """How long the cue takes when the lean falls, what is known later left out."""

    strides: float
    """From the first stride that is wrong to the one at which the cue is decided, both counted."""
    means: float
    """The same from the first mean of strides that is out of band."""


def first_cue(params: CueParams, seed: int) -> FirstCue:
    course = run_course(Listener(TARGET_DEG, DEAF, seed), params, 2.0 * FALL_AT_S, FALL_AT_S)
    fell = round(FALL_AT_S / course.stride_s)
    known_s = (fell + 1) * course.stride_s + RUNNER.known_later_s
    times_s = [c.t_s for c in course.cues if c.kind is CueKind.LEAN_MORE and c.t_s >= known_s]
    if not times_s:
        return FirstCue(float("inf"), float("inf"))
    cued = round((times_s[0] - RUNNER.known_later_s) / course.stride_s)
    width = params.smoothing_strides
    means = (sum(course.leans_deg[n - width : n]) / width for n in range(fell + 1, cued + 1))
    out = next(n for n, mean in enumerate(means, fell + 1) if mean < course.low_deg)
    return FirstCue(float(cued - fell), float(cued - out + 1))


def run_programme(
    runner: ListenerParams, params_of: Callable[[int], CueParams], seed: int
) -> list[Course]:
    """All sessions of one runner, who learns; `params_of` gives the policy of each, from 1."""
    listener = Listener(TARGET_DEG, runner, seed)
    courses = []
    for session in range(1, SESSIONS + 1):
        courses.append(run_course(listener, params_of(session), 60.0 * MINUTES))
        listener.rest()
    return courses


@dataclass(frozen=True, slots=True)
class Programmes:
    """The same runner without cues, with cues that never fade but for the end, and with fading."""

    without: list[Course]
    cued: list[Course]
    cued_but_end: list[Course]
    fading: list[Course]

    @property
    def gain(self) -> float:
        return mean_in_band(self.cued) - mean_in_band(self.without)

    @property
    def gain_kept(self) -> float:
        """Share of the gain that is there in the silent end of the last faded session, %."""
        kept = self.fading[-1].in_band_percent(SILENT_S) - mean_in_band(self.without)
        return 100.0 * kept / self.gain if self.gain else float("nan")


def programmes_of(runner: ListenerParams, params: CueParams, seed: int) -> Programmes:
    def with_programme(programme: Programme) -> CueParams:
        return replace(params, programme=programme)

    silent = replace(params, enabled=False)
    but_end = with_programme(Programme(1, MINUTES, silent_s=SILENT_S, on_percent=(100,)))
    return Programmes(
        without=run_programme(runner, lambda _: silent, seed),
        cued=run_programme(runner, lambda _: params, seed),
        cued_but_end=run_programme(runner, lambda _: but_end, seed),
        fading=run_programme(
            runner, lambda n: with_programme(Programme(n, MINUTES, silent_s=SILENT_S)), seed
        ),
    )


def figures_of(params: CueParams, seed: int) -> Figures:
    runs, slow = programmes_of(RUNNER, params, seed), programmes_of(SLOW, params, seed)
    fall = first_cue(params, seed)
    return Figures(
        false_cues_calm=false_cues_per_hour(params, CALM, seed),
        false_cues_per_hour=false_cues_per_hour(params, DEAF, seed),
        false_cues_restless=false_cues_per_hour(params, RESTLESS, seed),
        false_cues_shaken=false_cues_per_hour(params, SHAKEN, seed),
        first_cue_strides=fall.strides,
        first_cue_s=fall.strides * RUNNER.stride_s,
        first_cue_of_means=fall.means,
        cues_per_minute=len(runs.cued[0].cues) / MINUTES,
        most_in_a_minute=max(course.most_in_a_minute() for course in runs.cued),
        in_band_without=mean_in_band(runs.without),
        in_band_first=runs.cued[0].in_band_percent(),
        in_band_cued=mean_in_band(runs.cued),
        in_band_faded=mean_in_band(runs.fading),
        silent_end_without=runs.without[-1].in_band_percent(SILENT_S),
        silent_end_cued=runs.cued_but_end[-1].in_band_percent(SILENT_S),
        silent_end_faded=runs.fading[-1].in_band_percent(SILENT_S),
        gain_kept=runs.gain_kept,
        gain_kept_slow=slow.gain_kept,
    )


def mean_in_band(courses: Iterable[Course]) -> float:
    shares = [course.in_band_percent() for course in courses]
    return sum(shares) / len(shares)


ROWS = (
    ("false cues an hour on target, lean ± 0.6°", "false_cues_calm", 2),
    ("false cues an hour on target, lean ± 0.8°", "false_cues_per_hour", 2),
    ("false cues an hour on target, lean ± 1.0°", "false_cues_restless", 2),
    ("false cues an hour, strap loose, lean ± 1.1°", "false_cues_shaken", 2),
    ("lean falls 4°: strides to the cue", "first_cue_strides", 1),
    ("lean falls 4°: seconds to the cue", "first_cue_s", 1),
    ("lean falls 4°: means of 4 strides to the cue", "first_cue_of_means", 1),
    ("cues a minute, first session", "cues_per_minute", 2),
    ("most cues in any minute", "most_in_a_minute", 0),
    ("in band without cues, %", "in_band_without", 0),
    ("in band with cues, first session, %", "in_band_first", 0),
    ("in band with cues, %", "in_band_cued", 0),
    ("in band with fading cues, %", "in_band_faded", 0),
    ("last 3 min of session 8, never cued, %", "silent_end_without", 0),
    ("last 3 min of session 8, silent after full cues, %", "silent_end_cued", 0),
    ("last 3 min of session 8, silent after fading, %", "silent_end_faded", 0),
    ("gain kept in them after fading, %", "gain_kept", 0),
    ("the same, one who learns three times slower, %", "gain_kept_slow", 0),
)


def print_table(results: dict[Preset, list[Figures]], seeds: int) -> None:
    """Medians over the seeds, least and largest in brackets."""
    table = Table("figure", title=f"cues, {seeds} runners", title_justify="left")
    for preset in results:
        table.add_column(preset.value, justify="right", no_wrap=True)
    for title, name, decimals in ROWS:
        cells = []
        for figures in results.values():
            values = [getattr(each, name) for each in figures]
            parts = (
                f"{value:.{decimals}f}" for value in (median(values), min(values), max(values))
            )
            cells.append("{} ({}-{})".format(*parts))
        table.add_row(title, *cells)
    Console(width=None if Console().is_terminal else 120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many simulated runners")
    parser.add_argument("--json", type=Path, help="all figures of all runners")
    options = parser.parse_args()
    presets = [preset for preset in Preset if preset is not Preset.OFF]
    results = {
        preset: [figures_of(PRESETS[preset], seed) for seed in range(options.seeds)]
        for preset in presets
    }
    print_table(results, options.seeds)
    if options.json:
        content = {preset: list(map(asdict, figures)) for preset, figures in results.items()}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
