"""What can be wrong with a URL, an option, a port or the server behind it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import pytest
from websockets.asyncio.server import serve

from janus_notebook import (
    JanusConnectionError,
    JanusOptionError,
    JanusServerError,
    JanusSession,
    Transport,
    register_transport,
)
from janus_notebook.client import transports
from janus_notebook.client.credentials import Credentials
from tests.client.scripted import run, scripted


def create(url: str, **options: Any) -> None:
    """Try to create a session; nothing may stay behind."""

    async def main() -> None:
        session = JanusSession(url, timeout=5, **options)
        try:
            async with session:
                pass
        finally:
            assert session.state == "closed"
            assert session.id is None
            assert await session.destroy() == {}

    run(main())


@pytest.mark.parametrize(
    ("url", "options", "text"),
    [
        ("localhost:8188", {}, "'localhost:8188' has no scheme. Did you mean 'ws://localhost:8188'?"),
        ("", {}, "base_url must be a URL"),
        (8188, {}, "base_url must be a URL"),
        ("wx://localhost", {}, "'wx://localhost' has an unknown scheme 'wx'"),
        ("ftp://localhost", {}, "unknown scheme 'ftp'. Known: "),
        ("ws://localhost:port", {}, "is not a URL: Port could not be cast"),
        ("ws://localhost:99999", {}, "is not a URL: Port out of range"),
        ("ws://", {}, "names no host"),
        ("ws:///janus", {}, "names no host"),
        ("ws://u:s3cret@localhost:port", {}, "'ws://***@localhost:port' is not a URL"),
        ("ws://u:s3/cret@localhost", {}, "is not a URL. For example"),
        ("ws://localhost", {"open_timout": 1}, "unknown option 'open_timout'. Did you mean 'open_timeout'?"),
        ("ws://localhost", {"tokn": "s3cret"}, "unknown option 'tokn'. Did you mean 'token'?"),
        ("ws://localhost", {"zzz": 1}, "unknown option 'zzz'. Known: api_secret, "),
        ("ws://localhost", {"timeout": 0}, "timeout must be seconds above 0"),
        ("ws://localhost", {"timeout": "3"}, "timeout must be seconds above 0, and finite, not '3'"),
        ("ws://localhost", {"log_capacity": 1.5}, "capacity must be a whole number from 1, not 1.5"),
        ("ws://localhost", {"url": "ws://localhost"}, "unknown option 'url'. Did you mean 'base_url'?"),
        (None, {"url": "ws://localhost"}, "unknown option 'url'. Did you mean 'base_url'?"),
        (None, {"connection": "ws://localhost"}, "connection must be a JanusConnection, not str. A URL is"),
        ("ws://localhost", {"timeout": float("inf")}, "and finite, not inf"),
        ("ws://localhost", {"timeout": float("nan")}, "not nan"),
        ("ws://localhost", {"timeout": "5"}, "not '5'"),
        ("ws://localhost", {"log_capacity": 0}, "capacity must be a whole number from 1"),
        (None, {}, "give either base_url or connection"),
    ],
)
def test_refused_before_anything_is_sent(url: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        JanusSession(url, **options)
    assert text in str(caught.value)
    for secret in ("s3cret", "cret@"):
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.__cause__)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_refused_port(host: str) -> None:
    with pytest.raises(JanusConnectionError, match=r"was refused\. Is Janus running there") as caught:
        create(f"ws://{host}:{free_port()}")
    assert isinstance(caught.value.__cause__, OSError)


def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(JanusConnectionError, match=r"the host of ws://nowhere\.invalid can't be found"):
        create("ws://nowhere.invalid")


async def answering(data: bytes) -> asyncio.Server:
    """A TCP server that answers everything with `data` and hangs up."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(data)
        writer.close()
        await writer.wait_closed()

    return await asyncio.start_server(client, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered HTTP 404 instead of"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "answered HTTP 200 instead of"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is not a Janus WebSocket"),
        (b"", "is not a Janus WebSocket"),
    ],
    ids=["404", "200", "ssh", "nothing"],
)
def test_another_kind_of_server_on_the_port(data: bytes, text: str) -> None:
    async def main() -> None:
        async with await answering(data) as server:
            port = server.sockets[0].getsockname()[1]
            session = JanusSession(f"ws://127.0.0.1:{port}")
            with pytest.raises(JanusConnectionError, match=text) as caught:
                await session.create()
            assert caught.value.__cause__ is not None
            assert session.state == "closed"

    run(main())


def test_a_server_that_never_shakes_hands() -> None:
    # the kernel accepts, nobody answers
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        pytest.raises(JanusConnectionError, match=r"did not answer within 0\.1 s"),
    ):
        create(f"ws://127.0.0.1:{listening.getsockname()[1]}", open_timeout=0.1)


def test_a_server_without_the_subprotocol() -> None:
    async def main() -> None:
        async with serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            session = JanusSession(f"ws://127.0.0.1:{port}")
            with pytest.raises(JanusConnectionError, match="does not speak the subprotocol 'janus-protocol'"):
                await session.create()
            assert session.state == "closed"

    run(main())


def test_tls_on_a_port_that_has_none() -> None:
    async def main() -> None:
        async with scripted() as server:
            session = JanusSession(server.url.replace("ws://", "wss://"), ssl=ssl.create_default_context())
            with pytest.raises(
                JanusConnectionError, match=r"TLS with wss://|is not a Janus WebSocket|can't connect"
            ):
                await session.create()

    run(main())


def test_a_wrong_secret_is_one_error_at_once_and_the_session_can_be_used_again() -> None:
    async def main() -> None:
        async with scripted() as server:
            polite = server.on["create"]
            server.on["create"] = lambda request: (
                polite(request) if request.get("apisecret") == "right" else [server.error(request, 403)]
            )
            session = JanusSession(server.url, api_secret="wrong")
            with pytest.raises(JanusServerError, match="403 UNAUTHORIZED") as caught:
                await session.create()
            assert "wrong" not in f"{caught.value!r} {caught.value.request} {list(session.events)}"
            session.credentials = Credentials("right", None)
            await session.create()
            assert [r.get("apisecret") for r in server.received if r["janus"] == "info"] == [None, None]
            await session.destroy()

    run(main())


def test_a_token_may_come_from_a_function() -> None:
    async def main() -> None:
        tokens = iter(["one", "two"])
        async with scripted() as server:
            session = JanusSession(server.url, token=lambda: next(tokens))
            for token in ("one", "two"):
                async with session:
                    await session.ping()
                sent = {r["janus"]: r.get("token") for r in server.received}
                assert sent["create"] == sent["destroy"] == token
                assert sent["ping"] is None

    run(main())


def test_create_and_destroy_are_idempotent() -> None:
    async def main() -> None:
        async with scripted() as server:
            session = JanusSession(base_url=server.url)
            assert await session.destroy() == {}
            first, second = await asyncio.gather(session.create(), session.create())
            assert first is second is await session.create()
            one, two = await asyncio.gather(session.destroy(), session.destroy())
            assert one == two == await session.destroy()
            assert one["janus"] == "success"
            assert [v for v in server.verbs() if v in ("create", "destroy")] == ["create", "destroy"]

    run(main())


def test_a_registered_transport_is_used_and_may_fail_in_its_own_words() -> None:
    class Deaf(Transport):
        options_class = transports.make_transport("ws://h", {}).options_class

        async def open(self) -> None:
            raise JanusConnectionError("the carrier pigeon is ill")

        async def send(self, data: bytes) -> None:
            raise AssertionError

        async def receive(self) -> bytes:
            raise AssertionError

        async def close(self) -> None: ...

    register_transport("pigeon", Deaf)
    try:
        with pytest.raises(JanusConnectionError, match="pigeon is ill"):
            create("pigeon://loft")
    finally:
        del transports._TRANSPORTS["pigeon"]
    with pytest.raises(JanusOptionError, match="not a URL scheme"):
        register_transport("Pi geon", Deaf)
