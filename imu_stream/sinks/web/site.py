"""What can be asked of the server: the page's files, one WebSocket, and nothing else."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, web
from aiohttp.web_protocol import RequestHandler

from imu_stream.sinks.web.access import Gate, Role
from imu_stream.sinks.web.answering import Actions, Answering
from imu_stream.sinks.web.headers import security_headers
from imu_stream.sinks.web.live_page import LivePage
from imu_stream.sinks.web.messages import PROTOCOL, Ended
from imu_stream.sinks.web.refusals import Refusals
from imu_stream.sinks.web.requests import LONGEST_MESSAGE
from imu_stream.sinks.web.static_files import load_files
from imu_stream.sinks.web.visit import Visit

MOST_PAGES = 64
HEARTBEAT_S = 8.0
"""A page that does not answer to a ping within half of it is let go."""
CLOSING_S = 1.0
"""So long the server waits for a page to say goodbye too."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """Answers requests.

    Args:
        page: the sink that the session writes to.
        actions: what a page with the right token can do.
        gate: who is let in.
        refusals: told of whatever is refused.
    """

    def __init__(self, page: LivePage, actions: Actions, gate: Gate, refusals: Refusals) -> None:
        self.page = page
        self.refusals = refusals
        self.silent: set[RequestHandler] = set()
        """Connections over which no request has come yet."""
        self._actions = actions
        self._gate = gate
        self._files = load_files()
        self.visits: dict[Visit, asyncio.Task[Any]] = {}
        """The pages that are open, each with what serves it."""
        self._numbers = itertools.count(1)

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._guard], client_max_size=LONGEST_MESSAGE)
        application.on_response_prepare.append(self._add_headers)
        application.router.add_get("/access", self._access)
        application.router.add_get("/live", self._live)
        for path in self._files:
            application.router.add_get(path, self._file)
        return application

    async def say_goodbye(self, seconds: float) -> None:
        """Tell all pages that it is over; wait so long at the most until they have heard it."""
        self.page.tell(Ended())
        await asyncio.sleep(0)  # the message is in the mailboxes once the loop has gone round
        for visit in self.visits:
            visit.mailbox.close()
        if self.visits:
            await asyncio.wait(self.visits.values(), timeout=seconds)

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        self.silent.discard(request.protocol)
        reason = self._gate.refuses_host(request.headers)
        if reason is not None:
            return self._refused(request, 403, reason)
        try:
            return await handler(request)
        except web.HTTPException as error:
            return self._refused(request, error.status, f"{error.status} {error.reason}")

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(security_headers(self._gate, request.headers.get("Host", "")))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._files[request.path]
        return web.Response(body=file.body, content_type=file.content_type, charset="utf-8")

    async def _access(self, request: web.Request) -> web.StreamResponse:
        """Tells a page whose WebSocket was refused whether its token is the reason."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._gate.tokens.role_of(token) is None:
            return self._refused(request, 401, "its token is none of this session")
        return web.Response(status=204)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        reason = self._gate.refuses_origin(request.headers)
        if reason is not None:
            return self._refused(request, 403, reason)
        role = self._gate.role_of(request.headers)
        if role is None:
            return self._refused(request, 401, "it has no token of this session")
        if len(self.visits) >= MOST_PAGES:
            return self._refused(request, 503, f"there are {MOST_PAGES} pages open already")
        return await self._visit(request, role)

    async def _visit(self, request: web.Request, role: Role) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            compress=False,
            heartbeat=HEARTBEAT_S,
            timeout=CLOSING_S,
            max_msg_size=LONGEST_MESSAGE,
            writer_limit=LONGEST_MESSAGE,
        )
        may_control = role is Role.CONTROL
        visit = Visit(
            socket,
            self.page,
            Answering(self.page, self._actions, may_control, f"page {next(self._numbers)}"),
            lambda reason: self.refusals.add(request.remote, reason),
        )
        self.visits[visit] = request.task
        try:
            await socket.prepare(request)
            self.page.join(visit.mailbox, may_control and self._actions.take is not None)
            await visit.last()
        finally:
            self.page.leave(visit.mailbox)
            del self.visits[visit]
        await self._part(request, socket, visit)
        return socket

    async def _part(
        self, request: web.Request, socket: web.WebSocketResponse, visit: Visit
    ) -> None:
        if visit.lost and request.transport is not None:
            self.refusals.add(request.remote, "it took in nothing any more")
            request.transport.abort()
        elif not socket.closed:
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the session has ended")

    def _refused(self, request: web.Request, status: int, reason: str) -> web.Response:
        self.refusals.add(request.remote, reason)
        response = web.Response(status=status, text=f"refused: {status}\n")
        response.force_close()
        return response
