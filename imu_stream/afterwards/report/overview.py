"""The head of a report: when it was, what it comes to, and time in each technique."""

from datetime import datetime

from markupsafe import Markup

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.bars import Part, stacked_bar
from imu_stream.afterwards.report.content import Figure, Share
from imu_stream.afterwards.report.wording import counted, duration, foreign, number, percent, whole
from imu_stream.afterwards.report.words import TECHNIQUES

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def title_of(finished: FinishedSession) -> str:
    """The day of the session, in English whatever the computer speaks."""
    try:
        begun = datetime.fromisoformat(finished.header.started).astimezone()
    except (ValueError, OverflowError, OSError):
        return "A run of an unknown day"
    day, month = _DAYS[begun.weekday()], _MONTHS[begun.month - 1]
    return f"{day}, {begun.day} {month} {begun.year}, {begun:%H:%M}"


def badges_of(finished: FinishedSession) -> tuple[str, ...]:
    """What sets this session apart from an ordinary one."""
    found = []
    if finished.header.virtual:
        found.append("virtual runner: no real run")
    if finished.header.imported:
        found.append("imported from tables")
    if finished.truncated:
        found.append("the recording has no end: read up to where it was cut")
    return tuple(found)


def figures_of(finished: FinishedSession) -> tuple[Figure, ...]:
    """The cards at the top."""
    summary = finished.summary
    strides = sum(feet.total for feet in summary.strides.values())
    share = finished.in_band_share
    figures = [
        Figure("Running time", duration(finished.running_s), f"of {duration(finished.seconds)}"),
        Figure("Strides", whole(strides) if strides else "not measured", "both feet"),
        Figure("Cadence", number(summary.cadence_mean_spm, "", 0), "steps a minute, mean"),
        Figure("Trunk lean", number(summary.lean_mean_deg, "°"), "forward, mean"),
        Figure("In the target band", "—" if share is None else percent(share), _aim(finished)),
        Figure("Cues", str(len(summary.cues)), "praise included"),
    ]
    if summary.distance_m is not None:
        km = number(summary.distance_m / 1000.0, " km", 2)
        figures.insert(1, Figure("Distance", km, "by the foot's movement"))
    if summary.heart_rate_mean_bpm is not None:
        most = f"beats a minute; {summary.heart_rate_max_bpm} at most"
        figures.append(Figure("Heart rate", number(summary.heart_rate_mean_bpm, "", 0), most))
    return tuple(figures)


def _aim(finished: FinishedSession) -> str:
    if not finished.bands:
        return "no target was known"
    last = finished.bands[-1]
    return f"target {number(last.target_deg, '°')}, cue below {number(last.low_deg, '°')}"


def shares_of(finished: FinishedSession) -> tuple[Share, ...]:
    """Time in each technique; parts of no time are left out."""
    total_s = sum(finished.summary.technique_s.values())
    ran_s = finished.running_s
    return tuple(
        Share(
            name.replace("_", "-"),
            TECHNIQUES[name],
            duration(ran_s * spent_s / total_s),
            percent(spent_s / total_s),
        )
        for name, spent_s in finished.summary.technique_s.items()
        if spent_s > 0.0
    )


def technique_bar(finished: FinishedSession) -> Markup:
    """The same as one bar."""
    spent_s = {name: s for name, s in finished.summary.technique_s.items() if s > 0.0}
    total_s = sum(spent_s.values())
    parts = [Part(name.replace("_", "-"), each_s / total_s) for name, each_s in spent_s.items()]
    said = "Time in each technique: " + ", ".join(
        f"{TECHNIQUES[name]} {percent(each_s / total_s)}" for name, each_s in spent_s.items()
    )
    return stacked_bar(said, parts)


def story_of(finished: FinishedSession) -> tuple[str, ...]:
    """The session in a few sentences."""
    if not finished.running_s:
        return ("No running was found in this session.",)
    said = [f"You ran for {duration(finished.running_s)}."]
    shares = sorted(finished.summary.technique_s.items(), key=lambda each: -each[1])
    known = [(name, spent_s) for name, spent_s in shares if name != "unknown" and spent_s > 0.0]
    if known:
        name, spent_s = known[0]
        share = percent(spent_s / sum(finished.summary.technique_s.values()))
        said.append(f"The largest part was {TECHNIQUES[name].lower()} ({share} of the time).")
    share_kept = finished.in_band_share
    if share_kept is not None:
        said.append(
            f"Your trunk leaned {number(finished.summary.lean_mean_deg, '°')} forward on average "
            f"and was in the band you wanted for {percent(share_kept)} of the time."
        )
    if finished.retention is not None:
        kept = percent(finished.retention.in_band_percent / 100.0)
        said.append(f"In the silent minutes at the end you kept it for {kept}.")
    return (*said, *(f"Note: {foreign(note)}." for note in finished.summary.notes))


def subtitle_of(finished: FinishedSession) -> str:
    sensors = counted(len(finished.header.sensors), "sensor")
    return f"{foreign(finished.path.name)} · {sensors} · {duration(finished.seconds)}"
