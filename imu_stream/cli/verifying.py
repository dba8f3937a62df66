"""Check a live or virtual device against its profile."""

import asyncio
import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from imu_stream.acquisition.ble import BleSource, Patience, SensorLink, SensorPlan, find
from imu_stream.cli.radio import FIND_S, Radio, SessionClock
from imu_stream.cli.speaking import console, say
from imu_stream.conformance import Check, asking_for_too_little, check_battery, check_stream
from imu_stream.datatypes import Frame, LinkPhase, Placement
from imu_stream.errors import Fault, LinkError, ProfileError
from imu_stream.profiles import (
    DeviceProfile,
    Mode,
    available_profiles,
    load_profile,
    named_profile,
)

_SHAKE_S = 10.0
_PATIENCE = Patience(reply_s=1.5)
_NOT_ITS_FAULT = (Fault.NOT_FOUND, Fault.NO_ADAPTER)
_RESULTS = {True: "[green]pass[/]", False: "[bold red]FAIL[/]", None: "[yellow]not measured[/]"}


@dataclass(frozen=True, slots=True)
class Verification:
    """Which device to verify, and how."""

    device: str | None
    """Address or name; None for a virtual one."""
    profile: str | None
    """By name or path; None for the one that fits."""
    virtual: str | None
    """Profile of the virtual device, by name or path."""
    seconds: float
    shake: bool


@dataclass(slots=True)
class _Recorded:
    frames: list[Frame] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    shaken_s: float = math.inf


async def verify(wanted: Verification) -> bool:
    """Show a table of checks; whether none has failed.

    Raises:
        LinkError: the device is not found, or there is no Bluetooth adapter.
        ProfileError: no profile fits, or the one named is wrong.
    """
    async with AsyncExitStack() as stack:
        radio, plan = await _find(wanted, stack)
        say(f"{plan.device.name or plan.device.address}: {plan.profile.title}, {plan.mode.hz:g} Hz")
        checks = await _checks(wanted, radio, plan)
    table = Table("check", "measured", "limit", "result", "meaning")
    for each in checks:
        texts = map(escape, (each.name, each.measured, each.limit))
        table.add_row(*texts, _RESULTS[each.passed], escape(each.meaning))
    console.print(table)
    return all(each.passed is not False for each in checks)


async def _find(wanted: Verification, stack: AsyncExitStack) -> tuple[Radio, SensorPlan]:
    radio, device, known = Radio(), wanted.device or "", available_profiles()
    chosen = wanted.profile or wanted.virtual
    profile = None if chosen is None else _profile(chosen)
    placement = Placement.CHEST if profile is None else _place(profile)
    if wanted.virtual is not None:
        from imu_stream.acquisition.simulation.radio import VirtualRadio

        worn = {_place(_profile(wanted.virtual)): wanted.virtual}
        seconds = wanted.seconds + _SHAKE_S
        virtual = await stack.enter_async_context(VirtualRadio(worn, seconds=seconds))
        radio = Radio(virtual.scanner_backend, virtual.client_backend, virtual.start)
        device = next(iter(virtual.addresses.values()))
    profiles = known if profile is None else (profile, *known)
    with console.status("Looking for the sensor …"):
        heard = await find(
            {placement: device}, profiles, timeout_s=FIND_S, scanner_backend=radio.scanner
        )
    found = heard[placement]
    fitting = profile or found.profile
    if fitting is None or not fitting.streams:
        raise ProfileError(found.name or found.address, "", "no profile fits; name one: --profile")
    return radio, SensorPlan(placement, found.device, fitting, fitting.default_mode)


def _profile(name: str) -> DeviceProfile:
    if name.endswith(".toml"):
        return load_profile(Path(name))
    return named_profile(name, available_profiles())


def _place(profile: DeviceProfile) -> Placement:
    return Placement.LEFT_FOOT if profile.fits(Placement.LEFT_FOOT) else Placement.CHEST


async def _checks(wanted: Verification, radio: Radio, plan: SensorPlan) -> list[Check]:
    say(f"Lay the sensor on a table and leave it alone for {wanted.seconds:g} s.")
    try:
        recorded = await _record(wanted, radio, plan)
    except LinkError as error:
        if error.fault in _NOT_ITS_FAULT:
            raise
        return [_set_up("set-up accepted", error)]
    with console.status("Setting it up again …"):
        again = _set_up("set-up accepted again", await _try(radio, plan, plan.mode))
        objects = await _objects(wanted, radio, plan)
    stream = check_stream(recorded.frames, plan.mode, recorded.shaken_s)
    battery = check_battery(recorded.frames, plan.profile)
    return [_set_up("set-up accepted", None), again, *objects, battery, _kept(recorded), *stream]


async def _record(wanted: Verification, radio: Radio, plan: SensorPlan) -> _Recorded:
    recorded, clock, loop = _Recorded(), SessionClock(), asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        source = BleSource([plan], clock, client_backend=radio.client)
        with console.status("Connecting …"):
            await stack.enter_async_context(source)
        timers = [loop.call_later(wanted.seconds + _SHAKE_S * wanted.shake, source.stop)]
        if wanted.shake:
            begin = _shaking(recorded, clock, radio)
            timers.append(loop.call_later(wanted.seconds, begin))
        for timer in timers:
            stack.callback(timer.cancel)
        async for item in source:
            if isinstance(item, Frame):
                recorded.frames.append(item)
            elif item.phase is LinkPhase.LOST:
                recorded.lost.append(item.detail)
    return recorded


def _shaking(recorded: _Recorded, clock: SessionClock, radio: Radio) -> Callable[[], None]:
    def begin() -> None:
        recorded.shaken_s = clock()
        say(f"Now shake it hard and turn it quickly for {_SHAKE_S:g} s, but do not knock it.")
        if radio.begin is not None:
            radio.begin()

    return begin


async def _try(radio: Radio, plan: SensorPlan, mode: Mode) -> LinkError | None:
    """Connect and set up; what was wrong."""
    link = SensorLink(
        replace(plan, mode=mode),
        lambda characteristic, payload: None,
        connecting=asyncio.Lock(),
        client_backend=radio.client,
        patience=_PATIENCE,
    )
    try:
        async with link:
            return None
    except LinkError as error:
        return error


async def _objects(wanted: Verification, radio: Radio, plan: SensorPlan) -> list[Check]:
    mode = asking_for_too_little(plan.mode)
    if mode is None:
        return []
    error = await _try(radio, plan, mode)
    passed: bool | None = error is None
    measured = "rate not offered" if error is None else _fault(error)
    if error is not None and error.fault is Fault.NO_ANSWER and wanted.virtual is not None:
        # the virtual device knows only what stands in its profile
        passed, measured = None, "not measured: the virtual device does not answer it"
    meaning = "a device that says yes to everything streams something else later"
    return [Check("0 Hz refused", measured, "says that the rate is not offered", passed, meaning)]


def _set_up(name: str, error: LinkError | None) -> Check:
    measured = "yes" if error is None else _fault(error)
    meaning = "every step of the profile, until samples flow"
    return Check(name, measured, "yes", error is None, meaning)


def _fault(error: LinkError) -> str:
    return f"{error.fault}: {error}"


def _kept(recorded: _Recorded) -> Check:
    measured = "; ".join(recorded.lost) or "yes"
    meaning = "lost, it is set up again: the checks below then go across a gap"
    return Check("link kept", measured, "yes", not recorded.lost, meaning)
