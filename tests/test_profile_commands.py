"""Steps of the profiles: what a device has for them, and what the virtual one answers."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from every_profile import PROFILES, every_profile, modes_of

from imu_stream.errors import Fault
from imu_stream.profiles import (
    DeviceProfile,
    Mode,
    Read,
    Reply,
    Responder,
    Response,
    Step,
    Subscribe,
    Write,
    find_profile,
    load_profile,
)
from imu_stream.profiles.checksums import Checksum
from imu_stream.profiles.notation import BytePattern

MADE_UP = Path(__file__).parent / "data" / "made_up.toml"
COMMAND, DATA, TURNING, ABOUT, MOTOR = (
    f"0000fff{number}-0000-1000-8000-00805f9b34fb" for number in range(1, 6)
)


def take(responder: Responder, steps: Iterable[Step]) -> list[Response]:
    """Take steps as a link does, and give what followed; every answer must be accepted."""
    return [response for step in steps for response in take_one(responder, step)]


def take_one(responder: Responder, step: Step) -> list[Response]:
    match step:
        case Subscribe(characteristic):
            return [responder.subscribed(characteristic.upper())]
        case Read(reply):
            assert reply.accepts(responder.value(reply.characteristic.upper()))
            return []
        case Write():
            responses = [
                responder.respond(step.characteristic.upper(), piece) for piece in pieces(step)
            ]
            assert not any(response.replies for response in responses[:-1])
            assert step.reply is None or answers(responses[-1], step.reply) == [True]
            return responses


def pieces(step: Write) -> list[bytes]:
    size = step.piece or len(step.payload)
    return [step.payload[at : at + size] for at in range(0, len(step.payload), size)]


def answers(response: Response, reply: Reply) -> list[bool]:
    """Whether each of the replies is there and says yes."""
    return [
        reply.characteristic == each.characteristic and reply.accepts(each.payload)
        for each in response.replies
    ]


def started(responses: Iterable[Response]) -> list[Mode]:
    return [response.start for response in responses if response.start is not None]


def replies_of(steps: Iterable[Step]) -> Iterator[Reply]:
    for step in steps:
        if isinstance(step, (Read, Write)) and step.reply is not None:
            yield step.reply


def everything(mode: Mode) -> Sequence[Step]:
    return (*mode.setup, *mode.shutdown)


# ---------------------------------------------------------------- the virtual device


@every_profile
def test_virtual_device_takes_every_step_and_starts_the_mode_asked_for(
    profile: DeviceProfile,
) -> None:
    for mode in modes_of(profile):
        assert started(take(Responder(profile), mode.setup))[-1] == mode


@every_profile
def test_virtual_device_changes_its_mode_on_the_same_link(profile: DeviceProfile) -> None:
    responder = Responder(profile)
    for mode in modes_of(profile):
        assert started(take(responder, mode.setup))[-1] == mode
        take(responder, mode.shutdown)


@every_profile
def test_virtual_device_stops_when_it_is_left(profile: DeviceProfile) -> None:
    for mode in modes_of(profile):
        responder = Responder(profile)
        take(responder, mode.setup)
        left = take(responder, mode.shutdown)
        subscribed = [step.characteristic for step in mode.setup if isinstance(step, Subscribe)]
        left += [responder.unsubscribed(each) for each in subscribed]
        assert any(response.stop for response in left)
        assert not started(left)


@every_profile
def test_write_that_nobody_knows_is_not_answered(profile: DeviceProfile) -> None:
    responder = Responder(profile)
    for each in profile.characteristics:
        assert responder.respond(each.uuid, b"\x00\xff nobody knows this") == Response()
        assert responder.respond(each.uuid, b"") == Response()
    assert responder.respond("2a00", b"\x00") == Response()
    assert responder.subscribed("2a00") == Response()
    assert responder.value("2a00") == b""


# ---------------------------------------------------------------- steps


@every_profile
def test_steps_use_what_the_characteristics_have(profile: DeviceProfile) -> None:
    properties = {each.uuid: set(each.properties) for each in profile.characteristics}
    for mode in modes_of(profile):
        for step in everything(mode):
            match step:
                case Subscribe(characteristic):
                    assert {"notify", "indicate"} & properties[characteristic]
                case Write(characteristic, response=response):
                    assert needed(response) in properties[characteristic]
                case Read(reply):
                    assert "read" in properties[reply.characteristic]
    for cue in profile.cues:
        assert needed(cue.response) in properties[cue.characteristic]


def needed(response: bool) -> str:
    return "write" if response else "write-without-response"


@every_profile
def test_streams_and_answers_are_subscribed_to_before_they_come(profile: DeviceProfile) -> None:
    for mode in modes_of(profile):
        subscribed: set[str] = set()
        for step in everything(mode):
            if isinstance(step, Subscribe):
                subscribed.add(step.characteristic)
            if isinstance(step, Write) and step.reply is not None:
                assert step.reply.characteristic in subscribed
        assert {stream.characteristic for stream in mode.streams} <= subscribed
        factors = [packet.factor for packet in mode.packets if packet.factor is not None]
        assert {factor.stream for factor in factors} <= subscribed


@every_profile
def test_every_refusal_can_be_told_from_the_others(profile: DeviceProfile) -> None:
    for mode in modes_of(profile):
        for reply in replies_of(everything(mode)):
            assert reply.refuses(reply.example) is None
            for refusal in reply.refusals:
                told = (reply.refuses(filled(refusal.answer, byte)) for byte in range(256))
                assert refusal.fault in told


def filled(pattern: BytePattern, byte: int) -> bytes:
    """Bytes that fit a pattern, with the same byte wherever any will do."""
    parts = zip(pattern.value, pattern.mask, strict=True)
    return bytes(value if mask else byte for value, mask in parts)


@every_profile
def test_cues_last_no_longer_than_they_may(profile: DeviceProfile) -> None:
    for cue in profile.cues:
        for duration_ms in (0, 1, cue.longest_ms, cue.longest_ms + 1, 10**9, None):
            assert cue.payload(duration_ms).startswith(cue.before)
        if cue.timed:
            assert cue.payload(10**9) == cue.payload(cue.longest_ms) == cue.payload()
            assert cue.payload(-1) == cue.payload(0) != cue.payload()


# ---------------------------------------------------------------- made up


def test_write_in_pieces_is_answered_with_its_last() -> None:
    profile = load_profile(MADE_UP)
    responder = Responder(profile)
    (write,) = (s for s in profile.mode(50, 8).setup if isinstance(s, Write))
    assert [len(piece) for piece in pieces(write)] == [4, 3]
    assert write.payload == Checksum.NEGATIVE_SUM.compute(b"")[:0] + bytes.fromhex(
        "01 32 00 08 d0 07 ee"
    )
    first, second = pieces(write)
    assert responder.respond(COMMAND, first) == Response()
    assert len(responder.respond(COMMAND, second).replies) == 1
    # another first piece, and then the whole command again
    assert responder.respond(COMMAND, first) == Response()
    assert responder.respond(COMMAND, b"\x99") == Response()
    assert len([r for piece in pieces(write) for r in responder.respond(COMMAND, piece).replies])


def test_wrapped_answer_ends_with_its_checksum() -> None:
    (reply,) = list(replies_of(load_profile(MADE_UP).default_mode.setup))[1:]
    assert reply.example == b"\x81\x00" + Checksum.CRC32.compute(b"\x81\x00")


def test_faults_are_told_special_ones_first() -> None:
    about, reply = replies_of(load_profile(MADE_UP).default_mode.setup)
    told = [reply.refuses(bytes([0x81, status])) for status in (0, 1, 2, 3)]
    assert told == [None, Fault.REFUSED, Fault.RATE, Fault.RANGE]
    assert reply.refuses(b"\x82\x01") is None
    assert about.refuses(b"other thing") is Fault.OTHER_DEVICE


def test_notifications_alone_start_and_stop_a_stream() -> None:
    profile = load_profile(MADE_UP)
    responder = Responder(profile)
    assert responder.subscribed(TURNING) == Response()
    assert responder.subscribed(DATA).start == profile.default_mode
    assert responder.unsubscribed(TURNING) == Response()
    assert responder.unsubscribed(DATA).stop


def test_battery_is_the_byte_behind_the_answer() -> None:
    battery = load_profile(MADE_UP).battery
    assert battery is not None
    answers = {"85 32": 50, "85 ff": 100, "85": None, "86 32": None, "": None}
    assert {each: battery.percent(bytes.fromhex(each)) for each in answers} == answers


def test_cue_holds_its_duration() -> None:
    (cue,) = load_profile(MADE_UP).cues
    assert cue.payload(300) == bytes.fromhex("01 2c 01 ff")
    assert cue.payload() == bytes.fromhex("01 d0 07 ff")


# ---------------------------------------------------------------- known devices


@pytest.mark.parametrize(
    ("answer", "fault"),
    [("f0 02 02 00 00 01", None), ("f0 02 02 08", Fault.RATE), ("f0 03 02 06", None)],
)
def test_a_polar_says_why_it_does_not_start(answer: str, fault: Fault | None) -> None:
    *_, start = replies_of(find_profile("polar_h10").default_mode.setup)
    assert start.refuses(bytes.fromhex(answer)) is fault


def test_reply_is_found_behind_other_packages() -> None:
    start = list(replies_of(find_profile("capture2go").default_mode.setup))[-1]
    others = bytes.fromhex("ff 02 00 00 00 00 02 01 02 07 08")
    assert start.accepts(others + start.example[1:])
    assert not start.accepts(others)


def test_there_are_profiles_to_test() -> None:
    assert len(PROFILES) > 10
