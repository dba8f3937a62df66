"""Device profiles: a device is data, and its codec runs both ways.

`device_profiles/*.toml` -> `DeviceProfile`; `Decoder` reads what the device sends, `Encoder`
and `Responder` speak for a virtual one.
"""

from imu_stream.profiles.codec import Corrupt, Decoder, Encoder
from imu_stream.profiles.commands import (
    Notification,
    Responder,
    Response,
    is_refusal,
    is_reply,
)
from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.loading import load_profile, parse_profile
from imu_stream.profiles.matching import builtin_profiles, find_profile, match_profile
from imu_stream.profiles.schema import (
    Advertisement,
    Characteristic,
    Clock,
    ClockMark,
    Effect,
    Reply,
    Step,
    Subscribe,
    Write,
)

__all__ = [
    "Advertisement",
    "Characteristic",
    "Clock",
    "ClockMark",
    "Corrupt",
    "Decoder",
    "DeviceProfile",
    "Effect",
    "Encoder",
    "Notification",
    "Reply",
    "Responder",
    "Response",
    "Step",
    "Subscribe",
    "Write",
    "builtin_profiles",
    "find_profile",
    "is_refusal",
    "is_reply",
    "load_profile",
    "match_profile",
    "parse_profile",
]
