"""Make a connected device vibrate or beep: its own action, or the standard Immediate Alert."""

from imu_stream.acquisition.ble.conversation import Conversation
from imu_stream.profiles import CueAction, DeviceProfile
from imu_stream.profiles.standard_services import ALERT_LEVEL, AlertLevel
from imu_stream.profiles.steps import CueKind

DURATION_MS = 400


def can_vibrate(talk: Conversation, profile: DeviceProfile) -> bool:
    """Whether the device has the means. Raises LinkError when it is gone."""
    return _own_action(profile) is not None or talk.can_write(ALERT_LEVEL)


async def begin_vibration(talk: Conversation, profile: DeviceProfile) -> bool:
    """Draw the wearer's attention; whether that has to be ended with `end_vibration`.

    Raises:
        LinkError: the device did not take it.
    """
    action = _own_action(profile)
    if action is not None:
        payload = action.payload(DURATION_MS)
        await talk.write(action.characteristic, payload, action.response)
        return False
    await talk.write(ALERT_LEVEL, bytes([AlertLevel.HIGH]), False)
    return True


async def end_vibration(talk: Conversation) -> None:
    """End an Immediate Alert, which would else go on until the link is closed.

    Raises:
        LinkError: the device did not take it.
    """
    await talk.write(ALERT_LEVEL, bytes([AlertLevel.NONE]), False)


def _own_action(profile: DeviceProfile) -> CueAction | None:
    for kind in (CueKind.HAPTIC, CueKind.TONE):
        for action in profile.cues:
            if action.kind is kind:
                return action
    return None
