"""The HTTP transport against a server that does as the test wants."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.server import serve

from janus_notebook import (
    JanusConnectionError,
    JanusError,
    JanusOptionError,
    JanusProtocolError,
    JanusServerError,
    JanusSession,
    JanusTimeoutError,
)
from janus_notebook.client.transports import NOT_SENT, http, http_client, make_transport
from janus_notebook.client.transports.http import HttpTransport
from janus_notebook.client.transports.http_client import HttpClient
from tests.client.http_server import HttpServer, Message, Request, http_server
from tests.client.scripted import run, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def transport(url: str, **options: Any) -> HttpTransport:
    made = make_transport(url, options)
    assert isinstance(made, HttpTransport)
    return made


@asynccontextmanager
async def opened(server: HttpServer, **options: Any) -> AsyncIterator[HttpTransport]:
    """An open transport to `server`."""
    made = transport(server.url, **options)
    try:
        await made.open()
        server.received.clear()
        yield made
    finally:
        await made.close()


async def send(made: HttpTransport, verb: str, **fields: Any) -> None:
    await made.send(json.dumps({"janus": verb, "transaction": verb, **fields}).encode())


async def receive(made: HttpTransport) -> Message:
    async with asyncio.timeout(5):
        message: Message = json.loads(await made.receive())
    return message


async def create(made: HttpTransport, **secrets: str) -> int:
    await send(made, "create", **secrets)
    session_id: int = (await receive(made))["data"]["id"]
    return session_id


def never(request: Request) -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


# -- opening ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (404, r"answered HTTP 404, not as Janus does\. Check the port and the path"),
        ((301, b""), r"answered HTTP 301.*wants another URL"),
        (401, r"answered HTTP 401.*A proxy in front of Janus refuses us"),
        (403, r"answered HTTP 403.*this Janus's WebSocket port, for ws:// .*refuses us"),
        ((502, b"<html>"), r"answered HTTP 502.*The proxy in front of Janus can't reach it"),
        (500, r"answered HTTP 500.*8088 by default"),
        ((200, b"<html>hello"), r"is an HTTP server, but not Janus's: '<html>hello'"),
        ({"janus": "success"}, r"is an HTTP server, but not Janus's"),
        ([1], r"is an HTTP server, but not Janus's"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", r"is not a Janus HTTP server"),
        (None, r"is not a Janus HTTP server"),
    ],
    ids=str,
)
def test_something_else_at_the_url(answer: Any, text: str) -> None:
    async def main() -> None:
        async with http_server() as server:
            server.on["info"] = lambda request: answer
            made = transport(server.url)
            with pytest.raises(JanusConnectionError, match=text):
                await made.open()
            await made.close()
            await made.close()

    run(main())


def test_the_port_of_another_websocket_server() -> None:
    async def main() -> None:
        async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0) as server:
            made = transport(f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/janus")
            with pytest.raises(JanusConnectionError, match=r"HTTP 426.*is a WebSocket port: write ws://"):
                await made.open()
            await made.close()

    run(main())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_refused_port(host: str) -> None:
    async def main() -> None:
        made = transport(f"http://{host}:{free_port()}/janus")
        with pytest.raises(JanusConnectionError, match=r"was refused\. Is Janus running there") as caught:
            await made.open()
        assert caught.value.__cause__ is not None
        await made.close()

    run(main())


def test_a_host_that_does_not_exist() -> None:
    async def main() -> None:
        made = transport("http://nowhere.invalid/janus")
        with pytest.raises(
            JanusConnectionError, match=r"the host of http://nowhere\.invalid/janus can't be found"
        ):
            await made.open()
        await made.close()

    run(main())


def test_an_address_that_the_system_refuses() -> None:
    async def main() -> None:
        made = transport("http://255.255.255.255/janus", proxy=None)  # no packet leaves for it
        with pytest.raises(JanusConnectionError, match=r"can't connect to http://255\.255\.255\.255/janus: "):
            await made.open()
        await made.close()

    run(main())


def test_a_host_with_several_addresses_that_all_refuse() -> None:
    """The library gives one error then, and theirs in a group behind it."""
    client = HttpClient(
        httpx.URL("http://host/janus"), context=None, headers={}, open_timeout=1, max_size=None, proxy=None
    )
    exc = httpx.ConnectError("All connection attempts failed")
    exc.__cause__ = ExceptionGroup("each", [OSError("no route"), ConnectionRefusedError()])
    assert "was refused" in str(client._error(exc, 1.0))


def test_a_server_that_never_answers() -> None:
    async def main() -> None:
        async with http_server() as server:
            server.on["info"] = never
            made = transport(server.url, open_timeout=0.1)
            with pytest.raises(JanusConnectionError, match=r"did not answer within 0\.1 s"):
                await made.open()
            await made.close()

    run(main())


def test_an_address_that_never_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full queue of connections drops further ones, as a firewall does."""

    async def main() -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = full.getsockname()
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            made = transport(f"http://127.0.0.1:{address[1]}/janus", open_timeout=0.2)
            with pytest.raises(JanusConnectionError, match=r"did not answer within 0\.2 s"):
                await made.open()
            await made.close()
            for filler in fillers:
                filler.close()

    run(main())


def test_the_url_as_it_is_sent() -> None:
    """Path and query stay; a login becomes a header, and is never shown."""

    async def main() -> None:
        async with http_server() as server:
            url = server.url.replace("http://", "http://user:s3cret@") + "/deep/?key=k1"
            server.on["create"] = lambda request: None
            made = transport(url, headers={"X-Mine": "yes"})
            await made.open()
            with pytest.raises(JanusProtocolError) as caught:
                await send(made, "create")
            await made.close()
            first, second = server.received[:2]
            assert (first.method, first.target) == ("GET", "/janus/deep/info?key=k1")
            assert (second.method, second.target) == ("POST", "/janus/deep?key=k1")
            for request in (first, second):
                assert request.headers["authorization"] == "Basic dXNlcjpzM2NyZXQ="
                assert request.headers["x-mine"] == "yes"
            assert second.headers["content-type"] == "application/json"
            assert "s3cret" not in f"{caught.value!r}{caught.value.__cause__!r}"

    run(main())


# -- requests ---------------------------------------------------------------------------------------


def held(server: HttpServer) -> asyncio.Event:
    """Keep the answers to messages back until this is set."""
    free = asyncio.Event()

    async def when_free(request: Request) -> Message:
        await free.wait()
        return server.reply(request, n=request.message["n"])

    server.on["message"] = when_free
    return free


@asynccontextmanager
async def crowd(server: HttpServer, made: HttpTransport, waiting: int) -> AsyncIterator[list[Any]]:
    """Requests that the server holds, as many as may be under way, and `waiting` more behind them."""
    sends = [asyncio.ensure_future(send(made, "message", n=n)) for n in range(http.AT_ONCE + waiting)]
    await until(lambda: len(server.received) == http.AT_ONCE)
    try:
        yield sends
    finally:
        await asyncio.wait(sends, timeout=5)


def test_requests_go_in_parallel_up_to_a_bound() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            free = held(server)
            async with crowd(server, made, waiting=34):
                # One more exchange takes longer than it takes to write one that need not wait.
                await send(made, "keepalive")
                assert (await receive(made))["janus"] == "ack"
                assert len(server.received) == http.AT_ONCE + 1
                free.set()
            assert sorted([(await receive(made))["n"] for _ in range(50)]) == list(range(50))
            # None but those that were there, and the poll's of no session.
            assert server.open_connections <= http.AT_ONCE + 1

    run(main())


@pytest.mark.parametrize("verb", ["keepalive", "detach", "destroy"])
def test_what_keeps_or_ends_a_session_does_not_wait_behind_others(verb: str) -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            free = held(server)
            async with crowd(server, made, waiting=1):
                await asyncio.gather(*(send(made, verb) for _ in range(http.UPKEEP_AT_ONCE + 1)))
                assert (await receive(made))["transaction"] == verb
                free.set()

    run(main())


def test_a_request_whose_caller_gives_up_before_its_turn_is_never_sent() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            free = held(server)
            async with crowd(server, made, waiting=3) as sends:
                first, second = sends[0], sends[http.AT_ONCE + 1]
                for given_up in (first, second):
                    given_up.cancel()
                await asyncio.wait([first, second])
                with pytest.raises(asyncio.CancelledError) as unsent:
                    await second
                assert unsent.value.args == (NOT_SENT,)
                with pytest.raises(asyncio.CancelledError) as sent:
                    await first
                assert sent.value.args == ()
                free.set()
            numbers = {request.message["n"] for request in server.received}
            assert numbers == set(range(http.AT_ONCE + 3)) - {http.AT_ONCE + 1}

    run(main())


def test_close_ends_those_that_wait_for_their_turn() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            held(server)
            async with crowd(server, made, waiting=100) as sends:
                await made.close()
                for one in sends:
                    with pytest.raises(JanusConnectionError, match="was closed on our side"):
                        await one
            assert len(server.received) == http.AT_ONCE

    run(main())


def test_connections_that_are_not_needed_any_more_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is kept for the next request; a crowd's are closed as soon as something else is sent."""
    monkeypatch.setattr(http_client, "IDLE_SECONDS", 0.05)

    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            free = held(server)
            # Those are idle first that are answered first, so how many are left at once tells nothing.
            async with crowd(server, made, waiting=0):
                assert server.open_connections == http.AT_ONCE
                free.set()

            async def one_more() -> None:
                while server.open_connections > 1:
                    await send(made, "keepalive")

            await asyncio.wait_for(one_more(), 5)

    run(main())


def test_an_exchange_that_ends_after_its_client_was_closed() -> None:
    async def main() -> None:
        async with http_server() as server:
            free = asyncio.Event()

            async def when_free(request: Request) -> Message:
                await free.wait()
                return {"janus": "server_info"}

            server.on["info"] = when_free
            url = httpx.URL(server.url + "/info")
            client = HttpClient(url, context=None, headers={}, open_timeout=1, max_size=None, proxy=None)
            exchange = asyncio.ensure_future(client.exchange("GET", url, timeout=5))
            await until(lambda: len(server.received) == 1)
            await client.close()
            free.set()
            assert (await exchange)[0] == 200
            await until(lambda: server.open_connections == 0)

    run(main())


def test_while_old_connections_are_closed_all_may_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "IDLE_SECONDS", -1.0)  # each is too old at once, the last one too

    async def main() -> None:
        async with http_server() as server:
            url = httpx.URL(server.url + "/info")
            client = HttpClient(url, context=None, headers={}, open_timeout=1, max_size=None, proxy=None)
            for _ in range(2):
                assert (await client.exchange("GET", url, timeout=5))[0] == 200
            await until(lambda: server.open_connections == 0)
            await client.close()

    run(main())


def test_a_reply_to_a_caller_that_gave_up_is_received() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            asked = asyncio.Event()

            async def late(request: Request) -> Message:
                await asked.wait()
                return server.reply(request, data={"id": 7})

            server.on["create"] = late
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await send(made, "create")
            asked.set()
            assert (await receive(made))["data"] == {"id": 7}
            await until(server.polls)  # and its session is polled, so that it can be destroyed in order
            assert server.polls()[0].path == "/janus/7"

    run(main())


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (None, JanusProtocolError, r"closed the connection without an answer\. Janus does so when it took"),
        (
            (200, b""),
            JanusProtocolError,
            r"answered HTTP 200 to 'message', and no Janus message but an empty body",
        ),
        ((404, b""), JanusProtocolError, r"answered HTTP 404 to 'message'.*base_path"),
        ((413, b"<html>"), JanusProtocolError, r"'<html>'\. A proxy in front of Janus limits the size"),
        ((504, b"<html>"), JanusProtocolError, r"is Janus running\?"),
        ((200, b"[]"), JanusProtocolError, r"no Janus message but '\[\]'"),
        ((200, b"x" * 2000), JanusProtocolError, r"sent an answer of more than max_size=1000 bytes"),
        (
            {"janus": "error", "error": {"code": 454, "reason": "JSON error"}},
            JanusServerError,
            r"JSON error \(454 INVALID_JSON\)",
        ),
        ({"janus": "error"}, JanusServerError, r"no reason given \(0 UNKNOWN_CODE\)"),
    ],
    ids=["hung-up", "empty", "404", "413", "504", "array", "large", "454", "bare-error"],
)
def test_a_request_that_fails_alone(answer: Any, kind: type[JanusError], text: str) -> None:
    async def main() -> None:
        async with http_server() as server, opened(server, max_size=1000) as made:
            server.on["message"] = lambda request: answer
            with pytest.raises(kind, match=text):
                await send(made, "message")
            await send(made, "keepalive")
            assert await receive(made) == {"janus": "ack", "transaction": "keepalive"}

    run(main())


def test_a_request_that_is_never_answered() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server, request_timeout=0.1) as made:
            server.on["message"] = never
            with pytest.raises(JanusTimeoutError, match=r"did not answer within 0\.1 s"):
                await send(made, "message")
            await send(made, "keepalive")
            assert (await receive(made))["janus"] == "ack"

    run(main())


def test_a_request_without_answer_while_the_server_is_busy() -> None:
    """That it can't be asked for more says nothing new: the first error stands."""

    async def main() -> None:
        async with http_server() as server, opened(server, open_timeout=0.5) as made:
            server.on |= {"message": lambda request: None, "info": never}
            with pytest.raises(JanusProtocolError, match="without an answer"):
                await send(made, "message")

    run(main())


def test_the_server_goes() -> None:
    """Whatever is on its way fails, and so does the reader. What can't be sent any more is refused."""

    async def main() -> None:
        async with http_server() as server:
            made = transport(server.url)
            await made.open()
            server.on["message"] = never
            session_id = await create(made)
            pending = asyncio.ensure_future(send(made, "message", session_id=session_id))
            await until(lambda: len(server.received) == 4)
        under_way = r"the connection to http:.* was lost while a request was under way\. Is Janus running"
        with pytest.raises(JanusConnectionError, match=under_way) as caught:
            await pending
        assert "was refused" in str(caught.value.__cause__)
        for _ in range(2):
            with pytest.raises(JanusConnectionError, match=under_way):
                await made.receive()
        with pytest.raises(JanusConnectionError, match=r"connection to .* was refused"):
            await send(made, "keepalive")
        await made.close()

    run(main())


def test_the_server_goes_while_nothing_but_a_poll_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "POLL_PAUSES", (0.01,))

    async def main() -> None:
        async with http_server() as server:
            made = transport(server.url)
            await made.open()
            await create(made)
            await until(server.polls)
        with pytest.raises(JanusConnectionError, match=r"connection to http:.* was lost\. Is Janus running"):
            await made.receive()
        await made.close()

    run(main())


def test_close_ends_everything_at_once() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            server.on["message"] = never
            await create(made)
            await until(server.polls)
            pending = asyncio.ensure_future(send(made, "message"))
            reading = asyncio.ensure_future(made.receive())
            await until(lambda: len(server.received) == 3)
            await asyncio.gather(made.close(), made.close())
            for call in (pending, reading, send(made, "keepalive"), made.receive()):
                with pytest.raises(JanusConnectionError, match="was closed on our side"):
                    await call
            await until(lambda: server.open_connections == 0)

    run(main())


def test_a_bug_of_ours_reaches_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            monkeypatch.setattr(made, "_take", lambda *_: 1 / 0)
            await create(made)
            await server.events.put({"janus": "event"})
            with pytest.raises(ZeroDivisionError):
                await made.receive()

    run(main())


# -- events -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["create", "claim"])
def test_a_session_is_polled_from_its_start(verb: str) -> None:
    async def main() -> None:
        async with http_server() as server, opened(server, maxev=3) as made:
            secrets = {"apisecret": "a=b+c/d e", "token": "t&u"}
            if verb == "create":
                session_id = await create(made, **secrets)
            else:
                session_id = 77
                await send(made, "claim", session_id=77, **secrets)
                await receive(made)
            for n in range(3):
                server.events.put_nowait({"janus": "event", "n": n, "session_id": session_id})
            assert [(await receive(made))["n"] for n in range(3)] == [0, 1, 2]
            await until(lambda: len(server.polls()) == 2)
            for poll in server.polls():
                assert (poll.method, poll.path) == ("GET", f"/janus/{session_id}")
                assert poll.query == {"maxev": "3", **secrets}

    run(main())


def test_each_session_has_one_poll_of_its_own() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            ids = [await create(made) for _ in range(3)]
            await send(made, "claim", session_id=ids[0])  # it is polled already
            await until(lambda: len(server.polls()) == 3)
            assert sorted(poll.path for poll in server.polls()) == [f"/janus/{number}" for number in ids]

    run(main())


def test_a_single_event_may_come_without_its_array() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server, maxev=1) as made:
            answers = iter([{"janus": "event", "n": 1}])
            server.on["poll"] = lambda request: next(answers, None) or never(request)
            await create(made)
            assert (await receive(made))["n"] == 1

    run(main())


def test_an_idle_poll_is_no_event_and_an_early_one_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second poll of one session is answered at once, all the time: that must not spin."""
    monkeypatch.setattr(http, "EARLY_SECONDS", 0.2)

    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            server.on["poll"] = lambda request: [{"janus": "keepalive"}]
            await create(made)
            loop = asyncio.get_running_loop()
            began = loop.time()
            await until(lambda: len(server.polls()) == 4)
            assert loop.time() - began >= 0.55
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await made.receive()

    run(main())


@pytest.mark.parametrize("answer", ["destroy", "458"])
def test_the_poll_ends_with_its_session(answer: str) -> None:
    """Janus does not wake a poll for `destroy`, so it is given up on our side."""

    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            session_id = await create(made)
            await until(server.polls)
            if answer == "458":
                error = {"error": {"code": 458, "reason": "No such session"}}
                server.on["keepalive"] = lambda request: server.reply(request, janus="error", **error)
            await send(made, "destroy" if answer == "destroy" else "keepalive", session_id=session_id)
            await until(lambda: server.hung_up == ["poll"])
            assert len(server.polls()) == 1

    run(main())


def test_another_error_ends_no_poll() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            error = {"error": {"code": 459, "reason": "No such handle"}}
            server.on["message"] = lambda request: server.reply(request, janus="error", **error)
            session_id = await create(made)
            await send(made, "message", session_id=session_id)
            await send(made, "destroy", session_id=1)  # a stranger's
            await server.events.put({"janus": "event"})
            assert [(await receive(made))["janus"] for _ in range(3)] == ["error", "success", "event"]

    run(main())


def test_a_create_without_an_id_starts_no_poll() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            answers: list[Any] = []
            server.on["create"] = lambda request: server.reply(request, data=answers[-1])
            for data in ({}, {"id": "7"}, 7):
                answers.append(data)
                await send(made, "create")
                await receive(made)
            assert server.polls() == []

    run(main())


def test_the_poll_ends_with_the_timeout_of_its_session() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            session_id = await create(made)
            other = {"janus": "timeout", "session_id": 1}
            await server.events.put(other)
            assert await receive(made) == other
            await until(lambda: len(server.polls()) == 2)
            await server.events.put({"janus": "timeout", "session_id": session_id})
            assert (await receive(made))["janus"] == "timeout"
            await send(made, "keepalive")  # a poll would have been sent by now
            assert len(server.polls()) == 2

    run(main())


def test_a_poll_of_a_session_that_is_gone() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            server.on["poll"] = lambda request: 404
            session_id = await create(made)
            with pytest.raises(JanusServerError, match="458 SESSION_NOT_FOUND") as caught:
                await made.receive()
            assert caught.value.session_id == session_id
            await send(made, "keepalive", session_id=session_id)  # the connection stands
            assert (await receive(made))["janus"] == "ack"
            assert len(server.polls()) == 1

    run(main())


@pytest.mark.parametrize("destroyed", [True, False])
def test_a_poll_that_is_faster_than_the_answer_to_destroy(destroyed: bool) -> None:
    """That the session is gone is no news then; but it is when it was not destroyed after all."""

    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            session_id = await create(made)
            await until(server.polls)
            answering = asyncio.Event()

            async def slow(request: Request) -> Message:
                await answering.wait()
                error = {"error": {"code": 403, "reason": "Unauthorized"}}
                return server.reply(request) if destroyed else server.reply(request, janus="error", **error)

            server.on |= {"destroy": slow, "poll": lambda request: 404}
            destroying = asyncio.ensure_future(send(made, "destroy", session_id=session_id))
            await until(lambda: len(server.received) == 3)
            if not destroyed:
                answering.set()
                await destroying
                assert (await receive(made))["janus"] == "error"
            await server.events.put({"janus": "event"})  # ends the poll; the next one is 404
            assert (await receive(made))["janus"] == "event"
            if not destroyed:
                with pytest.raises(JanusServerError, match="458"):
                    await made.receive()
                return
            await until(lambda: len(server.polls()) == 2 and not made._polls)
            answering.set()
            await destroying
            assert (await receive(made))["janus"] == "success"

    run(main())


def test_a_poll_with_a_wrong_secret_waits_for_a_better_one() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            polite = server.on["poll"]
            server.on["poll"] = lambda request: polite(request) if request.query["token"] == "new" else 403
            session_id = await create(made, token="old")
            with pytest.raises(JanusServerError, match="403 UNAUTHORIZED") as caught:
                await made.receive()
            assert caught.value.session_id == session_id
            await send(made, "keepalive", session_id=session_id, token="old")
            await send(made, "info", session_id=session_id)
            await send(made, "keepalive", session_id=session_id, token="new")
            server.events.put_nowait({"janus": "event"})
            assert [(await receive(made))["janus"] for _ in range(4)] == [
                "ack",
                "server_info",
                "ack",
                "event",
            ]
            await until(lambda: len(server.polls()) == 3)
            assert [poll.query["token"] for poll in server.polls()] == ["old", "new", "new"]

    run(main())


def test_a_secret_that_is_refused_is_not_used_for_the_poll() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            session_id = await create(made, token="right")
            error = {"error": {"code": 403, "reason": "Unauthorized"}}
            server.on["keepalive"] = lambda request: server.reply(request, janus="error", **error)
            await send(made, "keepalive", session_id=session_id, token="wrong")
            await server.events.put({"janus": "event"})
            await until(lambda: len(server.polls()) == 2)
            assert {poll.query["token"] for poll in server.polls()} == {"right"}

    run(main())


def test_a_claim_may_bring_a_new_secret() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            session_id = await create(made, token="one")
            await send(made, "claim", session_id=session_id, token="two")
            await server.events.put({"janus": "event"})
            await until(lambda: len(server.polls()) == 2)
            assert [poll.query["token"] for poll in server.polls()] == ["one", "two"]

    run(main())


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (None, "closed the connection without an answer"),
        ((502, b"<html>"), "answered HTTP 502 to a poll, and no Janus message but '<html>'"),
        ((200, b""), "answered HTTP 200 to a poll, and no Janus message but an empty body"),
        ((200, b"[{]"), "answered HTTP 200 to a poll"),
        ((200, b'[{"janus": 1}]'), "answered HTTP 200 to a poll"),
        ((500, b'{"janus": "event"}'), "answered HTTP 500 to a poll"),
    ],
    ids=["hung-up", "502", "empty", "broken", "no-verb", "500"],
)
def test_a_poll_that_fails_is_tried_again_before_the_connection_counts_as_lost(
    monkeypatch: pytest.MonkeyPatch, answer: Any, text: str
) -> None:
    monkeypatch.setattr(http, "POLL_PAUSES", (0.01, 0.02))

    async def main() -> None:
        async with http_server() as server, opened(server) as made:
            answers = iter([answer, answer, [{"janus": "event"}], answer, answer, answer])
            server.on["poll"] = lambda request: next(answers)
            await create(made)
            assert (await receive(made))["janus"] == "event"
            with pytest.raises(JanusConnectionError) as caught:
                await made.receive()
            assert text in str(caught.value)
            assert len(server.polls()) == 6

    run(main())


def test_a_poll_that_is_never_answered() -> None:
    async def main() -> None:
        async with http_server() as server, opened(server, poll_timeout=0.1) as made:
            await create(made)
            with pytest.raises(JanusConnectionError, match=r"did not answer within 0\.1 s"):
                await made.receive()

    run(main())


# -- what is between --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["option", "http_proxy", "ALL_PROXY"])
def test_a_proxy(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with http_server() as server:
            proxy = server.url.replace("http://", "http://user:s3cret@").removesuffix("/janus")
            url, options = "http://janus.invalid:8088/janus", {}
            if by == "option":
                options = {"proxy": proxy}
            else:
                monkeypatch.setenv(by, proxy)
            made = transport(url, **options)
            await made.open()
            await made.close()
            assert [request.target for request in server.received] == [f"{url}/info"]
            assert server.received[0].headers["proxy-authorization"] == "Basic dXNlcjpzM2NyZXQ="
            # What needs none goes straight to a host that does not exist.
            monkeypatch.setenv("no_proxy", "janus.invalid")
            made = transport(url, **({"proxy": None} if by == "option" else {}))
            with pytest.raises(JanusConnectionError, match="can't be found"):
                await made.open()
            await made.close()

    run(main())


def test_a_proxy_that_refuses() -> None:
    async def main() -> None:
        async with http_server() as proxy:
            proxy.on["poll"] = lambda request: 407
            made = transport("https://janus.invalid/janus", proxy=proxy.url.removesuffix("/janus"))
            with pytest.raises(
                JanusConnectionError, match=r"the proxy to https://janus\.invalid/janus refused: 407"
            ):
                await made.open()
            await made.close()

    run(main())


def test_a_proxy_of_an_unknown_kind() -> None:
    async def main() -> None:
        made = transport("http://host/janus", proxy="gopher://u:s3cret@proxy")
        with pytest.raises(
            JanusOptionError, match=r"the proxy 'gopher://\*\*\*@proxy' can't be used"
        ) as caught:
            await made.open()
        assert "s3cret" not in str(caught.value)
        await made.close()

    run(main())


def test_no_secret_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Not at DEBUG either, and though a poll carries them in its URL."""
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with http_server() as server:
            server.url = server.url.replace("http://", "http://user:s3cret@")
            async with opened(server) as made:
                session_id = await create(made, apisecret="s3cret", token="s3cret")
                await server.events.put({"janus": "event"})
                await receive(made)
                await send(made, "keepalive", session_id=session_id, token="s3cret")
                await until(lambda: len(server.polls()) == 2)
                assert server.polls()[0].query["token"] == "s3cret"
                server.on["poll"] = lambda request: 404
                await server.events.put({"janus": "event"})
                await receive(made)

    run(main())
    assert "httpcore" in caplog.text  # there was something to see
    assert "s3cret" not in caplog.text
    assert "czNjcmV0" not in caplog.text


def test_a_request_that_never_had_its_turn_says_so() -> None:
    """At its deadline, and when the connection is cut: nobody has to wonder whether it was carried out."""

    async def main() -> None:
        async with http_server() as server:
            server.on["info"] = lambda request: server.reply(request, janus="server_info")
            session = JanusSession(server.url, recover=None)
            await session.create()
            server.on["ping"] = lambda request: asyncio.Event().wait()
            server.received.clear()
            held = [asyncio.ensure_future(session.ping(timeout=20)) for _ in range(http.AT_ONCE)]
            await until(lambda: len(server.received) >= http.AT_ONCE)
            with pytest.raises(JanusTimeoutError, match=r"'ping' was not sent within 0\.2 s: other requests"):
                await session.ping(timeout=0.2)
            queued = asyncio.ensure_future(session.ping(timeout=20))
            await until(lambda: session.counters["in_flight"] == http.AT_ONCE + 1)
            await session.connection.close()
            for call in held:
                with pytest.raises(JanusConnectionError, match="may have been carried out"):
                    await call
            with pytest.raises(JanusConnectionError, match="The request was not sent"):
                await queued
            await session.destroy()

    run(main())
