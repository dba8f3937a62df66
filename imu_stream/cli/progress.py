"""How far into a recording a command is, shown on a terminal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from rich.progress import Progress

from imu_stream.cli.speaking import console
from imu_stream.datatypes import Gap, Samples
from imu_stream.pipeline import Input

EVERY = 256
_Item = TypeVar("_Item", bound=Input)


def progress_display() -> Progress:
    """Nothing of it stays, and without a terminal nothing is shown."""
    return Progress(console=console, transient=True, disable=not console.is_terminal)


@dataclass(frozen=True, slots=True)
class HowFar:
    """Passes the items of a recording on, and shows the time of every `EVERY`th."""

    progress: Progress

    def __call__(self, items: Iterable[_Item], doing: str) -> Iterator[_Item]:
        task = self.progress.add_task(doing, total=None)
        for count, item in enumerate(items):
            if count % EVERY == 0:
                self.progress.update(task, description=f"{doing}, at {_time_s(item):.0f} s")
            yield item
        self.progress.remove_task(task)


def _time_s(item: Input) -> float:
    match item:
        case Gap():
            return item.start_s
        case Samples():
            return float(item.t_s[0])
        case _:
            return item.t_s
