"""How many connections there may be at a time, before anything of a request has been read."""

import asyncio
import logging
from collections.abc import Callable, MutableSet

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

MOST_CONNECTIONS = 200
"""Far below the 1024 open files that most systems allow a program."""
SILENT_S = 10.0
"""A connection that has sent no whole request by then is closed."""


class Turned(asyncio.Protocol):
    """Closes a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class Doorway:
    """Makes the protocol of each new connection.

    Args:
        server: makes those that are let in.
        silent: takes those over which no request has come yet.
        refuse: told of those that are not let in.
    """

    def __init__(
        self,
        server: web.Server,
        silent: MutableSet[RequestHandler],
        refuse: Callable[[str | None, str], None],
    ) -> None:
        self._server = server
        self._silent = silent
        self._refuse = refuse

    def __call__(self) -> asyncio.Protocol:
        if len(self._server.connections) >= MOST_CONNECTIONS:
            self._refuse(None, f"there are {MOST_CONNECTIONS} connections already")
            return Turned()
        handler = self._server()
        self._silent.add(handler)
        asyncio.get_running_loop().call_later(SILENT_S, self._close_if_silent, handler)
        return handler

    def _close_if_silent(self, handler: RequestHandler) -> None:
        if handler not in self._silent:
            return
        self._silent.discard(handler)
        if handler.transport is not None:
            handler.transport.abort()


class RefusalLog(logging.Handler):
    """Takes what the HTTP library would write to a log: bytes that are no request."""

    def __init__(self, refuse: Callable[[str | None, str], None]) -> None:
        super().__init__(logging.WARNING)
        self._refuse = refuse

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            self._refuse(None, "it was no proper request")
        else:
            self._refuse(None, f"it could not be answered ({error or record.getMessage()})")
