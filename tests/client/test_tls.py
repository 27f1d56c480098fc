"""TLS: a server is verified unless the caller says otherwise, over WebSocket and HTTP alike."""

from __future__ import annotations

import asyncio
import gc
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.server import serve
from websockets.typing import Subprotocol

from janus_notebook import JanusConnectionError
from janus_notebook.client.transports import make_transport
from tests.client import tls
from tests.client.http_server import http_server
from tests.client.scripted import ScriptedServer, run
from tests.client.test_connect import answering

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INFO = b'{"janus":"info","transaction":"t"}'
SCHEMES = ["wss", "https"]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return tls.contexts(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def server(scheme: str, context: ssl.SSLContext) -> AsyncIterator[str]:
    """A server with TLS; gives its URL."""
    if scheme == "https":
        async with http_server(context) as http:
            yield http.url
        return
    scripted = ScriptedServer()
    async with serve(
        scripted.serve, "127.0.0.1", 0, subprotocols=[Subprotocol("janus-protocol")], ssl=context
    ) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        yield f"wss://127.0.0.1:{port}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_certificate_that_nobody_knows(
    scheme: str, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async def main() -> None:
        async with server(scheme, contexts[0]) as url:
            transport = make_transport(url, {})
            with pytest.raises(
                JanusConnectionError,
                match=rf"the certificate of {url} is not trusted: self-signed certificate\. .*pass ssl=",
            ) as caught:
                await transport.open()
            assert caught.value.__cause__ is not None
            await transport.close()

    run(main())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_context_that_knows_the_certificate(
    scheme: str, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async def main() -> None:
        async with server(scheme, contexts[0]) as url:
            transport = make_transport(url, {"ssl": contexts[1]})
            await transport.open()
            await transport.send(INFO)
            assert b'"server_info"' in await transport.receive()
            await transport.close()

    run(main())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_certificate_of_another_host(scheme: str, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def main() -> None:
        async with server(scheme, contexts[0]) as url:
            transport = make_transport(url.replace("127.0.0.1", "localhost"), {"ssl": contexts[1]})
            with pytest.raises(JanusConnectionError, match=r"is not trusted: Hostname mismatch"):
                await transport.open()
            await transport.close()

    run(main())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_port_without_tls(scheme: str) -> None:
    async def main() -> None:
        async with await answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as plain:
            url = f"{scheme}://127.0.0.1:{plain.sockets[0].getsockname()[1]}"
            transport = make_transport(url, {})
            with pytest.raises(
                JanusConnectionError, match=f"TLS with {url} failed: .*Is it an? {scheme[:-1]}:// port"
            ):
                await transport.open()
            await transport.close()

    run(main())


def test_a_port_that_hangs_up_on_tls() -> None:
    async def main() -> None:
        async with await answering(b"") as plain:
            url = f"wss://127.0.0.1:{plain.sockets[0].getsockname()[1]}"
            transport = make_transport(url, {})
            with pytest.raises(JanusConnectionError, match=r"TLS with .* failed: the server hung up"):
                await transport.open()
            await transport.close()

    run(main())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_handshake_that_is_cancelled_leaves_no_connection(scheme: str) -> None:
    async def main() -> None:
        hello, hung_up = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            hello.set()
            await reader.read()
            hung_up.set()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
            transport = make_transport(f"{scheme}://127.0.0.1:{listening.sockets[0].getsockname()[1]}", {})
            opening = asyncio.ensure_future(transport.open())
            await asyncio.wait_for(hello.wait(), 5)
            opening.cancel()
            await asyncio.wait([opening])
            assert opening.cancelled()
            await transport.close()
            await asyncio.wait_for(hung_up.wait(), 5)

    gc.disable()  # else it might close what we forgot
    try:
        run(main())
    finally:
        gc.enable()


def test_plain_http_to_a_port_with_tls(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def main() -> None:
        async with http_server(contexts[0]) as server:
            transport = make_transport(server.url.replace("https:", "http:"), {})
            with pytest.raises(
                JanusConnectionError, match=r"is not a Janus HTTP server: .* https:// or http://\?"
            ):
                await transport.open()
            await transport.close()

    run(main())
