"""What can stand in a packet, byte by byte, in made-up devices; most have no such parts."""

import struct
from pathlib import Path

import numpy as np
import pytest
from every_profile import corrupt_of, decode, decode_once, samples_of, stream_of
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.datatypes import GRAVITY, Array, DeviceSamples, Frame, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    ClockMark,
    Corrupt,
    Decoder,
    Encoder,
    Mode,
    load_profile,
    parse_profile,
)
from imu_stream.profiles.checksums import Checksum

unhurried = settings(deadline=None)

MADE_UP = Path(__file__).parent / "data" / "made_up.toml"
ONE_PACKET = """
title = "One packet"
vendor = "Nobody"
evidence = "unverified"
sources = "made up"
placements = ["chest"]
default_rate_hz = 100
advertised = {{ name = "ONE" }}
match = [{{ name = "ONE" }}]
gatt = {{ service = "fff0", characteristics.data = {{ uuid = "fff1", properties = ["notify"] }} }}
rates = [{{ hz = 100, samples_per_packet = {samples} }}]
setup = [{{ subscribe = "data", effect = "start" }}]
{clock}
[[streams]]
name = "imu"
characteristic = "data"
framing = "whole"
[[streams.packets]]
samples = "{count}"
fields = [{fields}]
"""
PLAIN_ACC = '{ field = "acc", type = "i16", unit = "m/s²", scale = 0.5, saturation = 1e5 },'
PLAIN_GYR = '{ field = "gyr", type = "i16", unit = "rad/s", scale = 2, saturation = 1e5 },'


def one_packet(
    *fields: str, clock: str = "", samples: int = 1, count: str = "from_length", text: str = ""
) -> Mode:
    """A device with one kind of packet."""
    filled = ONE_PACKET.format(fields="".join(fields), clock=clock, samples=samples, count=count)
    return parse_profile(filled + text, "one").default_mode


def read(mode: Mode, payload: bytes, number: int = 0) -> DeviceSamples:
    (decoded,) = decode_once(mode, [payload], number)
    assert isinstance(decoded, DeviceSamples)
    return decoded


def acc_of(mode: Mode, payload: bytes) -> list[list[float]]:
    acc = read(mode, payload).acc
    assert acc is not None
    rows: list[list[float]] = acc.tolist()
    return rows


def counting(samples: int) -> tuple[Array, Array]:
    """Accelerations from 1 and angular rates from 100 upwards."""
    numbers = np.arange(3.0 * samples).reshape(-1, 3)
    return 1.0 + numbers, 100.0 + numbers


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("number_type", "numbers", "meant"),
    [
        ("i8", "01 ff 80", [1, -1, -128]),
        ("i16", "0100 ffff 0080", [1, -1, -(1 << 15)]),
        ("i24", "010000 ffffff 000080", [1, -1, -(1 << 23)]),
        ("i32", "01000000 ffffffff 00000080", [1, -1, -(1 << 31)]),
        ("f32", "0000803f 000080bf 0000c0c2", [1, -1, -96]),
    ],
)
def test_numbers_of_every_type_are_read(number_type: str, numbers: str, meant: list[int]) -> None:
    acc = f'{{ field = "acc", type = "{number_type}", unit = "g", scale = 2, saturation = 1e12 }}'
    for before in ("", '{ field = "unused", length = 3 },'):
        payload = bytes(3 * bool(before)) + bytes.fromhex(numbers)
        assert acc_of(one_packet(before, acc), payload) == [[2 * GRAVITY * each for each in meant]]


@pytest.mark.parametrize(
    ("quantity", "unit", "one"),
    [
        ("acc", "m/s²", 1.0),
        ("acc", "g", 9.80665),
        ("acc", "mg", 9.80665e-3),
        ("gyr", "rad/s", 1.0),
        ("gyr", "deg/s", np.pi / 180),
    ],
)
def test_units_become_si(quantity: str, unit: str, one: float) -> None:
    other = PLAIN_ACC if quantity == "gyr" else PLAIN_GYR
    scaled = f'{{ field = "{quantity}", type = "i16", unit = "{unit}", scale = 1, saturation = 9 }}'
    samples = read(one_packet(scaled, ",", other), struct.pack("<6h", 1, 2, 3, 0, 0, 0))
    assert getattr(samples, quantity)[0] == pytest.approx([one, 2 * one, 3 * one])


@pytest.mark.parametrize(
    ("axes", "meant"),
    [
        ('["x", "y", "z"]', [1, 2, 3]),
        ('["-x", "y", "-z"]', [-1, 2, -3]),
        ('["z", "x", "y"]', [2, 3, 1]),
        ('["-y", "x", "z"]', [2, -1, 3]),
    ],
)
def test_axes_are_named_in_the_order_of_sending(axes: str, meant: list[int]) -> None:
    acc = (
        f'{{ field = "acc", type = "i8", unit = "m/s²", scale = 1, saturation = 9, axes = {axes} }}'
    )
    mode = one_packet(acc)
    assert acc_of(mode, bytes([1, 2, 3])) == [meant]
    sent = Encoder(mode).encode(0, np.array([meant], dtype=float), None)
    assert sent == [bytes([1, 2, 3])]


def test_blocks_come_one_after_the_other() -> None:
    samples = read(one_packet(PLAIN_ACC, PLAIN_GYR, samples=2), struct.pack("<12h", *range(12)))
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.acc.tolist() == [[0, 0.5, 1], [1.5, 2, 2.5]]
    assert samples.gyr.tolist() == [[12, 14, 16], [18, 20, 22]]


def test_records_come_sample_after_sample() -> None:
    group = f'{{ field = "records", fields = [{PLAIN_GYR} {{ field = "unused", length = 1 }}, '
    mode = one_packet(group, PLAIN_ACC, "] }", samples=2)
    samples = read(mode, struct.pack("<" + 2 * "3hB3h", *range(14)))
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.acc.tolist() == [[2, 2.5, 3], [5.5, 6, 6.5]]
    assert samples.gyr.tolist() == [[0, 2, 4], [14, 16, 18]]
    assert samples.acc.flags.c_contiguous


def test_fields_of_different_types_stand_beside_each_other() -> None:
    acc = '{ field = "acc", type = "i24", unit = "m/s²", scale = 1, saturation = 1e7 },'
    group = f'{{ field = "records", fields = [{acc} {PLAIN_GYR}] }}'
    samples = read(
        one_packet(group, samples=1), bytes.fromhex("010000 fe7f0c 000080 0100 0200 ffff")
    )
    assert samples.acc is not None
    assert samples.gyr is not None
    assert samples.acc.tolist() == [[1, 0x0C7FFE, -0x800000]]
    assert samples.gyr.tolist() == [[2, 4, -2]]


@pytest.mark.parametrize("count", ["fixed", "from_length"])
def test_number_of_samples_is_fixed_or_told_by_the_length(count: str) -> None:
    mode = one_packet(PLAIN_ACC, samples=3, count=count)
    found = [type(decode_once(mode, [bytes(6 * n)])[0]) for n in (1, 2, 3, 4)]
    other = Corrupt if count == "fixed" else DeviceSamples
    assert found == [other, other, DeviceSamples, other]


# ---------------------------------------------------------------- clocks


def test_every_sample_may_have_its_own_time_stamp() -> None:
    group = f'{{ field = "records", fields = [{{ field = "ticks", type = "u24" }}, {PLAIN_ACC}] }}'
    clock = 'clock = { seconds_per_tick = 1e-3, mark = "each" }'
    mode = one_packet('{ field = "counter", type = "u8" },', group, clock=clock, samples=2)
    payload = bytes.fromhex("07 0a0000 0200 0400 0600 0b00ff 0800 0a00 0c00")
    decoded = samples_of(decode_once(mode, [payload]))
    assert [one.ticks for one in decoded] == [10, 0xFF000B]
    assert [one.counter for one in decoded] == [7, 7]
    assert [one.acc.tolist() for one in decoded if one.acc is not None] == [
        [[1, 2, 3]],
        [[4, 5, 6]],
    ]


@unhurried
@given(st.integers(0, 2**24 - 1))
def test_time_stamps_of_samples_are_one_period_apart(ticks: int) -> None:
    group = f'{{ field = "records", fields = [{{ field = "ticks", type = "u24" }}, {PLAIN_ACC}] }}'
    clock = 'clock = { seconds_per_tick = 3e-3, mark = "each" }'
    mode = one_packet(group, clock=clock, samples=4)
    (payload,) = Encoder(mode).encode(ticks, counting(4)[0], None)
    stamps = [one.ticks for one in samples_of(decode_once(mode, [payload]))]
    assert stamps == [(ticks + step) % 2**24 for step in (0, 3, 7, 10)]


@pytest.mark.parametrize(
    ("number_type", "payload", "meant"),
    [
        ("u8", "fe", 0xFE),
        ("u24", "0100fe", 0xFE0001),
        ("u64", "01000000000000fe", 0xFE00000000000001),
        ("i64", "feffffffffffffff", -2),
    ],
)
def test_time_stamps_of_every_type_are_read(number_type: str, payload: str, meant: int) -> None:
    clock = 'clock = { seconds_per_tick = 1e-3, mark = "first" }'
    mode = one_packet(f'{{ field = "ticks", type = "{number_type}" }},', PLAIN_ACC, clock=clock)
    assert read(mode, bytes.fromhex(payload) + bytes(6)).ticks == meant


def test_clock_may_count_samples_or_packets() -> None:
    profile = load_profile(MADE_UP)
    own, samples, packets = (packet.clock for packet in profile.mode(50).packets)
    assert own is not None
    assert samples is not None
    assert packets is not None
    assert (own.seconds_per_tick, own.bits, own.mark) == (1e-6, 24, ClockMark.LAST)
    assert (samples.seconds_per_tick, samples.bits, samples.mark) == (0.02, 16, ClockMark.EACH)
    assert (packets.seconds_per_tick, packets.bits, packets.mark) == (0.08, 8, ClockMark.FIRST)


def test_device_without_clock_has_no_time_stamps() -> None:
    mode = one_packet(PLAIN_ACC)
    assert mode.packets[0].clock is None
    assert read(mode, bytes(6)).ticks is None


def test_counter_of_packets_starts_again() -> None:
    mode = one_packet('{ field = "counter", type = "u8" },', PLAIN_ACC)
    encoder = Encoder(mode)
    payloads = [encoder.encode(0, np.zeros((1, 3)), None)[0] for _ in range(258)]
    counted = [one.counter for one in samples_of(decode_once(mode, payloads))]
    assert counted == [*range(256), 0, 1]


# ---------------------------------------------------------------- checksums


@pytest.mark.parametrize("checksum", Checksum)
@unhurried
@given(st.integers(0), st.binary(min_size=12, max_size=12))
def test_any_changed_bit_fails_the_checksum(checksum: Checksum, bit: int, content: bytes) -> None:
    mode = one_packet(PLAIN_ACC, f'{{ field = "check", checksum = "{checksum}" }}')
    message = content + checksum.compute(content)
    assert samples_of(decode_once(mode, [message]))
    changed = bytearray(message)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    (damage,) = corrupt_of(decode_once(mode, [bytes(changed)]))
    assert damage.problem == "the checksum is wrong"


@pytest.mark.parametrize("checksum", Checksum)
def test_checksum_is_written_as_it_is_read(checksum: Checksum) -> None:
    mode = one_packet(PLAIN_ACC, f'{{ field = "check", checksum = "{checksum}" }}', samples=2)
    assert samples_of(decode_once(mode, Encoder(mode).encode(0, counting(2)[0], None)))


# ---------------------------------------------------------------- kinds of packets


def test_kinds_are_told_by_the_bytes_they_begin_with() -> None:
    text = (
        '[[streams.packets]]\nsamples = "fixed"\n'
        f'fields = [{{ field = "constant", bytes = "02" }}, {PLAIN_GYR}]'
    )
    mode = one_packet('{ field = "constant", bytes = "01" },', PLAIN_ACC, text=text)
    decoded = decode_once(mode, [b"\x01" + bytes(6), b"\x02" + bytes(6), b"\x03" + bytes(6)])
    acc, gyr, other = decoded
    assert isinstance(acc, DeviceSamples)
    assert isinstance(gyr, DeviceSamples)
    assert isinstance(other, Corrupt)
    assert (acc.kind, acc.gyr, gyr.kind, gyr.acc) == (0, None, 1, None)


def test_kinds_that_begin_alike_are_told_by_their_length() -> None:
    text = f'[[streams.packets]]\nsamples = "fixed"\nfields = [{PLAIN_GYR} {PLAIN_ACC}]'
    mode = one_packet(PLAIN_ACC, count="fixed", text=text)
    kinds = [one.kind for one in samples_of(decode_once(mode, [bytes(6), bytes(12), bytes(6)]))]
    assert kinds == [0, 1, 0]
    assert len(corrupt_of(decode_once(mode, [bytes(7)]))) == 1


def test_alternative_is_the_same_kind() -> None:
    text = f'alternatives = [{{ samples = "fixed", fields = [{PLAIN_ACC} {PLAIN_GYR}] }}]\n'
    with pytest.raises(ProfileError, match="something else"):
        one_packet(PLAIN_ACC, text=text)
    unused = '{ field = "unused", length = 4 }'
    text = f'alternatives = [{{ samples = "fixed", fields = [{PLAIN_ACC} {unused}] }}]\n'
    mode = one_packet(PLAIN_ACC, count="fixed", text=text)
    decoded = samples_of(decode_once(mode, [bytes(6), bytes(10)]))
    assert [one.kind for one in decoded] == [0, 0]
    assert len(mode.packets) == 1


# ---------------------------------------------------------------- the made-up pod


def test_a_pod_sends_three_kinds_of_packets() -> None:
    mode = load_profile(MADE_UP).mode(50, 8)
    decoder = Decoder(mode, Placement.CHEST)
    for number, packet in enumerate(mode.packets):
        encoder = Encoder(mode, 120, number)
        payloads = encoder.encode(100, *counting(encoder.samples_per_packet))
        decoded = samples_of(decode(decoder, stream_of(mode, number), payloads))
        assert {one.kind for one in decoded} == {number}
        assert sum(map(len, decoded)) == encoder.samples_per_packet
        assert {one.acc is not None for one in decoded} == {"acc" in packet.measures}


def test_range_scales_numbers_and_names_bytes() -> None:
    for range_g, number in ((8, 0x08), (16, 0x10)):
        mode = load_profile(MADE_UP).mode(100, range_g)
        head = bytes([0xA5, number, 0]) + bytes(3)
        content = head + 5 * bytes.fromhex("40420f 000000 c0bdf0") + bytes(2)
        (samples,) = samples_of(decode_once(mode, [content + checked(content)]))
        assert samples.acc is not None
        # sent: -x, z, y
        assert samples.acc[0] == pytest.approx(np.array([-1, -1, 0]) * GRAVITY * range_g / 8)


def checked(content: bytes) -> bytes:
    return Checksum.CRC16_CCITT_FALSE.compute(content)


CONTROL = "0000fff1-0000-1000-8000-00805f9b34fb"
STARTED = bytes.fromhex("f0 02 02 00 00 05 01") + struct.pack("<f", 0.25)


@pytest.mark.parametrize(
    ("answer", "one_mg"),
    [
        (b"", 0.5),
        (STARTED, 0.25),
        (STARTED[:5], 0.5),
        (STARTED[:-1], 0.5),
        (b"\xf0\x02\x03" + STARTED[3:], 0.5),
        (STARTED[:7] + struct.pack("<f", -1.0), 0.5),
    ],
)
def test_scale_told_in_an_answer_holds_from_then_on(answer: bytes, one_mg: float) -> None:
    mode = load_profile(MADE_UP).mode(50)
    decoder = Decoder(mode, Placement.CHEST)
    assert decoder.decode(Frame(0.0, Placement.CHEST, CONTROL, answer)) == []
    decoder.reset()
    payload = b"\xb6\x07" + struct.pack("<3h", 100, -100, 0)
    (samples,) = samples_of(decode(decoder, "turning", [payload]))
    assert samples.acc is not None
    milli_g = np.array([100, -100, 0]) * one_mg
    assert samples.acc[0] == pytest.approx(milli_g * GRAVITY / 1000)


def test_impossible_scale_makes_impossible_values() -> None:
    decoder = Decoder(load_profile(MADE_UP).mode(50), Placement.CHEST)
    told = STARTED[:7] + struct.pack("<f", 1e30)
    decoder.decode(Frame(0.0, Placement.CHEST, CONTROL, told))
    payload = b"\xb6\x07" + struct.pack("<3h", 100, -100, 0)
    (damage,) = corrupt_of(decode(decoder, "turning", [payload]))
    assert "cannot measure" in damage.problem
