"""The walls of the house: who may import whom, and who may touch the world."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import imu_stream

PACKAGE = Path(imu_stream.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
FLOORS = (
    {"cli"},
    {"afterwards.training_log", "afterwards.export.gathering"},
    {"afterwards.derivation", "afterwards.export.tracks"},
    {"session"},
    {"pipeline", "conformance", "acquisition"},
    {"agreement"},
    {"reading", "motion"},
    {"afterwards.report", "afterwards.export", "afterwards", "config"},
    {"analysis", "cueing", "sinks", "profiles"},
    {"config_table"},
    {"datatypes", "errors", "definitions", "whole_file", ""},
)
"""From the top; a room within a room has the floor of its own if it is named, else the outer's. The
empty name is the package itself, with its version."""
PLAN = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
STATIONS = {"acquisition", "analysis", "cueing", "sinks"}
WRITTEN = {"afterwards.report", "afterwards.export", "afterwards"}
"""What is made of a finished session."""
PURE = ("analysis", "cueing", "conformance")
IMPURE_MODULES = {
    "asyncio",
    "bleak",
    "time",
    "pathlib",
    "os",
    "io",
    "socket",
    "random",
    "threading",
}
KNOW_BLEAK = ("acquisition.ble", "acquisition.simulation", "cli.radio")


def module_of(path: Path) -> str:
    """Dotted name below the package; a folder's `__init__` has the folder's name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports_of(module: str) -> Iterator[str]:
    """Dotted names of all that a module imports, in functions too."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def own_imports_of(module: str) -> set[str]:
    """Modules of the package that a module imports."""
    names = (n.removeprefix("imu_stream.") for n in imports_of(module) if is_own(n))
    return {name if name in MODULES else name.rpartition(".")[0] for name in names} - {module}


def is_own(name: str) -> bool:
    return name.split(".")[0] == "imu_stream"


def room_of(module: str) -> str:
    """The innermost room of the plan that holds a module; the module itself when none does."""
    parts = module.split(".")
    outwards = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in outwards if name in PLAN), module)


def floor_of(module: str) -> int:
    """0 is the top; a room that the plan does not know is an error."""
    return PLAN[room_of(module)]


def is_within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("module", MODULES)
def test_no_import_goes_up(module: str) -> None:
    for imported in own_imports_of(module):
        assert floor_of(module) <= floor_of(imported), imported


@pytest.mark.parametrize("module", [m for m in MODULES if room_of(m) in STATIONS])
def test_no_station_imports_another(module: str) -> None:
    assert {room_of(m) for m in own_imports_of(module)} & STATIONS <= {room_of(module)}


@pytest.mark.parametrize("module", [m for m in MODULES if room_of(m) in WRITTEN])
def test_what_is_written_of_a_session_knows_only_what_was_derived(module: str) -> None:
    assert {room_of(m) for m in own_imports_of(module)} & STATIONS <= {"sinks"}


@pytest.mark.parametrize("module", [m for m in MODULES if room_of(m) in PURE])
def test_pure_stages_do_not_touch_the_world(module: str) -> None:
    assert not {name.split(".")[0] for name in imports_of(module)} & IMPURE_MODULES
    calls = {n.func.id for n in calls_of(module) if isinstance(n.func, ast.Name)}
    assert not calls & {"open", "input", "print"}


@pytest.mark.parametrize("module", [m for m in MODULES if not is_within(m, KNOW_BLEAK)])
def test_only_the_radio_knows_bleak(module: str) -> None:
    assert "bleak" not in {name.split(".")[0] for name in imports_of(module)}


@pytest.mark.parametrize("module", [m for m in MODULES if room_of(m) != "cli"])
def test_only_the_command_line_prints(module: str) -> None:
    called = {node.func.id for node in calls_of(module) if isinstance(node.func, ast.Name)}
    assert "print" not in called
    assert not {name.split(".")[0] for name in imports_of(module)} & {"rich", "typer"}


def calls_of(module: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(tree_of(module))


def test_imports_make_no_circle() -> None:

    left = {module: own_imports_of(module) for module in MODULES}
    while free := [module for module, imported in left.items() if not imported & left.keys()]:
        for module in free:
            del left[module]
    assert not left


def test_the_plan_has_room_for_every_module() -> None:
    assert {room_of(module) for module in MODULES} <= PLAN.keys()
