"""Packets of the profiles, both ways: what is sent is what is decoded, and damage stays small."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from every_profile import (
    KINDS,
    LARGEST_MTU,
    PROFILES,
    Kind,
    Sent,
    chosen,
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
    sending,
    some_packets,
    stamps_of,
    stream_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imu_stream.datatypes import Array, DeviceSamples, Frame, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    Corrupt,
    Decoder,
    DeviceProfile,
    Encoder,
    Packet,
    find_profile,
)
from imu_stream.profiles.packets import Constant, Framing, Vectors, fields_of

unhurried = settings(deadline=None, max_examples=60)
at_length = settings(deadline=None, max_examples=500)

any_kind = st.sampled_from(list(KINDS))


# ---------------------------------------------------------------- both ways


@at_length
@given(st.sampled_from([profile.name for profile in PROFILES]), st.data())
def test_decoding_undoes_encoding_within_half_a_step(name: str, data: st.DataObject) -> None:
    profile = find_profile(name)
    modes = modes_of(profile)
    mode = modes[data.draw(st.integers(0, len(modes) - 1))]
    number = data.draw(st.integers(0, len(mode.packets) - 1))
    alternative = data.draw(st.integers(0, len(mode.packets[number].alternatives)))
    packet = chosen(mode.packets[number], alternative)
    least = max(profile.min_mtu, 128) if alternative else profile.min_mtu
    mtu = data.draw(st.integers(least, LARGEST_MTU))
    encoder = Encoder(sending(mode, alternative), mtu, number)
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
    encoder = kind.encoder()
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
    encoder = kind.encoder()
    payloads = flat(encode(encoder, some_packets(encoder, kind.packet, 3)))
    counters = [one.counter for one in samples_of(decode_once(kind.mode, payloads, kind.number))]
    assert set(counters) in ({None}, {0, 1, 2})
    assert counters[0] is None or counters == sorted(counters)


@every_kind
def test_packet_is_complete_with_its_notifications(kind: Kind) -> None:
    mtu = max(60, kind.profile.min_mtu)
    encoder = kind.encoder(mtu)
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


@at_length
@given(any_kind, st.integers(0), st.integers(0), st.booleans())
def test_one_damaged_notification_spoils_one_packet(
    name: str, which: int, where: int, cut: bool
) -> None:
    kind = KINDS[name]
    encoder = kind.encoder(max(128, kind.profile.min_mtu))
    in_bytes = kind.framing is Framing.BYTE_STREAM
    # a stream of bytes says nothing of its messages' ends: where they are shows over several
    encoded = encode(encoder, some_packets(encoder, kind.packet, 60 if in_bytes else 8))
    whole = by_packet(kind, encoded)
    damaged = 2 + which % 3
    part = which % len(encoded[damaged])
    # what stands behind a cut may look like a mark of one byte, and one more is spoiled
    cut = cut and not (in_bytes and one_byte_tells(kind))
    encoded[damaged][part] = damage(encoded[damaged][part], where, cut)
    decoded = decode_once(kind.mode, flat(encoded), kind.number)
    others = {*itertools.chain(*whole[:damaged], *whole[damaged + 1 :])}
    assert others <= set(fingerprints(samples_of(decoded)))
    in_parts = kind.framing is Framing.MESSAGE_PARTS
    # a part that turns into another kind of part can look like two incomplete messages
    assert len(corrupt_of(decoded)) <= (2 if in_parts or in_bytes else 1)


def by_packet(
    kind: Kind, encoded: Sequence[Sequence[bytes]]
) -> list[list[tuple[int | None, bytes, bytes]]]:
    """What each packet decodes to, if nothing is damaged."""
    decoded = iter(fingerprints(samples_of(decode_once(kind.mode, flat(encoded), kind.number))))
    size = len(stamps_of(kind.mode, kind.packet, 0))
    return [list(itertools.islice(decoded, size)) for _ in encoded]


def one_byte_tells(kind: Kind) -> bool:
    first = kind.packet.fields[0]
    return isinstance(first, Constant) and len(first.content) == 1


def damage(notification: bytes, where: int, cut: bool) -> bytes:
    if cut:
        return notification[: where % len(notification)]
    flipped = bytearray(notification)
    flipped[where // 8 % len(flipped)] ^= 1 << where % 8
    return bytes(flipped)
