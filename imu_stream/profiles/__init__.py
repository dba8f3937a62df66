"""Device profiles: a device is data, and its codec runs both ways.

`device_profiles/*.toml` -> `DeviceProfile`; `Decoder` reads what the device sends, `Encoder`
and `Responder` speak for a virtual one.
"""

from imu_stream.profiles.available import (
    available_profiles,
    candidates,
    profile_of,
    user_folder,
)
from imu_stream.profiles.closed_devices import ClosedDevice, find_closed_device
from imu_stream.profiles.codec import Corrupt, Decoder, Encoder
from imu_stream.profiles.commands import Notification, Responder, Response
from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.loading import load_profile, parse_profile
from imu_stream.profiles.matching import (
    builtin_profiles,
    find_profile,
    named_profile,
)
from imu_stream.profiles.packets import Clock, ClockMark, Packet, Stream
from imu_stream.profiles.schema import (
    Advertisement,
    BatteryQuery,
    Characteristic,
    Evidence,
    Mode,
    Pairing,
)
from imu_stream.profiles.steps import (
    CueAction,
    Effect,
    Read,
    Refusal,
    Reply,
    Step,
    Subscribe,
    Write,
)

__all__ = [
    "Advertisement",
    "BatteryQuery",
    "Characteristic",
    "Clock",
    "ClockMark",
    "ClosedDevice",
    "Corrupt",
    "CueAction",
    "Decoder",
    "DeviceProfile",
    "Effect",
    "Encoder",
    "Evidence",
    "Mode",
    "Notification",
    "Packet",
    "Pairing",
    "Read",
    "Refusal",
    "Reply",
    "Responder",
    "Response",
    "Step",
    "Stream",
    "Subscribe",
    "Write",
    "available_profiles",
    "builtin_profiles",
    "candidates",
    "find_closed_device",
    "find_profile",
    "load_profile",
    "named_profile",
    "parse_profile",
    "profile_of",
    "user_folder",
]
