"""The page's own files: a fixed list held in memory, so no path of a request is ever opened."""

from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "txt": "text/plain",
}
NAMES = (
    "index.html",
    "style.css",
    "icon.svg",
    "main.js",
    "connection.js",
    "clock.js",
    "words.js",
    "runner.js",
    "dial.js",
    "phone.js",
    "sound.js",
    "coach.js",
    "strips.js",
    "vendor/uPlot.iife.min.js",
    "vendor/uPlot.min.css",
    "vendor/uPlot.LICENSE.txt",
)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is served."""

    body: bytes
    content_type: str


def load_files() -> MappingProxyType[str, StaticFile]:
    """Path on the server -> file."""
    folder = files(__package__) / "static"
    found = {
        f"/{name}": StaticFile((folder / name).read_bytes(), TYPES[name.rpartition(".")[2]])
        for name in NAMES
    }
    return MappingProxyType({**found, "/": found["/index.html"]})
