"""Whether a device keeps to its profile: what it has sent, measured against limits.

`imu-stream profiles verify` records the frames and shows the checks.
"""

from imu_stream.conformance.check import Check
from imu_stream.conformance.commands import asking_for_too_little
from imu_stream.conformance.stream import check_battery, check_stream

__all__ = ["Check", "asking_for_too_little", "check_battery", "check_stream"]
