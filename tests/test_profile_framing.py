"""Messages in notifications, by framing: cut, joined, damaged and found again."""

import itertools
import zlib

import numpy as np
import pytest
from every_profile import (
    KINDS,
    Decoded,
    corrupt_of,
    decode,
    decode_once,
    encode,
    fingerprints,
    flat,
    samples_of,
    some_packets,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imu_stream.datatypes import DeviceSamples, Frame, Placement
from imu_stream.profiles import (
    Corrupt,
    Decoder,
    Encoder,
    Mode,
    find_profile,
)
from imu_stream.profiles.packets import Framing

unhurried = settings(deadline=None, max_examples=60)

any_kind = st.sampled_from(list(KINDS))


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
    numbers = np.arange(ticks, ticks + 6 * samples, dtype="<f4")
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


def halves(ticks: int) -> tuple[bytes, bytes]:
    """The two notifications of a message of the usual length."""
    message = movesense_message(ticks, movesense().packets[0].samples_per_packet)
    return message[:100], b"\x03\x63" + message[100:]


def test_incomplete_message_is_one_corrupt() -> None:
    (first, rest), (first_2, rest_2), (first_3, rest_3) = map(halves, range(3))
    decoded = decode_once(movesense(), [first, first_2, rest_2, first_3, rest_3])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples, DeviceSamples]
    decoded = decode_once(movesense(), [rest, rest, first, rest])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]
    decoded = decode_once(movesense(), [first, first_2, first_3, rest_3, first, rest])
    assert [type(d) for d in decoded] == [Corrupt, Corrupt, DeviceSamples, DeviceSamples]
    whole = movesense_message(0, movesense().packets[0].samples_per_packet)
    decoded = decode_once(movesense(), [first] + [b"\x03\x63" + bytes(100)] * 60 + [whole])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples]


def test_an_end_that_was_overtaken_goes_with_its_own_beginning() -> None:
    in_order = [part for ticks in range(3) for part in halves(ticks)]
    whole = fingerprints(samples_of(decode_once(movesense(), in_order)))
    overtaken = [in_order[0], in_order[2], in_order[1], *in_order[3:]]
    decoded = decode_once(movesense(), overtaken)
    assert not corrupt_of(decoded)
    assert fingerprints(samples_of(decoded)) == whole


def test_a_repeated_end_is_not_that_of_another_message() -> None:
    (first, _), (first_2, rest_2), (first_3, rest_3) = map(halves, range(3))
    decoded = decode_once(movesense(), [first, first_2, rest_2, rest_2, first_3, rest_3])
    assert [type(d) for d in decoded] == [Corrupt, DeviceSamples, DeviceSamples]
    whole = decode_once(movesense(), [first_2, rest_2, first_3, rest_3])
    assert fingerprints(samples_of(decoded)) == fingerprints(samples_of(whole))


@pytest.mark.parametrize("mtu", [100, 153, 247])
def test_after_a_lost_end_messages_of_many_parts_are_joined(mtu: int) -> None:
    encoder = Encoder(movesense(), mtu)
    encoded = encode(encoder, some_packets(encoder, movesense().packets[0], 4))
    decoded = decode_once(movesense(), flat([encoded[0][:-1], *encoded[1:]]))
    whole = decode_once(movesense(), flat(encoded[1:]))
    assert len(corrupt_of(decoded)) == 1
    assert fingerprints(samples_of(decoded)) == fingerprints(samples_of(whole))


def test_how_far_apart_the_parts_came_is_told() -> None:
    decoder = Decoder(movesense(), Placement.CHEST)
    first, rest = halves(0)
    decoder.decode(Frame(1.0, Placement.CHEST, "imu6", first))
    (samples,) = samples_of(decoder.decode(Frame(1.25, Placement.CHEST, "imu6", rest)))
    assert samples.spread_s == 0.25
    usual = movesense().packets[0].samples_per_packet
    whole = Frame(2.0, Placement.CHEST, "imu6", movesense_message(1, usual))
    assert samples_of(decoder.decode(whole))[0].spread_s == 0.0


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


@unhurried
@given(any_kind, st.lists(st.binary(max_size=514), max_size=4))
def test_random_contents_never_raise(name: str, contents: list[bytes]) -> None:
    """Like random bytes, but they get past the framing."""
    kind = KINDS[name]
    encoder = kind.encoder()
    (payloads,) = encode(encoder, some_packets(encoder, kind.packet, 1))
    begin = payloads[0][:4]
    if kind.framing is Framing.CAPTURE2GO_PACKAGES:
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
