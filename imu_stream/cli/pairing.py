"""Find out by tapping which sensor is worn where, and remember it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from imu_stream.acquisition.ble import Found, scan
from imu_stream.analysis.tapping import Tap, TapDetector, knocks
from imu_stream.cli.listening import Listening, place_for
from imu_stream.cli.radio import Radio, SessionClock
from imu_stream.cli.speaking import console, say, table_of
from imu_stream.config.file import load_config, save_config
from imu_stream.config.remembered import ChosenSensor
from imu_stream.datatypes import MOTION, Placement
from imu_stream.errors import Fault, LinkError
from imu_stream.profiles import available_profiles

_TOGETHER_S = 1.0
"""After a tap, in which packets of other sensors may still bring the same knock."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which sensors to pair."""

    sensors: Sequence[str] = ()
    """Addresses or names; none: all motion sensors nearby."""
    companions: Mapping[Placement, str] = field(default_factory=dict)
    """Devices that measure no motion, by address or name."""
    scan_s: float = 5.0
    wait_s: float = 30.0
    """For a tap, before a place is left out."""


async def pair(
    wanted: Pairing,
    path: Path,
    radio: Radio | None = None,
    ask: Callable[[Placement], None] | None = None,
) -> bool:
    """Assign sensors to places and write that into the config; whether any was assigned.

    Args:
        wanted: which sensors.
        path: of the config.
        radio: another one than this computer's own.
        ask: tells the runner which sensor to tap.

    Raises:
        LinkError: a sensor is not found or cannot be connected, or there is none.
        ConfigError: the config cannot be read or written.
    """
    config, radio = load_config(path), radio or Radio()
    with console.status(f"Listening for {wanted.scan_s:g} s …"):
        profiles = radio.profiles or available_profiles()
        found = await scan(profiles, seconds=wanted.scan_s, backend=radio.scanner)
    chosen = {p: _companion(p, _named(label, found)) for p, label in wanted.companions.items()}
    nearby = [_named(label, found) for label in wanted.sensors] or found
    async with AsyncExitStack() as stack:
        sensors = await _connect(nearby, bool(wanted.sensors), radio, stack)
        if sensors:
            chosen |= await _ask_all(sensors, wanted.wait_s, ask or _ask)
    if not chosen:
        say("no sensor was assigned; nothing has changed")
        return False
    save_config(path, config.with_sensors(chosen))
    console.print(_assigned(chosen))
    say(f"remembered in {path}; `imu-stream run` uses it from now on")
    return True


def _named(label: str, found: Iterable[Found]) -> Found:
    for one in found:
        if label.casefold() in (one.address.casefold(), one.name.casefold()):
            return one
    raise LinkError(f"not found: {label}; switch it on and bring it near", Fault.NOT_FOUND)


def _companion(placement: Placement, found: Found) -> ChosenSensor:
    for profile in found.profiles:
        if profile.fits(placement):
            return ChosenSensor(found.address, found.name, profile.name)
    raise LinkError(f"{found.name or found.address}: does not serve as {placement}")


async def _connect(
    nearby: Sequence[Found], all_of_them: bool, radio: Radio, stack: AsyncExitStack
) -> list[Listening]:
    """One after the other, as an adapter can; a neighbour's sensor may refuse."""
    clock = SessionClock()
    sensors: list[Listening] = []
    for found in nearby:
        placement = place_for(found)
        if placement is None:
            continue
        sensor = Listening(placement, found, radio, clock)
        try:
            with console.status(f"Connecting {sensor.label} …"):
                await stack.enter_async_context(sensor)
        except LinkError as error:
            if all_of_them:
                raise
            say(str(error), "left out:", "yellow")
            continue
        say(f"{sensor.profile.title}, {sensor.rate_hz:g} Hz", f"{sensor.label}:")
        sensors.append(sensor)
    if not sensors:
        say("No motion sensor with a fitting profile nearby; see `imu-stream scan`.")
    return sensors


async def _ask_all(
    sensors: Sequence[Listening], wait_s: float, ask: Callable[[Placement], None]
) -> dict[Placement, ChosenSensor]:
    taps: asyncio.Queue[Tap] = asyncio.Queue()
    asking = _Asking({each.address: each for each in sensors}, taps, ask)
    try:
        async with asyncio.TaskGroup() as group:
            for each in sensors:
                group.create_task(_feel(each, taps))
            for placement in MOTION:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await asking.ask_for(placement)
            for each in sensors:
                each.stop()
    except* LinkError as failed:
        raise failed.exceptions[0] from None
    return {placement: sensor.chosen for placement, sensor in asking.chosen.items()}


async def _feel(sensor: Listening, taps: asyncio.Queue[Tap]) -> None:
    detector = TapDetector(sensor.address, sensor.rate_hz)
    async for item in sensor.samples():
        for tap in detector.push(item):
            taps.put_nowait(tap)


class _Asking:
    """Asks for one place after the other."""

    def __init__(
        self,
        sensors: Mapping[str, Listening],
        taps: asyncio.Queue[Tap],
        ask: Callable[[Placement], None],
    ) -> None:
        self._sensors = sensors
        self._taps = taps
        self._ask = ask
        self.chosen: dict[Placement, Listening] = {}

    async def ask_for(self, placement: Placement) -> None:
        """Wait for a knock on one sensor that can be worn there; nothing when none is left."""
        left = [each for each in self._sensors.values() if each not in self.chosen.values()]
        if not any(each.profile.fits(placement) for each in left):
            return
        self._felt()  # what was before the question is no answer
        while placement not in self.chosen:
            self._ask(placement)
            problem = self._decide(placement, await self._next_knock())
            if problem:
                say(f"{problem}; tap again", style="yellow")

    def _decide(self, placement: Placement, taps: Sequence[Tap]) -> str:
        """Assign the sensor that was tapped, or say why not."""
        knock = knocks(taps)[0]
        if knock.sensor is None:
            labels = [self._sensors[tap.sensor].label for tap in knock.taps]
            return f"{' and '.join(labels)} felt it alike"
        sensor = self._sensors[knock.sensor]
        for place, other in self.chosen.items():
            if other is sensor:
                return f"{sensor.label} is the {place.words}'s already"
        if not sensor.profile.fits(placement):
            return f"a {sensor.profile.title} cannot be worn on the {placement.words}"
        self.chosen[placement] = sensor
        say(sensor.label, f"{placement.words}:", "green")
        return ""

    async def _next_knock(self) -> list[Tap]:
        first = await self._taps.get()
        await asyncio.sleep(_TOGETHER_S)
        return [first, *self._felt()]

    def _felt(self) -> list[Tap]:
        return [self._taps.get_nowait() for _ in range(self._taps.qsize())]


def _ask(placement: Placement) -> None:
    say(f"Stand still, then tap the sensor on your {placement.words} once, firmly.")


def _assigned(chosen: Mapping[Placement, ChosenSensor]) -> Table:
    table = table_of("worn at", "name", "address", "profile")
    for placement, sensor in chosen.items():
        table.add_row(placement.words, escape(sensor.name), sensor.address, sensor.profile)
    return table
