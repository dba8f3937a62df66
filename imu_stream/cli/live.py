"""Live sessions: the demo, a run with real sensors, and the replay of either."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from imu_stream.acquisition.ble import BleSource, SensorPlan, find
from imu_stream.acquisition.recording import Recording
from imu_stream.afterwards.derivation import KeepingSink
from imu_stream.cli.agreeing import agreeing
from imu_stream.cli.files import (
    new_session_path,
    recording_to,
    tell_if_cut,
    tell_recording_failed,
)
from imu_stream.cli.options import Wanted, header, outdated, plan
from imu_stream.cli.outputs import cue_outputs
from imu_stream.cli.radio import FIND_S, Radio, SessionClock
from imu_stream.cli.reporting import write_report
from imu_stream.cli.results import Results, require_packages, tell_results
from imu_stream.cli.speaking import console, say
from imu_stream.cli.summary_view import truth_table
from imu_stream.cli.training import enter
from imu_stream.cli.view import LiveView
from imu_stream.cli.web import Screen, SessionControl
from imu_stream.cueing.parameters import CueParams
from imu_stream.datatypes import FEET, Placement
from imu_stream.errors import RecordingError
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import DeviceProfile, available_profiles, profile_of
from imu_stream.session import Session, Sink, paced
from imu_stream.sinks.summary import Summary


async def run(wanted: Wanted, seconds: float | None, results: Results) -> Summary:
    """Record and analyse a run with real sensors."""
    require_packages(results)
    say("Stand still until every sensor is calibrated, then run. Ctrl-C ends the session.")
    recorded = await _record(wanted, seconds, results, Radio(), ())
    summary = tell_results(recorded.session, recorded.path, results, _told(recorded))
    write_up(recorded, results)
    return summary


@dataclass(frozen=True, slots=True)
class Virtual:
    """What the virtual runner wears: profiles by name, or the path of a TOML file."""

    feet: str
    chest: str

    @property
    def sensors(self) -> Mapping[Placement, str]:
        return {**dict.fromkeys(FEET, self.feet), Placement.CHEST: self.chest}

    def profiles(self) -> tuple[DeviceProfile, ...]:
        """The profiles themselves; ProfileError when one is wrong or unknown."""
        return tuple(profile_of(name) for name in dict.fromkeys((self.feet, self.chest)))


@dataclass(frozen=True, slots=True)
class Aim:
    """What the virtual runner is cued for, and how."""

    target_deg: float
    cues: CueParams


async def demo(worn: Virtual, seconds: float, aim: Aim, seed: int, results: Results) -> None:
    """Record and analyse the virtual runner, then compare with the truth about it."""
    profiles = worn.profiles()
    require_packages(results)
    from imu_stream.acquisition.simulation.radio import VirtualRadio
    from imu_stream.acquisition.simulation.scoring import TruthScore

    say("A virtual runner with three virtual sensors on a virtual radio; no hardware.")
    score = TruthScore(seconds, seed)
    async with VirtualRadio(worn.sensors, seconds=seconds, seed=seed) as virtual:
        radio = Radio(virtual.scanner_backend, virtual.client_backend, virtual.start, profiles)
        wanted = Wanted(virtual.addresses, aim.target_deg, None, cues=aim.cues, virtual=True)
        recorded = await _record(wanted, seconds, results, radio, (score,))
        origin_s = virtual.origin_monotonic_s - recorded.clock.origin_s
    receptions = recorded.session.pipeline.receptions.values()
    truth = score.result(origin_s, max(received.last_s for received in receptions))
    told = {**_told(recorded), "truth": asdict(truth)}
    tell_results(recorded.session, recorded.path, results, told)
    console.print(truth_table(truth))
    write_up(recorded, results)


async def replay(path: Path, speed: float | None, results: Results) -> None:
    """Play a session file again, at `speed` or as fast as possible."""
    recording = Recording(path)
    pipeline = Pipeline(recording.header)
    if speed is None:
        session = Session(pipeline)
        session.run_at_once(recording)
    else:
        clock = SessionClock(speed)
        screen = Screen(results.web, pipeline, clock, speed)
        # what became of its cues stands in the recording already
        giving = cue_outputs(results.cues, clock, lambda delivery: None)
        async with giving as outputs, screen.shown():
            with LiveView(pipeline, clock) as view:
                session = Session(pipeline, [outputs, view, *screen.sinks])
                clock.begin()
                await session.run_paced(paced(recording, speed))
    tell_if_cut(path, recording.truncated)
    tell_results(session, path, results, {})


@dataclass(frozen=True, slots=True)
class Recorded:
    """A live session that has ended."""

    session: Session
    path: Path
    clock: SessionClock
    keeping: KeepingSink


async def _record(
    wanted: Wanted, seconds: float | None, results: Results, radio: Radio, sinks: Sequence[Sink]
) -> Recorded:
    import scipy.signal  # noqa: F401 - takes half a second, in which streaming sensors would wait

    plans = await _find(wanted, radio)
    clock = SessionClock()
    path = new_session_path(results.out or Path())
    async with AsyncExitStack() as stack:
        with console.status("Connecting …"):
            source = BleSource(
                plans, clock, client_backend=radio.client, scanner_backend=radio.scanner
            )
            await stack.enter_async_context(source)
        head = header([source.plans[plan.placement] for plan in plans], wanted)
        for text in outdated(head, wanted.config, datetime.now(UTC)):
            say(text, "old calibration:", "bold yellow")
        pipeline = Pipeline(head)
        view = stack.enter_context(LiveView(pipeline, clock))
        screen, keeping = Screen(results.web, pipeline, clock), KeepingSink(head, pipeline)
        giving = cue_outputs(results.cues, clock, lambda told: session.take(told), source)
        outputs = await stack.enter_async_context(giving)
        session = Session(pipeline, [outputs, view, keeping, *screen.sinks, *sinks])
        await stack.enter_async_context(screen.shown(SessionControl(session.take, source.stop)))
        # no file before all that can be refused, such as a port in use
        recorder = stack.enter_context(recording_to(path, head, clock))
        stack.enter_context(_stopping(source.stop, seconds))
        if radio.begin is not None:
            radio.begin()
        items = await stack.enter_async_context(aclosing(agreeing(source, keeping)))
        await session.run_live(items, recorder, tell_recording_failed)
    return Recorded(session, path, clock, keeping)


async def _find(wanted: Wanted, radio: Radio) -> list[SensorPlan]:
    with console.status("Looking for the sensors …"):
        found = await find(
            wanted.sensors,
            radio.profiles or available_profiles(),
            timeout_s=FIND_S,
            scanner_backend=radio.scanner,
        )
    remembered = {place: sensor.profile for place, sensor in wanted.config.sensors.items()}
    return [plan(each, found[each], remembered.get(each, "")) for each in wanted.sensors]


@contextmanager
def _stopping(stop: Callable[[], None], seconds: float | None) -> Iterator[None]:
    """Stop after some time, and on Ctrl-C, in good order: sensors stopped, file finished."""
    loop = asyncio.get_running_loop()
    timer = None if seconds is None else loop.call_later(seconds, stop)
    caught = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C then cancels the main task
            loop.add_signal_handler(number, stop)
            caught.append(number)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        for number in caught:
            loop.remove_signal_handler(number)


def _told(recorded: Recorded) -> dict[str, object]:
    """What the summary of a live session alone holds."""
    return {"agreement_ms": recorded.keeping.agreement_ms}


def write_up(recorded: Recorded, results: Results) -> None:
    """Report and log of a session that has ended; a failure is told, the results stand already."""
    finished = recorded.keeping.finished(recorded.path, recorded.session, truncated=False)
    try:
        if results.report:
            write_report(finished, recorded.path.with_suffix(".html"))
        enter(finished)
    except RecordingError as error:
        say(f"{error}; `imu-stream report` makes it again", "no report:", "bold yellow")
