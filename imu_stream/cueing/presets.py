"""The presets of the cue policy, and its settings as TOML text.

    [cues]
    preset = "gentle"          # or standard, lab, off; the keys below change single numbers of it
    minimum_interval_s = 25

    [cues.programme]           # only for faded feedback
    session = 3                # counts itself: `imu-stream run` puts it on after a long enough run
    minutes = 25

The keys are the fields of `CueParams` and `Programme`. A session carries its settings in the same
form with every number written out, so that a replay gives the same whatever a preset becomes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from imu_stream.config_table import ConfigTable
from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.schedule import LAST_SESSION, Programme

STANDARD = CueParams()
GENTLE = CueParams(
    step_deg=2.0,
    persistence_strides=10,
    over_persistence_strides=12,
    minimum_interval_s=20.0,
    cap_per_minute=2,
    back_off_s=60.0,
    unanswered_cues=3,
    silence_s=300.0,
)
"""For getting used to it: later, rarer, sooner silent."""
LAB = CueParams(
    persistence_strides=6,
    over_persistence_strides=6,
    minimum_interval_s=8.0,
    response_wait_s=5.0,
    cap_per_minute=6,
    back_off_s=12.0,
    unanswered_cues=8,
    silence_s=60.0,
    praise_interval_s=30.0,
)
"""For a supervised run on a treadmill: sooner, more often, not soon silent."""
OFF = CueParams(enabled=False)


class Preset(StrEnum):
    """Names of the presets."""

    GENTLE = "gentle"
    STANDARD = "standard"
    LAB = "lab"
    OFF = "off"


_Option = TypeVar("_Option", bound=StrEnum)

PRESETS: Mapping[Preset, CueParams] = {
    Preset.GENTLE: GENTLE,
    Preset.STANDARD: STANDARD,
    Preset.LAB: LAB,
    Preset.OFF: OFF,
}

LIMITS: Mapping[str, tuple[float, float]] = {
    "baseline_s": (5.0, 1800.0),
    "step_deg": (0.0, 10.0),
    "target_min_deg": (-10.0, 30.0),
    "target_max_deg": (-10.0, 30.0),
    "no_increase_deg": (-10.0, 30.0),
    "dead_band_deg": (0.1, 20.0),
    "dead_band_sd": (0.0, 10.0),
    "dead_band_max_deg": (0.1, 20.0),
    "over_deg": (0.5, 60.0),
    "over_least_deg": (0.0, 90.0),
    "cadence_increase": (0.0, 0.1),
    "cadence_dead_band": (0.005, 0.1),
    "strike_strides": (4, 100),
    "strike_wrong_percent": (10.0, 90.0),
    "strike_confidence": (0.5, 1.0),
    "smoothing_strides": (1, 20),
    "persistence_strides": (1, 100),
    "over_persistence_strides": (1, 100),
    "minimum_interval_s": (1.0, 3600.0),
    "response_wait_s": (0.0, 60.0),
    "cap_per_minute": (1, 20),
    "levels": (1, 10),
    "back_off_s": (0.0, 3600.0),
    "unanswered_cues": (1, 100),
    "silence_s": (0.0, 36000.0),
    "praise_interval_s": (0.0, 3600.0),
    "expiry_s": (0.1, 10.0),
    "start_blackout_s": (3.0, 120.0),
    "change_blackout_s": (0.0, 60.0),
    "cadence_change": (0.01, 1.0),
    "cadence_min_spm": (100.0, 200.0),
    "cadence_max_spm": (150.0, 300.0),
    "stale_s": (0.5, 5.0),
    "gap_s": (0.0, 0.5),
}
"""Least and largest of each number; outside, the policy would not be what it says."""

PROGRAMME_LIMITS: Mapping[str, tuple[float, float]] = {
    "session": (0, LAST_SESSION),
    "minutes": (1.0, 600.0),
    "block_s": (10.0, 3600.0),
    "silent_s": (0.0, 3600.0),
}


def read_cues(table: ConfigTable, start: CueParams = STANDARD) -> CueParams:
    """The settings in a `[cues]` table: a preset, else `start`, and what differs from it.

    Raises:
        ConfigError: something in it is wrong; the error names file and key.
    """
    params = PRESETS[_choice(table, "preset", Preset)] if table.has("preset") else start
    if table.has("enabled"):
        params = replace(params, enabled=table.flag("enabled"))
    if table.has("strike"):
        params = replace(params, strike=_choice(table, "strike", WantedStrike))
    params = replace(params, **_numbers(table, params, LIMITS))
    if table.has("programme"):
        programme = _programme(table.table("programme"), start.programme)
        params = replace(params, programme=programme)
    table.finish()
    for low, high in (("target_min_deg", "target_max_deg"), ("cadence_min_spm", "cadence_max_spm")):
        if getattr(params, low) > getattr(params, high):
            raise table.error(low, f"is larger than {high}")
    return params


def _choice(table: ConfigTable, key: str, options: type[_Option]) -> _Option:
    name = table.text(key)
    try:
        return options(name)
    except ValueError:
        raise table.error(key, f"is {name!r}; there are: {', '.join(options)}") from None


def _programme(table: ConfigTable, programme: Programme) -> Programme:
    if table.has("on_percent"):
        programme = replace(programme, on_percent=table.whole_numbers("on_percent", 0, 100))
        if not programme.on_percent:
            raise table.error("on_percent", "is empty")
    programme = replace(programme, **_numbers(table, programme, PROGRAMME_LIMITS))
    table.finish()
    return programme


def _numbers(
    table: ConfigTable,
    defaults: CueParams | Programme,
    limits: Mapping[str, tuple[float, float]],
) -> dict[str, Any]:
    """What the table says of these numbers; whole ones where the default is one."""
    numbers: dict[str, Any] = {}
    for name, (least, largest) in limits.items():
        if not table.has(name):
            continue
        is_whole = isinstance(getattr(defaults, name), int)
        number = table.whole_number if is_whole else table.number
        numbers[name] = number(name, least, largest)
    return numbers


def changed_cues(params: CueParams, changes: Iterable[str], source: str) -> CueParams:
    """The settings with some of them changed, each as `key=value` in the notation of TOML.

    Raises:
        ConfigError: a change is none, or out of bounds.
    """
    top = ConfigTable.parse("\n".join(f"cues.{change}" for change in changes), source)
    changed = read_cues(top.table("cues"), params)
    top.finish()
    return changed


def cues_text(params: CueParams) -> str:
    """The settings as TOML with every number written out; `parse_cues` gives them back."""
    programme = ["", "[cues.programme]", *_rows(params.programme)]
    return "\n".join(["[cues]", *_rows(params), *programme]) + "\n"


def short_cues_text(params: CueParams) -> str:
    """The same for people: the preset that comes nearest, and what differs from it."""
    preset, differing = min(
        ((preset, list(_rows(params, other))) for preset, other in PRESETS.items()),
        key=lambda one: len(one[1]),
    )
    rows = ["[cues]", f'preset = "{preset}"', *differing]
    if programme := list(_rows(params.programme, Programme())):
        rows += ["", "[cues.programme]", *programme]
    return "\n".join(rows) + "\n"


def _rows(
    settings: CueParams | Programme, other: CueParams | Programme | None = None
) -> Iterator[str]:
    """One for each number, or for each that the other does not have."""
    for each in fields(settings):
        value = getattr(settings, each.name)
        if isinstance(value, Programme) or (
            other is not None and value == getattr(other, each.name)
        ):
            continue
        yield f"{each.name} = {_written(value)}"


def _written(value: bool | float | str | tuple[int, ...]) -> str:
    """A value in the notation of TOML."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value)) if isinstance(value, tuple) else repr(value)


def parse_cues(text: str, source: str) -> CueParams:
    """The settings in the text of a file, or of a session's header; empty: the preset "standard".

    Raises:
        ConfigError: something in it is wrong.
    """
    top = ConfigTable.parse(text, source)
    params = read_cues(top.table("cues"))
    top.finish()
    return params
