"""Who may see a session and who may change it: tokens, and where a request comes from."""

import ipaddress
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from imu_stream.sinks.web.messages import PROTOCOL

TOKEN_BYTES = 24
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(?::\d{1,5})?")


class Role(StrEnum):
    """What a token is good for."""

    WATCH = "watch"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Tokens:
    """One to watch and one to control, new for each session."""

    watch: str
    control: str

    @classmethod
    def new(cls) -> "Tokens":
        return cls(secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES))

    def role_of(self, token: str) -> Role | None:
        """None for a token that is none; takes as long for each."""
        offered = token.encode(errors="surrogateescape")
        is_watch = secrets.compare_digest(offered, self.watch.encode())
        is_control = secrets.compare_digest(offered, self.control.encode())
        if is_control:
            return Role.CONTROL
        return Role.WATCH if is_watch else None


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides over requests by their headers alone."""

    tokens: Tokens
    beyond_loopback: bool
    scheme: str
    """http or https."""

    def refuses_host(self, headers: Mapping[str, str]) -> str | None:
        """Why a request is refused for the name it was sent to, or None.

        A page elsewhere can let its own name point here (DNS rebinding), but no address.
        """
        host = headers.get("Host", "")
        match = _HOST.fullmatch(host)
        if match is None or not self._is_own(match[1].strip("[]")):
            return f"it was sent to {host[:60]!r}, not to this computer"
        return None

    def refuses_origin(self, headers: Mapping[str, str]) -> str | None:
        """Why a WebSocket is refused for the page that opens it, or None."""
        origin = headers.get("Origin", "")
        if origin != f"{self.scheme}://{headers.get('Host', '')}":
            return f"a page of {origin[:60]!r} asked for it"
        return None

    def role_of(self, headers: Mapping[str, str]) -> Role | None:
        """The role by the token that a WebSocket offers beside the protocol's name."""
        offered = [each.strip() for each in headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if len(offered) != 2 or offered[0] != PROTOCOL:
            return None
        return self.tokens.role_of(offered[1])

    def _is_own(self, host: str) -> bool:
        if host == "localhost":
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return self.beyond_loopback and host.lower() in own_names()
        return self.beyond_loopback or address.is_loopback


def own_names() -> set[str]:
    """By which this computer is known on its network."""
    name = socket.gethostname().lower()
    return {name, f"{name.partition('.')[0]}.local"}
