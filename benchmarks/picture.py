"""Draws agreement with the truth: Bland-Altman of angle and contact time, confusion matrix."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from comparing import Pair
from figures import TYPES

from imu_stream.datatypes import StrikeType
from imu_stream.errors import MissingExtraError

COLOURS = dict(zip(TYPES, ("tab:blue", "tab:orange", "tab:green"), strict=True))
SAID = (*TYPES, StrikeType.UNKNOWN)


def draw(pairs: Sequence[Pair], path: Path) -> None:
    """Write the picture as PNG.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("the picture", "bench") from None
    figure = Figure(figsize=(15.0, 4.6), layout="constrained")
    angle, contact, confusion = figure.subplots(1, 3)
    _bland_altman(angle, pairs, _angles, "foot strike angle, °")
    _bland_altman(contact, pairs, _contacts_ms, "contact time, ms")
    angle.legend(frameon=False)
    _confusion(confusion, pairs)
    figure.savefig(path, dpi=150)


Both = tuple[float, float]


def _angles(pair: Pair) -> Both:
    return pair.found.strike.fsa_deg, pair.true.fsa_deg


def _contacts_ms(pair: Pair) -> Both:
    return 1e3 * pair.found.contact_time_s, 1e3 * (pair.true.tc_s - pair.true.ic_s)


def _bland_altman(
    axes: Any, pairs: Sequence[Pair], both: Callable[[Pair], Both], name: str
) -> None:
    """Difference over mean, with the bias and the limits of agreement."""
    for kind in TYPES:
        values = [both(pair) for pair in pairs if pair.true.strike_type is kind]
        found, true = np.array(values).reshape(-1, 2).T
        axes.scatter((found + true) / 2.0, found - true, s=8, c=COLOURS[kind], label=kind.value)
    found, true = np.array([both(pair) for pair in pairs]).T
    bias, spread = np.nanmean(found - true), 1.96 * np.nanstd(found - true)
    for level, style in ((bias, "-"), (bias - spread, "--"), (bias + spread, "--")):
        axes.axhline(level, color="black", linestyle=style, linewidth=0.8)
    axes.set_title(f"{name}: {bias:+.1f} ± {spread:.1f}")
    axes.set_xlabel(f"mean of measured and true {name}")
    axes.set_ylabel("measured minus true")


def _confusion(axes: Any, pairs: Sequence[Pair]) -> None:
    counts = [[_count(pairs, true, said) for said in SAID] for true in TYPES]
    axes.imshow(np.array(counts) / np.maximum(np.sum(counts, axis=1), 1)[:, None], cmap="Greys")
    for row, numbers in enumerate(counts):
        for column, number in enumerate(numbers):
            colour = "white" if number > 0.5 * sum(numbers) else "black"
            axes.text(column, row, str(number), ha="center", va="center", color=colour)
    axes.set_xticks(range(len(SAID)), [kind.value for kind in SAID])
    axes.set_yticks(range(len(TYPES)), [kind.value for kind in TYPES])
    axes.set_xlabel("measured")
    axes.set_ylabel("true")
    axes.set_title("strike type")


def _count(pairs: Sequence[Pair], true: StrikeType, said: StrikeType) -> int:
    return sum(p.true.strike_type is true and p.found.strike.strike_type is said for p in pairs)
