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
"""On target by habit with natural variation, whatever is said."""
CALM = replace(DEAF, wander_deg=0.3)
"""The mean of 4 strides varies by 0.7° instead of 0.8°."""
SLOW = replace(RUNNER, learning_s=3.0 * RUNNER.learning_s)
FALL_DEG = 4.0
FALL_AT_S = 60.0
STEADY_HOURS = 4.0
MINUTES = 20.0
SESSIONS = 8
SILENT_S = 180.0
BELOW_DEG, ABOVE_DEG = STANDARD.dead_band_deg, STANDARD.over_deg
"""In band is the same for every preset, of the lean that is held."""


@dataclass(frozen=True, slots=True)
class Course:
    """One run: the lean held at each stride, and the cues."""

    held_deg: list[float]
    cues: list[Cue]
    stride_s: float

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
    first_cue_strides: float
    first_cue_s: float
    cues_per_minute: float
    most_in_a_minute: float
    in_band_without: float
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
    cues: list[Cue] = []
    stride_s = RUNNER.stride_s
    for number in range(round(seconds / stride_s)):
        if fall_at_s is not None and number == round(fall_at_s / stride_s):
            listener.let_go(TARGET_DEG - FALL_DEG)
        given = [out for out in policy.push(listener.run()) if isinstance(out, Cue)]
        held_deg.append(listener.held_deg)
        for cue in given:
            listener.hear(cue)
        cues += given
    return Course(held_deg, cues, stride_s)


def false_cues_per_hour(params: CueParams, runner: ListenerParams, seed: int) -> float:
    course = run_course(Listener(TARGET_DEG, runner, seed), params, 3600.0 * STEADY_HOURS)
    return len(course.advice()) / STEADY_HOURS


def first_cue_s(params: CueParams, seed: int) -> float:
    """From the end of the last stride on target to the decision, what is known later left out."""
    course = run_course(Listener(TARGET_DEG, DEAF, seed), params, 2.0 * FALL_AT_S, FALL_AT_S)
    fell_s = round(FALL_AT_S / RUNNER.stride_s) * RUNNER.stride_s
    after = (c.t_s for c in course.cues if c.kind is CueKind.LEAN_MORE and c.t_s > fell_s)
    return next(after, float("inf")) - fell_s - RUNNER.known_later_s


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
    fall_s = first_cue_s(params, seed)
    return Figures(
        false_cues_calm=false_cues_per_hour(params, CALM, seed),
        false_cues_per_hour=false_cues_per_hour(params, DEAF, seed),
        first_cue_strides=fall_s / RUNNER.stride_s,
        first_cue_s=fall_s,
        cues_per_minute=len(runs.cued[0].cues) / MINUTES,
        most_in_a_minute=max(course.most_in_a_minute() for course in runs.cued),
        in_band_without=mean_in_band(runs.without),
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
    ("false cues an hour on target, lean ± 0.7°", "false_cues_calm", 2),
    ("false cues an hour on target, lean ± 0.8°", "false_cues_per_hour", 2),
    ("lean falls 4°: strides to the cue", "first_cue_strides", 1),
    ("lean falls 4°: seconds to the cue", "first_cue_s", 1),
    ("cues a minute, first session", "cues_per_minute", 2),
    ("most cues in any minute", "most_in_a_minute", 0),
    ("in band without cues, %", "in_band_without", 0),
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
