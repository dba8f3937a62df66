"""Faded feedback over a programme of sessions: when the cues of a session are on.

Feedback that never stops makes dependent on it; what fades is kept longer (Davis 2020, a review of
gait retraining; Sigrist et al. 2013). So the share of a session in which cues are given falls from
session to session, in blocks of a minute or two rather than by leaving out single cues, and the
last minutes of each session are silent: they show what has stayed (retention). The numbers are
design choices; no trial of faded cues for trunk lean exists.
"""

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True)
class Programme:
    """Which session of a programme this is, and how cues fade over it; by default there is none."""

    session: int = 0
    """Number of this session, from 1; 0: no programme, cues are always on."""
    minutes: float = 20.0
    """Planned running time of this session: the silent end is counted from it."""
    block_s: float = 90.0
    """Cues are on or off for so long at a time."""
    silent_s: float = 180.0
    """Retention test: no cues so long at the end, and none after it."""
    on_percent: tuple[int, ...] = (100, 100, 85, 70, 55, 40, 25, 10)
    """Share of the blocks that are on, session by session; the last holds for all further."""


def cues_are_on(programme: Programme, running_s: float) -> bool:
    """Whether cues may be given `running_s` after the session's first running stride."""
    if programme.session == 0:
        return True
    if running_s >= silent_from_s(programme):
        return False
    place = min(programme.session, len(programme.on_percent)) - 1
    return _is_on(int(running_s // programme.block_s), programme.on_percent[place])


def silent_from_s(programme: Programme) -> float:
    """From when on no cue is given, counted from the session's first running stride."""
    if programme.session == 0:
        return inf
    return 60.0 * programme.minutes - programme.silent_s


def _is_on(block: int, percent: int) -> bool:
    """Blocks that are on lie evenly among the others, the first one is on; whole numbers only."""
    return -(-(block + 1) * percent // 100) > -(-block * percent // 100)


LEAST_SHARE = 0.5
"""Of the planned running time: a shorter run is no session of the programme (design choice)."""
LAST_SESSION = 1000


def after_session(programme: Programme, running_s: float) -> Programme:
    """Where the programme stands after a run: further by one session if that was long enough."""
    if programme.session == 0 or running_s < LEAST_SHARE * 60.0 * programme.minutes:
        return programme
    return replace(programme, session=min(programme.session + 1, LAST_SESSION))
