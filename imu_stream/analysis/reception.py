"""What has been received of one sensor so far: samples, losses, rate, lateness."""

from collections import Counter
from dataclasses import dataclass, field

from imu_stream.datatypes import Gap, Samples

_LATEST_MS = 5000
"""Later packets count as so late."""


@dataclass(slots=True)
class Reception:
    """Counts of one sensor; small however long it is received."""

    samples: int = 0
    lost: int = 0
    gaps: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    last_arrival_s: float | None = None
    longest_silence_s: float = 0.0
    """Longest time between two notifications with samples."""
    _lateness_ms: Counter[int] = field(default_factory=Counter)

    @property
    def rate_hz(self) -> float:
        """Samples per second that really arrived."""
        span_s = self.last_s - self.first_s
        return (self.samples - 1) / span_s if span_s > 0 else 0.0

    @property
    def lost_percent(self) -> float:
        """Share of the samples that were lost, as far as the sensor's clock tells."""
        sent = self.samples + self.lost
        return 100.0 * self.lost / sent if sent else 0.0

    @property
    def jitter_ms(self) -> float:
        """How much later than the quickest packet 95 % of them are, at most."""
        enough = 0.95 * self._lateness_ms.total()
        seen = 0
        for late_ms, count in sorted(self._lateness_ms.items()):
            seen += count
            if seen >= enough:
                return float(late_ms - min(self._lateness_ms))
        return 0.0

    def count(self, item: Samples | Gap) -> None:
        """Take in samples and gaps on the session clock."""
        if isinstance(item, Gap):
            self.gaps += 1
            self.lost += item.samples
        elif len(item.t_s):
            self.first_s = self.first_s if self.samples else float(item.t_s[0])
            self.last_s = float(item.t_s[-1])
            self.samples += len(item.t_s)

    def arrived(self, arrival_s: float, items: list[Samples | Gap]) -> None:
        """Take in when a notification came and what it completed."""
        if self.last_arrival_s is not None:
            silence_s = arrival_s - self.last_arrival_s
            self.longest_silence_s = max(self.longest_silence_s, silence_s)
        self.last_arrival_s = arrival_s
        # several at once were held back at the start: they are no late packets
        if len(items) == 1 and isinstance(items[0], Samples):
            late_ms = round(1e3 * (arrival_s - items[0].end_s))
            self._lateness_ms[min(late_ms, _LATEST_MS)] += 1
