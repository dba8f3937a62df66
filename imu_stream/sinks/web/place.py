"""Where the live page is served."""

import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is served."""

    host: str
    port: int
    """0: any that is free."""
    tls: ssl.SSLContext | None = None
