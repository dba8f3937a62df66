"""What gives cues to the runner, or to whoever listens for them, and how each is kept apart."""

from imu_stream.sinks.outputs.channel import Channel
from imu_stream.sinks.outputs.output import CueOutput

__all__ = ["Channel", "CueOutput"]
