"""Bytes as people write them in a profile: `02 ?? 'text' {name}`.

A token is two hex digits, `??` (any byte, only where bytes are compared), text in single
quotes (ASCII), or `{name}`, replaced by the bytes a rate gives under that name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<byte>[0-9A-Fa-f]{2})|(?P<any>\?\?)|'(?P<text>[\x20-\x7e]*?)'|\{(?P<name>\w+)\})\s*"
)


class NotationError(ValueError):
    """Text that is not in the byte notation."""


@dataclass(frozen=True, slots=True)
class BytePattern:
    """Bytes to compare with, of which some may be anything."""

    value: bytes
    mask: bytes
    """One byte for each of `value`: 0xFF where it must be equal, 0 where anything goes."""

    def begins(self, data: bytes, at: int = 0) -> bool:
        """Whether `data` has these bytes at offset `at`."""
        end = at + len(self.value)
        if end > len(data):
            return False
        expected = zip(data[at:end], self.value, self.mask, strict=True)
        return all((byte ^ value) & mask == 0 for byte, value, mask in expected)

    def occurs_in(self, data: bytes) -> bool:
        """Whether `data` has these bytes anywhere."""
        return any(self.begins(data, at) for at in range(len(data) - len(self.value) + 1))


_ANY_BYTE = BytePattern(b"\x00", b"\x00")


def read_pattern(text: str, named: Mapping[str, bytes]) -> BytePattern:
    """Read bytes to compare with.

    Raises:
        NotationError: `text` is not in the notation, or uses a name that `named` has not.
    """
    parts: list[BytePattern] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise NotationError(
                f"cannot read {text[position:]!r}; write bytes as two hex digits each, ?? for any "
                "byte, ASCII text as 'text', or {name} for bytes given by the rate"
            )
        parts.append(_read_token(token, named))
        position = token.end()
    return BytePattern(b"".join(p.value for p in parts), b"".join(p.mask for p in parts))


def _read_token(token: "re.Match[str]", named: Mapping[str, bytes]) -> BytePattern:
    if token["any"] is not None:
        return _ANY_BYTE
    if token["byte"] is not None:
        value = bytes.fromhex(token["byte"])
    elif token["text"] is not None:
        value = token["text"].encode("ascii")
    elif token["name"] in named:
        value = named[token["name"]]
    else:
        known = ", ".join(sorted(named)) or "none"
        raise NotationError(f"no bytes named {token['name']!r} in [[rates]] (there: {known})")
    return BytePattern(value, b"\xff" * len(value))


def read_bytes(text: str, named: Mapping[str, bytes]) -> bytes:
    """Read bytes to send.

    Raises:
        NotationError: as for `read_pattern`, or `text` contains `??`.
    """
    pattern = read_pattern(text, named)
    if any(mask == 0 for mask in pattern.mask):
        raise NotationError("?? is only for bytes that are compared; here every byte is needed")
    return pattern.value
