"""Which part of the runner a sensor measures."""

from enum import StrEnum


class Placement(StrEnum):
    """Which part of the runner a sensor measures."""

    LEFT_FOOT = "left_foot"
    RIGHT_FOOT = "right_foot"
    CHEST = "chest"
    HEART = "heart"
    """A heart rate sensor, wherever it is worn."""
    POD = "pod"
    """A running speed and cadence sensor, likewise."""
    BUZZER = "buzzer"
    """Measures nothing, but can be felt or heard."""

    @property
    def words(self) -> str:
        """As people read it: "left foot"."""
        return self.value.replace("_", " ")

    @property
    def is_foot(self) -> bool:
        return self in FEET


FEET = (Placement.LEFT_FOOT, Placement.RIGHT_FOOT)

MOTION = (*FEET, Placement.CHEST)
"""Where motion itself is measured; the others send what they have made of it."""
