"""What a run shows while it goes on: a live table, and one line for each cue."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from statistics import fmean

from rich.live import Live
from rich.table import Table

from imu_stream.cli.speaking import console, say
from imu_stream.datatypes import (
    FEET,
    Battery,
    Calibration,
    Cue,
    CueKind,
    HeartRate,
    LeanState,
    LinkPhase,
    LinkState,
    Notice,
    Output,
    Placement,
    RunningSpeed,
    Stride,
    Strike,
    StrikeType,
)
from imu_stream.pipeline import Pipeline

LOW_BATTERY_PERCENT = 10
STALE_S = 2.0
"""Older values are not shown as live."""
DISPLAY_STRIDES = 8
"""What is shown is the mean of so many strides; breathing averages out."""
LETTERS = {
    StrikeType.REARFOOT: "[blue]R[/]",
    StrikeType.MIDFOOT: "[yellow]M[/]",
    StrikeType.FOREFOOT: "[green]F[/]",
    StrikeType.UNKNOWN: "?",
}
CUE_WORDS = {
    CueKind.LEAN_MORE: "lean forward from the ankles ({}°, wanted at least {}°)",
    CueKind.LEAN_LESS: "run a little taller ({}°, wanted at most {}°)",
    CueKind.LEAN_GOOD: "good, your lean is back ({}°, wanted at least {}°)",
    CueKind.CADENCE_MORE: "shorter, quicker steps ({} steps/min, wanted at least {})",
    CueKind.CADENCE_GOOD: "good, your cadence is back ({} steps/min, wanted at least {})",
    CueKind.STRIKE_CHANGE: "change how you land ({technique} wanted, {foot} {} % otherwise)",
    CueKind.STRIKE_GOOD: "good, your landing is back ({technique} wanted, {foot} {} % otherwise)",
}


class LiveView:
    """Keeps what a runner wants to see; drawn a few times a second on a terminal.

    Without a terminal a line is printed every `line_every_s` instead.
    """

    def __init__(
        self, pipeline: Pipeline, clock: Callable[[], float], line_every_s: float = 5.0
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._line_every_s = line_every_s
        self._next_line_s = line_every_s
        self._links: dict[Placement, LinkState] = {}
        self._calibrations: dict[Placement, Calibration] = {}
        self._strikes: dict[Placement, list[Strike]] = {foot: [] for foot in FEET}
        """The last ones of running; …"""
        self._landings: dict[Placement, Strike] = {}
        """… and of each foot's last landing, of which that may not be known yet."""
        self._leans: deque[LeanState] = deque(maxlen=DISPLAY_STRIDES)
        self._cues = 0
        self._heart: HeartRate | None = None
        self._pod: RunningSpeed | None = None
        self._batteries: dict[Placement, int] = {}
        self._live = Live(
            console=console, get_renderable=self.table, refresh_per_second=5, transient=True
        )

    def __enter__(self) -> "LiveView":
        if console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if console.is_terminal:
            self._live.stop()

    def write(self, output: Output) -> None:
        match output:
            case LinkState():
                self._link(output)
            case Calibration():
                self._calibrated(output)
            case Strike():
                self._landings[output.foot] = output
            case Stride():
                self._strikes[output.foot] = [*self._strikes[output.foot][-8:], output.strike]
            case LeanState():
                self._leans.append(output)
                self._print_line()
            case HeartRate():
                self._heart = output
            case RunningSpeed():
                self._pod = output
            case Battery():
                self._charged(output)
            case Notice():
                where = output.placement.words
                say(output.kind.value, where, "bold yellow")
            case Cue():
                self._cues += 1
                say(f"at {output.t_s:.1f} s: {cue_text(output)}", "CUE", "bold magenta")

    def table(self) -> Table:
        """The live table."""
        table = Table(title=f"{self._clock():.0f} s", show_header=False, min_width=60)
        table.add_row("trunk lean", self._lean_text())
        for foot in FEET:
            table.add_row(foot.words, self._foot_text(foot))
        table.add_row("cadence", self._cadence_text())
        if self._heart is not None:
            table.add_row("heart rate", self._heart_text())
        if self._pod is not None:
            table.add_row("pod", self._pod_text(self._pod))
        table.add_row("cues", str(self._cues))
        for placement in self._pipeline.receptions:
            table.add_row("sensor", self._sensor_text(placement))
        return table

    def _charged(self, battery: Battery) -> None:
        self._batteries[battery.placement] = battery.percent
        if battery.percent <= LOW_BATTERY_PERCENT:
            where = battery.placement.words
            say(f"battery at {battery.percent} %", where, "bold yellow")

    def _heart_text(self) -> str:
        beats = self._heart
        if beats is None or not beats.bpm or not self._is_fresh(beats.t_s):
            return "—"
        return f"{beats.bpm} beats/min"

    def _pod_text(self, pod: RunningSpeed) -> str:
        fresh = self._is_fresh(pod.t_s)
        return f"{3.6 * pod.speed_mps:.1f} km/h, cadence {pod.cadence}" if fresh else "—"

    def _link(self, state: LinkState) -> None:
        self._links[state.placement] = state
        if state.phase is LinkPhase.LOST:
            where = state.placement.words
            say(state.detail, f"{where} lost:", "bold red")

    def _calibrated(self, calibration: Calibration) -> None:
        known = self._calibrations.get(calibration.placement)
        self._calibrations[calibration.placement] = calibration
        if known is None or known.note != calibration.note:
            where = calibration.placement.words
            said = calibration.note or "calibrated from standing still"
            say(said, f"{where}:")

    def _print_line(self) -> None:
        if console.is_terminal or self._clock() < self._next_line_s:
            return
        self._next_line_s = self._clock() + self._line_every_s
        feet = "   ".join(f"{foot.value} {self._foot_text(foot)}" for foot in FEET)
        console.print(
            f"{self._clock():5.0f} s   lean {self._lean_text()}   {feet}   {self._cadence_text()}",
            highlight=False,
            soft_wrap=True,  # a line for each moment, for whatever reads it
        )

    def _is_fresh(self, known_s: float) -> bool:
        return self._clock() - known_s < STALE_S

    def _lean_text(self) -> str:
        if not self._leans or not self._is_fresh(self._leans[-1].known_s):
            waiting = Placement.CHEST not in self._calibrations
            return "stand still …" if waiting else "—"
        target = self._pipeline.target_deg
        aim = "learning your baseline" if target is None else f"target {target:.1f}°"
        doubt = "" if self._leans[-1].valid else " (not calibrated)"
        return f"[bold]{recent_lean(self._leans):5.1f}°[/] forward, {aim}{doubt}"

    def _foot_text(self, foot: Placement) -> str:
        last, strikes = self._landings.get(foot), self._strikes[foot]
        if last is None or not self._is_fresh(last.known_s):
            return "—"
        if strikes and strikes[-1].ic_s == last.ic_s:
            last, strikes = strikes[-1], strikes[:-1]
        angle = "  ?  " if math.isnan(last.fsa_deg) else f"{last.fsa_deg:5.1f}°"
        letters = "".join(LETTERS[strike.strike_type] for strike in (*strikes, last))
        doubt = "" if last.running else ", walking or running"
        return f"{letters} {last.strike_type.value} {angle} ({last.confidence:.0%} sure{doubt})"

    def _cadence_text(self) -> str:
        if not self._leans or not self._is_fresh(self._leans[-1].known_s):
            return "—"
        return f"{self._leans[-1].cadence_spm:.0f} steps/min"

    def _sensor_text(self, placement: Placement) -> str:
        received = self._pipeline.receptions[placement]
        link = self._links.get(placement)
        phase = "" if link is None or link.phase is LinkPhase.STREAMING else f" {link.phase.value}"
        parts = [f"{placement.value}{phase} {received.rate_hz:.0f} Hz"]
        if received.lost:
            parts.append(f"{received.lost_percent:.1f} % lost")
        if received.jitter_ms:
            parts.append(f"±{received.jitter_ms:.0f} ms")
        if (clock := self._pipeline.clock(placement)) is not None:
            parts.append(f"clock {clock.fast_ppm:+.0f} ppm ±{clock.residual_ms:.0f} ms")
        last_s = received.last_arrival_s
        if last_s is not None and not self._is_fresh(last_s):
            parts.append(f"silent for {self._clock() - last_s:.0f} s")
        if placement in self._batteries:
            parts.append(f"battery {self._batteries[placement]} %")
        return ", ".join(parts)


def cue_text(cue: Cue) -> str:
    """What a cue says, with the reason."""
    return CUE_WORDS[cue.kind].format(
        f"{cue.value:.1f}",
        f"{cue.threshold:.1f}",
        technique=cue.technique.replace("_", " "),
        foot=cue.placement.words,
    )


def recent_lean(leans: Sequence[LeanState]) -> float:
    """Mean lean of the last strides without a break, degrees."""
    together = [leans[-1]]
    for lean in reversed(list(leans)[:-1]):
        if together[-1].start_s - lean.end_s > STALE_S:
            break
        together.append(lean)
    return fmean(lean.lean_deg for lean in together)
