"""Where the runner stands with one band, as a table of phases and events."""

from collections.abc import Mapping
from enum import StrEnum

from imu_stream.cueing.target import Band, Reading


class Phase(StrEnum):
    """Of one band."""

    UNKNOWN = "unknown"
    """Not enough firm strides since the last doubt."""
    IN_BAND = "in band"
    OUT = "out"
    """Out of band, and nothing said yet."""
    CUED = "cued"
    """Out of band, and told so."""


class Happening(StrEnum):
    """What moves a band from phase to phase beside the readings."""

    DOUBT = "doubt"
    """A blackout or a break: what was counted counts no more."""
    ADVICE = "advice"


Event = Reading | Happening

NEXT: Mapping[Phase, Mapping[Event, Phase]] = {
    Phase.UNKNOWN: {
        Reading.GOOD: Phase.IN_BAND,
        Reading.BETWEEN: Phase.IN_BAND,
        Reading.OUT: Phase.OUT,
        Happening.DOUBT: Phase.UNKNOWN,
    },
    Phase.IN_BAND: {
        Reading.GOOD: Phase.IN_BAND,
        Reading.BETWEEN: Phase.IN_BAND,
        Reading.OUT: Phase.OUT,
        Happening.DOUBT: Phase.UNKNOWN,
    },
    Phase.OUT: {
        Reading.GOOD: Phase.IN_BAND,
        Reading.BETWEEN: Phase.OUT,
        Reading.OUT: Phase.OUT,
        Happening.DOUBT: Phase.UNKNOWN,
        Happening.ADVICE: Phase.CUED,
    },
    Phase.CUED: {
        Reading.GOOD: Phase.IN_BAND,
        Reading.BETWEEN: Phase.CUED,
        Reading.OUT: Phase.CUED,
        Happening.DOUBT: Phase.UNKNOWN,
        Happening.ADVICE: Phase.CUED,
    },
}
"""Advice is given only out of band; there is no way to it from the other phases."""


class Watch:
    """Follows one band and counts the strides out of it, less those within the hysteresis."""

    def __init__(self, band: Band) -> None:
        self.band = band
        self._phase = Phase.UNKNOWN
        self._strides_out = 0
        self._is_out_now = False
        self._alone_out = 0
        """Strides in a row that are out by themselves, whatever the mean says yet."""

    @property
    def is_out(self) -> bool:
        return self._phase in (Phase.OUT, Phase.CUED)

    @property
    def is_due(self) -> bool:
        """Whether advice has its reason: the mean is out for long enough, this stride is too."""
        return self._is_out_now and self._strides_out >= self.band.persistence_strides

    def read(self, smoothed: Reading, alone: Reading, counts: bool) -> None:
        """Takes one stride; one within the hysteresis takes one back, a good one starts over.

        The mean of some strides leaves the band some strides after the runner; those that were
        out by themselves are counted when it does.
        """
        was_out = self.is_out
        self._go(smoothed)
        self._is_out_now = smoothed is alone is Reading.OUT
        self._alone_out = self._alone_out + 1 if counts and alone is Reading.OUT else 0
        if not (self.is_out and counts):
            self._strides_out = 0
        elif not was_out:
            self._strides_out = max(1, self._alone_out)
        else:
            self._strides_out = max(0, self._strides_out + (1 if smoothed is Reading.OUT else -1))

    def advised(self) -> None:
        self._go(Happening.ADVICE)

    def doubt(self) -> None:
        """Forgets."""
        self._go(Happening.DOUBT)
        self._strides_out = self._alone_out = 0

    def _go(self, event: Event) -> None:
        self._phase = NEXT[self._phase][event]
