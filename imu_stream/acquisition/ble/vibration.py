"""Make a connected device vibrate or beep: its own action, or the standard Immediate Alert."""

from collections.abc import Awaitable, Callable

from imu_stream.acquisition.ble.conversation import Conversation
from imu_stream.profiles import CueAction, DeviceProfile
from imu_stream.profiles.standard_services import ALERT_LEVEL, AlertLevel
from imu_stream.profiles.steps import CueKind

DURATION_MS = 400


async def vibrate(
    talk: Conversation, profile: DeviceProfile, sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Draw the wearer's attention for a moment; nothing when the device has no means.

    Raises:
        LinkError: the device did not take it.
    """
    action = _own_action(profile)
    if action is not None:
        payload = action.payload(DURATION_MS)
        await talk.write(action.characteristic, payload, action.response)
    elif talk.can_write(ALERT_LEVEL):
        # without an end the alert would go on until the link is closed (Immediate Alert Service)
        for level in (AlertLevel.HIGH, AlertLevel.NONE):
            await talk.write(ALERT_LEVEL, bytes([level]), False)
            if level is AlertLevel.HIGH:
                await sleep(DURATION_MS / 1000)


def _own_action(profile: DeviceProfile) -> CueAction | None:
    for kind in (CueKind.HAPTIC, CueKind.TONE):
        for action in profile.cues:
            if action.kind is kind:
                return action
    return None
