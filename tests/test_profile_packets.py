"""Packets of the profiles, both ways: what is sent is what is decoded, and damage stays small."""

import itertools
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from every_profile import (
    KINDS,
    LARGEST_MTU,
    PROFILES,
    Decoded,
    Kind,
    Sent,
    corrupt_of,
    decode,
    decode_once,
    encode,
    every_kind,
    every_profile,
    fingerprints,
    flat,
    half_step,
    joined,
    largest,
    modes_of,
    samples_of,
    some_packets,
    stamps_of,
    stream_of,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imu_stream.datatypes import Array, DeviceSamples, Frame, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    Corrupt,
    Decoder,
    DeviceProfile,
    Encoder,
    Mode,
    Packet,
    find_profile,
)
from imu_stream.profiles.packets import Framing, Vectors, fields_of

unhurried = settings(deadline=None, max_examples=60)
at_length = settings(deadline=None, max_examples=500)

any_kind = st.sampled_from(list(KINDS))


def framing_of(kind: Kind) -> Framing:
    return next(s.framing for s in kind.mode.streams if s.name == stream_of(kind.mode, kind.number))


# ---------------------------------------------------------------- both ways


@at_length
@given(st.sampled_from([profile.name for profile in PROFILES]), st.data())
def test_decoding_undoes_encoding_within_half_a_step(name: str, data: st.DataObject) -> None:
    profile = find_profile(name)
    modes = modes_of(profile)
    mode = modes[data.draw(st.integers(0, len(modes) - 1))]
    number = data.draw(st.integers(0, len(mode.packets) - 1))
    packet = mode.packets[number]
    encoder = Encoder(mode, data.draw(st.integers(profile.min_mtu, LARGEST_MTU)), number)
    sent = data.draw(sent_packets(packet, encoder.samples_per_packet))
    # the first tells a stream of bytes how long its messages are
    payloads = flat(encode(encoder, [*some_packets(encoder, packet, 1), sent]))
    decoded = decode_once(mode, payloads, number)
    stamps = stamps_of(mode, packet, sent.ticks)[: len(sent.acc)]
    latest = samples_of(decoded)[-len(stamps) :]
    assert not corrupt_of(decoded)
    assert [one.ticks for one in latest] == stamps
    assert {one.kind for one in latest} == {number}
    assert_within_half_a_step(packet, "acc", joined(latest, "acc"), sent.acc)
    assert_within_half_a_step(packet, "gyr", joined(latest, "gyr"), sent.gyr)


@st.composite
def sent_packets(draw: st.DrawFn, packet: Packet, samples: int) -> Sent:
    """Anything that can be measured and more, at a time that a signed number can tell, too."""
    bits = 32 if packet.clock is None else packet.clock.bits
    acc, gyr = (
        draw(arrays(float, (samples, 3), elements=near(largest(packet, quantity))))
        for quantity in ("acc", "gyr")
    )
    return Sent(draw(st.integers(0, 2 ** (bits - 1) - 1)), acc, gyr)


def near(limit: float) -> st.SearchStrategy[float]:
    return st.floats(-1.2 * limit, 1.2 * limit)


def assert_within_half_a_step(
    packet: Packet, quantity: str, decoded: Array | None, given: Array
) -> None:
    fields = [v for v in fields_of(packet.fields, Vectors) if v.quantity == quantity]
    assert (decoded is None) == (not fields)
    for field in fields:
        assert decoded is not None
        limited = np.clip(given, -field.saturation, field.saturation)
        assert decoded.shape == given.shape
        assert np.abs(decoded - limited).max() <= half_step(field)


@every_kind
def test_clock_starts_again(kind: Kind) -> None:
    encoder = Encoder(kind.mode, kind=kind.number)
    clock = kind.packet.clock
    ends = 0 if clock is None else 2**clock.bits
    packets = [
        Sent(ends - 1 + 6 * k, each.acc, each.gyr)
        for k, each in enumerate(some_packets(encoder, kind.packet, 2))
    ]
    decoded = samples_of(decode_once(kind.mode, flat(encode(encoder, packets)), kind.number))
    expected = [stamps_of(kind.mode, kind.packet, packet.ticks) for packet in packets]
    # a signed time stamp goes below zero
    ticks = [one.ticks if one.ticks is None else one.ticks % ends for one in decoded]
    assert ticks == [stamp for stamps in expected for stamp in stamps]
    assert clock is None or expected[1][0] == 5


@every_kind
def test_packets_are_counted_where_the_device_counts(kind: Kind) -> None:
    encoder = Encoder(kind.mode, kind=kind.number)
    payloads = flat(encode(encoder, some_packets(encoder, kind.packet, 3)))
    counters = [one.counter for one in samples_of(decode_once(kind.mode, payloads, kind.number))]
    assert set(counters) in ({None}, {0, 1, 2})
    assert counters[0] is None or counters == sorted(counters)


@every_kind
def test_packet_is_complete_with_its_notifications(kind: Kind) -> None:
    mtu = max(60, kind.profile.min_mtu)
    encoder = Encoder(kind.mode, mtu, kind.number)
    decoder = Decoder(kind.mode, Placement.CHEST)
    stream = stream_of(kind.mode, kind.number)
    first, *packets = encode(encoder, some_packets(encoder, kind.packet, 5))
    decode(decoder, stream, [*first, *packets[0]])
    for payloads in packets[1:]:
        assert max(map(len, payloads)) <= mtu - 3
        decoded = decode(decoder, stream, payloads)
        assert not corrupt_of(decoded)
        assert sum(map(len, samples_of(decoded))) == encoder.samples_per_packet
        assert {one.arrival_s for one in samples_of(decoded)} == {0.01 * (len(payloads) - 1)}


def test_encoder_refuses_what_does_not_fit() -> None:
    with pytest.raises(ProfileError, match="no packet fits"):
        Encoder(find_profile("polar_h10").mode(200), mtu=18)
    encoder = Encoder(find_profile("capture2go").mode(200))
    with pytest.raises(ValueError, match=r"shape \(8, 3\)"):
        encoder.encode(0, np.zeros((7, 3)), np.zeros((7, 3)))
    with pytest.raises(ValueError, match="gyr"):
        encoder.encode(0, np.zeros((8, 3)), None)


# ---------------------------------------------------------------- packages of the Capture2Go


def capture2go_package(header: int, payload: bytes) -> bytes:
    content = header.to_bytes(2, "little") + payload
    checksum = zlib.crc32(content).to_bytes(4, "little")
    return b"\x02" + checksum + bytes([len(payload)]) + content


def capture2go() -> Mode:
    return find_profile("capture2go").mode(200)


def capture2go_stream(count: int) -> bytes:
    encoder = Encoder(capture2go())
    encoded = encode(encoder, some_packets(encoder, capture2go().packets[0], count))
    return b"".join(notification[1:] for (notification,) in encoded)


@unhurried
@given(st.lists(st.integers(0, 6 * 123), max_size=12))
@example([])
@example(list(range(6 * 123)))
def test_packages_may_be_cut_anywhere(cuts: list[int]) -> None:
    stream = capture2go_stream(6)
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [b"\xff" + stream[a:b] for a, b in itertools.pairwise(edges)]
    decoded = decode_once(capture2go(), pieces)
    assert not corrupt_of(decoded)
    whole = samples_of(decode_once(capture2go(), [b"\xff" + stream]))
    assert fingerprints(samples_of(decoded)) == fingerprints(whole)
    assert len(whole) == 6


def test_real_time_and_other_packages_are_passed_over() -> None:
    data = capture2go_stream(2)
    real_time = capture2go_package(0x0241, bytes(30))
    status = capture2go_package(0x0201, bytes(20))
    payloads = [
        b"\xfd" + real_time + real_time + data[:100],
        b"\xff" + data[100:123] + status + data[123:200],
        b"\xfe" + real_time + data[200:],
    ]
    decoded = decode_once(capture2go(), payloads)
    assert [type(d) for d in decoded] == [DeviceSamples, DeviceSamples]


@unhurried
@given(st.binary(min_size=1, max_size=300), st.integers(0, 100))
@example(b"\x02" * 300, 0)
@example(b"\x02\x00\x00\x00\x00\xec", 100)
def test_packages_are_found_again_after_garbage(garbage: bytes, cut: int) -> None:
    """Damage is reported once; at most what a false size byte claims is delayed, nothing lost."""
    stream = capture2go_stream(8)
    pieces = [stream[:123], stream[123 : 123 + cut], garbage, stream[246:]]
    decoded = decode_once(capture2go(), [b"\xff" + piece for piece in pieces])
    whole = fingerprints(samples_of(decode_once(capture2go(), [b"\xff" + stream])))
    assert fingerprints(samples_of(decoded)) == [whole[0], *whole[2:]]
    assert len(corrupt_of(decoded)) == 1


# ---------------------------------------------------------------- messages of the Movesense


def movesense() -> Mode:
    return find_profile("movesense").mode(208)


def movesense_message(ticks: int, samples: int) -> bytes:
    numbers = np.arange(6 * samples, dtype="<f4")
    return b"\x02\x63" + ticks.to_bytes(4, "little") + numbers.tobytes()


def in_order(decoder: Decoder, *payloads: bytes) -> list[Decoded]:
    return decode(decoder, "imu6", payloads)


@pytest.mark.parametrize("mtu", [23, 26, 100, 153, 247, 392, 393, 517])
def test_messages_are_joined_from_parts(mtu: int) -> None:
    encoder = Encoder(movesense(), mtu)
    packets = some_packets(encoder, movesense().packets[0], 5)
    decoded = decode_once(movesense(), flat(encode(encoder, packets)))
    # a first part that could be a message by itself delays, but never changes, what is decoded
    assert [one.ticks for one in samples_of(decoded)] == [packet.ticks for packet in packets]
    assert {len(one) for one in samples_of(decoded)} == {encoder.samples_per_packet}
    assert not corrupt_of(decoded)


def test_message_of_unusual_length_is_held_once() -> None:
    decoder = Decoder(movesense(), Placement.CHEST)
    assert in_order(decoder, movesense_message(0, 7)) == []
    assert [s.ticks for s in samples_of(in_order(decoder, movesense_message(1, 7)))] == [0, 1]
    assert [s.ticks for s in samples_of(in_order(decoder, movesense_message(2, 7)))] == [2]


def test_wrongly_learned_length_is_unlearned() -> None:
    decoder = Decoder(movesense(), Placement.CHEST)
    message = movesense_message(0, 12)
    first, rest = message[:150], b"\x03\x63" + message[150:]  # the first part fits 6 samples
    in_order(decoder, first, first)
    assert len(corrupt_of(in_order(decoder, rest))) == 1
    in_order(decoder, first, rest)
    (samples,) = samples_of(in_order(decoder, first, rest, first))[-1:]
    assert len(samples) == 12


def test_incomplete_message_is_one_corrupt() -> None:
    usual = movesense().packets[0].samples_per_packet
    message = movesense_message(0, usual)
    first, rest = message[:100], b"\x03\x63" + message[100:]
    decoded = decode_once(movesense(), [first, first, rest])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]
    decoded = decode_once(movesense(), [rest, rest, first, rest])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]
    decoded = decode_once(movesense(), [first] + [b"\x03\x63" + bytes(100)] * 60 + [message])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]


def test_other_answers_are_ignored() -> None:
    others = [b"\x01\x01\x01name", b"\x01\x63\xc8\x00", b"\x02\x07data", b"\x03\x07rest"]
    assert decode_once(movesense(), others) == []


def test_reset_forgets_half_a_message() -> None:
    message = movesense_message(0, movesense().packets[0].samples_per_packet)
    decoder = Decoder(movesense(), Placement.CHEST)
    in_order(decoder, message[:100])
    decoder.reset()
    assert [type(d) for d in in_order(decoder, message)] == [DeviceSamples]


# ---------------------------------------------------------------- damage


@every_profile
def test_other_streams_are_ignored(profile: DeviceProfile) -> None:
    decoder = Decoder(profile.default_mode, Placement.CHEST)
    assert decoder.decode(Frame(0.0, Placement.CHEST, "battery", b"\x64")) == []


@unhurried
@given(any_kind, st.lists(st.binary(max_size=514), max_size=6))
def test_random_bytes_never_raise(name: str, payloads: list[bytes]) -> None:
    kind = KINDS[name]
    decoded = decode_once(kind.mode, payloads, kind.number)
    assert all(isinstance(one, (DeviceSamples, Corrupt)) for one in decoded)


@unhurried
@given(any_kind, st.lists(st.binary(max_size=514), max_size=4))
def test_random_contents_never_raise(name: str, contents: list[bytes]) -> None:
    """Like random bytes, but they get past the framing."""
    kind = KINDS[name]
    encoder = Encoder(kind.mode, kind=kind.number)
    (payloads,) = encode(encoder, some_packets(encoder, kind.packet, 1))
    begin = payloads[0][:4]
    if framing_of(kind) is Framing.CAPTURE2GO_PACKAGES:
        begin = b"\xff"
        contents = [capture2go_package(0x0231, content[:115]) for content in contents]
    decoded = decode_once(kind.mode, [begin + content for content in contents], kind.number)
    assert all(isinstance(one, (DeviceSamples, Corrupt)) for one in decoded)


@pytest.mark.parametrize("bits", ["0100a07f", "0000c07f", "0000807f", "ffff7f7f"])
def test_a_value_that_no_sensor_measures_is_damage(bits: str) -> None:
    """Signalling and quiet NaN, infinite, too large: one `Corrupt`, and no warning."""
    usual = movesense().packets[0].samples_per_packet
    message = movesense_message(0, usual)[:-4] + bytes.fromhex(bits)
    (decoded,) = decode_once(movesense(), [message])
    assert isinstance(decoded, Corrupt)


@at_length
@given(any_kind, st.integers(0), st.integers(0), st.booleans())
def test_one_damaged_notification_spoils_one_packet(
    name: str, which: int, where: int, cut: bool
) -> None:
    kind = KINDS[name]
    encoder = Encoder(kind.mode, max(128, kind.profile.min_mtu), kind.number)
    in_bytes = framing_of(kind) is Framing.BYTE_STREAM
    # a stream of bytes says nothing of its messages' ends: where they are shows over several
    encoded = encode(encoder, some_packets(encoder, kind.packet, 60 if in_bytes else 8))
    whole = by_packet(kind, encoded)
    damaged = 2 + which % 3
    part = which % len(encoded[damaged])
    encoded[damaged][part] = damage(encoded[damaged][part], where, cut)
    decoded = decode_once(kind.mode, flat(encoded), kind.number)
    others = {*itertools.chain(*whole[:damaged], *whole[damaged + 1 :])}
    assert others <= set(fingerprints(samples_of(decoded)))
    in_parts = framing_of(kind) is Framing.MESSAGE_PARTS
    # a part that turns into another kind of part can look like two incomplete messages
    assert len(corrupt_of(decoded)) <= (2 if in_parts or in_bytes else 1)


def by_packet(
    kind: Kind, encoded: Sequence[Sequence[bytes]]
) -> list[list[tuple[int | None, bytes, bytes]]]:
    """What each packet decodes to, if nothing is damaged."""
    decoded = iter(fingerprints(samples_of(decode_once(kind.mode, flat(encoded), kind.number))))
    size = len(stamps_of(kind.mode, kind.packet, 0))
    return [list(itertools.islice(decoded, size)) for _ in encoded]


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
        ("open_imu", bytes(20), "checksum"),
    ],
)
def test_problem_is_named(name: str, payload: bytes, problem: str) -> None:
    (corrupt,) = decode_once(find_profile(name).default_mode, [payload])
    assert isinstance(corrupt, Corrupt)
    assert problem in corrupt.problem
    assert corrupt.placement is Placement.CHEST
