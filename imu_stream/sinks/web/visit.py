"""One open page from its first message to its last."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from imu_stream.sinks.web.answering import Answering
from imu_stream.sinks.web.live_page import LivePage
from imu_stream.sinks.web.mailbox import Mailbox
from imu_stream.sinks.web.messages import Denied, Missed
from imu_stream.sinks.web.requests import LONGEST_MESSAGE, Control, Malformed, parse

SENDING_S = 5.0
"""A page that takes in nothing for so long is let go; it comes back by itself."""
MESSAGES_PER_S = 10.0
BURST = 40


@dataclass(slots=True)
class Allowance:
    """How much a page may say: a bucket that fills steadily."""

    filled_s: float
    left: float = BURST

    def spend(self, now_s: float) -> bool:
        """Whether one more message is within the limits."""
        self.left = min(BURST, self.left + MESSAGES_PER_S * (now_s - self.filled_s))
        self.filled_s = now_s
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True


class Visit:
    """Sends what is in the mailbox, answers what the page asks."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        page: LivePage,
        answering: Answering,
        refuse: Callable[[str], None],
    ) -> None:
        self._socket = socket
        self._page = page
        self._answering = answering
        self._refuse = refuse
        self.mailbox = Mailbox()
        self.lost = False
        """The page took nothing in; its connection is to be cut."""

    async def last(self) -> None:
        """Until the page leaves, is let go, or the mailbox is closed and empty."""
        sending = asyncio.create_task(self._send())
        hearing = asyncio.create_task(self._hear())
        try:
            await asyncio.wait((sending, hearing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            hearing.cancel()
            await asyncio.gather(sending, hearing, return_exceptions=True)

    async def _send(self) -> None:
        while (letter := await self.mailbox.take()) is not None:
            texts = [letter.text] if letter.until_s >= self._page.now_s else []
            if missed := self.mailbox.count_missed():
                texts.insert(0, self._page.letter(Missed(missed)).text)
            for text in texts:
                if not await self._sent(text):
                    return

    async def _sent(self, text: str) -> bool:
        try:
            async with asyncio.timeout(SENDING_S):
                await self._socket.send_str(text)
        except TimeoutError:
            self.lost = True
            return False
        except ConnectionError:
            return False
        return True

    async def _hear(self) -> None:
        allowance = Allowance(asyncio.get_running_loop().time())
        async for message in self._socket:
            if message.type is WSMsgType.ERROR:  # the library has closed it by itself
                self._refuse(_why_closed(message.data))
                break
            if message.type is not WSMsgType.TEXT:
                await self._let_go("it sent what is no text")
                break
            if not allowance.spend(asyncio.get_running_loop().time()):
                await self._let_go("it sent too many messages")
                break
            self._take(message.data)

    def _take(self, text: str) -> None:
        request = parse(text)
        if isinstance(request, Malformed):
            self._refuse(f"a message was {request.reason}")
            self.mailbox.put(self._page.letter(Denied(request.reason)))
            return
        letter = self._answering.answer(request)
        if letter is not None:
            self.mailbox.put(letter)
        if letter is not None and isinstance(request, Control):
            self._refuse("it asked to control without the right to")

    async def _let_go(self, reason: str) -> None:
        self._refuse(reason)
        await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=reason.encode())


def _why_closed(error: object) -> str:
    if isinstance(error, WebSocketError):
        return f"a message was longer than {LONGEST_MESSAGE} bytes, or broken"
    return "it did not answer to a ping any more"
