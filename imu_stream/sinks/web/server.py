"""Serves the live page: opens the port, says how things stand, says goodbye."""

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiohttp import web

from imu_stream.errors import ServingError
from imu_stream.sinks.web.connections import SILENT_S, Doorway, RefusalLog
from imu_stream.sinks.web.place import Place
from imu_stream.sinks.web.site import Site

STATUS_EVERY_S = 0.2
"""So that a sensor's silence of 0.5 s is seen in time."""
PARTING_S = 1.0


class LiveServer:
    """Serves one site at one place; an async context manager."""

    def __init__(self, site: Site, place: Place) -> None:
        self._site = site
        self._place = place
        self.port = place.port
        """The real one, once it is served."""

    async def __aenter__(self) -> Self:
        """Begins to serve.

        Raises:
            ServingError: the port cannot be used.
        """
        self._runner = web.AppRunner(
            self._site.application(),
            access_log=None,
            logger=self._logger(),
            keepalive_timeout=SILENT_S,
            lingering_time=0.0,
            shutdown_timeout=PARTING_S,
        )
        await self._runner.setup()
        try:
            self._listener = await self._listen()
        except OSError as error:
            await self._runner.cleanup()
            where = f"{self._place.host}, port {self._place.port}"
            why = error.strerror or error
            raise ServingError(f"live page: {where}: {why}; choose another --port") from None
        self.port = self._listener.sockets[0].getsockname()[1]
        self._beat = asyncio.create_task(self._tell_status())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._beat.cancel()
        with suppress(asyncio.CancelledError):
            await self._beat
        self._listener.close()
        await self._site.say_goodbye(PARTING_S)
        await self._runner.cleanup()

    async def _listen(self) -> asyncio.Server:
        assert self._runner.server is not None  # it is, once set up
        place = self._place
        doorway = Doorway(self._runner.server, self._site.silent, self._site.refusals.add)
        handshake_s = None if place.tls is None else SILENT_S
        return await asyncio.get_running_loop().create_server(
            doorway, place.host, place.port, ssl=place.tls, ssl_handshake_timeout=handshake_s
        )

    def _logger(self) -> logging.Logger:
        logger = logging.Logger("imu_stream.sinks.web")
        logger.addHandler(RefusalLog(self._site.refusals.add))
        return logger

    async def _tell_status(self) -> None:
        while True:
            await asyncio.sleep(STATUS_EVERY_S)
            self._site.page.tell_status()
