"""Devices of which no packets are published: frames made by hand from their documented layouts."""

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.datatypes import GRAVITY, DeviceSamples, Frame, Placement
from imu_stream.errors import Fault
from imu_stream.profiles import (
    ClockMark,
    Corrupt,
    Decoder,
    DeviceProfile,
    Encoder,
    Mode,
    Read,
    Responder,
    Response,
    Subscribe,
    Write,
    available_profiles,
    candidates,
    find_profile,
    parse_profile,
)

NAMES = (
    "adafruit_bluefruit",
    "openearable_v1",
    "openearable_v2",
    "openearable_v2_3",
    "puckjs",
    "sensortag_cc2650",
    "sensortile_bluest",
    "thingy52",
)
EARABLES = ("openearable_v1", "openearable_v2", "openearable_v2_3")
DEGREE = np.pi / 180
every_device = pytest.mark.parametrize("name", NAMES)
every_mode = pytest.mark.parametrize(
    ("name", "number"),
    [(name, k) for name in NAMES for k, _ in enumerate(find_profile(name).modes)],
)
unhurried = settings(deadline=None, max_examples=40)


def decode(mode: Mode, *payloads: bytes, stream: int = 0) -> list[DeviceSamples | Corrupt]:
    """Decode notifications of one of the mode's streams."""
    decoder = Decoder(mode, Placement.CHEST)
    name = mode.streams[stream].name
    frames = (Frame(0.1 * k, Placement.CHEST, name, each) for k, each in enumerate(payloads))
    return [one for frame in frames for one in decoder.decode(frame)]


def decode_one(mode: Mode, payload: bytes, stream: int = 0) -> DeviceSamples:
    (decoded,) = decode(mode, payload, stream=stream)
    assert isinstance(decoded, DeviceSamples)
    return decoded


def default(name: str) -> Mode:
    return find_profile(name).default_mode


# ---------------------------------------------------------------- what they send


def test_thingy_sends_fractions_of_g_downwards_and_of_degrees() -> None:
    frame = struct.pack("<9h", 512, -1024, 2047, 32, -3200, 32736, 1, 2, 3)
    samples = decode_one(default("thingy52"), frame)
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.acc == pytest.approx(np.array([[-0.5, 1.0, -2047 / 1024]]) * GRAVITY)
    assert samples.gyr == pytest.approx(np.array([[1.0, -100.0, 1023.0]]) * DEGREE)
    assert samples.ticks is None


def test_openearable_v1_sends_milliseconds_and_floats() -> None:
    acc, rest = (0.25, -9.8, 19.5), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    frame = bytes((0, 36)) + struct.pack("<I9f", 123_456, *acc, *rest)
    samples = decode_one(default("openearable_v1"), frame)
    assert samples.ticks == 123_456
    assert samples.acc is not None
    assert samples.acc[0] == pytest.approx(acc)
    assert samples.gyr is None


def test_openearable_v2_sends_microseconds_and_floats() -> None:
    acc, gyr, compass = (0.25, -9.8, 19.5), (90.0, -180.0, 1999.0), (40.0, 0.0, -20.0)
    frame = bytes((0, 36)) + struct.pack("<Q9f", 1 << 40, *acc, *gyr, *compass)
    samples = decode_one(default("openearable_v2"), frame)
    assert samples.ticks == 1 << 40
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.acc[0] == pytest.approx(acc)
    assert samples.gyr[0] == pytest.approx(np.array(gyr) * DEGREE)


def test_openearable_of_firmware_2_3_sends_steps() -> None:
    frame = bytes((0, 24)) + struct.pack("<Q6h3f", 5, 16_384, -1, 0, 16_384, -3, 0, 1.0, 2.0, 3.0)
    samples = decode_one(default("openearable_v2_3"), frame)
    assert samples.ticks == 5
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.acc == pytest.approx(np.array([[1.0, -1 / 16_384, 0.0]]) * GRAVITY, rel=1e-6)
    assert samples.gyr == pytest.approx(np.array([[1000.0, -3 / 16.384, 0.0]]) * DEGREE)


@pytest.mark.parametrize(
    ("name", "layout", "step"),
    [("openearable_v2", "<9f", 1.0), ("openearable_v2_3", "<6h3f", 2 * GRAVITY / 32_768)],
)
@pytest.mark.parametrize("count", [2, 3, 6])
def test_several_samples_of_an_openearable_end_with_their_period(
    name: str, layout: str, step: float, count: int
) -> None:
    rows = [(k, 2, 3, 4, 5, 6, 7.0, 8.0, 9.0) for k in range(count)]
    content = b"".join(struct.pack(layout, *row) for row in rows) + struct.pack("<H", 10_000)
    frame = bytes((0, len(content))) + struct.pack("<Q", 77) + content
    samples = decode_one(default(name), frame)
    assert (samples.ticks, samples.kind) == (77, 0)
    assert samples.acc is not None
    assert samples.acc[:, 0] == pytest.approx(np.arange(count) * step)
    (packet,) = default(name).packets
    assert packet.clock is not None
    assert packet.clock.mark is ClockMark.FIRST


def test_bluest_sends_milli_g_and_tenths_of_a_degree() -> None:
    frame = struct.pack("<H9h", 65_535, 1000, -2500, 16_000, 10, -20_000, 1, 7, 8, 9)
    mode = default("sensortile_bluest")
    samples = decode_one(mode, frame)
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.ticks == 65_535
    assert samples.acc == pytest.approx(np.array([[1.0, -2.5, 16.0]]) * GRAVITY)
    assert samples.gyr == pytest.approx(np.array([[1.0, -2000.0, 0.1]]) * DEGREE)
    (packet,) = mode.packets
    assert packet.clock is not None
    assert (packet.clock.bits, packet.clock.seconds_per_tick) == (16, 0.008)


@pytest.mark.parametrize("range_g", [2, 4, 8, 16])
def test_sensortag_sends_angular_rates_first_and_accelerations_over_its_range(range_g: int) -> None:
    mode = find_profile("sensortag_cc2650").mode(10, range_g)
    frame = struct.pack("<9h", 13_107, -131, 0, 16_384, -8192, 1, 5, 6, 7)
    samples = decode_one(mode, frame)
    assert samples.acc is not None
    assert samples.gyr is not None
    expected_dps = np.array([[13_107.0, -131.0, 0.0]]) / (65_536 / 500)
    assert samples.gyr == pytest.approx(expected_dps * DEGREE)
    expected_g = np.array([[16_384.0, -8192.0, 1.0]]) / (32_768 / range_g)
    assert samples.acc == pytest.approx(expected_g * GRAVITY)


def test_adafruit_sends_each_quantity_by_itself() -> None:
    mode = default("adafruit_bluefruit")
    acc = decode_one(mode, struct.pack("<3f", 0.5, -9.81, 2.0), stream=0)
    gyr = decode_one(mode, struct.pack("<3f", 0.1, -0.2, 4.0), stream=1)
    assert acc.acc is not None
    assert acc.acc[0] == pytest.approx([0.5, -9.81, 2.0])
    assert acc.gyr is None
    assert gyr.gyr is not None
    assert gyr.gyr[0] == pytest.approx([0.1, -0.2, 4.0])
    assert gyr.acc is None
    assert (acc.kind, gyr.kind) == (0, 1)


def puck_message(ticks: int, count: int, numbers: Sequence[int]) -> bytes:
    """As the program that we write into it makes one: ten numbers of two bytes."""
    return struct.pack("<hHHH6h", 21_930, ticks & 0xFFFF, ticks >> 16, count & 0xFFFF, *numbers)


def test_puck_sends_steps_of_its_chip() -> None:
    message = puck_message(70_057, 65_535, (8192, -4096, 1, 1000, -2000, 5))
    samples = decode_one(default("puckjs"), message)
    assert (samples.ticks, samples.counter) == (70_057, 65_535)
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.acc == pytest.approx(np.array([[1.0, -0.5, 1 / 8192]]) * GRAVITY)
    assert samples.gyr == pytest.approx(np.array([[8.75, -17.5, 0.04375]]) * DEGREE)


@unhurried
@given(
    st.lists(st.tuples(*6 * [st.integers(-20_000, 20_000)]), min_size=1, max_size=12),
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
)
def test_messages_of_the_puck_are_found_however_they_are_cut(
    rows: list[tuple[int, ...]], cuts: list[int]
) -> None:
    sent = [puck_message(20 * k, k, row) for k, row in enumerate(rows)]
    stream, pieces = b"\r\n>" + b"\r\n".join(sent), []
    for size in cuts:
        pieces.append(stream[:size])
        stream = stream[size:]
    decoded = decode(default("puckjs"), *pieces, stream)
    assert [one.ticks for one in decoded if isinstance(one, DeviceSamples)] == [
        20 * k for k in range(len(rows))
    ]
    assert not any(isinstance(one, Corrupt) for one in decoded)


def test_program_of_the_puck_makes_what_its_profile_reads() -> None:
    writes = [step for step in default("puckjs").setup if isinstance(step, Write)]
    lines = [step.payload for step in writes]
    assert all(line.lstrip(b"\x03").startswith(b"\x10") for line in lines)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert {step.piece for step in writes} == {20}
    assert any(b"new Int16Array(10)" in line for line in lines)
    (program,) = (line for line in lines if b"b.set([" in line)
    parts = program.partition(b"b.set([")[2].partition(b"])")[0].split(b",")
    assert int(parts[0]).to_bytes(2, "little") == bytes.fromhex("aa 55")
    assert parts[1:] == [b"t", b"t>>16", b"n++", *b"a.x a.y a.z g.x g.y g.z".split()]


def test_rate_of_the_puck_is_written_as_text() -> None:
    for hz in (26, 52):
        start = find_profile("puckjs").mode(hz).setup[-1]
        assert isinstance(start, Write)
        assert f"Puck.accelOn({hz})\n".encode() in start.payload


# ---------------------------------------------------------------- what is damaged


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("thingy52", bytes(17)),
        ("thingy52", bytes(19)),
        ("thingy52", b""),
        ("openearable_v1", bytes((0, 36)) + bytes(39)),
        ("openearable_v1", bytes((0, 36)) + bytes(4) + struct.pack("<9f", *9 * [1e30])),
        ("openearable_v1", bytes((0, 36)) + bytes(4) + struct.pack("<9f", *9 * [np.nan])),
        # of firmware 2.3, of 2.2, and cut off
        ("openearable_v2", bytes((0, 24)) + bytes(8 + 24)),
        ("openearable_v2_3", bytes((0, 36)) + bytes(8 + 36)),
        ("openearable_v2", bytes((0, 74)) + bytes(8 + 2 * 36)),
        ("sensortile_bluest", bytes(8)),
        ("sensortag_cc2650", bytes(12)),
        ("adafruit_bluefruit", bytes(8)),
        ("adafruit_bluefruit", struct.pack("<3f", np.inf, 0.0, 0.0)),
    ],
)
def test_what_cannot_be_read_is_told_as_damage(name: str, payload: bytes) -> None:
    (decoded,) = decode(default(name), payload)
    assert isinstance(decoded, Corrupt)


@pytest.mark.parametrize("name", EARABLES)
def test_other_sensors_of_an_earable_are_no_damage(name: str) -> None:
    assert decode(default(name), bytes((1, 8)) + bytes(20)) == []


@every_device
@given(noise=st.binary(max_size=60))
@unhurried
def test_noise_is_never_an_error(name: str, noise: bytes) -> None:
    mode = default(name)
    for stream in range(len(mode.streams)):
        assert all(
            isinstance(one, (DeviceSamples, Corrupt))
            for one in decode(mode, noise, noise, stream=stream)
        )


# ---------------------------------------------------------------- both ways


@every_mode
def test_what_a_virtual_one_sends_is_what_is_read(name: str, number: int) -> None:
    mode = find_profile(name).modes[number]
    random = np.random.default_rng(number)
    for kind, packet in enumerate(mode.packets):
        encoder = Encoder(mode, find_profile(name).min_mtu, kind)
        place = next(k for k, each in enumerate(mode.streams) if packet in each.packets)
        sent = random.uniform(-9, 9, (3, 1, 3)), random.uniform(-4, 4, (3, 1, 3))
        payloads = [
            encoder.encode(1000 + k, acc, gyr)
            for k, (acc, gyr) in enumerate(zip(*sent, strict=True))
        ]
        assert all(len(one) == 1 for one in payloads)
        decoded = decode(mode, *(one for each in payloads for one in each), stream=place)
        assert len(decoded) == 3
        for samples, acc, gyr, k in zip(decoded, *sent, range(3), strict=True):
            assert isinstance(samples, DeviceSamples)
            assert samples.kind == kind
            assert samples.ticks == (None if packet.clock is None else 1000 + k)
            if "acc" in packet.measures:
                assert samples.acc == pytest.approx(acc, abs=0.006)
            if "gyr" in packet.measures:
                assert samples.gyr == pytest.approx(gyr, abs=0.001)


@every_device
def test_what_is_beyond_its_range_is_clipped(name: str) -> None:
    profile = find_profile(name)
    mode = profile.default_mode
    for kind, packet in enumerate(mode.packets):
        encoder = Encoder(mode, kind=kind)
        place = next(k for k, each in enumerate(mode.streams) if packet in each.packets)
        huge = np.full((1, 3), 1e4)
        (payload,) = encoder.encode(0, huge, huge)
        samples = decode_one(mode, payload, stream=place)
        if samples.acc is not None:
            assert samples.acc == pytest.approx(np.full((1, 3), profile.acc_saturation), rel=1e-3)
        if samples.gyr is not None:
            assert samples.gyr == pytest.approx(np.full((1, 3), profile.gyr_saturation), rel=1e-3)


# ---------------------------------------------------------------- how they are started


def played(responder: Responder, steps: Sequence[object]) -> list[Response]:
    """What a virtual device does at each write and subscription."""
    responses = []
    for step in steps:
        if isinstance(step, Write):
            size = step.piece or len(step.payload)
            for start in range(0, len(step.payload), size):
                piece = step.payload[start : start + size]
                responses.append(responder.respond(step.characteristic, piece))
        elif isinstance(step, Subscribe):
            responses.append(responder.subscribed(step.characteristic))
        elif isinstance(step, Read):
            assert step.reply.accepts(responder.value(step.reply.characteristic))
    return responses


@every_mode
def test_set_up_starts_exactly_its_mode(name: str, number: int) -> None:
    profile = find_profile(name)
    mode = profile.modes[number]
    responder = Responder(profile)
    responses = played(responder, mode.setup)
    assert [each.start for each in responses if each.start is not None] == [mode]
    assert responses[-1].start == mode
    ended = [*played(responder, mode.shutdown)]
    subscribed = [step.characteristic for step in mode.setup if isinstance(step, Subscribe)]
    ended += [responder.unsubscribed(each) for each in subscribed]
    assert any(each.stop for each in ended)


@pytest.mark.parametrize("name", [*EARABLES, "sensortag_cc2650", "puckjs"])
def test_what_a_broken_off_session_left_running_is_stopped_first(name: str) -> None:
    mode = default(name)
    first = next(step for step in mode.setup if isinstance(step, Write))
    last = mode.shutdown[-1]
    assert isinstance(last, Write)
    assert first == last
    assert first.reply is None
    assert played(Responder(find_profile(name)), [first])[-1].stop


@pytest.mark.parametrize(
    ("name", "hz", "payload"),
    [
        ("thingy52", 200, "e8 03 f4 01 f4 01 c8 00 01"),
        ("thingy52", 50, "e8 03 f4 01 f4 01 32 00 01"),
        ("openearable_v1", 50, (b"\0" + struct.pack("<fI", 50, 0)).hex()),
        ("openearable_v1", 30, (b"\0" + struct.pack("<fI", 30, 0)).hex()),
        ("openearable_v2", 25, "00 00 01"),
        ("openearable_v2", 100, "00 02 01"),
        ("adafruit_bluefruit", 50, struct.pack("<i", 20).hex()),
        ("adafruit_bluefruit", 25, struct.pack("<i", 40).hex()),
    ],
)
def test_rate_is_asked_for_in_the_device_s_own_way(name: str, hz: float, payload: str) -> None:
    written = [
        step.payload for step in find_profile(name).mode(hz).setup if isinstance(step, Write)
    ]
    assert bytes.fromhex(payload) in written


@pytest.mark.parametrize(("range_g", "config"), [(2, 0x003F), (4, 0x013F), (16, 0x033F)])
def test_sensortag_is_configured_for_six_axes_and_a_range(range_g: int, config: int) -> None:
    start = find_profile("sensortag_cc2650").mode(10, range_g).setup[-1]
    assert isinstance(start, Write)
    assert start.payload == config.to_bytes(2, "little")


def test_cues() -> None:
    (tone,) = find_profile("thingy52").cues
    assert tone.payload(300) == struct.pack("<HHB", 2000, 300, 100)
    assert tone.payload(60_000) == struct.pack("<HHB", 2000, tone.longest_ms, 100)
    (light,) = find_profile("puckjs").cues
    assert light.payload(100) == b"\x10L()\n"
    program = b"".join(s.payload for s in default("puckjs").setup if isinstance(s, Write))
    assert f"digitalPulse(LED1,1,{light.longest_ms})".encode() in program


# ---------------------------------------------------------------- which is which


@every_device
def test_own_advertisement_matches_and_no_other(name: str) -> None:
    shown = find_profile(name).advertisement("12AB")
    expected = EARABLES if name in EARABLES else (name,)
    assert tuple(each.name for each in candidates(shown, available_profiles())) == expected


def verdict(name: str, other: DeviceProfile) -> Fault | None:
    """What the first steps of a set-up say of another device; None when it is taken."""
    device = Responder(other)
    for step in default(name).setup:
        if not isinstance(step, Read):
            return None
        value = device.value(step.reply.characteristic)
        if not step.reply.accepts(value):
            return step.reply.refuses(value) or Fault.OTHER_DEVICE
    return None


@pytest.mark.parametrize("name", EARABLES)
@pytest.mark.parametrize("other", EARABLES)
def test_another_earable_is_told_before_anything_is_written(name: str, other: str) -> None:
    expected = None if name == other else Fault.OTHER_DEVICE
    assert verdict(name, find_profile(other)) is expected


@pytest.mark.parametrize("version", ["2.0.2", "2.1.0"])
def test_old_firmware_of_an_openearable_is_refused_as_such(version: str) -> None:
    text = find_profile("openearable_v2").text
    changed = text.replace("\"'2.2.9'\"", f"\"'{version}'\"").replace(
        "accepted = \"'2.2'\"", f"accepted = \"'{version[:3]}'\""
    )
    old = parse_profile(changed, "old")
    assert verdict("openearable_v2", old) is Fault.FIRMWARE


@every_device
def test_limits_are_told(name: str) -> None:
    profile: DeviceProfile = find_profile(name)
    assert profile.limits
    assert profile.fits(Placement.CHEST)
    assert profile.fits(Placement.LEFT_FOOT) is (name == "thingy52")
