"""What is shown of a session that has ended."""

from rich.markup import escape
from rich.table import Table

from imu_stream.acquisition.simulation.scoring import Score
from imu_stream.sinks.summary import AnswerSummary, SensorSummary, Summary


def summary_table(summary: Summary) -> Table:
    """The session in one table."""
    table = Table(title="Summary", show_header=False)
    for name, sensor in summary.sensors.items():
        text = f"{sensor.samples} samples at {sensor.rate_hz:.1f} Hz"
        lost = f"{sensor.lost} lost ({sensor.lost_percent:.1f} %) in {sensor.gaps} gaps"
        late = f"95 % within {sensor.jitter_ms:.0f} ms" if sensor.jitter_ms else ""
        table.add_row(name, ", ".join(filter(None, (text, lost, late, clock_text(sensor)))))
    for foot, strides in summary.strides.items():
        counts = f"{strides.rearfoot} rearfoot, {strides.midfoot} midfoot"
        rest = f"{strides.forefoot} forefoot, {strides.unknown} unknown"
        table.add_row(f"strides {foot}", f"{strides.total}: {counts}, {rest}")
    table.add_row("mean trunk lean", _number(summary.lean_mean_deg, "°"))
    table.add_row("mean cadence", _number(summary.cadence_mean_spm, " steps/min"))
    if summary.heart_rate_mean_bpm is not None:
        top = f", {summary.heart_rate_max_bpm} at most"
        table.add_row("mean heart rate", f"{summary.heart_rate_mean_bpm:.0f} beats/min{top}")
    table.add_row("cues", str(len(summary.cues)))
    for kind, answers in summary.answers.items():
        table.add_row(f"answers to {kind.replace('_', ' ')}", answers_text(answers))
    for where, said in summary.devices.items():
        words = ", ".join(f"{about.replace('_', ' ')} {text}" for about, text in said.items())
        table.add_row(f"device {where}", escape(words))
    for note in summary.notes:
        table.add_row("note", escape(note))
    return table


def answers_text(answers: AnswerSummary) -> str:
    """How advice of one kind was answered."""
    soon = "" if answers.strides_median is None else f" within {answers.strides_median:.0f} strides"
    unknown = f", {answers.broken_off} not known" if answers.broken_off else ""
    return f"{answers.returned} followed{soon}, {answers.none} not{unknown}"


def clock_text(sensor: SensorSummary) -> str:
    """How a sensor's clock runs against this computer's; nothing when that is not known."""
    if sensor.clock_fast_ppm is None:
        return ""
    return f"clock {sensor.clock_fast_ppm:+.0f} ppm, {sensor.clock_residual_ms:.1f} ms unexplained"


def truth_table(score: Score) -> Table:
    """The demo against the truth about its runner."""
    table = Table(title="Against the truth", show_header=False)
    table.add_row("strides found", f"{score.found} of {score.strides}, {score.invented} invented")
    share = score.strike_type_accuracy
    table.add_row("strike type right", "not measured" if share is None else f"{share:.1%}")
    table.add_row("lean RMSE", _number(score.lean_rmse_deg, "°"))
    return table


def _number(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.2f}{unit}"
