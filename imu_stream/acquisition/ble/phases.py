"""Phases of one sensor's link, and which may follow which.

A sensor is connected, set up and streams. When it is lost it is waited for (backing off), looked
for (scanning) and connected anew with its whole set-up, until the session stops it. While it is
set up it may turn out to be another device of its family: then it is connected as that.
"""

from collections.abc import Callable, Mapping

from imu_stream.datatypes import LinkPhase

P = LinkPhase
NEXT: Mapping[LinkPhase | None, frozenset[LinkPhase]] = {
    None: frozenset({P.CONNECTING, P.STOPPED}),
    P.CONNECTING: frozenset({P.SETTING_UP, P.LOST, P.STOPPED}),
    P.SETTING_UP: frozenset({P.STREAMING, P.CONNECTING, P.LOST, P.STOPPED}),
    P.STREAMING: frozenset({P.LOST, P.STOPPED}),
    P.LOST: frozenset({P.BACKING_OFF, P.STOPPED}),
    P.BACKING_OFF: frozenset({P.SCANNING, P.STOPPED}),
    P.SCANNING: frozenset({P.CONNECTING, P.LOST, P.STOPPED}),
    P.STOPPED: frozenset(),
}
"""None: nothing has been done yet."""


class LinkMachine:
    """The phase of one sensor's link; tells of every change."""

    def __init__(self, on_change: Callable[[LinkPhase, str], None]) -> None:
        self.phase: LinkPhase | None = None
        self._on_change = on_change

    def go(self, phase: LinkPhase, detail: str = "") -> None:
        """Go on to a phase.

        Raises:
            RuntimeError: it cannot follow; a mistake in this program.
        """
        if phase not in NEXT[self.phase]:
            raise RuntimeError(f"a link that is {self.phase} cannot be {phase} next")
        self.phase = phase
        self._on_change(phase, detail)
