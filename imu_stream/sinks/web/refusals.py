"""What was refused, told in few lines however often it happens."""

from collections.abc import Callable
from dataclasses import dataclass, field

QUIET_S = 5.0
"""At most one line in so long."""


@dataclass(slots=True)
class Refusals:
    """Counts all, tells the first one and from time to time how many more there were."""

    tell: Callable[[str], None]
    clock: Callable[[], float]
    count: int = 0
    _untold: int = 0
    _told_s: float = field(default=float("-inf"))

    def add(self, remote: str | None, reason: str) -> None:
        self.count += 1
        now_s = self.clock()
        if now_s - self._told_s < QUIET_S:
            self._untold += 1
            return
        more = f" (and {self._untold} more since the last line)" if self._untold else ""
        self._told_s, self._untold = now_s, 0
        self.tell(f"a request from {remote or 'somewhere'} was refused: {reason}{more}")
