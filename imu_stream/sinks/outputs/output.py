"""The one protocol of all outputs for cues."""

from types import TracebackType
from typing import Any, Protocol, Self

from imu_stream.datatypes import Cue


class CueOutput(Protocol):
    """Something that gives cues; an async context manager that can be entered again once left.

    Attributes:
        name: as it stands in the record of what became of each cue.
    """

    @property
    def name(self) -> str: ...

    async def __aenter__(self) -> Any:
        """Open it. Raises OutputError."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def deliver(self, cue: Cue) -> float:
        """Hand a cue over to be heard, felt or seen; when that was, on the session clock.

        A delivery that is cancelled must not come later.

        Raises:
            OutputError: it was not handed over.
        """


class NothingToOpen:
    """For outputs whose way out is there anyway."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
