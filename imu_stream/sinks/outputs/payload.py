"""A cue as JSON: what a broker and a pipe get."""

import json
from dataclasses import asdict
from math import isfinite

from imu_stream.datatypes import Cue


def cue_json(cue: Cue) -> str:
    """One line; numbers that were not measured are null."""
    fields = {"event": "cue", **asdict(cue)}
    return json.dumps({name: _value(value) for name, value in fields.items()}, allow_nan=False)


def _value(value: object) -> object:
    return None if isinstance(value, float) and not isfinite(value) else value
