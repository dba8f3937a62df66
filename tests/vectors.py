"""Published bytes of devices with their meaning, and which of them a run of the tests has used.

`data/vectors.json` has 94 of them with their sources, and at the end a few more. A test that takes
one from here, or as a parameter, and passes, has used it; the summary of the run counts them.
"""

import json
from pathlib import Path
from typing import Any

VECTORS = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text("utf-8"))
PUBLISHED = 94
FEWEST_USED = 85
_NUMBERS = {row["hex"]: number for number, row in enumerate(VECTORS)}
taken: set[int] = set()
"""By the test that runs."""
used: set[int] = set()
"""By all tests that passed."""


def content(number: int) -> bytes:
    """The bytes of a vector."""
    taken.add(number)
    return bytes.fromhex(VECTORS[number]["hex"])


def expected(number: int) -> Any:
    """What its bytes mean."""
    return VECTORS[number]["expected"]


def vectors(device: str, *kinds: str) -> list[tuple[bytes, Any]]:
    """Bytes and meaning of all vectors of a device, or of some kinds."""
    chosen = [
        number
        for number, row in enumerate(VECTORS)
        if row["device"] == device and (not kinds or row["kind"] in kinds)
    ]
    assert chosen
    return [(content(number), expected(number)) for number in chosen]


def vector(device: str, kind: str) -> tuple[bytes, Any]:
    """Bytes and meaning of the first vector of a device and kind."""
    return vectors(device, kind)[0]


def among(parameters: dict[str, Any]) -> set[int]:
    """Which vectors a test has been given as parameters."""
    contents = (value.hex() for value in parameters.values() if isinstance(value, bytes))
    return {_NUMBERS[each] for each in contents if each in _NUMBERS}


def published_used() -> int:
    """How many of the published vectors were used."""
    return len(used & set(range(PUBLISHED)))


def summary() -> str:
    """The same in words, with those that were not."""
    missing = sorted(set(range(PUBLISHED)) - used)
    return f"{published_used()} of {PUBLISHED} vectors used; not used: {missing}"
