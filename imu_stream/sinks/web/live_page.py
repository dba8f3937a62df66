"""The sink behind the live page: takes outputs, tells every page that is open."""

import asyncio
from collections import deque
from collections.abc import Callable

from imu_stream import __version__
from imu_stream.datatypes import Cue, Output
from imu_stream.sinks.outputs.earcons import FADE_S, LEVELS, PEAK
from imu_stream.sinks.web.history import Past
from imu_stream.sinks.web.mailbox import Letter, Mailbox
from imu_stream.sinks.web.messages import Hello, Message, PageCue, Status, encode
from imu_stream.sinks.web.page_state import PageState, Surroundings
from imu_stream.sinks.web.patterns import PATTERNS

LONGEST_CUE_LIST = 32


class LivePage:
    """Writing costs the session the same with no page open and with many: pages are told later.

    Args:
        surroundings: what the session knows beside its outputs.
        clock: session clock, s.
        speed: how much faster than the clock on the wall it goes.
        is_replay: whether this is the past.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        clock: Callable[[], float],
        speed: float = 1.0,
        is_replay: bool = False,
    ) -> None:
        self._state = PageState(surroundings, clock, speed)
        self._clock = clock
        self._speed = speed
        self._is_replay = is_replay
        self._past = Past()
        self._mailboxes: set[Mailbox] = set()
        self._waiting: list[tuple[Message, float]] = []
        self._cues: deque[tuple[int, Cue]] = deque(maxlen=LONGEST_CUE_LIST)

    def write(self, output: Output) -> None:
        sent_s = self.now_s
        for message in self._state.take(output):
            self._past.keep(message, sent_s)
            if isinstance(message, PageCue) and isinstance(output, Cue):
                self._cues.append((message.number, output))
            self._post(message, sent_s)

    @property
    def now_s(self) -> float:
        """The server's clock: session time as the wall counts it, s."""
        return self._clock() / self._speed

    def cue(self, number: int) -> Cue | None:
        """A cue of late, by the number under which pages know it."""
        return next((cue for known, cue in self._cues if known == number), None)

    def join(self, mailbox: Mailbox, may_control: bool) -> None:
        """A page has come: it gets what is shown now, and from now on all that is new.

        Cues that were given before are not among it.
        """
        hello = Hello(__version__, may_control, self._is_replay, PATTERNS, PEAK, FADE_S, LEVELS)
        mailbox.put(self.letter(hello))
        for message, sent_s in self._past.latest():
            mailbox.put(_letter(message, sent_s))
        mailbox.put(self.letter(self._state.status()))
        self._mailboxes.add(mailbox)

    def leave(self, mailbox: Mailbox) -> None:
        self._mailboxes.discard(mailbox)

    def tell_status(self) -> None:
        """To be called several times a second."""
        if self._mailboxes:
            self._post(self._state.status(), self.now_s)

    def tell(self, message: Message) -> None:
        """To every page, now."""
        self._post(message, self.now_s)

    def letter(self, message: Message) -> Letter:
        return _letter(message, self.now_s)

    def history(self) -> Letter:
        return self.letter(self._past.history())

    def _post(self, message: Message, sent_s: float) -> None:
        if not self._mailboxes:
            return
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._deliver)
        self._waiting.append((message, sent_s))

    def _deliver(self) -> None:
        """Written once, however many pages there are."""
        waiting, self._waiting = self._waiting, []
        for message, sent_s in waiting:
            letter = _letter(message, sent_s)
            for mailbox in self._mailboxes:
                mailbox.put(letter)


def _letter(message: Message, sent_s: float) -> Letter:
    text = encode(message, sent_s)
    if isinstance(message, Status):
        return Letter(text, replaces=message.kind)
    if isinstance(message, PageCue):
        return Letter(text, until_s=sent_s + message.expires_in_s)
    return Letter(text)
