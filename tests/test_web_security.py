"""Who is not let in: strangers, foreign pages, oversized and countless requests."""

import asyncio
import socket
import ssl
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError
from live_pages import LOOPBACK, WAIT_S, Served, served, until

from imu_stream.datatypes import (
    Cue,
    CueDelivery,
    CueKind,
    LeanState,
    Mark,
    MarkKind,
    Outcome,
    TargetChange,
)
from imu_stream.errors import ServingError
from imu_stream.sinks.web.access import Gate, Role, Tokens
from imu_stream.sinks.web.certificate import FILE, tls_context
from imu_stream.sinks.web.connections import MOST_CONNECTIONS
from imu_stream.sinks.web.mailbox import LIMIT, Letter, Mailbox
from imu_stream.sinks.web.place import Place
from imu_stream.sinks.web.refusals import Refusals
from imu_stream.sinks.web.requests import LONGEST_MESSAGE
from imu_stream.sinks.web.server import LiveServer
from imu_stream.sinks.web.site import MOST_PAGES
from imu_stream.sinks.web.static_files import load_files

UPGRADE = (
    "GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: imu-stream.live.1, {token}\r\n\r\n"
)
"""What a browser sends to open the WebSocket."""


@pytest.fixture
async def shown() -> AsyncIterator[Served]:
    async with served() as result:
        yield result


def lean(number: int) -> LeanState:
    start_s = 0.7 * number
    return LeanState(start_s, start_s + 0.7, 8.0, 0.0, 170.0, 0.08, True, 0.9, start_s + 0.8)


async def is_well(shown: Served) -> bool:
    """A page with its token is served as ever."""
    async with shown.opened(shown.tokens.watch) as socket:
        await until(socket, "hello")
        shown.page.write(lean(1))
        return (await until(socket, "lean"))["smoothed_deg"] == 8.0


async def refused_with(shown: Served, headers: dict[str, str]) -> int:
    """The status with which a WebSocket is refused."""
    async with ClientSession() as session:
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{shown.origin}/live", headers=headers)
    return refused.value.status


async def raw(shown: Served, request: bytes) -> bytes:
    """What the server answers to bytes, to their end."""
    async with asyncio.timeout(WAIT_S):
        reader, writer = await asyncio.open_connection(LOOPBACK, shown.port)
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


@pytest.mark.parametrize(
    "token", ["", "wrong", "x" * 32, "\udcff", "a b"], ids=["none", "short", "long", "byte", "two"]
)
async def test_without_its_token_nothing_of_a_session_is_read(shown: Served, token: str) -> None:
    request = UPGRADE.format(host=f"{LOOPBACK}:{shown.port}", token=token)
    answer = await raw(shown, request.encode(errors="surrogateescape"))
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert answer.endswith(b"\r\n\r\nrefused: 401\n")
    assert "refused" in shown.told[0]
    assert await is_well(shown)


async def test_a_page_without_subprotocol_is_refused(shown: Served) -> None:
    assert await refused_with(shown, {"Origin": shown.origin}) == 401
    assert shown.site.refusals.count == 1


async def test_the_files_of_the_page_hold_nothing_of_a_session(shown: Served) -> None:
    shown.page.write(lean(1))
    async with ClientSession() as session:
        for path in load_files():
            async with session.get(f"{shown.origin}{path}") as answer:
                assert answer.status == 200
                text = await answer.text()
        async with session.get(f"{shown.origin}/access") as answer:
            assert answer.status == 401
    for token in (shown.tokens.watch, shown.tokens.control):
        assert token not in text


async def test_a_token_is_known_by_its_role(shown: Served) -> None:
    async with ClientSession() as session:
        for token in (shown.tokens.watch, shown.tokens.control):
            headers = {"Authorization": f"Bearer {token}"}
            async with session.get(f"{shown.origin}/access", headers=headers) as answer:
                assert answer.status == 204


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "set_target", "target_deg": 5},
        {"kind": "mark", "mark": "pause"},
        {"kind": "mark", "mark": "note", "text": "mine"},
        {"kind": "stop"},
    ],
    ids=["target", "pause", "note", "stop"],
)
async def test_who_may_watch_may_not_control(shown: Served, wish: dict[str, object]) -> None:
    async with shown.opened(shown.tokens.watch) as socket:
        assert (await until(socket, "hello"))["may_control"] is False
        await socket.send_json(wish)
        assert "control" in str((await until(socket, "denied"))["reason"])
    assert not shown.events
    assert not shown.stopped
    assert "without the right" in shown.told[0]


async def test_the_coach_changes_the_session(shown: Served) -> None:
    async with shown.opened(shown.tokens.control) as socket:
        assert (await until(socket, "hello"))["may_control"] is True
        await socket.send_json({"kind": "set_target", "target_deg": 9.5})
        assert (await until(socket, "moment"))["what"] == "target"
        await socket.send_json({"kind": "mark", "mark": "note", "text": "new shoes"})
        assert (await until(socket, "moment"))["text"] == "new shoes"
        await socket.send_json({"kind": "mark", "mark": "pause"})
        await until(socket, "moment")
        assert (await until(socket, "status"))["paused"] is True
        await socket.send_json({"kind": "stop"})
        await socket.send_json({"kind": "ping", "at_ms": 1.0})
        await until(socket, "pong")
    target, note, pause = shown.events
    assert isinstance(target, TargetChange)
    assert target.target_deg == 9.5
    assert isinstance(note, Mark)
    assert (note.kind, note.text) == (MarkKind.NOTE, "new shoes")
    assert isinstance(pause, Mark)
    assert shown.stopped == 1
    assert not shown.told


async def test_a_replay_cannot_be_changed() -> None:
    async with served(can_control=False) as shown, shown.opened(shown.tokens.control) as socket:
        assert (await until(socket, "hello"))["may_control"] is False
        await socket.send_json({"kind": "stop"})
        assert "replay" in str((await until(socket, "denied"))["reason"])


async def test_a_delivery_is_recorded_once_and_only_for_a_cue_that_was_given(
    shown: Served,
) -> None:
    now_s = shown.page.now_s
    cue = Cue(now_s, CueKind.LEAN_MORE, 5.0, 6.5, now_s + 1.0)
    async with shown.opened(shown.tokens.watch) as socket:
        await until(socket, "hello")
        shown.page.write(cue)
        number = (await until(socket, "cue"))["number"]
        for each in (number, number, 99):
            await socket.send_json({"kind": "given", "number": each, "by": "sound"})
        await socket.send_json({"kind": "ping", "at_ms": 1.0})
        await until(socket, "pong")
    (delivery,) = shown.events
    assert isinstance(delivery, CueDelivery)
    assert (delivery.cue_s, delivery.kind) == (cue.t_s, cue.kind)
    assert delivery.outcome is Outcome.EMITTED
    assert delivery.output == "page 1 sound"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "https://127.0.0.1"])
async def test_a_foreign_page_cannot_open_the_socket(shown: Served, origin: str) -> None:
    headers = shown.headers(shown.tokens.control) | {"Origin": origin}
    assert await refused_with(shown, headers) == 403
    assert await is_well(shown)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8730", "", "127.0.0.1.evil", "a@b"])
async def test_a_name_that_was_bound_to_this_computer_is_refused(shown: Served, host: str) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    answer = await raw(shown, request)
    assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))
    assert shown.told
    # not even with the token, and a page of that name
    origin = {"Host": host, "Origin": f"http://{host}"}
    if host:
        assert await refused_with(shown, shown.headers(shown.tokens.control) | origin) == 403


def test_beyond_loopback_addresses_are_own_and_other_names_are_not() -> None:
    near, far = (Gate(Tokens.new(), beyond, "http") for beyond in (False, True))
    assert near.refuses_host({"Host": "localhost:80"}) is None
    assert near.refuses_host({"Host": "[::1]:80"}) is None
    assert near.refuses_host({"Host": "192.0.2.7:80"}) is not None
    assert far.refuses_host({"Host": "192.0.2.7:80"}) is None
    assert far.refuses_host({"Host": "evil.example"}) is not None


def test_tokens_differ_in_what_they_allow() -> None:
    tokens = Tokens.new()
    assert tokens.role_of(tokens.watch) is Role.WATCH
    assert tokens.role_of(tokens.control) is Role.CONTROL
    assert tokens.role_of(tokens.watch[:-1]) is None
    assert tokens != Tokens.new()
    assert len(tokens.watch) >= 32


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/%2e%2e/server.py",
        "/vendor/../../server.py",
        "/..%2fserver.py",
        "//etc/passwd",
        "/etc/passwd",
        "/vendor/",
        "/static/",
        "/index.html%00.js",
        "/style.css/..",
    ],
)
async def test_no_path_leads_to_a_file_that_is_not_the_pages(shown: Served, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode()
    answer = await raw(shown, request)
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))
    assert b"Serves the live page" not in answer
    assert b"root:" not in answer
    assert shown.told


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
async def test_nothing_but_reading_is_answered(shown: Served, method: str) -> None:
    target = "x:1" if method == "CONNECT" else "/"
    request = f"{method} {target} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n"
    answer = await raw(shown, request.encode())
    assert not answer.startswith(b"HTTP/1.1 2")
    assert await is_well(shown)


async def test_a_message_of_ten_megabytes_ends_the_visit(shown: Served) -> None:
    async with shown.opened(shown.tokens.control) as socket:
        await until(socket, "hello")
        with suppress(ConnectionError):  # the server closes while it is still being sent
            await socket.send_str("x" * 10_000_000)
        async with asyncio.timeout(WAIT_S):
            while (await socket.receive()).type is WSMsgType.TEXT:
                pass
    assert any(str(LONGEST_MESSAGE) in text for text in shown.told)
    assert not shown.events
    assert await is_well(shown)


async def test_a_request_with_ten_megabytes_is_refused(shown: Served) -> None:
    head = f"POST / HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Length: 10000000\r\n\r\n"
    answer = await raw(shown, head.encode() + b"x" * 10_000_000)
    assert not answer.startswith(b"HTTP/1.1 2")
    assert await is_well(shown)


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"\x00" * 5000 + b"\r\n\r\n", b"GET\r\n\r\n", b"G" * 70_000],
    ids=["tls", "zeros", "no path", "endless"],
)
async def test_bytes_that_are_no_request_do_no_harm(shown: Served, garbage: bytes) -> None:
    answer = await raw(shown, garbage + b"\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 2")
    assert await is_well(shown)


async def test_too_many_messages_end_the_visit(shown: Served) -> None:
    async with shown.opened(shown.tokens.watch) as socket:
        await until(socket, "hello")
        for _ in range(60):
            await socket.send_json({"kind": "ping", "at_ms": 1.0})
        async with asyncio.timeout(WAIT_S):
            while (message := await socket.receive()).type is WSMsgType.TEXT:
                assert message.json()["kind"] in ("pong", "status")
    assert any("too many messages" in text for text in shown.told)
    assert await is_well(shown)


async def test_broken_messages_are_denied_and_counted(shown: Served) -> None:
    async with shown.opened(shown.tokens.control) as socket:
        await until(socket, "hello")
        await socket.send_str("{")
        assert (await until(socket, "denied"))["reason"] == "not JSON"
        await socket.send_bytes(b"\x00\xff")
        async with asyncio.timeout(WAIT_S):
            while (await socket.receive()).type is WSMsgType.TEXT:
                pass
    assert shown.site.refusals.count == 2
    assert await is_well(shown)


async def test_a_page_that_reads_nothing_delays_nobody_and_is_let_go(
    shown: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imu_stream.sinks.web.visit.SENDING_S", 0.3)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    await asyncio.get_running_loop().sock_connect(deaf, (LOOPBACK, shown.port))
    request = UPGRADE.format(host=f"{LOOPBACK}:{shown.port}", token=shown.tokens.watch)
    await asyncio.get_running_loop().sock_sendall(deaf, request.encode())
    assert await asyncio.get_running_loop().sock_recv(deaf, 12) == b"HTTP/1.1 101"
    (visit,) = shown.site.visits
    async with shown.opened(shown.tokens.watch) as page:
        await until(page, "status")
        number = longest = 0
        async with asyncio.timeout(WAIT_S):
            while visit in shown.site.visits:
                number += 1
                shown.page.write(lean(number))
                assert (await until(page, "lean"))["t_s"] == round(0.7 * number + 0.7, 3)
                longest = max(longest, len(visit.mailbox))
    assert longest == LIMIT
    assert any("took in nothing" in text for text in shown.told)
    deaf.close()


async def test_a_thousand_connections_harm_no_page_that_is_open(shown: Served) -> None:
    async with shown.opened(shown.tokens.watch) as socket:
        await until(socket, "hello")
        writers = []
        for _ in range(1000):
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, shown.port)
            except ConnectionError:
                continue
            writers.append(writer)
        shown.page.write(lean(3))
        assert (await until(socket, "lean"))["t_s"] == 2.8
        assert len(shown.site.silent) < MOST_CONNECTIONS
        assert shown.site.refusals.count >= 1000 - MOST_CONNECTIONS
        assert len(shown.told) < 10
        for writer in writers:
            writer.transport.abort()
    async with asyncio.timeout(WAIT_S):  # the server learns of it one by one
        while not await is_let_in(shown):
            pass
    assert await is_well(shown)


async def is_let_in(shown: Served) -> bool:
    """Whether there is room for one more connection."""
    return bool(await raw(shown, b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"))


async def test_a_connection_without_a_request_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imu_stream.sinks.web.connections.SILENT_S", 0.05)
    async with served() as shown:
        assert await raw(shown, b"GET / HT") == b""
        assert not shown.site.silent


async def test_a_page_too_many_is_refused_and_the_others_go_on(shown: Served) -> None:
    async with ClientSession() as session:
        url, headers = f"{shown.origin}/live", shown.headers(shown.tokens.watch)
        sockets = [await session.ws_connect(url, headers=headers) for _ in range(MOST_PAGES)]
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(url, headers=headers)
        assert refused.value.status == 503
        shown.page.write(lean(2))
        for socket in sockets:
            assert (await until(socket, "lean"))["t_s"] == 2.1
            await socket.close()


async def test_every_answer_has_the_headers_that_keep_a_page_alone(shown: Served) -> None:
    async with ClientSession() as session:
        for path in ("/", "/main.js", "/nothing", "/access"):
            async with session.get(f"{shown.origin}{path}") as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert "Set-Cookie" not in answer.headers


async def test_a_port_in_use_is_one_clear_sentence(shown: Served) -> None:
    with pytest.raises(ServingError, match="choose another --port"):
        async with LiveServer(shown.site, Place(LOOPBACK, shown.port)):
            pass


def test_refusals_are_told_in_few_lines() -> None:
    told: list[str] = []
    now_s = [0.0]
    refusals = Refusals(told.append, lambda: now_s[0])
    for _ in range(1000):
        refusals.add("192.0.2.1", "it has no token")
    now_s[0] = 6.0
    refusals.add("192.0.2.1", "it has no token")
    assert len(told) == 2
    assert "999 more" in told[1]
    assert refusals.count == 1001


async def test_a_mailbox_drops_the_oldest_and_says_so() -> None:
    mailbox = Mailbox(limit=3)
    for number in range(5):
        mailbox.put(Letter(str(number)))
        mailbox.put(Letter(f"status {number}", replaces="status"))
    assert len(mailbox) == 3
    assert mailbox.count_missed() == 3
    mailbox.close()
    texts = []
    while (letter := await mailbox.take()) is not None:
        texts.append(letter.text)
    assert texts == ["3", "4", "status 4"]


async def test_a_cue_is_not_given_to_a_page_that_comes_later(shown: Served) -> None:
    now_s = shown.page.now_s
    shown.page.write(Cue(now_s, CueKind.LEAN_MORE, 5.0, 6.5, now_s + 60.0))
    async with shown.opened(shown.tokens.watch) as socket:
        kinds = [(await socket.receive_json())["kind"] for _ in range(2)]
        await socket.send_json({"kind": "history"})
        history = await until(socket, "history")
    assert kinds == ["hello", "status"]
    assert [moment["what"] for moment in history["moments"]] == ["cue"]  # type: ignore[attr-defined]


async def test_a_cue_that_has_expired_in_the_mailbox_is_not_sent() -> None:
    now_s = [0.0]
    async with (
        served(clock=lambda: now_s[0]) as shown,
        shown.opened(shown.tokens.watch) as socket,
    ):
        await until(socket, "status")
        shown.page.write(Cue(0.0, CueKind.LEAN_MORE, 5.0, 6.5, 1.0))
        now_s[0] = 1.5  # before the loop has gone round
        assert (await until(socket, "moment"))["what"] == "cue"
        shown.page.write(Cue(1.5, CueKind.LEAN_LESS, 16.0, 15.0, 2.5))
        assert (await until(socket, "cue"))["cue"] == "lean_less"


async def test_the_end_of_the_session_is_told() -> None:
    async with served() as shown:
        opened = shown.opened(shown.tokens.watch)
        socket = await opened.__aenter__()
        await until(socket, "hello")
    await until(socket, "ended")
    assert (await socket.receive()).type is WSMsgType.CLOSE
    await opened.__aexit__(None, None, None)


def test_the_certificate_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    tls_context(tmp_path, ["localhost", "127.0.0.1"])
    path = tmp_path / FILE
    first = path.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tls_context(tmp_path, ["127.0.0.1"])
    assert path.read_bytes() == first
    tls_context(tmp_path, ["127.0.0.1", "192.0.2.7"])
    assert path.read_bytes() != first


def test_a_broken_or_old_certificate_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"-----BEGIN CERTIFICATE-----\nrubbish\n")
    monkeypatch.setattr("imu_stream.sinks.web.certificate.LASTS", timedelta(hours=1))
    tls_context(tmp_path, ["localhost"])
    short = path.read_bytes()
    monkeypatch.undo()
    tls_context(tmp_path, ["localhost"])
    assert path.read_bytes() != short


def test_a_folder_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ServingError, match="--tls"):
        tls_context(tmp_path / "file", ["localhost"])


async def test_https_serves_the_same_page(tmp_path: Path) -> None:
    context = tls_context(tmp_path, ["127.0.0.1"])
    async with (
        served() as shown,
        LiveServer(shown.site, Place(LOOPBACK, 0, context)) as server,
        ClientSession() as session,
    ):
        trust = ssl.create_default_context(cafile=str(tmp_path / FILE))
        url = f"https://{LOOPBACK}:{server.port}/"
        async with session.get(url, ssl=trust) as answer:
            assert "imu_stream" in await answer.text()
