"""Published bytes of MetaMotion, WitMotion and Shimmer3R against their profiles, by number.

A number is the place in tests/data/vectors.json: 43 to 79 and 90 to 92.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from every_profile import variant
from vectors import content, expected

from imu_stream.datatypes import GRAVITY, Array, DeviceSamples, Frame, Placement
from imu_stream.errors import Fault
from imu_stream.profiles import (
    ClockMark,
    Corrupt,
    CueAction,
    Decoder,
    Encoder,
    Mode,
    Reply,
    Responder,
    Response,
    Step,
    Subscribe,
    Write,
    find_profile,
)
from imu_stream.profiles.packets import Clock, Constant, Packet, Vectors, fields_of

METAMOTIONS = ("metamotion_bmi160", "metamotion_bmi270")
NAMES = (*METAMOTIONS, "witmotion_ble5", "shimmer3r")
NEXT = {"witmotion_ble5": b"\x55\x61"}
"""Begin of a next message, by which the length of the last one shows."""
every_metamotion = pytest.mark.parametrize("name", METAMOTIONS)


def decode(mode: Mode, *payloads: bytes) -> list[DeviceSamples | Corrupt]:
    decoder = Decoder(mode, Placement.CHEST)
    frames = (Frame(0.1, Placement.CHEST, mode.streams[0].name, payload) for payload in payloads)
    return [decoded for frame in frames for decoded in decoder.decode(frame)]


def samples_of(mode: Mode, *payloads: bytes) -> list[DeviceSamples]:
    decoded = decode(mode, *payloads)
    samples = [each for each in decoded if isinstance(each, DeviceSamples)]
    assert len(samples) == len(decoded)
    return samples


def in_g(samples: DeviceSamples) -> Array:
    assert samples.acc is not None
    return samples.acc / GRAVITY


def in_degrees(samples: DeviceSamples) -> Array:
    assert samples.gyr is not None
    return np.degrees(samples.gyr)


def near(values: Any, rounded: float = 0.0) -> Any:
    return pytest.approx(np.array(values), rel=1e-9, abs=rounded)


def writes(mode: Mode) -> list[Write]:
    return [step for step in (*mode.setup, *mode.shutdown) if isinstance(step, Write)]


def constants(packet: Packet) -> tuple[Constant, ...]:
    return fields_of(packet.fields, Constant)


def vectors(packet: Packet, quantity: str) -> Vectors:
    (found,) = [f for f in fields_of(packet.fields, Vectors) if f.quantity == quantity]
    return found


def commands(mode: Mode) -> list[bytes]:
    return [step.payload for step in writes(mode)]


def reply_to(mode: Mode, command: str) -> Reply:
    (reply,) = [step.reply for step in writes(mode) if step.payload == bytes.fromhex(command)]
    assert reply is not None
    return reply


# ---------------------------------------------------------------- MetaMotion: data


@pytest.mark.parametrize(
    ("number", "names", "rate_hz", "acc_g", "rounded"),
    [
        (43, METAMOTIONS, 25, 4, 0.0005),
        (44, ["metamotion_bmi160"], 100, 8, 0.0005),
        (45, ["metamotion_bmi270"], 100, 8, 0.0005),
        (48, METAMOTIONS, 25, 2, 0.0000005),
    ],
)
def test_accelerations_of_a_metamotion(
    number: int, names: list[str], rate_hz: float, acc_g: float, rounded: float
) -> None:
    for name in names:
        (samples,) = samples_of(find_profile(name).mode(rate_hz, acc_g), content(number))
        assert in_g(samples) == near(expected(number), rounded)
        assert (samples.gyr, samples.ticks) == (None, None)


@pytest.mark.parametrize(("number", "rate_hz", "gyr_dps"), [(46, 25, 500), (47, 200, 1000)])
def test_angular_rates_of_a_metamotion(number: int, rate_hz: float, gyr_dps: float) -> None:
    mode = find_profile("metamotion_bmi160").mode(rate_hz, None, gyr_dps)
    (samples,) = samples_of(mode, content(number))
    assert in_degrees(samples) == near(expected(number), 0.0005)
    assert (samples.acc, samples.ticks) == (None, None)


def test_the_same_bytes_are_single_angular_rates_of_one_chip_and_packed_ones_of_the_other() -> None:
    single, packed = content(46), content(46)[:2] + content(47)[2:]
    old, new = (find_profile(name) for name in METAMOTIONS)
    assert len(samples_of(old.mode(25), single)[0]) == 1
    assert len(samples_of(new.mode(25), b"\x13\x04" + single[2:])[0]) == 1
    (of_new,) = samples_of(new.mode(100, None, 1000), packed)
    assert in_degrees(of_new) == near(expected(47), 0.0005)
    assert isinstance(decode(old.mode(25), packed)[0], Corrupt)


@every_metamotion
def test_answers_and_data_of_another_rate_are_no_damage(name: str) -> None:
    for rate_hz in (25, 200):
        mode = find_profile(name).mode(rate_hz)
        marks = [each.content for packet in mode.packets for each in constants(packet)]
        others = [content(k) for k in range(43, 53) if content(k)[:2] not in marks]
        assert len(others) > 5
        assert decode(mode, *others) == []


# ---------------------------------------------------------------- MetaMotion: processors
#
# What a device sends and is told when accelerations go through a processor on it: a variant,
# for the profile does without (its sources say why).

PACKED_ACC = """samples_per_packet = 3
fields = [
    { field = "constant", bytes = "03 1c" },
    { field = "acc", type = "i16", unit = "g" },
]
"""
PACKED_ACC_SUBSCRIBED = 'payload = "03 1c 01"\nresponse = false\n'
TICK_S = 48 / 32768


def processed(mark: str, fields: str, clock: str) -> tuple[str, str]:
    """The packed accelerations, replaced by what a processor makes of them."""
    return (
        PACKED_ACC,
        f"""samples_per_packet = 1
clock = {{ {clock}, mark = "first" }}
fields = [
    {{ field = "constant", bytes = "{mark}" }},
    {{ field = "ticks", type = "u32" }},
    {fields}
]
""",
    )


ACC_FIELD = '{ field = "acc", type = "i16", unit = "g" },'
FUSED_FIELDS = ACC_FIELD + ' { field = "gyr", type = "i16", unit = "deg/s" },'
BY_TIME = f"seconds_per_tick = {TICK_S}"
BY_COUNT = 'counts = "samples"'


def accounter_created(number: int) -> tuple[str, str]:
    """Make a processor, which answers with its number, let it send, and subscribe to it."""
    steps = [f'payload = "{content(number).hex(" ")}"\nresponse = false\n']
    steps.append('[setup.reply]\non = "data"\naccepted = "09 02 00"\n')
    steps.append('refused = "09 02"\nexample = "09 02 00"\n')
    for payload in ("09 07 00 01", "09 03 01"):
        steps.append(f'[[setup]]\nwrite = "command"\npayload = "{payload}"\nresponse = false\n')
    return PACKED_ACC_SUBSCRIBED, "".join(steps)


def accounter(number: int, clock: str) -> Mode:
    changes = (processed("09 03 00", ACC_FIELD, clock), accounter_created(number))
    return variant("metamotion_bmi160", *changes).mode(100, 2)


def test_accelerations_with_the_time_of_the_device() -> None:
    mode = accounter(73, BY_TIME)
    (samples,) = samples_of(mode, content(49))
    assert samples.ticks == expected(49)["tick"]
    assert in_g(samples) == near([expected(49)["acc_g"]], 0.0005)
    assert mode.acc_range_g == expected(49)["range"]
    assert mode.packets[0].clock == Clock(TICK_S, 32, ClockMark.FIRST)
    assert mode.packets[1].clock is None


def test_ticks_of_a_device_are_of_a_sample_each() -> None:
    mode = accounter(73, BY_TIME)
    head, low, rest = content(49)[:3], content(49)[3], content(49)[4:]
    published = [head + bytes([each]) + rest for each in (low, 0xAD, 0xB4, 0xBA, 0xC1, 0xC8)]
    ticks = [samples.ticks or 0 for samples in samples_of(mode, *published)]
    steps_ms = np.diff(ticks) * TICK_S * 1000
    # as the SDK has them, in whole ms from the first
    assert steps_ms == pytest.approx([10, 11, 8, 11, 10], abs=1.0)


def test_accelerations_with_the_count_of_the_device() -> None:
    (samples,) = samples_of(accounter(74, BY_COUNT), content(50))
    assert samples.ticks == expected(50)["count"]
    assert in_g(samples)[0] == near(np.array([0x0B01, 0x079A, 0x4040]) / 16384)


@pytest.mark.parametrize(("number", "clock"), [(73, BY_TIME), (74, BY_COUNT)])
def test_a_processor_is_made_before_anything_starts(number: int, clock: str) -> None:
    mode = accounter(number, clock)
    order = [commands(mode).index(each) for each in (content(number), bytes.fromhex("030101"))]
    assert order == sorted(order)
    assert reply_to(mode, content(number).hex()).refuses(b"\x09\x02\x01") is Fault.REFUSED


def test_both_sensors_fused_with_the_count_of_the_device() -> None:
    changes = processed("09 03 03", FUSED_FIELDS, BY_COUNT)
    (fused,) = samples_of(variant("metamotion_bmi160", changes).mode(100), content(51))
    assert fused.ticks == expected(51)["count"]
    plain = find_profile("metamotion_bmi160").mode(25)
    (acc,) = samples_of(plain, b"\x03\x04" + content(51)[7:13])
    (gyr,) = samples_of(plain, b"\x13\x05" + content(51)[13:])
    np.testing.assert_array_equal(fused.acc, acc.acc)
    np.testing.assert_array_equal(fused.gyr, gyr.gyr)


# ---------------------------------------------------------------- MetaMotion: commands

ANY = {"hz": {25, 50, 100, 200}, "acc": {16, 8, 4, 2}, "gyr": {2000, 1000, 500, 250, 125}}
PACKED = {"hz": {50, 100, 200}}


@pytest.mark.parametrize(
    ("number", "names", "where"),
    [
        (60, ["metamotion_bmi160"], {"hz": {200}, "acc": {8}}),
        (61, ["metamotion_bmi270"], {"hz": {200}, "acc": {8}}),
        (62, ["metamotion_bmi160"], {"hz": {100}, "acc": {16}}),
        (63, ["metamotion_bmi270"], {"hz": {100}, "acc": {16}}),
        (64, METAMOTIONS, {}),
        (65, METAMOTIONS, {}),
        (66, METAMOTIONS, {"hz": {25}}),
        (67, METAMOTIONS, {"hz": {200}, "gyr": {2000}}),
        (68, METAMOTIONS, {"hz": {100}, "gyr": {250}}),
        (69, METAMOTIONS, {}),
        (70, METAMOTIONS, {}),
        (71, ["metamotion_bmi160"], {"hz": {25}}),
        (71, ["metamotion_bmi270"], PACKED),
        (72, ["metamotion_bmi160"], PACKED),
        (77, METAMOTIONS, {}),
    ],
)
def test_a_metamotion_is_commanded_as_by_its_maker(
    number: int, names: list[str], where: dict[str, set[int]]
) -> None:
    meant = ANY | where
    for name in names:
        for mode in find_profile(name).modes:
            fits = (
                mode.hz in meant["hz"]
                and mode.acc_range_g in meant["acc"]
                and mode.gyr_range_dps in meant["gyr"]
            )
            assert (content(number) in commands(mode)) is fits


@every_metamotion
def test_a_metamotion_is_never_reset(name: str) -> None:
    for mode in find_profile(name).modes:
        assert content(76) not in commands(mode)


@every_metamotion
def test_a_metamotion_stops_and_tidies_up_before_it_hangs_up(name: str) -> None:
    mode = find_profile(name).default_mode
    shutdown = [each.hex() for each in commands(mode)[-len(mode.shutdown) :]]
    assert shutdown[:2] == ["030100", "130100"]
    assert {"0908", "0a05", "0b0a"} < set(shutdown)
    assert shutdown[-1] == content(77).hex()


def connection_parameters(least_ms: float, most_ms: float, latency: int, timeout_ms: int) -> bytes:
    numbers = (least_ms / 1.25, most_ms / 1.25, latency, timeout_ms // 10)
    return b"\x11\x09" + b"".join(int(each).to_bytes(2, "little") for each in numbers)


@every_metamotion
def test_a_metamotion_asks_for_the_shortest_interval(name: str) -> None:
    assert connection_parameters(750, 1000, 128, 16384) == content(75)
    shortest = connection_parameters(7.5, 7.5, 0, 6000)
    assert all(shortest in commands(mode) for mode in find_profile(name).modes)
    slow = variant(name, (shortest.hex(" "), content(75).hex(" ")))
    assert content(75) in commands(slow.default_mode)


@pytest.mark.parametrize(
    ("of_device", "accelerometer", "gyroscope"),
    [("metamotion_bmi160", "03800101", "13800001"), ("metamotion_bmi270", "03800400", "13800100")],
)
@every_metamotion
def test_a_metamotion_with_the_other_chip_is_told_before_it_is_configured(
    name: str, of_device: str, accelerometer: str, gyroscope: str
) -> None:
    mode = find_profile(name).default_mode
    told = [
        reply_to(mode, answer[:4]).refuses(bytes.fromhex(answer))
        for answer in (accelerometer, gyroscope)
    ]
    assert told == [None if name == of_device else Fault.OTHER_DEVICE] * 2
    before = commands(mode)[: commands(mode).index(bytes.fromhex("1380"))]
    assert [each.hex() for each in before] == ["030100", "130100", "0380"]


@every_metamotion
def test_a_metamotion_without_gyroscope_is_another_device(name: str) -> None:
    told = reply_to(find_profile(name).default_mode, "1380").refuses(bytes.fromhex("1380"))
    assert told is Fault.OTHER_DEVICE


def cue(name: str, called: str) -> CueAction:
    return next(each for each in find_profile(name).cues if each.name == called)


@pytest.mark.parametrize(
    ("number", "called", "kind", "lasts_ms"),
    [
        (53, "vibrate", "haptic", 5000),
        (54, "buzz", "tone", 7500),
        (55, "light again", "light", None),
        (56, "light off", "light", None),
        (57, "blink green", "light", None),
        (58, "red", "light", None),
    ],
)
@every_metamotion
def test_a_metamotion_cues_as_by_its_maker(
    name: str, number: int, called: str, kind: str, lasts_ms: int | None
) -> None:
    action = cue(name, called)
    assert action.payload(lasts_ms) == content(number)
    assert (action.kind, action.response) == (kind, False)


@every_metamotion
def test_a_metamotion_pulses_blue_as_by_its_maker_but_for_10_s(name: str) -> None:
    *pattern, repeats = cue(name, "pulse blue").payload()
    *published, published_repeats = content(59)
    assert pattern == published
    period_ms = int.from_bytes(bytes(pattern[12:14]), "little")
    assert repeats * period_ms == cue(name, "pulse blue").longest_ms == 10_000
    assert published_repeats * period_ms == 80_000


@every_metamotion
def test_a_metamotion_tells_its_battery(name: str) -> None:
    battery = find_profile(name).battery
    assert battery is not None
    assert battery.ask is not None
    assert battery.ask.payload == content(52)[:2]
    assert battery.percent(content(52)) == expected(52)["pct"]


# ---------------------------------------------------------------- WitMotion

WIT = find_profile("witmotion_ble5")


def clocked(frame: bytes, second: int) -> bytes:
    """A frame as newer firmware sends it: with its calendar behind."""
    return frame + bytes([26, 9, 1, 12, 0, second]) + (250).to_bytes(2, "little")


def test_a_frame_of_a_witmotion() -> None:
    meant = expected(79)
    first, second = samples_of(WIT.default_mode, content(79), content(79), NEXT[WIT.name])
    for samples in (first, second):
        assert in_g(samples) == near([meant["acc_g"]], 0.000005)
        assert in_degrees(samples) == near([meant["gyro_dps"]], 0.0005)
        assert (samples.ticks, samples.kind) == (None, 0)


def test_a_frame_of_a_witmotion_with_a_calendar_holds_the_same() -> None:
    frames = [clocked(content(79), second) for second in range(4)]
    old, *_ = samples_of(WIT.default_mode, content(79), content(79), NEXT[WIT.name])
    found = samples_of(WIT.default_mode, *frames, NEXT[WIT.name])
    assert len(found) == len(frames)
    for samples in found:
        np.testing.assert_array_equal(samples.acc, old.acc)
        np.testing.assert_array_equal(samples.gyr, old.gyr)
        assert (samples.ticks, samples.kind) == (None, 0)


@pytest.mark.parametrize("make", [lambda frame, k: frame, clocked], ids=["20 bytes", "28 bytes"])
def test_a_register_between_frames_of_a_witmotion_is_no_damage(make: Any) -> None:
    register = content(78).ljust(20, b"\0")
    number, first = expected(78)["reg"], expected(78)["mag"][0]
    assert register[2:6] == number.to_bytes(2, "little") + first.to_bytes(2, "little")
    frames = [make(content(79), second) for second in range(4)]
    stream = b"".join([frames[0], register, *frames[1:], NEXT[WIT.name]])
    for size in (20, 7, len(stream)):
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert len(samples_of(WIT.default_mode, *pieces)) == len(frames)


def test_a_witmotion_is_unlocked_set_and_saved_before_it_streams() -> None:
    bandwidth_hz = {"04": 21, "03": 44, "02": 98}
    for mode, code in zip(WIT.modes, ("08", "09", "0a"), strict=True):
        unlock, rate, bandwidth, save, read = (each.hex() for each in commands(mode))
        assert (unlock, rate, save) == ("ffaa6988b5", f"ffaa03{code}00", "ffaa000000")
        assert read == "ffaa270300"
        assert bandwidth_hz[bandwidth[6:8]] <= mode.hz / 2


def test_a_witmotion_that_does_not_take_the_rate_says_so() -> None:
    reply = reply_to(WIT.mode(200), "ffaa270300")
    answers = [bytes.fromhex(f"55710300{code}00").ljust(20, b"\0") for code in ("0a", "06")]
    assert [reply.accepts(content(79) + answer) for answer in answers] == [True, False]
    assert [reply.refuses(answer) for answer in answers] == [None, Fault.RATE]
    assert reply.refuses(content(78)) is None
    assert not reply.accepts(content(78))


# ---------------------------------------------------------------- Shimmer3R

SHIMMER = find_profile("shimmer3r")


def without_acc(mode: Mode) -> Mode:
    """The mode of a device that sends angular rates only."""
    (stream,) = mode.streams
    return replace(mode, streams=(replace(stream, packets=(gyr_only(stream.packets[0]),)),))


def gyr_only(packet: Packet) -> Packet:
    acc = vectors(packet, "acc")
    return replace(packet, fields=tuple(field for field in packet.fields if field != acc))


def test_angular_rates_of_a_shimmer() -> None:
    (samples,) = samples_of(without_acc(SHIMMER.mode(51.2, None, 125)), content(91))
    assert samples.ticks == expected(91)["ts"]
    assert in_degrees(samples) == near([expected(91)["cal_dps"]])
    raw = np.array(expected(91)["raw"])
    assert in_degrees(samples)[0] == near(raw / 229 * [-1, 1, -1])


@pytest.mark.parametrize(
    ("acc_g", "steps_per_m_s2", "gyr_dps", "step_mdps"),
    [(2, 1672, 500, 1000 / 57), (4, 836, 1000, 35), (8, 418, 2000, 70), (16, 209, 4000, 140)],
)
def test_a_sample_of_a_shimmer(
    acc_g: float, steps_per_m_s2: float, gyr_dps: float, step_mdps: float
) -> None:
    meant = expected(92)
    (samples,) = samples_of(SHIMMER.mode(204.8, acc_g, gyr_dps), content(92))
    assert samples.ticks == meant["ts"]
    x, y, z = meant["acc_raw"]
    assert samples.acc == near([np.array([-x, y, -z]) / steps_per_m_s2])
    x, y, z = meant["gyro_raw"]
    assert in_degrees(samples) == near([np.array([-x, y, -z]) * step_mdps / 1000])


@pytest.mark.parametrize(("dps", "steps_per_dps"), [(1000, 29), (2000, 14), (4000, 7)])
def test_the_makers_round_scales_of_a_shimmer_are_within_2_percent(
    dps: float, steps_per_dps: int
) -> None:
    mode = SHIMMER.mode(204.8, None, dps)
    step_dps = np.degrees(vectors(mode.packets[0], "gyr").scale)
    assert step_dps * 1000 == pytest.approx(4.375 * dps / 125)
    assert step_dps * steps_per_dps == pytest.approx(1, rel=0.021)


def test_an_inquiry_of_a_shimmer_tells_rate_and_channels() -> None:
    published = content(90)
    divisor = int.from_bytes(published[1:3], "little")
    rate_hz = 32768 / divisor
    assert rate_hz == expected(90)["rate_hz"]
    reply = reply_to(SHIMMER.mode(rate_hz), "01")
    assert reply.refuses(published) is Fault.REFUSED
    six = published[:10] + bytes([6, 1, 0, 1, 2]) + published[12:]
    assert reply.accepts(six)
    assert reply.accepts(b"\xff" + six)
    assert reply_to(SHIMMER.mode(204.8), "01").refuses(six) is Fault.RATE
    assert len(expected(90)["channels"]) == published[10] == 3


def test_rates_of_a_shimmer_are_its_clock_over_what_is_written() -> None:
    for mode in SHIMMER.modes:
        (written,) = [each for each in commands(mode) if each[0] == 5]
        assert mode.hz == 32768 / int.from_bytes(written[1:], "little")


def test_acknowledgements_and_an_inquiry_of_a_shimmer_are_no_damage() -> None:
    mode = SHIMMER.default_mode
    inquiry = reply_to(mode, "01").example
    stream = b"\xff\xff" + inquiry + b"\xff" + content(92) * 3 + b"\xff" + content(92)
    assert len(samples_of(mode, stream)) == 4


@pytest.mark.parametrize(
    ("command", "fault"), [("a000", Fault.RATE), ("03", Fault.RANGE), ("05", Fault.RANGE)]
)
def test_a_shimmer_that_refuses_says_why(command: str, fault: Fault) -> None:
    opcode = {"a000": "05", "03": "4f", "05": "49"}[command]
    reply = reply_to(SHIMMER.default_mode, opcode + command)
    assert reply.refuses(b"\xfe") is fault
    assert reply.accepts(b"\xff\x00\x01")


# ---------------------------------------------------------------- both ways


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_packet_is_read_as_it_is_written(name: str) -> None:
    random = np.random.default_rng(3)
    for mode in find_profile(name).modes:
        for kind, packet in enumerate(mode.packets):
            encoder = Encoder(mode, mtu=23, kind=kind)
            acc, gyr = random.uniform(-2, 2, (2, 4, encoder.samples_per_packet, 3))
            payloads = [p for k in range(4) for p in encoder.encode(k, acc[k], gyr[k])]
            found = samples_of(mode, *payloads, NEXT.get(name, b"\xff"))
            assert [samples.kind for samples in found] == [kind] * 4
            for quantity, given in (("acc", acc), ("gyr", gyr)):
                if quantity in packet.measures:
                    read = np.array([getattr(samples, quantity) for samples in found])
                    half_a_step = vectors(packet, quantity).scale / 2
                    assert np.abs(read - given).max() <= half_a_step * (1 + 1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_set_up_starts_the_mode_it_is_for_and_the_shutdown_stops_it(name: str) -> None:
    profile = find_profile(name)
    for mode in profile.modes:
        responder = Responder(profile)
        responses = [take(responder, step) for step in mode.setup]
        assert [each.start for each in responses if each.start] == [mode]
        ends = [take(responder, step) for step in mode.shutdown]
        ends.append(responder.unsubscribed(mode.streams[0].characteristic))
        assert any(each.stop for each in ends)


def take(responder: Responder, step: Step) -> Response:
    """Let the virtual device take a step; its answer must be what is awaited."""
    if isinstance(step, Subscribe):
        return responder.subscribed(step.characteristic)
    assert isinstance(step, Write)
    response = responder.respond(step.characteristic, step.payload)
    if step.reply is not None:
        assert [step.reply.accepts(each.payload) for each in response.replies] == [True]
    return response
