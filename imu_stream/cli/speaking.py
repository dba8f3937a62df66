"""How the command line prints: plain text, never taken for markup, never broken within a path."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

console = Console()


def speak_on_standard_error() -> None:
    """Keep standard output free for what another program reads."""
    console.stderr = True


def table_of(*titles: str) -> Table:
    """A table without lines, in which a narrow terminal breaks words but leaves nothing out."""
    return Table(*(Column(title, overflow="fold") for title in titles), box=SIMPLE, padding=(0, 0))


def say(text: str, lead: str = "", style: str = "") -> None:
    """Print one line; the lead stands before it in its own style."""
    line = Text()
    if lead:
        line.append(lead, style)
        line.append(" ")
    console.print(line.append(text), soft_wrap=True, highlight=False)
