"""A set-up that a device must refuse."""

from dataclasses import replace

from imu_stream.errors import Fault
from imu_stream.profiles import Mode, Refusal, Reply, Write

_RATE_BYTES = 2


def asking_for_too_little(mode: Mode) -> Mode | None:
    """Give the mode with a set-up that first asks for 0 Hz and expects the device to object.

    Only where the profile says how the device objects to a rate, and where the command holds the
    rate as a number: otherwise nothing is known to be impossible, and None is given.
    """
    rate = round(mode.hz).to_bytes(_RATE_BYTES, "little")
    for place, step in enumerate(mode.setup):
        if isinstance(step, Write) and step.reply is not None and step.payload.count(rate) == 1:
            payload = step.payload.replace(rate, bytes(_RATE_BYTES))
            if (reply := _objection(step.reply)) is not None:
                probe = replace(step, payload=payload, reply=reply)
                return replace(mode, setup=(*mode.setup[:place], probe, *mode.setup[place:]))
    return None


def _objection(reply: Reply) -> Reply | None:
    """The reply turned over: a refusal of the rate is wanted, all else is wrong."""
    wanted = [each.answer for each in reply.refusals if each.fault is Fault.RATE]
    if not wanted:
        return None
    wrong = (reply.accepted, *(each.answer for each in reply.refusals))
    refusals = tuple(Refusal(answer, Fault.REFUSED) for answer in wrong)
    return replace(reply, accepted=wanted[0], refusals=refusals)
