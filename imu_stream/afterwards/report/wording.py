"""Numbers and foreign texts as the report writes them."""

import math
import unicodedata

NOT_MEASURED = "not measured"
NO_BREAK = "\N{NO-BREAK SPACE}"
_LONGEST = 200
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Control, format, surrogate, private and unassigned characters (Unicode general categories)."""


def number(value: float | None, unit: str = "", decimals: int = 1) -> str:
    """A value with its unit, or that it was not measured."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    text = f"{value:.{decimals}f}"
    text = text.replace("-", "−") if float(text) else text.lstrip("-")
    return text + unit.replace(" ", NO_BREAK)


def percent(share: float) -> str:
    """A share of one; what is not nothing is not called 0 %, what is not all not 100 %."""
    if 0.0 < share < 0.005:
        return f"<{NO_BREAK}1{NO_BREAK}%"
    if 0.995 <= share < 1.0:
        return f">{NO_BREAK}99{NO_BREAK}%"
    return f"{100.0 * share:.0f}{NO_BREAK}%"


def whole(count: int) -> str:
    """A number of things, with thin spaces between thousands."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def duration(seconds: float) -> str:
    """Minutes and seconds, with hours when there are any."""
    minutes, rest_s = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest_s:02d}" if hours else f"{minutes}:{rest_s:02d}"


def counted(count: int, one: str, many: str = "") -> str:
    """A number of things: "1 cue", "2 cues"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def foreign(text: str) -> str:
    """A text of a device or a user: one short line without characters that hide or turn others."""
    shown = "".join("\N{REPLACEMENT CHARACTER}" if _is_hidden(each) else each for each in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN
