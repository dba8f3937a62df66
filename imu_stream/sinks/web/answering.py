"""What a page's requests do to the session, as far as its token allows."""

from collections.abc import Callable
from dataclasses import dataclass

from imu_stream.datatypes import CueDelivery, Event, Mark, Outcome, TargetChange
from imu_stream.sinks.web.live_page import LivePage
from imu_stream.sinks.web.mailbox import Letter
from imu_stream.sinks.web.messages import Denied, Pong
from imu_stream.sinks.web.requests import (
    AskHistory,
    Control,
    Given,
    Ping,
    PutMark,
    Request,
    SetTarget,
    Stop,
)


@dataclass(frozen=True, slots=True)
class Actions:
    """What a session lets be done to it; a replay lets nothing be done."""

    clock: Callable[[], float]
    """Session clock, s."""
    take: Callable[[Event], None] | None = None
    """Records an event and hands it to the pipeline."""
    stop: Callable[[], None] | None = None


class Answering:
    """For one page.

    Args:
        page: the sink behind all pages.
        actions: what can be done to the session.
        may_control: whether this page came with the token for that.
        name: under which deliveries of cues are recorded.
    """

    def __init__(self, page: LivePage, actions: Actions, may_control: bool, name: str) -> None:
        self._page = page
        self._actions = actions
        self._may_control = may_control
        self._name = name
        self._given: set[tuple[int, str]] = set()

    def answer(self, request: Request) -> Letter | None:
        """Carries a request out; what is to be said to that page alone, if anything."""
        match request:
            case Ping():
                return self._page.letter(Pong(request.at_ms))
            case AskHistory():
                return self._page.history()
            case Given():
                self._delivered(request)
                return None
        reason = self._control(request)
        return None if reason is None else self._page.letter(Denied(reason))

    def _delivered(self, given: Given) -> None:
        """Once for each cue and way: a page cannot fill the session file."""
        cue, take = self._page.cue(given.number), self._actions.take
        if cue is None or take is None or (given.number, given.by) in self._given:
            return
        self._given.add((given.number, given.by))
        output = f"{self._name} {given.by}"
        take(CueDelivery(self._actions.clock(), cue.t_s, cue.kind, output, Outcome.EMITTED))

    def _control(self, request: Control) -> str | None:
        """Why it was not done, or None."""
        if not self._may_control:
            return "only with the link to control"
        if self._actions.take is None or self._actions.stop is None:
            return "a replay cannot be changed"
        match request:
            case SetTarget():
                self._actions.take(TargetChange(self._actions.clock(), request.target_deg))
            case PutMark():
                self._actions.take(Mark(self._actions.clock(), request.mark, request.text))
            case Stop():
                self._actions.stop()
        return None
