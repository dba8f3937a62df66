"""The last minutes of a session, for a page that opens in the middle of it."""

from collections import deque

from imu_stream.sinks.web.messages import Contact, History, Landing, Lean, Message, Moment

MINUTES = 5
_LEANS = 100 * MINUTES
_CONTACTS = 2 * _LEANS
_MOMENTS = 200
_LANDINGS_SHOWN = 16


class Past:
    """Keeps so many points as five minutes have, whatever comes."""

    def __init__(self) -> None:
        self._leans: deque[Lean] = deque(maxlen=_LEANS)
        self._contacts: deque[Contact] = deque(maxlen=_CONTACTS)
        self._moments: deque[Moment] = deque(maxlen=_MOMENTS)
        self._landings: deque[tuple[Landing, float]] = deque(maxlen=_LANDINGS_SHOWN)
        self._lean: tuple[Lean, float] | None = None

    def keep(self, message: Message, sent_s: float) -> None:
        match message:
            case Lean():
                self._leans.append(message)
                self._lean = message, sent_s
            case Contact():
                self._contacts.append(message)
            case Moment():
                self._moments.append(message)
            case Landing():
                self._landings.append((message, sent_s))

    def latest(self) -> list[tuple[Message, float]]:
        """What the runner's view shows, each with the time it was sent: it is as old as that."""
        return [*self._landings, *([] if self._lean is None else [self._lean])]

    def history(self) -> History:
        return History(tuple(self._leans), tuple(self._contacts), tuple(self._moments))
