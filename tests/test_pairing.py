"""Getting started with real sensors: tapped into place, calibrated, remembered, and then used."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from bleak.backends.device import BLEDevice
from conftest import WORN_ON_CHEST, in_blocks, worn
from test_bowing import RATE_HZ, bowing
from test_tapping import HOP

from imu_stream.acquisition.ble import Found
from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.simulation.runner import Runner
from imu_stream.acquisition.simulation.scenario import demo_scenario
from imu_stream.afterwards.derivation import derive
from imu_stream.agreement import StartWatch
from imu_stream.analysis.tapping import Tap
from imu_stream.cli import app, calibrating, live, pairing
from imu_stream.cli.agreeing import agreeing
from imu_stream.cli.calibrating import calibrate
from imu_stream.cli.options import Wanted
from imu_stream.cli.pairing import Pairing, pair
from imu_stream.cli.radio import Radio
from imu_stream.config.file import load_config, save_config
from imu_stream.config.remembered import ChosenSensor, Config, Defaults
from imu_stream.cueing.presets import GENTLE
from imu_stream.datatypes import (
    GRAVITY,
    MOTION,
    Array,
    Frame,
    Gap,
    GapReason,
    LinkPhase,
    LinkState,
    Placement,
    Samples,
    SensorSetup,
    SessionHeader,
)
from imu_stream.errors import CalibrationError, ConfigError, LinkError
from imu_stream.profiles import DeviceProfile, Encoder, builtin_profiles, find_profile
from imu_stream.profiles.available import companion_profiles

pytest.importorskip("bumble")

from imu_stream.acquisition.simulation.adapter import VirtualAdapter
from imu_stream.acquisition.simulation.bleak_backend import client_backend, scanner_backend
from imu_stream.acquisition.simulation.hub import RadioHub
from imu_stream.acquisition.simulation.peripheral import VirtualPeripheral
from imu_stream.acquisition.simulation.streaming import RunnerClock
from imu_stream.sinks.summary import Summary
from imu_stream.sinks.summary_sink import SummarySink

LEFT, RIGHT, CHEST = MOTION
NEARBY = {LEFT: "capture2go", RIGHT: "movesense", CHEST: "polar_h10"}


@dataclass(frozen=True)
class Measured:
    acc: Array
    gyr: Array


class TappedSensor:
    """Hangs still until it is knocked."""

    def __init__(self) -> None:
        self.knock = 0.0

    def measure(self, t: Array) -> Measured:
        acc = np.tile([0.0, 0.0, GRAVITY], (len(t), 1))
        middle = len(t) // 2
        acc[middle : middle + 2, 2] += self.knock
        self.knock = 0.0
        return Measured(acc, np.zeros_like(acc))


@dataclass(frozen=True)
class Nearby:
    """Three sensors that can be knocked, and the radio that hears them."""

    sensors: Mapping[Placement, TappedSensor]
    radio: Radio


def address(placement: Placement) -> str:
    return f"C4:00:00:00:00:0{1 + list(Placement).index(placement)}"


@pytest.fixture
async def nearby(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Nearby]:
    monkeypatch.setattr(pairing, "_TOGETHER_S", 0.6)  # packets of an H10 are 0.4 s apart
    hub = RadioHub()
    controller = hub.controller("adapter")
    adapter = VirtualAdapter(controller, controller)
    await adapter.power_on()
    radio = Radio(scanner_backend(adapter), client_backend(adapter), None, builtin_profiles())
    sensors = {placement: TappedSensor() for placement in NEARBY}
    async with AsyncExitStack() as stack:
        for number, (placement, sensor) in enumerate(sensors.items(), start=1):
            own = hub.controller(placement)
            peripheral = VirtualPeripheral(
                own,
                own,
                find_profile(NEARBY[placement]),
                sensor,
                RunnerClock(),
                address=address(placement),
                serial=f"00000{number}",
                clock_ppm=20.0,
                seed=number,
            )
            await stack.enter_async_context(peripheral)
        yield Nearby(sensors, radio)


QUICK = Pairing(scan_s=0.4, wait_s=5.0)


async def test_each_tapped_sensor_is_remembered_where_it_is_worn(
    nearby: Nearby, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"

    def tap(placement: Placement) -> None:
        nearby.sensors[placement].knock = 40.0

    assert await pair(QUICK, path, nearby.radio, tap)
    remembered = load_config(path).sensors
    assert {place: sensor.profile for place, sensor in remembered.items()} == NEARBY
    assert {place: sensor.address for place, sensor in remembered.items()} == {
        place: address(place) for place in NEARBY
    }
    assert remembered[RIGHT].name == "Movesense 000002"


async def test_it_asks_again_when_it_is_not_clear_or_cannot_be(
    nearby: Nearby, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knocks: Iterator[tuple[Placement, ...]] = iter(
        [(LEFT, RIGHT), (CHEST,), (LEFT,), (LEFT,), (RIGHT,), (CHEST,)]
    )

    def tap(placement: Placement) -> None:
        for each in next(knocks):
            nearby.sensors[each].knock = 40.0

    assert await pair(QUICK, tmp_path / "config.toml", nearby.radio, tap)
    said = " ".join(capsys.readouterr().out.split())
    assert "felt it alike; tap again" in said
    assert "cannot be worn on the left foot; tap again" in said
    assert "IMU_000001 is the left foot's already; tap again" in said
    assert len(load_config(tmp_path / "config.toml").sensors) == 3


async def test_a_place_without_a_tap_is_left_out_and_nothing_changes(
    nearby: Nearby, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    wanted = replace(QUICK, sensors=("Movesense 000002",), wait_s=0.05)
    asked: list[Placement] = []
    assert not await pair(wanted, path, nearby.radio, asked.append)
    assert asked == [LEFT, RIGHT, CHEST]
    assert not path.exists()


@dataclass(frozen=True)
class Worn:
    """What is asked of a connected sensor."""

    label: str
    profile: DeviceProfile


async def test_what_was_tapped_before_the_question_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairing, "_TOGETHER_S", 0.0)
    taps: asyncio.Queue[Tap] = asyncio.Queue()
    sensors = {name: Worn(name, find_profile("movesense")) for name in ("a", "b")}
    asking = pairing._Asking(
        sensors,  # type: ignore[arg-type]
        taps,
        lambda placement: taps.put_nowait(Tap("b", 2.0, 30.0, 2.2)),
    )
    taps.put_nowait(Tap("a", 1.0, 30.0, 1.2))
    await asking.ask_for(LEFT)
    assert asking.chosen == {LEFT: sensors["b"]}


async def test_a_companion_is_remembered_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = BLEDevice("A0:9E:1A:00:00:01", "OH1", None)
    profile = next(each for each in companion_profiles() if each.fits(Placement.HEART))

    async def scan(*_: object, **__: object) -> list[Found]:
        return [Found(device, "OH1", -50, (profile,))]

    monkeypatch.setattr(pairing, "scan", scan)
    wanted = Pairing(companions={Placement.HEART: "oh1"})
    assert await pair(wanted, tmp_path / "config.toml")
    heart = ChosenSensor(device.address, "OH1", profile.name)
    assert load_config(tmp_path / "config.toml").sensors == {Placement.HEART: heart}


async def test_a_companion_must_serve_as_such(nearby: Nearby, tmp_path: Path) -> None:
    wanted = replace(QUICK, companions={Placement.POD: "Movesense 000002"})
    with pytest.raises(LinkError, match="Movesense 000002: does not serve as pod"):
        await pair(wanted, tmp_path / "config.toml", nearby.radio)


async def test_a_named_sensor_that_is_not_there_is_one_sentence(
    nearby: Nearby, tmp_path: Path
) -> None:
    wanted = replace(QUICK, sensors=("Movesense 7",))
    with pytest.raises(LinkError, match="not found: Movesense 7"):
        await pair(wanted, tmp_path / "config.toml", nearby.radio)


# ----------------------------------------------------------------------------------- calibrating


@dataclass(frozen=True)
class FakeListening:
    """A sensor that measures what it is given."""

    items: Sequence[Samples | Gap]
    address: str = address(CHEST)
    rate_hz: float = RATE_HZ

    async def __aenter__(self) -> "FakeListening":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def samples(self) -> AsyncIterator[Samples | Gap]:
        for item in self.items:
            yield item


Measure = Callable[[Sequence[Samples | Gap]], None]


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Let the chest sensor measure something."""

    async def find(wanted: Mapping[Placement, str], *_: object, **__: object) -> object:
        device = BLEDevice(wanted[CHEST], "belt", None)
        return {CHEST: Found(device, "belt", -40, ())}

    def given(items: Sequence[Samples | Gap]) -> None:
        monkeypatch.setattr(calibrating, "Listening", lambda *_: FakeListening(items))

    monkeypatch.setattr(calibrating, "find", find)
    return given


async def test_standing_and_three_bows_are_remembered(measure: Measure, tmp_path: Path) -> None:
    path, told = tmp_path / "config.toml", list[str]()
    measure(in_blocks(bowing(aside_deg=(-3.0, 0.0, 3.0))))
    found = await calibrate("belt", path, tell=told.append)
    assert load_config(path).calibration(CHEST, address(CHEST)) == found
    assert np.array(found.rotation) == pytest.approx(np.eye(3), abs=0.02)
    assert 1.0 < found.error_deg < 3.0
    assert (datetime.now(UTC) - found.date).total_seconds() < 60.0
    assert [line.split(":")[0] for line in told[2:5]] == [f"bow {n} of 3" for n in (1, 2, 3)]
    assert told[5] == f"forward is known to {found.error_deg:.1f}°, by how well the bows agree"


async def test_a_bow_that_will_not_do_is_not_counted(measure: Measure, tmp_path: Path) -> None:
    measure(in_blocks(bowing((15.0, 50.0, 50.0))))
    told = list[str]()
    with pytest.raises(CalibrationError, match="stopped before"):
        await calibrate("belt", tmp_path / "config.toml", tell=told.append)
    assert "bow deeper" in told[2]
    assert "bow 2 of 3" in told[-1]


async def test_a_gap_lets_it_start_over(measure: Measure, tmp_path: Path) -> None:
    whole = bowing()
    again = Samples(CHEST, whole.t_s + 20.0, whole.acc, whole.gyr)
    lost = Gap(CHEST, 9.0, 20.0, GapReason.LOST, 1100)
    told = list[str]()
    measure([whole.part(0, 900), lost, again])
    await calibrate("belt", tmp_path / "config.toml", tell=told.append)
    assert [line for line in told if line.startswith("samples were lost")]
    assert sum(line.startswith("bow 1 of 3") for line in told) == 2


async def test_what_is_not_plausible_is_not_remembered(measure: Measure, tmp_path: Path) -> None:
    measure([bowing(aside_deg=(-25.0, 0.0, 25.0))])
    with pytest.raises(CalibrationError, match="different directions"):
        await calibrate("belt", tmp_path / "config.toml")
    assert not (tmp_path / "config.toml").exists()


async def test_who_takes_too_long_is_told(measure: Measure, tmp_path: Path) -> None:
    class Waiting(FakeListening):
        async def samples(self) -> AsyncIterator[Samples | Gap]:
            await asyncio.Event().wait()
            yield bowing()

    measure([])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibrating, "Listening", lambda *_: Waiting([]))
        with pytest.raises(CalibrationError, match=r"not seen within 0\.01 s"):
            await calibrate("belt", tmp_path / "config.toml", wait_s=0.01)


async def test_without_a_chest_sensor_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sensors\.chest: is missing; run `imu-stream pair`"):
        await calibrate(None, tmp_path / "config.toml")


async def test_the_remembered_chest_sensor_is_taken(measure: Measure, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    save_config(path, Config({CHEST: ChosenSensor(address(CHEST), "belt", "polar_h10")}))
    measure([bowing()])
    assert (await calibrate(None, path)).sensor == address(CHEST)


# ---------------------------------------------------------------------------- what a run takes up


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Wanted]:
    """What `imu-stream run` would have started."""
    started: list[Wanted] = []

    async def run(wanted: Wanted, *_: object) -> Summary:
        started.append(wanted)
        return SummarySink().result({})

    monkeypatch.setattr(live, "run", run)
    monkeypatch.setattr("imu_stream.config.file.user_config_path", lambda _: tmp_path)
    save_config(
        tmp_path / "config.toml",
        Config({CHEST: ChosenSensor(address(CHEST), "belt", "x")}, (), Defaults(9.0, 1.1)),
    )
    return started


@pytest.mark.parametrize(
    ("arguments", "sensors", "target_deg", "factor"),
    [
        ([], {CHEST: address(CHEST)}, 9.0, 1.1),
        (["--target", "7", "--stride-factor", "0.9"], {CHEST: address(CHEST)}, 7.0, 0.9),
        (["--left-foot", "shoe"], {LEFT: "shoe"}, 9.0, 1.1),
        (["--pod", "S"], {CHEST: address(CHEST), Placement.POD: "S"}, 9.0, 1.1),
    ],
)
def test_run_takes_what_is_remembered(
    runs: list[Wanted],
    arguments: list[str],
    sensors: Mapping[Placement, str],
    target_deg: float,
    factor: float,
) -> None:
    app(["run", *arguments], standalone_mode=False)
    (wanted,) = runs
    assert wanted.sensors == sensors
    assert (wanted.target_deg, wanted.stride_factor) == (target_deg, factor)
    assert wanted.config.defaults == Defaults(9.0, 1.1)


def test_run_takes_single_numbers_of_the_cues(runs: list[Wanted]) -> None:
    arguments = ["--cues", "gentle", "--set", "levels=2", "--set", "minimum_interval_s=25"]
    app(["run", *arguments], standalone_mode=False)
    assert runs[0].cues == replace(GENTLE, levels=2, minimum_interval_s=25.0)


# ------------------------------------------------------------------------------ do sensors agree


def frames_of(placement: Placement, samples: Samples) -> list[Frame]:
    """A recording of a Movesense, each packet 20 ms after its last sample."""
    profile = find_profile("movesense")
    mode = profile.mode(208.0)
    encoder, clock = Encoder(mode, 247), mode.packets[0].clock
    assert clock is not None
    assert samples.gyr is not None
    size = encoder.samples_per_packet
    frames = []
    for first in range(0, len(samples.t_s) // size * size, size):
        part = samples.part(first, first + size)
        ticks = round(float(part.t_s[0]) / clock.seconds_per_tick)
        for payload in encoder.encode(ticks, part.acc, part.gyr):
            frames.append(Frame(part.end_s + 0.02, placement, profile.streams[0].name, payload))
    return frames


def header() -> SessionHeader:
    profile = find_profile("movesense")
    sensors = tuple(SensorSetup(placement, profile.name, 208.0) for placement in MOTION)
    return SessionHeader("0", "2026-01-01", sensors, {profile.name: profile.text}, None)


def session_of(runner: Runner) -> list[Frame | LinkState]:
    frames = [
        frame
        for place in MOTION
        for frame in frames_of(
            place,
            worn(runner, place, 208.0, 13.5, WORN_ON_CHEST)
            if place is CHEST
            else worn(runner, place, 208.0, 13.5),
        )
    ]
    states = [LinkState(0.0, placement, LinkPhase.STREAMING) for placement in MOTION]
    return [*states, *sorted(frames, key=lambda frame: frame.arrival_s)]


async def source(items: Sequence[Frame | LinkState]) -> AsyncIterator[Frame | LinkState]:
    for item in items:
        yield item


async def passed_through(items: Sequence[Frame | LinkState]) -> list[Frame | LinkState]:
    return [item async for item in agreeing(source(items), StartWatch(header()))]


async def test_a_hop_at_the_start_says_how_well_the_sensors_agree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    items = session_of(Runner(HOP))
    assert await passed_through(items) == items
    said = capsys.readouterr().out.split("agree within ")
    assert len(said) == 2
    assert math.isclose(float(said[1].split(" ms")[0]), 7.0, abs_tol=3.0)


def test_a_recording_tells_the_same_agreement(tmp_path: Path) -> None:
    with Recorder(tmp_path / "hop.mcap", header(), clock=lambda: 0.0) as recorder:
        for item in session_of(Runner(HOP)):
            recorder.write(item)
    agreement_ms = derive(tmp_path / "hop.mcap").agreement_ms
    assert agreement_ms is not None
    assert math.isclose(math.ceil(agreement_ms), 7.0, abs_tol=3.0)


async def test_nothing_is_said_when_nobody_hopped(capsys: pytest.CaptureFixture[str]) -> None:
    items = session_of(Runner(demo_scenario(30.0)))
    assert await passed_through(items) == items
    assert capsys.readouterr().out == ""
