"""Codecs that profiles share: Polar frames and answers, checksums, streams of bytes, services."""

import contextlib
import itertools
import zlib
from bisect import bisect_left
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from vectors import VECTORS, vector, vectors

from imu_stream.profiles import standard_services
from imu_stream.profiles.byte_stream import ByteStream
from imu_stream.profiles.checksums import Checksum
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.messages import Damage, Message, Received
from imu_stream.profiles.polar_control import (
    ControlResponse,
    MeasurementType,
    Operation,
    Settings,
    Status,
    read_factor,
    read_response,
    read_settings,
    write_response,
    write_settings,
)
from imu_stream.profiles.polar_delta import read_deltas, write_deltas
from imu_stream.profiles.standard_services import (
    HeartRateMeasurement,
    RunningSpeedMeasurement,
    read_battery,
    read_heart_rate,
    read_running_speed,
    read_text,
    write_heart_rate,
    write_running_speed,
)

unhurried = settings(deadline=None)

PMD_HEADER = 10
AXES = 3


def delta_payload(kind: str) -> tuple[bytes, Any]:
    frame, expected = vector("polar", kind)
    return frame[PMD_HEADER:], expected


# Delta frames of Polar


@pytest.mark.parametrize(
    ("kind", "key", "channels"),
    [
        ("pmd_acc_compressed_type1", "samples", 3),
        ("pmd_gyro_compressed_type0", "samples", 3),
        ("pmd_mag_compressed_type0", "samples", 3),
        ("pmd_mag_compressed_type1", "samples_mG_status", 4),
    ],
)
def test_short_delta_frames_hold_their_samples(kind: str, key: str, channels: int) -> None:
    payload, expected = delta_payload(kind)
    assert read_deltas(payload, channels, 16).tolist() == expected[key]


def test_a_delta_frame_of_accelerations_holds_its_samples() -> None:
    payload, expected = delta_payload("pmd_acc_compressed_type0")
    samples = read_deltas(payload, AXES, 16)
    assert len(samples) == expected["n"]
    assert samples[0].tolist() == expected["raw_first"]
    assert samples[1].tolist() == expected["raw_second"]
    assert samples[-1].tolist() == expected["raw_last"]
    assert np.abs(samples * expected["factor"]).max() < 8.0


def test_a_delta_frame_of_floats_holds_their_bits() -> None:
    payload, expected = delta_payload("pmd_gyro_compressed_type1")
    samples = read_deltas(payload, AXES, 32)
    assert samples.astype("<i4").view("<f4").tolist() == expected["samples"]


def test_a_delta_frame_of_nine_blocks_holds_its_samples() -> None:
    payload, expected = vector("polar", "delta16_payload")
    samples = read_deltas(payload, AXES, 16)
    assert len(samples) == expected["n"] == 1 + sum(count for _, count in expected["blocks"])
    assert samples[0].tolist() == expected["first"]
    assert samples[1].tolist() == expected["second"]


@pytest.mark.parametrize(("payload", "expected"), vectors("polar", "delta32_payload"))
def test_sums_of_32_bits_run_over(payload: bytes, expected: Any) -> None:
    samples = read_deltas(payload, AXES, 32)
    assert len(samples) == expected["n"]
    assert bits_of(samples[0]) == expected["first_bits"]
    assert bits_of(samples[1]) == expected["second_bits"]


def bits_of(sample: NDArray[np.int64]) -> list[str]:
    return [f"{number & 0xFFFFFFFF:08X}" for number in sample.tolist()]


def test_a_frame_that_a_document_cut_off_is_malformed_until_its_count_is_put_right() -> None:
    payload, expected = delta_payload("pmd_acc_comp_head")
    with pytest.raises(MalformedPacketError):
        read_deltas(payload, AXES, 16)
    shortened = payload[:7] + bytes([2]) + payload[8:]
    samples = [expected["ref"], expected["s1"], expected["s2"]]
    assert read_deltas(shortened, AXES, 16).tolist() == samples


def test_the_first_sample_is_signed() -> None:
    samples = read_deltas(bytes.fromhex("FFFF0000FF7F0080"), 4, 16)
    assert samples.tolist() == [[-1, 0, 32767, -32768]]


def test_a_block_of_width_zero_holds_no_sample() -> None:
    assert read_deltas(bytes([1, 0, 0, 5, 8, 1, 2]), 1, 16).tolist() == [[1], [3]]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes(5),
        bytes(6) + bytes([8]),
        bytes(6) + bytes([33, 1]) + bytes(13),
        bytes(6) + bytes([8, 2]) + bytes(5),
    ],
    ids=["empty", "first sample cut", "block head cut", "too wide", "block cut"],
)
def test_a_delta_frame_that_does_not_fit_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        read_deltas(payload, AXES, 16)


@st.composite
def delta_samples(draw: st.DrawFn) -> tuple[NDArray[np.int64], int]:
    bits = draw(st.sampled_from([16, 24, 32]))
    largest = 1 << draw(st.integers(0, bits - 1))
    shape = st.tuples(st.integers(1, 100), st.integers(1, 4))
    numbers = st.integers(-largest, largest - 1)
    return draw(arrays(np.int64, shape, elements=numbers)), bits


@unhurried
@given(delta_samples())
def test_delta_frames_are_read_as_written(written: tuple[NDArray[np.int64], int]) -> None:
    values, bits = written
    read = read_deltas(write_deltas(values, bits), values.shape[1], bits)
    np.testing.assert_array_equal(read, values)
    assert read.dtype == np.int64


def test_deltas_are_written_in_no_more_bits_than_needed() -> None:
    values = np.array([[0], [1], [-1], [-3]])
    assert write_deltas(values, 16) == bytes([0, 0, 2, 3, 0b10_10_01])


@pytest.mark.parametrize("values", [np.zeros((0, 3), np.int64), np.array([[1 << 15]])])
def test_what_is_no_sample_of_16_bits_is_not_written(values: NDArray[np.int64]) -> None:
    with pytest.raises(ValueError, match="16 bits"):
        write_deltas(values, 16)


# Control point of Polar


def meaning_of(read: Settings) -> dict[str, Any]:
    """Settings in the words of the vectors."""
    lists = {"rates": read.rates_hz, "res": read.resolutions, "range": read.ranges}
    named: dict[str, Any] = {key: list(values) for key, values in lists.items() if values}
    if read.channels:
        (named["ch"],) = read.channels
    if read.factor is not None:
        named["factor"] = pytest.approx(read.factor, rel=1e-6)
    return named


@pytest.mark.parametrize(("payload", "expected"), vectors("polar", "pmd_cp_response"))
def test_answers_of_the_control_point_are_read(payload: bytes, expected: Any) -> None:
    answer = read_response(payload)
    head = {"op": answer.operation, "type": answer.measurement_type, "status": answer.status}
    assert expected == head | meaning_of(answer.settings)
    assert not answer.more


def test_a_list_of_settings_is_read() -> None:
    payload, expected = vector("polar", "pmd_settings")
    assert meaning_of(read_settings(payload)) == expected


def test_a_range_in_thousandths_is_signed() -> None:
    read = read_settings(bytes.fromhex("0302FFFFFFFFFF00000001010E00"))
    assert read == Settings(ranges_milli=(-1, 255), resolutions=(14,))


def test_a_lone_byte_behind_an_answer_is_no_setting() -> None:
    answer = read_response(vector("polar", "cp_start_reply")[0])
    assert (answer.status, answer.parameters) == (Status.SUCCESS, b"\x01")
    assert answer.settings == Settings()


def test_a_refusal_says_why() -> None:
    answer = read_response(bytes.fromhex("F0010607010001"))
    refused = ControlResponse(
        Operation.GET_SETTINGS, MeasurementType.MAG, Status.INVALID_RESOLUTION
    )
    assert answer == refused


def test_an_answer_about_no_single_measurement_has_no_type() -> None:
    answer = read_response(bytes.fromhex("F005FF00000205"))
    assert answer.measurement_type is None
    assert (answer.operation, answer.parameters) == (Operation.GET_STATUS, b"\x02\x05")


def test_an_answer_in_two_indications_is_read_together() -> None:
    first, second = bytes.fromhex("F00102000100023400"), bytes.fromhex("F0010200006800010110 00")
    begun = read_response(first)
    assert (begun.more, begun.settings) == (True, Settings())
    answer = read_response(first, second)
    assert (answer.more, answer.settings) == (False, Settings((52, 104), (16,)))


@pytest.mark.parametrize(
    ("first", "second"),
    [("F00102000000013400", "F001020000"), ("F00102000100013400", "F001050000")],
    ids=["that has ended", "of another type"],
)
def test_an_answer_does_not_go_on_with_another(first: str, second: str) -> None:
    assert read_response(bytes.fromhex(first)).status is Status.SUCCESS
    with pytest.raises(MalformedPacketError):
        read_response(bytes.fromhex(first), bytes.fromhex(second))


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "F00102",
        "0F05000000",
        "F0FF020000",
        "F001026300",
        "F001020000FFFFFF",
        "F001020000000434 00",
        "F002020000000152 00 05",
        "F00202000005010000C07F",
        "F002020000050100000000",
        "F00202000005020000803F0000803F",
    ],
    ids=[
        "empty",
        "cut",
        "features",
        "unknown operation",
        "unknown status",
        "unknown setting",
        "settings cut",
        "setting head cut",
        "factor not a number",
        "factor zero",
        "two factors",
    ],
)
def test_an_answer_that_does_not_say_what_it_should_is_malformed(payload: str) -> None:
    with pytest.raises(MalformedPacketError):
        read_response(bytes.fromhex(payload))


uints16 = st.integers(0, 0xFFFF)
some_settings = st.builds(
    Settings,
    rates_hz=st.lists(uints16, max_size=5).map(tuple),
    resolutions=st.lists(uints16, max_size=2).map(tuple),
    ranges=st.lists(uints16, max_size=5).map(tuple),
    ranges_milli=st.lists(st.integers(-(1 << 31), (1 << 31) - 1), max_size=3).map(tuple),
    channels=st.lists(st.integers(0, 255), max_size=2).map(tuple),
    factor=st.none() | st.floats(2.0**-20, 2.0**20, width=32),
)


@given(some_settings)
def test_settings_are_read_as_written(written: Settings) -> None:
    assert read_settings(write_settings(written)) == written
    start, acc = Operation.START, MeasurementType.ACC
    answer = write_response(start, acc, Status.SUCCESS, written)
    read = read_response(answer)
    assert (read.operation, read.measurement_type, read.settings) == (start, acc, written)
    assert read_factor(answer) == written.factor


# Checksums


@pytest.mark.parametrize(
    ("name", "value"),
    [("negative_sum", "23"), ("crc16_ccitt_false", "b129"), ("crc32", "2639f4cb")],
)
def test_checksums_have_their_known_values(name: str, value: str) -> None:
    checksum = Checksum(name)
    assert checksum.compute(b"123456789").hex() == value
    assert checksum.size == len(value) // 2


@pytest.mark.parametrize(("message", "expected"), vectors("dot", "message", "start_sync"))
def test_messages_of_the_dot_end_with_their_negative_sum(message: bytes, expected: Any) -> None:
    answer = bytes.fromhex(expected.get("ack", ""))
    for content in filter(None, (message, answer)):
        assert Checksum.NEGATIVE_SUM.compute(content[:-1]) == content[-1:]


CAPTURE2GO_COMMANDS = [
    row["kind"] for row in VECTORS if row["device"] == "capture2go" and row["kind"][:4] == "cmd_"
]


@pytest.mark.parametrize("kind", CAPTURE2GO_COMMANDS)
def test_packages_of_the_capture2go_hold_their_crc32(kind: str) -> None:
    package, _ = vector("capture2go", kind)
    assert Checksum.CRC32.compute(package[6:]) == package[1:5]


@given(st.binary())
def test_checksums_are_of_their_size(data: bytes) -> None:
    assert [len(checksum.compute(data)) for checksum in Checksum] == [1, 2, 4]
    assert (sum(data) + Checksum.NEGATIVE_SUM.compute(data)[0]) % 256 == 0
    assert int.from_bytes(Checksum.CRC32.compute(data), "little") == zlib.crc32(data)


# Messages in a stream of bytes

WIT = b"\x55\x61"
REPLY = b"\x55\x71"


def witmotion() -> ByteStream:
    return ByteStream(WIT, (20, 28), ((REPLY, 20),))


def one_length() -> ByteStream:
    return ByteStream(WIT, (20,), ((REPLY, 20),))


def shimmer() -> ByteStream:
    return ByteStream(b"\0", (10,), ignored=b"\xff")


every_stream = st.sampled_from([witmotion, one_length, shimmer])


def wit_messages(count: int, length: int = 20) -> list[bytes]:
    """Messages that differ, without a mark inside."""
    return [WIT + bytes([number]) * (length - 2) for number in range(count)]


def receive_each(stream: ByteStream, notifications: list[bytes]) -> list[tuple[int, Received]]:
    """Give everything received with the number of the notification that it was given after."""
    return [
        (number, received)
        for number, notification in enumerate(notifications)
        for received in stream.receive(float(number), notification)
    ]


def receive_all(stream: ByteStream, notifications: list[bytes]) -> list[Received]:
    """Give everything received; the arrival is the number of the notification."""
    return [received for _, received in receive_each(stream, notifications)]


def contents(received: list[Received]) -> list[bytes]:
    return [each.content for each in received if isinstance(each, Message)]


def damages(received: list[Received]) -> int:
    return sum(isinstance(each, Damage) for each in received)


def test_a_frame_and_a_reply_of_a_witmotion_come_out_whole() -> None:
    frame, _ = vector("witmotion", "frame61_real")
    reply = (REPLY + bytes.fromhex("3A00680169007A00")).ljust(20, b"\0")
    for stream in (witmotion(), one_length()):
        received = receive_all(stream, [frame + reply + frame])
        assert received == [Message(0.0, each) for each in (frame, reply, frame)]


def test_frames_of_a_shimmer_come_out_whole_between_acknowledgements() -> None:
    (frame, _), *_ = vectors("shimmer3r", "frame_gyro_range0")
    received = receive_all(shimmer(), [b"\xff" + frame + b"\xff\xff" + frame])
    assert contents(received) == [frame, frame]
    assert not damages(received)


@pytest.mark.parametrize("length", [20, 28])
def test_the_length_is_told_once_and_then_no_message_waits(length: int) -> None:
    stream, messages = witmotion(), wit_messages(3, length)
    assert stream.receive(0.0, messages[0]) == []
    assert stream.receive(1.0, messages[1]) == [
        Message(0.0, messages[0]),
        Message(1.0, messages[1]),
    ]
    assert stream.receive(2.0, messages[2]) == [Message(2.0, messages[2])]


def test_a_changed_length_is_damage_until_it_is_certain() -> None:
    short, long = wit_messages(3), wit_messages(6, 28)
    received = receive_all(witmotion(), short + long)
    assert damages(received) == 1
    assert contents(received) == [*short, long[0][:20], *long[1:]]


def test_a_message_has_the_arrival_of_the_notification_with_its_last_byte() -> None:
    first, second = wit_messages(2)
    received = receive_all(
        one_length(), [first[:7], first[7:] + second[:5], second[5:19], second[19:]]
    )
    assert received == [Message(1.0, first), Message(3.0, second)]


def test_bytes_in_front_of_the_first_message_are_one_damage() -> None:
    messages = wit_messages(4)
    received = receive_all(one_length(), [b"\x55", b"\x55" + messages[3][9:], *messages])
    assert [each.arrival_s for each in received if isinstance(each, Damage)] == [1.0]
    assert contents(received) == messages


def test_an_acknowledgement_tells_the_length_of_the_message_before_it() -> None:
    first, second = wit_messages(2)
    stream = ByteStream(WIT, (20, 28), ignored=b"\xff")
    assert contents(receive_all(stream, [first + b"\xff" + second])) == [first, second]


def test_lost_bytes_cost_only_the_message_they_are_lost_from() -> None:
    messages = wit_messages(8)
    stream = b"".join(messages)
    received = receive_all(one_length(), [stream[:50] + stream[55:]])
    spliced = messages[2][:10] + messages[2][15:] + messages[3][:5]
    assert contents(received) == [*messages[:2], spliced, *messages[3:]]
    assert damages(received) == 1


def test_a_mark_that_stands_in_every_message_holds_the_search_up_but_does_not_fool_it() -> None:
    inside = [bytes([0, 9, 9, 0]) + bytes([9 + k] * 6) for k in range(30)]
    clean = [bytes([0]) + bytes([50 + k] * 9) for k in range(6)]
    stream = b"".join(inside + clean)
    lost = receive_all(shimmer(), [stream[3:]])
    held = receive_all(shimmer(), [b"\x07" + stream[: 10 * len(inside)]])
    found = receive_all(shimmer(), [b"\x07" + stream])
    assert contents(held) == []
    assert contents(found) == inside + clean
    assert damages(found) == 1
    assert contents(lost)[-len(clean) :] == clean


def test_a_long_search_gives_only_messages_that_it_still_holds_whole() -> None:
    inside = [bytes([0, 9, 9, 0, *divmod(1000 + k, 256), 9, 9, 9, 9]) for k in range(1000)]
    clean = [bytes([0]) + bytes([50 + k] * 9) for k in range(6)]
    found = contents(receive_all(shimmer(), [b"\x07" + b"".join(inside + clean)]))
    assert found == (inside + clean)[-len(found) :]
    assert 400 < len(found) < 420


@pytest.mark.parametrize("byte", [b"\0", b"\x55", b"\xff"])
def test_a_stream_of_one_byte_for_ever_takes_no_memory(byte: bytes) -> None:
    for stream in (witmotion(), one_length(), shimmer()):
        for _ in range(100):
            stream.receive(0.0, byte * 244)
            stream.receive(0.0, b"")
        assert len(stream._stream) < 5000
        assert len(stream._arrivals) < 50
        stream.receive(0.0, WIT)
        for _ in range(100):
            stream.receive(0.0, b"")
        assert len(stream._arrivals) < 50


@pytest.mark.parametrize(
    ("begin", "lengths", "other"),
    [(b"", (20,), ()), (WIT, (), ()), (WIT, (1,), ()), (b"\0", (20,), ((REPLY, 1),))],
)
def test_a_stream_whose_messages_cannot_be_told_apart_is_refused(
    begin: bytes, lengths: tuple[int, ...], other: tuple[tuple[bytes, int], ...]
) -> None:
    with pytest.raises(ValueError, match="without mark"):
        ByteStream(begin, lengths, other)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Messages of all kinds, bytes that are none, and parts of both."""
    some_bytes = st.binary(max_size=12) | st.text("\0\x55aq\xff", max_size=30).map(latin)
    message = st.builds(
        lambda mark, length, fill: (mark + fill * 30)[:length],
        st.sampled_from([WIT, REPLY, b"\0"]),
        st.sampled_from([20, 20, 20, 28, 10, 10]),
        st.binary(min_size=1, max_size=30),
    )
    runs = st.builds(lambda part, count: part * count, message, st.integers(1, 6))
    return b"".join(draw(st.lists(runs | some_bytes, max_size=12)))


def latin(text: str) -> bytes:
    return text.encode("latin-1")


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@unhurried
@given(every_stream, streams(), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cutting_gives_the_same_messages_at_the_same_bytes(
    make: Any, data: bytes, cuts: list[int]
) -> None:
    notifications = pieces(data, cuts)
    ends = np.cumsum([len(each) for each in notifications]).tolist()
    bytewise = receive_each(make(), [data[k : k + 1] for k in range(len(data))])
    expected = [
        (
            notification_of(byte, ends),
            replace(each, arrival_s=notification_of(each.arrival_s, ends)),
        )
        for byte, each in bytewise
    ]
    assert receive_each(make(), notifications) == expected


def notification_of(byte: float, ends: list[int]) -> int:
    return bisect_left(ends, int(byte) + 1)


@unhurried
@given(every_stream, st.lists(st.binary(max_size=300), max_size=20))
def test_a_stream_takes_any_bytes(make: Any, notifications: list[bytes]) -> None:
    stream = make()
    received = receive_all(stream, notifications)
    assert all(len(content) in (10, 20, 28) for content in contents(received))
    assert len(stream._stream) < 5000


@st.composite
def damaged_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Any messages, then damage, then messages without a mark inside, and those."""
    payload = st.text("\0\x55aqz", min_size=18, max_size=18).map(latin)
    before = [WIT + draw(payload) for _ in range(draw(st.integers(0, 6)))]
    cut, lost = draw(st.integers(0, 120)), draw(st.integers(0, 60))
    stream = b"".join(before)
    tail = [WIT + bytes([k]) * 18 for k in range(1, 11)]
    return stream[:cut] + draw(st.binary(max_size=19)) + stream[cut + lost :], tail


@unhurried
@given(damaged_streams())
def test_no_whole_message_behind_damage_is_lost(damaged: tuple[bytes, list[bytes]]) -> None:
    front, tail = damaged
    received = contents(receive_all(one_length(), [front + b"".join(tail)]))
    assert received[-len(tail) :] == tail


@unhurried
@given(st.lists(st.binary(min_size=9, max_size=9), max_size=20), st.integers(0, 3))
def test_messages_that_follow_each_other_come_out_whatever_they_hold(
    payloads: list[bytes], acknowledgements: int
) -> None:
    messages = [b"\0" + payload for payload in payloads]
    data = (b"\xff" * acknowledgements).join(messages)
    assert receive_all(shimmer(), [data]) == [Message(0.0, message) for message in messages]


# Standard services

HEART_RATE_NAMES = {"hr": "bpm", "contact": "contact", "energy": "energy_kj"}


@pytest.mark.parametrize(("payload", "expected"), vectors("hr_2a37"))
def test_heart_rates_are_read(payload: bytes, expected: Any) -> None:
    measurement = read_heart_rate(payload)
    for name, value in expected.items():
        match name:
            case "rr":
                assert measurement.rr_s == tuple(interval / 1024 for interval in value)
            case "contact_supported":
                assert (measurement.contact is not None) == value
            case _:
                assert getattr(measurement, HEART_RATE_NAMES[name]) == value


def test_a_running_speed_is_read() -> None:
    payload, expected = vector("rsc_2a53", "measurement")
    measurement = read_running_speed(payload)
    assert measurement == RunningSpeedMeasurement(
        running=expected["running"],
        speed_mps=expected["speed"],
        cadence_spm=expected["cadence"],
        stride_m=expected["stride_m"],
        distance_m=expected["distance_m"],
    )
    assert write_running_speed(measurement) == payload


heart_rates = st.builds(
    HeartRateMeasurement,
    bpm=st.integers(0, 0xFFFF),
    contact=st.none() | st.booleans(),
    energy_kj=st.none() | st.integers(0, 0xFFFF),
    rr_s=st.lists(st.integers(0, 0xFFFF).map(lambda rr: rr / 1024), max_size=9).map(tuple),
)
running_speeds = st.builds(
    RunningSpeedMeasurement,
    running=st.booleans(),
    speed_mps=st.integers(0, 0xFFFF).map(lambda speed: speed / 256),
    cadence_spm=st.integers(0, 0xFF),
    stride_m=st.none() | st.integers(0, 0xFFFF).map(lambda stride: stride / 100),
    distance_m=st.none() | st.integers(0, 0xFFFFFFFF).map(lambda distance: distance / 10),
)


@given(heart_rates)
def test_heart_rates_are_read_as_written(measurement: HeartRateMeasurement) -> None:
    assert read_heart_rate(write_heart_rate(measurement)) == measurement


@given(running_speeds)
def test_running_speeds_are_read_as_written(measurement: RunningSpeedMeasurement) -> None:
    assert read_running_speed(write_running_speed(measurement)) == measurement


@pytest.mark.parametrize("payload", ["", "00", "0180", "080000", "10000", "100000", "1000FFFF00"])
def test_a_heart_rate_that_is_cut_is_malformed(payload: str) -> None:
    with pytest.raises(MalformedPacketError):
        read_heart_rate(bytes.fromhex(payload.ljust(len(payload) + len(payload) % 2, "0")))


def test_a_running_speed_that_is_cut_is_malformed() -> None:
    payload, _ = vector("rsc_2a53", "measurement")
    for length in range(len(payload)):
        with pytest.raises(MalformedPacketError):
            read_running_speed(payload[:length])


def test_a_battery_is_between_empty_and_full() -> None:
    assert [read_battery(bytes([percent])) for percent in (0, 100)] == [0, 100]
    for payload in (b"", bytes([101])):
        with pytest.raises(MalformedPacketError):
            read_battery(payload)


@pytest.mark.parametrize(
    ("payload", "text"),
    [(b"H10\0\0", "H10"), ("Läufer".encode(), "Läufer"), (b"v\xff1", "v\ufffd1"), (b"", "")],
)
def test_device_information_is_text_whatever_it_holds(payload: bytes, text: str) -> None:
    assert read_text(payload) == text


def test_standard_uuids_are_written_in_full() -> None:
    assert standard_services.ALERT_LEVEL == "00002a06-0000-1000-8000-00805f9b34fb"
    assert [level.value for level in standard_services.AlertLevel] == [0, 1, 2]


# Bytes from the radio are not to be trusted

READERS = {
    "deltas of 16 bits": (lambda payload: read_deltas(payload, 3, 16), np.ndarray),
    "deltas of 32 bits": (lambda payload: read_deltas(payload, 3, 32), np.ndarray),
    "answer": (read_response, ControlResponse),
    "answer in two parts": (lambda payload: read_response(payload, payload), ControlResponse),
    "factor": (read_factor, float | None),
    "settings": (read_settings, Settings),
    "heart rate": (read_heart_rate, HeartRateMeasurement),
    "running speed": (read_running_speed, RunningSpeedMeasurement),
    "battery": (read_battery, int),
    "text": (read_text, str),
}


def likely(begin: bytes) -> st.SearchStrategy[bytes]:
    """Random bytes, some of which begin as they should."""
    return st.binary(max_size=80) | st.binary(max_size=80).map(lambda rest: begin + rest)


@pytest.mark.parametrize("reader", READERS)
@unhurried
@given(likely(b"\xf0\x01\x02\0\0") | likely(bytes(6) + b"\x03\x04"))
def test_readers_raise_nothing_but_malformed(reader: str, payload: bytes) -> None:
    read, kind = READERS[reader]
    with contextlib.suppress(MalformedPacketError):
        assert isinstance(read(payload), kind)
