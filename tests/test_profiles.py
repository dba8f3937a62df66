"""Device profiles: the files, and the codec both ways, for every profile there is."""

import contextlib
import itertools
import json
import math
import tomllib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imu_stream.datatypes import GRAVITY, Array, DeviceSamples, Frame, Mount, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    Advertisement,
    Clock,
    ClockMark,
    Corrupt,
    Decoder,
    DeviceProfile,
    Encoder,
    Responder,
    Subscribe,
    Write,
    builtin_profiles,
    find_profile,
    load_profile,
    match_profile,
    parse_profile,
)
from imu_stream.profiles.packets import Framing, Vectors, fields_of

unhurried = settings(deadline=None, max_examples=60)

DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "vectors.json").read_text("utf-8"))
PROFILES = builtin_profiles()
every_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
any_profile = st.sampled_from(PROFILES)


@dataclass(frozen=True)
class Packet:
    """One packet before it is encoded."""

    ticks: int
    acc: Array
    gyr: Array | None


@cache
def vector(device: str, kind: str) -> tuple[bytes, Any]:
    row = next(row for row in VECTORS if (row["device"], row["kind"]) == (device, kind))
    return bytes.fromhex(row["hex"]), row["expected"]


def decode(decoder: Decoder, payloads: Iterable[bytes]) -> list[DeviceSamples | Corrupt]:
    (stream,) = decoder._streams
    frames = (
        Frame(0.01 * k, Placement.CHEST, stream, payload) for k, payload in enumerate(payloads)
    )
    return [decoded for frame in frames for decoded in decoder.decode(frame)]


def decode_once(profile: DeviceProfile, payloads: Iterable[bytes]) -> list[DeviceSamples | Corrupt]:
    return decode(Decoder(profile.mode(profile.default_rate_hz), Placement.CHEST), payloads)


def make_packets(profile: DeviceProfile, samples: int, count: int) -> list[Packet]:
    random = np.random.default_rng(7)
    return [
        Packet(
            1_000_000 + k,
            random.uniform(-40, 40, (samples, 3)),
            random.uniform(-20, 20, (samples, 3)) if profile.has_gyro else None,
        )
        for k in range(count)
    ]


def accepted(step: Write, answer: bytes) -> bool:
    return step.reply is not None and step.reply.accepts(answer)


def refused(step: Write, answer: bytes) -> bool:
    return step.reply is not None and step.reply.refuses(answer) is not None


def clock_of(profile: DeviceProfile) -> Clock:
    clock = profile.default_mode.packets[0].clock
    assert clock is not None
    return clock


def encode(encoder: Encoder, packets: Iterable[Packet]) -> list[list[bytes]]:
    return [encoder.encode(p.ticks, p.acc, p.gyr) for p in packets]


def samples_of(decoded: Iterable[DeviceSamples | Corrupt]) -> list[DeviceSamples]:
    return [d for d in decoded if isinstance(d, DeviceSamples)]


def corrupt_of(decoded: Iterable[DeviceSamples | Corrupt]) -> list[Corrupt]:
    return [d for d in decoded if isinstance(d, Corrupt)]


def fingerprints(decoded: Iterable[DeviceSamples]) -> list[tuple[int, bytes, bytes]]:
    return [(d.ticks, d.acc.tobytes(), b"" if d.gyr is None else d.gyr.tobytes()) for d in decoded]


# ---------------------------------------------------------------- the files


def test_devices_ship_with_the_package() -> None:
    assert {"capture2go", "movesense", "polar_h10"} <= {p.name for p in PROFILES}


def test_example_of_the_schema_is_a_profile() -> None:
    schema = (Path(__file__).parents[1] / "device_profiles" / "README.md").read_text("utf-8")
    example_text = schema.partition("```toml\n")[2].partition("```")[0]
    assert parse_profile(example_text, "example").rates_hz == (100, 200)


@every_profile
def test_profile_says_what_it_is(profile: DeviceProfile) -> None:
    assert profile.title
    assert profile.vendor
    assert profile.evidence
    assert profile.placements <= {"foot", "chest"}
    assert profile.default_rate_hz in profile.rates_hz
    assert profile.acc_saturation > GRAVITY
    assert {s.characteristic for s in profile.streams} <= {c.uuid for c in profile.characteristics}
    assert find_profile(profile.name) is profile


@every_profile
def test_text_of_a_profile_makes_the_same_profile(profile: DeviceProfile) -> None:
    assert parse_profile(profile.text, profile.name) == profile


@every_profile
def test_own_advertisement_matches_and_no_other(profile: DeviceProfile) -> None:
    advertisement = profile.advertisement("12AB34CD")
    assert [p.name for p in PROFILES if p.matches(advertisement)] == [profile.name]
    assert match_profile(advertisement, PROFILES) is profile


@pytest.mark.parametrize(
    ("advertisement", "name"),
    [
        (Advertisement("Movesense 174630000192", ()), "movesense"),
        (Advertisement(None, ("FDF3",)), "movesense"),
        (Advertisement("IMU_ab1234", ("80030001-E629-4C98-9324-AA7FC0C66DE7",)), "capture2go"),
        (Advertisement("Polar H10 2A3B4C5D", ("180d",), (0x6B,)), "polar_h10"),
        (Advertisement("Polar H9 2A3B4C5D", ("180d",), (0x6B,)), None),
        (Advertisement("IMU_ab1234", ()), None),
        (Advertisement(None, ()), None),
        (Advertisement("", ("no uuid",)), None),
    ],
)
def test_advertisements_match(advertisement: Advertisement, name: str | None) -> None:
    found = match_profile(advertisement, PROFILES)
    assert (found and found.name) == name


def test_facts_of_the_devices() -> None:
    capture2go, movesense = find_profile("capture2go"), find_profile("movesense")
    polar = find_profile("polar_h10")
    assert capture2go.rates_hz == (100, 200)
    assert capture2go.clock.mark is ClockMark.FIRST
    assert capture2go.acc_saturation == pytest.approx(32767 / 32768 * 16 * 9.81)
    assert capture2go.gyr_saturation == pytest.approx(math.radians(2000), rel=1e-4)
    assert movesense.rates_hz == (52, 104, 208)
    assert (movesense.clock.bits, movesense.clock.seconds_per_tick) == (32, 1e-3)
    assert movesense.fits(Placement.LEFT_FOOT)
    assert movesense.fits(Placement.CHEST)
    assert movesense.mount == Mount()
    assert polar.rates_hz == (25, 50, 100, 200)
    assert polar.clock.mark is ClockMark.LAST
    assert not polar.has_gyro
    assert not polar.fits(Placement.RIGHT_FOOT)
    assert polar.acc_saturation == pytest.approx(8 * GRAVITY)


def test_rate_is_the_lowest_that_is_enough() -> None:
    profile = find_profile("movesense")
    assert profile.choose_rate(None) == 208
    assert [profile.choose_rate(hz) for hz in (10, 52, 100, 104, 200)] == [52, 52, 104, 104, 208]


@pytest.mark.parametrize("wanted_hz", [209, math.nan, math.inf, 0, -1])
def test_impossible_rate_is_refused(wanted_hz: float) -> None:
    with pytest.raises(ProfileError, match=r"movesense: rates: .*52, 104, 208 Hz"):
        find_profile("movesense").choose_rate(wanted_hz)


def test_rate_not_offered_is_refused() -> None:
    with pytest.raises(ProfileError, match="no rate of 60 Hz"):
        find_profile("movesense").mode(60).setup


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ProfileError, match=r"known are .*movesense"):
        find_profile("stryd")


# ---------------------------------------------------------------- commands


@every_profile
def test_virtual_device_answers_every_step(profile: DeviceProfile) -> None:
    for rate_hz in profile.rates_hz:
        responder = Responder(profile)
        started = [rate for rate, _ in run_steps(responder, profile.mode(rate_hz).setup) if rate]
        assert started == [rate_hz]
        assert run_steps(responder, profile.mode(rate_hz).shutdown)[-1] == (None, True)


def run_steps(
    responder: Responder, steps: Iterable[Subscribe | Write]
) -> list[tuple[float | None, bool]]:
    """Carry out the writes; give what each did: rate started at, stopped."""
    effects = []
    for step in steps:
        if isinstance(step, Write):
            response = responder.respond(step.characteristic.upper(), step.payload)
            replies = [r.payload for r in response.replies]
            assert step.reply is None or [accepted(step, reply) for reply in replies] == [True]
            effects.append((response.start, response.stop))
    return effects


@every_profile
def test_steps_use_what_the_service_has(profile: DeviceProfile) -> None:
    properties = {c.uuid: c.properties for c in profile.characteristics}
    for step in (*profile.mode(profile.default_rate_hz).setup, *profile.mode(profile.rates_hz[0]).shutdown):
        allowed = properties[step.characteristic]
        if isinstance(step, Subscribe):
            assert {"notify", "indicate"} & set(allowed)
        else:
            assert ("write" if step.response else "write-without-response") in allowed


def test_unknown_write_is_not_answered() -> None:
    response = Responder(PROFILES[0]).respond(PROFILES[0].streams[0].characteristic, b"\x00")
    assert (response.replies, response.start, response.stop) == ((), None, False)


def test_refusals_are_known() -> None:
    (start,) = (s for s in find_profile("polar_h10").mode(200).setup if isinstance(s, Write) and s.reply)
    assert accepted(start, bytes.fromhex("f00202000001"))
    assert refused(start, bytes.fromhex("f0020208"))
    assert not refused(start, bytes.fromhex("f00202000001"))
    assert not refused(start, bytes.fromhex("f0030206"))
    subscribe = find_profile("movesense").mode(208).setup[-1]
    assert isinstance(subscribe, Write)
    assert refused(subscribe, bytes.fromhex("01639401"))
    assert not accepted(subscribe, bytes.fromhex("0101c800"))


def test_reply_is_found_behind_other_packages() -> None:
    start = find_profile("capture2go").mode(200).setup[-1]
    assert isinstance(start, Write)
    assert start.reply
    status = capture2go_package(0x0201, bytes(20))
    assert accepted(start, b"\xff" + status + start.reply.example[1:])
    assert not accepted(start, b"\xff" + status)


@pytest.mark.parametrize(
    ("name", "rate_hz", "device", "kind"),
    [
        ("capture2go", 200, "capture2go", "cmd_get_device_info"),
        ("capture2go", 200, "capture2go", "cmd_set_mode_200hz_6d_packed"),
        ("capture2go", 100, "capture2go", "cmd_set_mode_100hz_6d_packed"),
        ("capture2go", 200, "capture2go", "cmd_start_streaming"),
        ("capture2go", 200, "capture2go", "cmd_stop_and_clear"),
        ("capture2go", 200, "capture2go", "cmd_stop_streaming"),
        ("polar_h10", 200, "polar", "pmd_cp_start"),
    ],
)
def test_commands_are_the_published_ones(name: str, rate_hz: float, device: str, kind: str) -> None:
    profile = find_profile(name)
    steps = (*profile.mode(rate_hz).setup, *profile.mode(rate_hz).shutdown)
    assert vector(device, kind)[0] in [s.payload for s in steps if isinstance(s, Write)]


@pytest.mark.parametrize("kind", ["pmd_cp_response", "cp_start_reply"])
def test_published_replies_are_accepted(kind: str) -> None:
    profile = find_profile("polar_h10")
    steps = (*profile.mode(200).setup, *profile.mode(200).shutdown)
    assert any(accepted(s, vector("polar", kind)[0]) for s in steps if isinstance(s, Write))


# ---------------------------------------------------------------- published packets


def test_capture2go_packet() -> None:
    package, expected = vector("capture2go", "data_0x0231")
    (samples,) = samples_of(decode_once(find_profile("capture2go"), [b"\xff" + package]))
    assert samples.ticks == expected["ticks"]
    assert samples.acc.shape == (8, 3)
    assert samples.acc == pytest.approx(np.tile(expected["acc_all_m_s2"], (8, 1)), abs=1e-9)
    assert samples.gyr is not None
    assert samples.gyr[0] == pytest.approx(expected["gyr_first_rad_s"], abs=1e-8)
    assert samples.gyr[7, 2] == pytest.approx(23 * math.radians(2000) / 32768)


def test_movesense_packet() -> None:
    payload, expected = vector("movesense", "/Meas/IMU6/52")
    decoder = Decoder(find_profile("movesense").mode(52), Placement.LEFT_FOOT)
    (samples,) = samples_of(decode(decoder, [b"\x02\x63" + payload]))
    assert samples.ticks == expected["Timestamp"]
    acc = [[row[axis] for axis in "xyz"] for row in expected["ArrayAcc"]]
    gyr = [[row[axis] for axis in "xyz"] for row in expected["ArrayGyro"]]
    assert samples.acc == pytest.approx(np.array(acc))
    assert samples.gyr == pytest.approx(np.radians(gyr))


def test_polar_packet() -> None:
    payload, expected = vector("polar", "pmd_acc_raw_type1")
    (samples,) = samples_of(decode_once(find_profile("polar_h10"), [payload]))
    assert samples.ticks == expected["ts_ns"]
    assert len(samples.acc) == expected["n"]
    milli_g = samples.acc / GRAVITY * 1000
    assert milli_g[0] == pytest.approx(np.array(expected["first"]))
    assert milli_g[1] == pytest.approx(np.array(expected["second"]))
    assert milli_g[-1] == pytest.approx(np.array(expected["last"]))
    assert samples.gyr is None


def test_polar_packet_of_the_documentation() -> None:
    payload, expected = vector("polar", "pmd_acc_raw_head")
    (samples,) = samples_of(decode_once(find_profile("polar_h10"), [payload]))
    assert samples.ticks == expected["ts_ns"]
    assert samples.acc[0] / GRAVITY * 1000 == pytest.approx(np.array(expected["first"]))


# ---------------------------------------------------------------- both ways


@unhurried
@given(st.data())
def test_decoding_undoes_encoding_within_half_a_step(data: st.DataObject) -> None:
    profile = data.draw(any_profile)
    rate_hz = data.draw(st.sampled_from(profile.rates_hz))
    encoder = Encoder(profile.mode(rate_hz), data.draw(st.integers(40, 517)))
    ticks = data.draw(st.integers(0, 2 ** (clock_of(profile).bits - 1) - 1))
    limits = [profile.acc_saturation, profile.gyr_saturation]
    acc, gyr = (
        data.draw(arrays(float, (encoder.samples_per_packet, 3), elements=near(limit)))
        if limit
        else None
        for limit in limits
    )
    assert acc is not None
    payloads = encoder.encode(ticks, acc, gyr)
    (samples,) = samples_of(decode(Decoder(profile.mode(rate_hz), Placement.CHEST), payloads))
    assert samples.ticks == ticks
    assert_within_half_a_step(profile, "acc", samples.acc, acc)
    if gyr is not None:
        assert samples.gyr is not None
        assert_within_half_a_step(profile, "gyr", samples.gyr, gyr)


def near(limit: float) -> st.SearchStrategy[float]:
    return st.floats(-1.2 * limit, 1.2 * limit)


def assert_within_half_a_step(
    profile: DeviceProfile, quantity: str, decoded: Array, given: Array
) -> None:
    vectors = fields_of(profile.default_mode.packets[0].fields, Vectors)
    (field,) = (each for each in vectors if each.quantity == quantity)
    limit = field.saturation
    half_step = limit * 2**-24 if field.type == "f32" else field.scale / 2
    assert np.abs(decoded - np.clip(given, -limit, limit)).max() <= half_step * (1 + 1e-9)


@every_profile
def test_counter_starts_again(profile: DeviceProfile) -> None:
    encoder = Encoder(profile.mode(profile.default_rate_hz))
    (packet,) = make_packets(profile, encoder.samples_per_packet, 1)
    payloads = encoder.encode(2**clock_of(profile).bits + 5, packet.acc, packet.gyr)
    assert samples_of(decode_once(profile, payloads))[0].ticks == 5


@every_profile
def test_packet_is_complete_with_its_notifications(profile: DeviceProfile) -> None:
    encoder = Encoder(profile.mode(profile.default_rate_hz), mtu=60)
    decoder = Decoder(profile.mode(profile.default_rate_hz), Placement.CHEST)
    usual = encoder.samples_per_packet
    for packet in make_packets(profile, usual, 4):
        payloads = encoder.encode(packet.ticks, packet.acc, packet.gyr)
        assert max(map(len, payloads)) <= 57
        decoded = decode(decoder, payloads)
        assert [s.ticks for s in samples_of(decoded)] == [packet.ticks]
        assert samples_of(decoded)[0].arrival_s == pytest.approx(0.01 * (len(payloads) - 1))


def test_encoder_refuses_what_does_not_fit() -> None:
    with pytest.raises(ProfileError, match="no packet fits"):
        Encoder(find_profile("polar_h10").mode(200), mtu=18)
    encoder = Encoder(find_profile("capture2go").mode(200))
    with pytest.raises(ValueError, match=r"shape \(8, 3\)"):
        encoder.encode(0, np.zeros((7, 3)), np.zeros((7, 3)))
    with pytest.raises(ValueError, match="gyr"):
        encoder.encode(0, np.zeros((8, 3)), None)


# ---------------------------------------------------------------- framing


def capture2go_package(header: int, payload: bytes) -> bytes:
    content = header.to_bytes(2, "little") + payload
    checksum = zlib.crc32(content).to_bytes(4, "little")
    return b"\x02" + checksum + bytes([len(payload)]) + content


def capture2go_stream(count: int) -> bytes:
    profile = find_profile("capture2go")
    encoded = encode(Encoder(profile.mode(200)), make_packets(profile, 8, count))
    return b"".join(notification[1:] for (notification,) in encoded)


@unhurried
@given(st.lists(st.integers(0, 6 * 123), max_size=12))
@example([])
@example(list(range(6 * 123)))
def test_packages_may_be_cut_anywhere(cuts: list[int]) -> None:
    profile = find_profile("capture2go")
    stream = capture2go_stream(6)
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [b"\xff" + stream[a:b] for a, b in itertools.pairwise(edges)]
    decoded = decode_once(profile, pieces)
    assert not corrupt_of(decoded)
    whole = samples_of(decode_once(profile, [b"\xff" + stream]))
    assert fingerprints(samples_of(decoded)) == fingerprints(whole)
    assert len(whole) == 6


def test_real_time_and_other_packages_are_passed_over() -> None:
    profile = find_profile("capture2go")
    data = capture2go_stream(2)
    real_time = capture2go_package(0x0241, bytes(30))
    status = capture2go_package(0x0201, bytes(20))
    payloads = [
        b"\xfd" + real_time + real_time + data[:100],
        b"\xff" + data[100:123] + status + data[123:200],
        b"\xfe" + real_time + data[200:],
    ]
    decoded = decode_once(profile, payloads)
    assert [type(d) for d in decoded] == [DeviceSamples, DeviceSamples]


@unhurried
@given(st.binary(min_size=1, max_size=300), st.integers(0, 100))
@example(b"\x02" * 300, 0)
@example(b"\x02\x00\x00\x00\x00\xec", 100)
def test_packages_are_found_again_after_garbage(garbage: bytes, cut: int) -> None:
    """Damage is reported once; at most what a false size byte claims is delayed, nothing lost."""
    profile = find_profile("capture2go")
    stream = capture2go_stream(8)
    pieces = [stream[:123], stream[123 : 123 + cut], garbage, stream[246:]]
    decoded = decode_once(profile, [b"\xff" + piece for piece in pieces])
    whole = fingerprints(samples_of(decode_once(profile, [b"\xff" + stream])))
    assert fingerprints(samples_of(decoded)) == [whole[0], *whole[2:]]
    assert len(corrupt_of(decoded)) == 1


def movesense_message(ticks: int, samples: int) -> bytes:
    numbers = np.arange(6 * samples, dtype="<f4")
    return b"\x02\x63" + ticks.to_bytes(4, "little") + numbers.tobytes()


@pytest.mark.parametrize("mtu", [23, 26, 100, 153, 247, 392, 393, 517])
def test_messages_are_joined_from_parts(mtu: int) -> None:
    profile = find_profile("movesense")
    encoder = Encoder(profile.mode(208), mtu)
    packets = make_packets(profile, 16, 5)
    payloads = [n for notifications in encode(encoder, packets) for n in notifications]
    decoded = decode_once(profile, payloads)
    # a first part that could be a message by itself delays, but never changes, what is decoded
    assert [s.ticks for s in samples_of(decoded)] == [p.ticks for p in packets]
    assert all(len(s.acc) == 16 for s in samples_of(decoded))
    assert not corrupt_of(decoded)


def test_message_of_unusual_length_is_held_once() -> None:
    decoder = Decoder(find_profile("movesense").mode(208), Placement.CHEST)
    assert decode(decoder, [movesense_message(0, 8)]) == []
    assert [s.ticks for s in samples_of(decode(decoder, [movesense_message(1, 8)]))] == [0, 1]
    assert [s.ticks for s in samples_of(decode(decoder, [movesense_message(2, 8)]))] == [2]


def test_wrongly_learned_length_is_unlearned() -> None:
    decoder = Decoder(find_profile("movesense").mode(208), Placement.CHEST)
    message = movesense_message(0, 12)
    first, rest = message[:150], b"\x03\x63" + message[150:]  # the first part fits 6 samples
    decode(decoder, [first, first])
    assert len(corrupt_of(decode(decoder, [rest]))) == 1
    decode(decoder, [first, rest])
    (samples,) = samples_of(decode(decoder, [first, rest, first]))[-1:]
    assert len(samples.acc) == 12


def test_incomplete_message_is_one_corrupt() -> None:
    message = movesense_message(0, 16)
    first, rest = message[:244], b"\x03\x63" + message[244:]
    profile = find_profile("movesense")
    decoded = decode_once(profile, [first, first, rest])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]
    decoded = decode_once(profile, [rest, rest, first, rest])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]
    decoded = decode_once(profile, [first] + [b"\x03\x63" + bytes(100)] * 60 + [message])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]


def test_other_answers_are_ignored() -> None:
    profile = find_profile("movesense")
    others = [b"\x01\x01\x01name", b"\x01\x63\xc8\x00", b"\x02\x07data", b"\x03\x07rest"]
    assert decode_once(profile, others) == []


def test_other_streams_are_ignored() -> None:
    for profile in PROFILES:
        decoder = Decoder(profile.mode(profile.default_rate_hz), Placement.CHEST)
        assert decoder.decode(Frame(0.0, Placement.CHEST, "battery", b"\x64")) == []


def test_reset_forgets_half_a_message() -> None:
    message = movesense_message(0, 16)
    decoder = Decoder(find_profile("movesense").mode(208), Placement.CHEST)
    decode(decoder, [message[:244]])
    decoder.reset()
    assert [type(d) for d in decode(decoder, [message])] == [DeviceSamples]


# ---------------------------------------------------------------- damage


@unhurried
@given(any_profile, st.lists(st.binary(max_size=514), max_size=6))
def test_random_bytes_never_raise(profile: DeviceProfile, payloads: list[bytes]) -> None:
    decode_once(profile, payloads)


@unhurried
@given(any_profile, st.lists(st.binary(max_size=514), max_size=4))
def test_random_contents_never_raise(profile: DeviceProfile, contents: list[bytes]) -> None:
    """Like random bytes, but they get past the framing."""
    framing = profile.streams[0].framing
    begin = {Framing.CAPTURE2GO_PACKAGES: b"\xff", Framing.MESSAGE_PARTS: b"\x02\x63"}.get(framing)
    if framing is Framing.CAPTURE2GO_PACKAGES:
        contents = [capture2go_package(0x0231, content[:115]) for content in contents]
    decoded = decode_once(profile, [(begin or b"\x02") + content for content in contents])
    assert all(isinstance(d, (DeviceSamples, Corrupt)) for d in decoded)


@pytest.mark.parametrize("bits", ["0100a07f", "0000c07f", "0000807f", "ffff7f7f"])
def test_a_value_that_no_sensor_measures_is_damage(bits: str) -> None:
    """Signalling and quiet NaN, infinite, too large: one `Corrupt`, and no warning."""
    message = movesense_message(0, 16)[:-4] + bytes.fromhex(bits)
    (decoded,) = decode_once(find_profile("movesense"), [message])
    assert isinstance(decoded, Corrupt)


@unhurried
@given(any_profile, st.integers(0), st.integers(0), st.booleans())
def test_one_damaged_notification_spoils_one_packet(
    profile: DeviceProfile, which: int, where: int, cut: bool
) -> None:
    encoder = Encoder(profile.mode(profile.default_rate_hz), mtu=128)
    packets = make_packets(profile, encoder.samples_per_packet, 8)
    encoded = encode(encoder, packets)
    whole = fingerprints(samples_of(decode_once(profile, [n for ns in encoded for n in ns])))
    damaged = 1 + which % 3
    part = which % len(encoded[damaged])
    encoded[damaged][part] = damage(encoded[damaged][part], where, cut)
    decoded = decode_once(profile, [n for notifications in encoded for n in notifications])
    others = whole[:damaged] + whole[damaged + 1 :]
    assert [s for s in fingerprints(samples_of(decoded)) if s in others] == others
    in_parts = profile.streams[0].framing is Framing.MESSAGE_PARTS
    # a part that turns into another kind of part can look like two incomplete messages
    assert len(corrupt_of(decoded)) <= (2 if in_parts else 1)


def damage(notification: bytes, where: int, cut: bool) -> bytes:
    if cut:
        return notification[: where % len(notification)]
    flipped = bytearray(notification)
    flipped[where // 8 % len(flipped)] ^= 1 << where % 8
    return bytes(flipped)


@pytest.mark.parametrize(
    ("name", "payload", "problem"),
    [
        ("polar_h10", b"", "unknown kind of message: nothing"),
        ("polar_h10", b"\x00\x01\x02", "unknown kind of message: 00 01 02"),
        ("polar_h10", b"\x02" + bytes(8) + b"\x01" + bytes(7), "no message of samples has 17"),
        ("polar_h10", b"\x02" + bytes(8) + b"\x01", "no message of samples has 10"),
        ("polar_h10", b"\x02" + bytes(8) + b"\x81" + bytes(6), "byte 9 is not 01"),
        ("movesense", b"", "unknown kind"),
        ("movesense", b"\x09\x63", "unknown kind"),
        ("capture2go", b"", "real-time"),
        ("capture2go", b"\x11", "real-time"),
        ("capture2go", b"\xfe\x02", "real-time"),
        ("capture2go", b"\xff\x03", "no package"),
        ("capture2go", b"\xff" + capture2go_package(0x0231, bytes(114)), "no message of samples"),
    ],
)
def test_problem_is_named(name: str, payload: bytes, problem: str) -> None:
    (corrupt,) = decode_once(find_profile(name), [payload])
    assert isinstance(corrupt, Corrupt)
    assert problem in corrupt.problem
    assert corrupt.placement is Placement.CHEST


# ---------------------------------------------------------------- wrong files

WRONG = tomllib.loads((DATA / "wrong_profiles.toml").read_text("utf-8"))["wrong"]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong['key']}-{wrong['problem']}")
def test_wrong_profile_names_file_and_key(wrong: dict[str, str], tmp_path: Path) -> None:
    text, key = find_profile(wrong["profile"]).text, wrong["key"]
    assert wrong["found"] in text
    text = text.replace(wrong["found"], wrong["replacement"], 1)
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert caught.value.key == key
    assert str(caught.value).startswith(f"{path}: {key}: ")
    assert wrong["problem"] in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"title = ", "not valid TOML"),
        (b"a = " + b"[" * 5000, "not valid TOML"),
        (b"a = " + b"9" * 5000, "not valid TOML"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"# " + b"x" * 200_000, "longer than"),
        (b"", "gatt: is missing"),
    ],
)
def test_file_that_is_no_profile(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=r"wrong\.toml") as caught:
        load_profile(path)
    assert problem in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"absent\.toml: cannot be read"):
        load_profile(tmp_path / "absent.toml")


@unhurried
@given(any_profile, st.integers(0), st.text(max_size=6))
def test_misprinted_profile_loads_or_says_why(
    profile: DeviceProfile, where: int, misprint: str
) -> None:
    position = where % len(profile.text)
    text = profile.text[:position] + misprint + profile.text[position + 1 :]
    with contextlib.suppress(ProfileError):
        parse_profile(text, "misprint")
