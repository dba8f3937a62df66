"""What was said to the runner, and how it was answered."""

from collections import Counter
from statistics import median

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.content import Figure, Row, Table
from imu_stream.afterwards.report.overlays import advice_text
from imu_stream.afterwards.report.wording import counted, duration, number, percent
from imu_stream.datatypes import Answer, Cue, CueDelivery, CueReaction, Outcome

MOST_CUES = 100


def advice_figures(finished: FinishedSession) -> tuple[Figure, ...]:
    """How much was said, how often it was answered, and how soon."""
    cues = finished.outputs.of(Cue)
    advice = [cue for cue in cues if not cue.kind.is_praise]
    reactions = finished.outputs.of(CueReaction)
    answers = Counter(each.answer for each in reactions)
    back = [each.strides for each in reactions if each.answer is Answer.RETURNED]
    figures = [Figure("Advice", str(len(advice)), f"praise: {len(cues) - len(advice)}")]
    if advice:
        known = answers[Answer.RETURNED] + answers[Answer.NONE]
        share = percent(back_share(back, known)) if known else "—"
        figures.append(Figure("Answered", share, f"{len(back)} of {known} that could be judged"))
        soon = f"{median(back):.0f} strides" if back else "—"
        figures.append(Figure("Back in band after", soon, "median, from cue to answer"))
    if finished.retention is not None:
        kept = finished.retention
        figures.append(
            Figure(
                "Kept without cues",
                percent(kept.in_band_percent / 100.0),
                f"of {duration(kept.running_s)} in the silent minutes",
            )
        )
    return tuple(figures)


def back_share(back: list[int], known: int) -> float:
    return len(back) / known


def advice_note(finished: FinishedSession) -> str:
    """What could not be judged, and what did not reach the runner."""
    broken = sum(each.answer is Answer.BROKEN_OFF for each in finished.outputs.of(CueReaction))
    outcomes = Counter(each.outcome for each in finished.outputs.of(CueDelivery))
    unheard = sum(count for outcome, count in outcomes.items() if outcome is not Outcome.EMITTED)
    said = []
    if broken:
        said.append(
            f"{counted(broken, 'answer')} could not be judged: a break, a gap or another target "
            "came between."
        )
    if unheard:
        said.append(f"{counted(unheard, 'time')} an output could not give a cue in time.")
    return " ".join(said)


def cues_table(finished: FinishedSession) -> Table:
    """Each cue with its reason and what came of it."""
    answers = {each.cue_s: each for each in finished.outputs.of(CueReaction)}
    cues = finished.outputs.of(Cue)[:MOST_CUES]
    if not cues:
        return Table((), ())
    return Table(
        ("Time", "Said", "Measured", "Limit", "Answer"),
        tuple(
            Row(
                (
                    duration(cue.t_s),
                    advice_text(cue),
                    number(cue.value),
                    number(cue.threshold),
                    "" if cue.kind.is_praise else _answer(answers.get(cue.t_s)),
                )
            )
            for cue in cues
        ),
    )


def _answer(reaction: CueReaction | None) -> str:
    if reaction is None or reaction.answer is Answer.BROKEN_OFF:
        return "not known"
    if reaction.answer is Answer.NONE:
        return "none"
    return f"after {counted(reaction.strides, 'stride')}"
