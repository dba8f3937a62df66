"""Checks of a device against its profile: each fault is found, and only that one."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.cli import main
from imu_stream.conformance import Check, asking_for_too_little, check_battery, check_stream
from imu_stream.datatypes import GRAVITY, Array, Frame, Placement
from imu_stream.errors import Fault
from imu_stream.profiles import Encoder, Mode, Read, Write, find_profile, parse_profile
from imu_stream.profiles.checksums import Checksum
from imu_stream.profiles.standard_services import BATTERY_LEVEL

CHEST = Placement.CHEST
PROFILE = find_profile("open_imu")
MODE = PROFILE.default_mode
SECONDS = 30.0
PERIOD_S = 1.0 / MODE.hz
BATCH = MODE.packets[0].samples_per_packet
BATCH_S = BATCH * PERIOD_S
QUICKEST_S = 0.006
ONLY_SHAKEN = {"acceleration when shaken", "turning when shaken"}
AT_REST = {"acceleration at rest", "gyroscope noise", "gyroscope bias"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet and when it can arrive at the earliest."""

    arrival_s: float
    payload: bytes


@dataclass(frozen=True, slots=True)
class Device:
    """How a synthetic device is made; the default keeps to its profile."""

    mode: Mode = MODE
    pace: float = 1.0
    """Of its clock, against the true time."""
    period_s: float = PERIOD_S
    """True time between samples."""
    acc_scale: float = 1.0
    gyr_noise: float = 0.001
    """rad/s."""
    gyr_bias: float = 0.01
    frozen: bool = False
    moving: float = 0.0
    """m/s², of a swinging along the vertical."""
    first_ticks: int = 0
    seconds: float = SECONDS

    def send(self) -> list[Sent]:
        encoder = Encoder(self.mode)
        random = np.random.default_rng(3)
        packets = []
        for first in range(0, round(self.seconds / self.period_s), BATCH):
            due_s = (first + np.arange(BATCH)) * self.period_s
            ticks = self.first_ticks + round(1e6 * self.pace * float(due_s[0]))
            acc, gyr = self._measured(due_s, random)
            (payload,) = encoder.encode(ticks % (1 << 32), acc, gyr)
            packets.append(Sent(float(due_s[-1]) + QUICKEST_S, payload))
        return packets

    def _measured(self, due_s: Array, random: np.random.Generator) -> tuple[Array, Array]:
        noise = random.standard_normal((2, BATCH, 3)) * (not self.frozen)
        acc = np.array([0.0, 0.0, GRAVITY]) + 0.02 * noise[0]
        acc[:, 2] += self.moving * np.sin(2 * np.pi * 2.0 * due_s)
        return self.acc_scale * acc, self.gyr_bias + self.gyr_noise * noise[1]


def arriving(
    packets: Iterable[Sent], lateness: Callable[[Sent], float] | None = None
) -> list[Frame]:
    """As a radio delivers them: in order, none before its time, most of them a little late."""
    random = np.random.default_rng(7)
    frames: list[Frame] = []
    for sent in packets:
        late_s = random.exponential(0.003) if lateness is None else lateness(sent)
        earliest_s = frames[-1].arrival_s if frames else 0.0
        arrival_s = max(sent.arrival_s + late_s, earliest_s)
        frames.append(Frame(arrival_s, CHEST, "imu", sent.payload))
    return frames


def renumbered(payload: bytes, number: int) -> bytes:
    content = number.to_bytes(2, "little") + payload[2:-2]
    return content + Checksum.CRC16_CCITT_FALSE.compute(content)


def failed(checks: Iterable[Check]) -> set[str]:
    return {check.name for check in checks if check.passed is False}


def unmeasured(checks: Iterable[Check]) -> set[str]:
    return {check.name for check in checks if check.passed is None}


def named(checks: Iterable[Check], name: str) -> Check:
    (found,) = (check for check in checks if check.name == name)
    return found


def judged(device: Device) -> tuple[Check, ...]:
    return check_stream(arriving(device.send()), device.mode)


@pytest.fixture(scope="module")
def packets() -> Sequence[Sent]:
    """Of a device that keeps to its profile."""
    return Device().send()


def test_a_good_device_passes_all_that_can_be_measured_at_rest(packets: Sequence[Sent]) -> None:
    checks = check_stream(arriving(packets), MODE)
    assert failed(checks) == set()
    assert unmeasured(checks) == ONLY_SHAKEN
    assert all(check.limit and check.meaning for check in checks)


def test_lost_packets_show_in_clock_and_number(packets: Sequence[Sent]) -> None:
    heard = [sent for number, sent in enumerate(packets) if number % 40 != 7]
    checks = check_stream(arriving(heard), MODE)
    assert failed(checks) == {"loss by the clock", "loss by sequence number"}
    lost = len(packets) - len(heard)
    assert named(checks, "loss by sequence number").measured.startswith(f"{lost} (")
    assert named(checks, "loss by the clock").measured.startswith(f"{BATCH * lost} (")


def test_samples_never_taken_show_in_the_clock_alone(packets: Sequence[Sent]) -> None:
    heard = [sent for number, sent in enumerate(packets) if number % 40 != 7]
    again = [
        replace(sent, payload=renumbered(sent.payload, number)) for number, sent in enumerate(heard)
    ]
    assert failed(check_stream(arriving(again), MODE)) == {"loss by the clock"}


def test_a_number_that_skips_shows_alone(packets: Sequence[Sent]) -> None:
    skipping = [
        replace(sent, payload=renumbered(sent.payload, number + number // 40))
        for number, sent in enumerate(packets)
    ]
    assert failed(check_stream(arriving(skipping), MODE)) == {"loss by sequence number"}


def test_a_wrong_scale_shows_at_rest() -> None:
    checks = judged(Device(acc_scale=1.05))
    assert failed(checks) == {"acceleration at rest"}
    assert named(checks, "acceleration at rest").measured == "1.050 g"


@pytest.mark.parametrize("ppm", [-500.0, 500.0])
def test_a_fast_or_slow_clock_shows_as_drift(ppm: float) -> None:
    pace = 1.0 + 1e-6 * ppm
    checks = judged(Device(pace=pace, period_s=PERIOD_S / pace))
    assert failed(checks) == {"clock drift"}
    measured = named(checks, "clock drift").measured
    assert float(measured.split()[0]) == pytest.approx(ppm, abs=30.0)


def test_a_quartz_passes_with_its_drift_measured() -> None:
    pace = 1.0 + 40e-6
    check = named(judged(Device(pace=pace, period_s=PERIOD_S / pace)), "clock drift")
    assert check.passed
    assert float(check.measured.split()[0]) == pytest.approx(40.0, abs=30.0)


def test_drift_is_not_decided_while_the_limit_is_within_the_uncertainty(
    packets: Sequence[Sent],
) -> None:
    random = np.random.default_rng(5)
    few = arriving(packets[:100], lambda sent: float(random.uniform(0.0, 0.03)))
    check = named(check_stream(few, MODE), "clock drift")
    assert check.passed is None
    assert "too uncertain" in check.measured


def test_uneven_arrival_shows_as_jitter(packets: Sequence[Sent]) -> None:
    random = np.random.default_rng(5)
    frames = arriving(packets, lambda sent: float(random.choice([0.0, 0.09])))
    assert failed(check_stream(frames, MODE)) == {"arrival jitter"}


def test_stalls_of_the_radio_show_as_delay(packets: Sequence[Sent]) -> None:
    frames = arriving(packets, lambda sent: max(0.0, 0.4 - sent.arrival_s % 5.0))
    assert failed(check_stream(frames, MODE)) == {"delay over the quickest"}


def test_a_wrong_checksum_is_damage_and_no_loss(packets: Sequence[Sent]) -> None:
    spoilt = [
        replace(sent, payload=sent.payload[:-1] + bytes([sent.payload[-1] ^ 1]))
        if number % 40 == 7
        else sent
        for number, sent in enumerate(packets)
    ]
    checks = check_stream(arriving(spoilt), MODE)
    assert failed(checks) == {"damaged packets"}
    assert "checksum" in named(checks, "damaged packets").measured


def test_a_packet_sent_twice_shows_in_the_clock(packets: Sequence[Sent]) -> None:
    twice = [*packets[:50], packets[49], *packets[50:]]
    assert failed(check_stream(arriving(twice), MODE)) == {"clock goes on"}


def test_another_rate_than_asked_shows_on_both_clocks() -> None:
    checks = judged(Device(period_s=1.0 / 208.0))
    assert failed(checks) == {"rate by its own clock", "rate by this computer"}
    assert named(checks, "rate by its own clock").measured == "208.00 Hz"


def test_a_clock_that_counts_wrongly_shows_against_this_computer() -> None:
    assert failed(judged(Device(pace=1.05))) == {"rate by its own clock", "clock drift"}


def test_the_clock_may_start_again() -> None:
    assert failed(judged(Device(first_ticks=(1 << 32) - 10_000_000))) == set()


def test_the_sequence_number_may_start_again(packets: Sequence[Sent]) -> None:
    late = [
        replace(sent, payload=renumbered(sent.payload, (65_400 + number) % 65_536))
        for number, sent in enumerate(packets)
    ]
    assert failed(check_stream(arriving(late), MODE)) == set()


def test_values_that_never_change_show() -> None:
    assert failed(judged(Device(frozen=True))) == {"values change"}


def test_a_noisy_gyroscope_shows() -> None:
    assert failed(judged(Device(gyr_noise=0.02))) == {"gyroscope noise"}


def test_a_gyroscope_with_a_large_bias_shows() -> None:
    assert failed(judged(Device(gyr_bias=0.12))) == {"gyroscope bias"}


def test_a_sensor_that_was_moved_is_not_judged_as_at_rest() -> None:
    checks = judged(Device(moving=1.0))
    assert failed(checks) == set()
    assert unmeasured(checks) == AT_REST | ONLY_SHAKEN


def test_a_device_without_clock_is_not_judged_by_it(packets: Sequence[Sent]) -> None:
    row = '    { field = "ticks", type = "u32" },\n'
    clock = '[clock]\nseconds_per_tick = 1e-6\nmark = "first"\n'
    text = "\n".join(line for line in PROFILE.text.splitlines() if not line.startswith("#"))
    assert row in text
    assert clock in text
    mode = parse_profile(text.replace(row, "").replace(clock, ""), "no_clock").default_mode
    unstamped = [
        replace(sent, payload=content + Checksum.CRC16_CCITT_FALSE.compute(content))
        for sent in packets
        for content in [sent.payload[:2] + sent.payload[6:-2]]
    ]
    checks = check_stream(arriving(unstamped), mode)
    assert failed(checks) == set()
    by_clock = {
        "rate by its own clock",
        "clock goes on",
        "loss by the clock",
        "delay over the quickest",
        "clock drift",
    }
    assert unmeasured(checks) == by_clock | ONLY_SHAKEN
    assert named(checks, "clock drift").measured == "not measured: its packets carry no time"


def test_samples_with_a_stamp_each_are_judged_by_the_packet() -> None:
    text = PROFILE.text.replace('mark = "first"', 'mark = "each"')
    row = '    { field = "ticks", type = "u32" },\n'
    records = '{ field = "records", fields = [\n'
    text = text.replace(row, "").replace(records, records + "    " + row)
    mode = parse_profile(text, "stamped").default_mode
    checks = judged(Device(mode=mode))
    assert failed(checks) == set()
    assert unmeasured(checks) == ONLY_SHAKEN


def shaken(acc: Array) -> tuple[Check, ...]:
    """Lies still, then measures these accelerations over and over, and turns likewise."""
    still = Device(seconds=4.0).send()
    encoder = Encoder(MODE)
    after = []
    for number in range(50):
        start_s = 4.0 + number * BATCH_S
        gyr = np.radians(2000.0) * acc / (16.0 * GRAVITY)
        (payload,) = encoder.encode(round(1e6 * start_s), acc, gyr)
        after.append(Sent(start_s + BATCH_S + QUICKEST_S, renumbered(payload, len(still) + number)))
    return check_stream(arriving([*still, *after]), MODE, shaken_s=4.0 + QUICKEST_S)


def swinging(largest_g: float) -> Array:
    """One period of a swing, (BATCH, 3) m/s²."""
    wave = np.sin(2.0 * np.pi * np.arange(BATCH) / BATCH)
    return GRAVITY * largest_g * np.stack([wave, 0.5 * wave, 0.0 * wave], axis=1)


def test_a_shaken_sensor_that_clips_passes() -> None:
    checks = shaken(swinging(20.0))
    assert failed(checks) & ONLY_SHAKEN == set()
    assert unmeasured(checks) & ONLY_SHAKEN == set()
    assert named(checks, "acceleration when shaken").measured == "16.0 of 16 g, 0 jumps"


def test_shaking_does_not_count_as_rest() -> None:
    assert failed(shaken(swinging(20.0))) & AT_REST == set()


def test_numbers_that_overflow_show_as_jumps() -> None:
    far = swinging(17.5)
    span = 32.0 * GRAVITY
    wrapped = (far + span / 2) % span - span / 2
    checks = shaken(wrapped)
    assert failed(checks) == ONLY_SHAKEN


def test_too_little_shaking_tells_nothing() -> None:
    checks = shaken(swinging(2.0))
    assert unmeasured(checks) >= ONLY_SHAKEN
    assert "shake it harder" in named(checks, "acceleration when shaken").measured


def test_a_device_that_sends_nothing_fails() -> None:
    assert failed(check_stream([], MODE)) == {"samples arrive"}


def test_kinds_of_packets_are_judged_one_by_one() -> None:
    profile = find_profile("polar_verity_sense")
    mode = next(each for each in profile.modes if len(each.packets) == 2)
    frames = [frame for kind in range(2) for frame in frames_of_kind(mode, kind)]
    checks = check_stream(sorted(frames, key=lambda frame: frame.arrival_s), mode)
    assert failed(checks) == set()
    assert {"loss by the clock (acc)", "loss by the clock (gyr)"} <= {c.name for c in checks}
    without_gyr = check_stream(frames_of_kind(mode, 0), mode)
    assert failed(without_gyr) == {"samples arrive"}


def frames_of_kind(mode: Mode, kind: int) -> list[Frame]:
    """20 s of one kind of packets, whose clock marks the last sample, at rest."""
    encoder = Encoder(mode, kind=kind)
    packet, count = mode.packets[kind], encoder.samples_per_packet
    stream = next(each.name for each in mode.streams if packet in each.packets)
    assert packet.clock is not None
    random, frames = np.random.default_rng(kind), []
    for number in range(1, round(20.0 * mode.hz / count)):
        last_s = (number * count - 1) / mode.hz
        acc = np.array([0.0, 0.0, GRAVITY]) + 0.02 * random.standard_normal((count, 3))
        gyr = 0.001 * random.standard_normal((count, 3))
        arrival_s = last_s + QUICKEST_S + random.exponential(0.003)
        for payload in encoder.encode(round(last_s / packet.clock.seconds_per_tick), acc, gyr):
            frames.append(Frame(arrival_s, CHEST, stream, payload))
    return frames


@given(st.lists(st.binary(max_size=40), max_size=30))
@settings(max_examples=50, deadline=None)
def test_no_bytes_from_the_radio_break_the_checks(payloads: list[bytes]) -> None:
    frames = [Frame(0.01 * k, CHEST, "imu", payload) for k, payload in enumerate(payloads)]
    good = Device(seconds=0.4).send()
    checks = check_stream([*frames, *arriving(good)], MODE)
    damaged = named(checks, "damaged packets").measured
    assert damaged.startswith(f"{len(payloads)} of {len(payloads) + len(good)}")


def test_a_battery_is_read_from_what_the_device_says() -> None:
    said = Frame(0.1, CHEST, BATTERY_LEVEL, b"\x57")
    assert check_battery([said], PROFILE).measured == "87 %"
    assert check_battery([said], PROFILE).passed
    assert check_battery([replace(said, payload=b"\x00")], PROFILE).passed
    assert not check_battery([replace(said, payload=b"")], PROFILE).passed


def test_the_impossible_set_up_asks_for_nothing_and_wants_a_no() -> None:
    mode = asking_for_too_little(MODE)
    assert mode is not None
    (asked,) = (step for step in mode.setup if step not in MODE.setup)
    assert isinstance(asked, Write)
    assert asked.payload == bytes.fromhex("03 00 00 10 d0 07")
    assert asked.reply is not None
    assert asked.reply.accepts(b"\x83\x01")
    assert asked.reply.refuses(b"\x83\x00") is Fault.REFUSED
    assert asked.reply.refuses(b"\x83\x03") is Fault.REFUSED
    assert [step for step in mode.setup if step is not asked] == list(MODE.setup)
    assert [isinstance(step, Read) for step in mode.setup].index(True) > mode.setup.index(asked)


def test_nothing_impossible_is_asked_of_a_device_that_cannot_say_so() -> None:
    assert asking_for_too_little(find_profile("movesense").default_mode) is None


def shown(
    arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str]]:
    """Exit status and the lines that `imu-stream profiles verify` prints."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(sys, "argv", ["imu-stream", "profiles", "verify", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), capsys.readouterr().out.splitlines()


def test_the_virtual_device_keeps_to_its_profile(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = shown(["--virtual", "open_imu", "--seconds", "2"], monkeypatch, capsys)
    results = {
        line.split("│")[1].strip(): line.split("│")[4].strip() for line in lines if "│" in line
    }
    assert status == 0
    assert "FAIL" not in results.values()
    for check in ("set-up accepted", "set-up accepted again", "battery readable", "link kept"):
        assert results[check] == "pass"
    for check in ("damaged packets", "loss by the clock", "acceleration at rest"):
        assert results[check] == "pass"


def test_a_device_that_refuses_the_profile_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--virtual", "movesense", "--profile", "open_imu", "--seconds", "2"]
    status, lines = shown(arguments, monkeypatch, capsys)
    assert status == 1
    (line,) = (line for line in lines if "set-up accepted" in line)
    assert "FAIL" in line
    assert "other device" in line


def test_verify_needs_one_device(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown([], monkeypatch, capsys)[0] == 2
