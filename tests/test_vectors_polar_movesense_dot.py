"""Published bytes of Polar, Movesense, DOT and Capture2Go against their profiles, by number.

A number is the place in tests/data/vectors.json. Left out, as they hold no motion: 27 (ECG), 30
(magnetic field), 33 (temperature), 34 (heart rate) of Movesense and 41 (orientation) of the DOT.
5 to 9 (deltas without a profile's packet) are in test_profile_codecs.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from every_profile import variant
from vectors import content, expected

from imu_stream.datatypes import GRAVITY, Array, DeviceSamples, Frame, Placement
from imu_stream.errors import Fault, ProfileError
from imu_stream.profiles import (
    Corrupt,
    Decoder,
    Mode,
    Reply,
    Write,
    find_profile,
)
from imu_stream.profiles.packets import PacketField
from imu_stream.profiles.polar_control import MeasurementType as Type
from imu_stream.profiles.polar_control import Operation as Op
from imu_stream.profiles.polar_control import Settings, read_settings, write_response
from imu_stream.profiles.polar_control import Status as State
from imu_stream.profiles.wrapping import Wrapping, wrap

POLAR_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
SETTINGS_BEGIN = 2


def with_fields(mode: Mode, *fields: PacketField) -> Mode:
    """A mode whose packets hold other fields."""
    (stream,) = mode.streams
    (packet,) = stream.packets
    return replace(mode, streams=(replace(stream, packets=(replace(packet, fields=fields),)),))


def decode(mode: Mode, payload: bytes, answer: bytes | None = None) -> DeviceSamples | Corrupt:
    """Decode one notification, after the answer of a Polar's control point."""
    decoder = Decoder(mode, Placement.CHEST)
    if answer is not None:
        assert decoder.decode(Frame(0.0, Placement.CHEST, POLAR_CONTROL, answer)) == []
    (decoded,) = decoder.decode(Frame(0.1, Placement.CHEST, mode.streams[0].name, payload))
    return decoded


def samples_of(mode: Mode, payload: bytes, answer: bytes | None = None) -> DeviceSamples:
    decoded = decode(mode, payload, answer)
    assert isinstance(decoded, DeviceSamples)
    return decoded


def in_g(samples: DeviceSamples) -> Array:
    assert samples.acc is not None
    return samples.acc / GRAVITY


def in_degrees(values: Array | None) -> Array:
    assert values is not None
    return np.degrees(values)


def writes(steps: Iterable[object]) -> list[Write]:
    return [step for step in steps if isinstance(step, Write)]


def commands(mode: Mode) -> list[bytes]:
    return [step.payload for step in writes((*mode.setup, *mode.shutdown))]


def replies(mode: Mode) -> list[Reply]:
    steps = writes((*mode.setup, *mode.shutdown))
    return [step.reply for step in steps if step.reply is not None]


def near(values: Any, rounded: float = 0.0) -> Any:
    return pytest.approx(np.array(values), rel=1e-6, abs=rounded)


# ---------------------------------------------------------------- Polar


@pytest.mark.parametrize("number", [0, 17])
def test_raw_accelerations_of_a_polar_h10(number: int) -> None:
    meant = expected(number)
    samples = samples_of(find_profile("polar_h10").mode(200), content(number))
    assert samples.ticks == meant["ts_ns"]
    assert len(samples) == meant.get("n", 1)
    for place, name in [(0, "first"), (1, "second"), (-1, "last")]:
        if name in meant:
            assert in_g(samples)[place] * 1000 == near(meant[name])
    assert samples.gyr is None


@pytest.mark.parametrize("name", ["polar_verity_sense", "polar_360"])
def test_compressed_accelerations_of_type_1_are_milli_g(name: str) -> None:
    samples = samples_of(find_profile(name).default_mode, content(2))
    assert samples.ticks == expected(2)["ts_ns"]
    assert in_g(samples) * 1000 == near(expected(2)["samples"])


def test_compressed_accelerations_of_type_0_are_in_g_times_the_factor_told() -> None:
    mode = find_profile("polar_verity_sense").mode(52, 8)
    meant = expected(1)
    factor = expected(12)["factor"]
    samples = samples_of(mode, content(1), answer=content(12))
    assert samples.ticks == meant["ts_ns"]
    assert len(samples) == meant["n"]
    for place, name in [(0, "raw_first"), (1, "raw_second"), (-1, "raw_last")]:
        assert in_g(samples)[place] == near(np.array(meant[name]) * factor)
    untold = samples_of(mode, content(1))
    assert in_g(untold)[0] == near(np.array(meant["raw_first"]) * 8 / 32768)


def test_a_frame_that_a_document_cut_off_is_damage_until_its_count_is_put_right() -> None:
    mode = find_profile("polar_verity_sense").mode(52, 8)
    meant, frame = expected(18), content(18)
    assert isinstance(decode(mode, frame), Corrupt)
    samples = samples_of(mode, frame[:17] + bytes([2]) + frame[18:], answer=content(12))
    assert samples.ticks == meant["ts_ns"]
    raw = np.array([meant["ref"], meant["s1"], meant["s2"]])
    assert in_g(samples) == near(raw * expected(12)["factor"])


def gyro_answer(factor: float) -> bytes:
    return write_response(Op.START, Type.GYRO, State.SUCCESS, Settings(factor=factor))


def test_compressed_angular_rates_of_type_0_are_times_the_factor_told() -> None:
    mode = find_profile("polar_verity_sense").default_mode
    samples = samples_of(mode, content(3), answer=gyro_answer(expected(3)["factor"]))
    assert samples.ticks == expected(3)["ts_ns"]
    assert in_degrees(samples.gyr) == near(expected(3)["samples"])
    assert samples.acc is None
    untold = samples_of(mode, content(3))
    assert in_degrees(untold.gyr)[0] == near(np.array(expected(3)["samples"][0]) * 2000 / 32768)


def test_compressed_angular_rates_of_type_1_are_floats() -> None:
    mode = find_profile("polar_verity_sense").default_mode
    samples = samples_of(mode, content(4), answer=gyro_answer(1.0))
    assert samples.ticks == expected(4)["ts_ns"]
    assert in_degrees(samples.gyr) == near(expected(4)["samples"])
    halved = samples_of(mode, content(4), answer=gyro_answer(0.5))
    assert in_degrees(halved.gyr) == near(np.array(expected(4)["samples"]) / 2)


def test_the_h10_is_offered_as_it_offers_itself() -> None:
    profile, meant = find_profile("polar_h10"), expected(10)
    offered = read_settings(content(10)[5:])
    assert profile.rates_hz == offered.rates_hz == tuple(meant["rates"])
    assert profile.acc_ranges_g == offered.ranges[::-1] == tuple(meant["range"][::-1])
    for mode in profile.modes:
        (start,) = [each for each in commands(mode) if each.startswith(b"\x02\x02")]
        asked = read_settings(start[SETTINGS_BEGIN:])
        assert asked == Settings(
            (int(mode.hz),), offered.resolutions, (int(mode.acc_range_g or 0),)
        )


@pytest.mark.parametrize(("number", "begin", "skipped"), [(11, "0202", 5), (16, "0205", 0)])
def test_a_verity_sense_is_started_with_one_value_of_each_setting_it_lists(
    number: int, begin: str, skipped: int
) -> None:
    listed = read_settings(content(number)[skipped:])
    for mode in find_profile("polar_verity_sense").modes:
        wanted = mode.acc_range_g if begin == "0202" else mode.gyr_range_dps
        (start,) = [each for each in commands(mode) if each.startswith(bytes.fromhex(begin))]
        asked = read_settings(start[SETTINGS_BEGIN:])
        assert asked == replace(listed, rates_hz=(int(mode.hz),), ranges=(int(wanted or 0),))


def test_a_verity_sense_is_started_as_in_the_document() -> None:
    document = bytes.fromhex("02020001340001011000020108000401 03")
    assert document in commands(find_profile("polar_verity_sense").mode(52, 8))


def test_an_h10_is_started_as_in_the_document() -> None:
    started = [mode for mode in find_profile("polar_h10").modes if content(15) in commands(mode)]
    assert [(mode.hz, mode.acc_range_g) for mode in started] == [(200, 8)]


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (12, ["polar_verity_sense", "polar_360", "polar_oh1", "polar_h10"]),
        (13, ["polar_verity_sense", "polar_360", "polar_oh1", "polar_h10"]),
        (14, ["polar_verity_sense", "polar_360"]),
        (94, ["polar_verity_sense", "polar_360", "polar_oh1", "polar_h10"]),
    ],
)
def test_answers_of_polar_are_accepted(number: int, names: list[str]) -> None:
    for name in names:
        judged = replies(find_profile(name).default_mode)
        assert any(reply.accepts(content(number)) for reply in judged)
        assert all(reply.refuses(content(number)) is None for reply in judged)


@pytest.mark.parametrize(
    ("status", "fault"),
    [(8, "rate"), (9, "range"), (12, "busy"), (13, "busy"), (5, "refused"), (0, None)],
)
@pytest.mark.parametrize("name", ["polar_h10", "polar_oh1", "polar_360", "polar_verity_sense"])
def test_a_polar_that_does_not_start_says_why(name: str, status: int, fault: str | None) -> None:
    answers = [bytes([0xF0, 2, kind, status]) for kind in (2, 5)]
    starts = [reply for reply in replies(find_profile(name).default_mode) if reply.example[1] == 2]
    told = {reply.refuses(answer) for reply in starts for answer in answers}
    assert told == ({None} if fault is None else {None, Fault(fault)})


@pytest.mark.parametrize(("status", "fault"), [(3, Fault.FIRMWARE), (12, Fault.BUSY)])
def test_a_polar_without_sdk_mode_says_so(status: int, fault: Fault) -> None:
    for name in ("polar_verity_sense", "polar_360"):
        judged = replies(find_profile(name).default_mode)
        told = {reply.refuses(bytes([0xF0, 2, 9, status])) for reply in judged}
        assert told == {None, fault}


@pytest.mark.parametrize("name", ["polar_verity_sense", "polar_360", "polar_oh1"])
def test_frame_types_of_a_polar_are_told_apart(name: str) -> None:
    mode = find_profile(name).default_mode
    decoder = Decoder(mode, Placement.CHEST)
    payloads = [content(2), content(1), content(2)] + [content(17)] * (name != "polar_verity_sense")
    frames = [Frame(0.0, Placement.CHEST, mode.streams[0].name, payload) for payload in payloads]
    read = [each for frame in frames for each in decoder.decode(frame)]
    assert [(each.kind, len(each)) for each in read if isinstance(each, DeviceSamples)] == [
        (0, 2),
        (0, 57),
        (0, 2),
        (0, 1),
    ][: len(payloads)]
    assert len(mode.packets) == (2 if mode.gyr_range_dps else 1)


def test_an_alternative_measures_the_same() -> None:
    with pytest.raises(ProfileError, match="measure something else"):
        variant(
            "movella_dot",
            (
                'saturation = 156.9064 },\n    { field = "gyr", type = "f32", scale = 1,'
                ' unit = "deg/s", saturation = 2000 },\n]',
                "saturation = 156.9064 },\n]",
            ),
        )


# A real Verity Sense outside SDK mode, 52 Hz, 8 g, that told no factor: polar-ble-sdk, issue 443.
REAL_TYPE_1 = bytes.fromhex(
    "0200416fc41245930a81ee021ffe82ff080a10da20d6a30bd9cbe7d6f6c4e6f1e1f3e0151afe281bf8372c25201319"
    "110a2fed4fc07ef4e9bb6e800dc82fb03e14d1afb07f16c4cc2087340354128bff8d00c142fbe6d3dfb5e191532fbe"
    "f9ed43b03efddb9b903df503605f7bfad9dfae000b2464704012cccfbf04e4c533b038084180efc212ec178146fdfe"
    "5bb001f3d1d76f81ffcd7b0fc20136607f43d35f3f3f78cb06484eff000efc820551ab55e34a2d1d0c5fbde858734d"
    "bdeba06751020cc47041ca267fa0028919fe3f5f74e72244203f1566b0524d055ca41fbee96800"
)


def test_a_moved_verity_sense_measures_about_one_g() -> None:
    mode = find_profile("polar_verity_sense").mode(52, 8)
    samples = samples_of(mode, REAL_TYPE_1, answer=bytes.fromhex("f002020000"))
    assert len(samples) == 58
    assert in_g(samples)[0] * 1000 == near([750, -481, -126])
    assert np.median(np.linalg.norm(in_g(samples), axis=1)) == pytest.approx(0.95, abs=0.02)


# ---------------------------------------------------------------- Movesense

DATA_63 = b"\x02\x63"


GYRO_LINE = '    { field = "gyr", type = "f32", scale = 1, unit = "deg/s", saturation = 2000 },\n'
MAGNETIC_FIELD = '    { field = "unused", length = 48 },\n'


def rows(named: list[dict[str, float]]) -> Array:
    return np.array([[row[axis] for axis in "xyz"] for row in named])


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (28, [(GYRO_LINE, ""), ('["foot", "chest"]', '["chest"]')]),
        (31, []),
        (32, [(GYRO_LINE, GYRO_LINE + MAGNETIC_FIELD)]),
    ],
    ids=["acc", "imu6", "imu9"],
)
def test_motion_of_a_movesense(number: int, changes: list[tuple[str, str]]) -> None:
    meant = expected(number)
    mode = variant("movesense", *changes).mode(52)
    samples = samples_of(mode, DATA_63 + content(number))
    assert samples.ticks == meant["Timestamp"]
    assert samples.acc == near(rows(meant["ArrayAcc"]))
    if "ArrayGyro" in meant:
        assert in_degrees(samples.gyr) == near(rows(meant["ArrayGyro"]))
    else:
        assert samples.gyr is None


def test_angular_rates_alone_of_a_movesense() -> None:
    mode = find_profile("movesense").mode(52)
    kind, ticks, _, gyr = mode.packets[0].fields
    samples = samples_of(with_fields(mode, kind, ticks, gyr), DATA_63 + content(29))
    assert samples.ticks == expected(29)["Timestamp"]
    assert samples.acc is None
    assert in_degrees(samples.gyr) == near(rows(expected(29)["ArrayGyro"]))


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("0163 9401", Fault.RATE),
        ("0163 f701", Fault.BUSY),
        ("0163 fb01", Fault.BUSY),
        ("0163 01fb", Fault.BUSY),
        ("0163 f401", Fault.REFUSED),
        ("0163 c800", None),
        ("0101 9401", None),
    ],
)
def test_a_movesense_that_does_not_start_says_why(answer: str, fault: Fault | None) -> None:
    (_, _, subscribe) = writes(find_profile("movesense").mode(208).setup)
    assert subscribe.reply is not None
    assert subscribe.reply.refuses(bytes.fromhex(answer)) == fault


# ---------------------------------------------------------------- Movella DOT


@pytest.mark.parametrize("rest", [12, 0])
def test_rate_quantities_of_the_dot_are_read_with_and_without_the_rest(rest: int) -> None:
    numbers = np.array([1, 2, 3, 4, 5, 6], dtype="<f4")
    payload = (7).to_bytes(4, "little") + numbers.tobytes() + bytes(rest)
    samples = samples_of(find_profile("movella_dot").default_mode, payload)
    assert (samples.ticks, samples.kind) == (7, 0)
    assert samples.acc == near([[1, 2, 3]])
    assert in_degrees(samples.gyr) == near([[4, 5, 6]])


@pytest.mark.parametrize("number", range(35, 41))
def test_messages_of_the_dot_end_with_their_checksum(number: int) -> None:
    answer = bytes.fromhex(expected(number).get("ack", ""))
    for message in filter(None, (content(number), answer)):
        assert wrap(Wrapping.NEGATIVE_SUM, message[:-1]) == message


def test_another_payload_of_the_dot_is_read_with_its_fields() -> None:
    mode, meant = find_profile("movella_dot").mode(60), expected(42)
    ticks, acc, gyr, rest = mode.packets[0].fields
    samples = samples_of(with_fields(mode, ticks, rest, acc, gyr), content(42))
    assert samples.ticks == meant["ts_us"]
    assert samples.acc == near([meant["free_acc"]])
    assert in_degrees(samples.gyr) == near([meant["gyr"]], rounded=1e-6)


def test_the_dot_is_asked_for_its_rate_alone() -> None:
    for mode in find_profile("movella_dot").modes:
        stop, settings, start = commands(mode)[:3]
        assert (stop.hex(), start.hex()) == ("010015", "010115")
        assert len(settings) == 32
        assert settings[0] == 1 << 4
        assert int.from_bytes(settings[24:26], "little") == mode.hz
        assert sum(settings) == settings[0] + settings[24]


# ---------------------------------------------------------------- Capture2Go


@pytest.mark.parametrize("number", range(80, 90))
def test_packages_of_the_capture2go_are_wrapped_as_by_its_maker(number: int) -> None:
    assert wrap(Wrapping.CAPTURE2GO_PACKAGE, content(number)[6:]) == content(number)


@pytest.mark.parametrize(
    ("number", "rates"),
    [
        (80, [100, 200]),
        (82, [100, 200]),
        (83, [100, 200]),
        (84, [100, 200]),
        (85, [200]),
        (86, [100]),
        # status comes by itself, the LED keeps its colour, the clock is not set
        (81, []),
        (88, []),
        (89, []),
    ],
)
def test_a_capture2go_is_commanded_as_by_its_maker(number: int, rates: list[float]) -> None:
    modes = find_profile("capture2go").modes
    assert [mode.hz for mode in modes if content(number) in commands(mode)] == rates


def test_a_capture2go_lights_up_as_by_its_maker() -> None:
    (cue,) = find_profile("capture2go").cues
    assert cue.payload() == cue.payload(10) == content(87)


def test_a_published_package_of_the_capture2go_is_read() -> None:
    samples = samples_of(find_profile("capture2go").mode(200), b"\xff" + content(95))
    meant = expected(95)
    assert (samples.ticks, len(samples)) == (meant["ticks"], meant["n"])
    assert samples.acc == near(np.tile(meant["acc_all_m_s2"], (8, 1)))
    assert samples.gyr is not None
    assert samples.gyr[0] == near(meant["gyr_first_rad_s"], rounded=1e-8)
