"""The Unix socket transports against sockets that do as the test wants."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusConnectionError, JanusOptionError
from janus_notebook.client.transports import make_transport
from janus_notebook.client.transports.unix import UnixTransport
from tests.client.scripted import run, until

if TYPE_CHECKING:
    from collections.abc import Iterator

SEQPACKET, DGRAM = socket.SOCK_SEQPACKET, socket.SOCK_DGRAM
SCHEMES = {SEQPACKET: "unix", DGRAM: "unix+dgram"}
KINDS = pytest.mark.parametrize("kind", [SEQPACKET, DGRAM], ids=["seqpacket", "dgram"])


@pytest.fixture
def path() -> Iterator[str]:
    """A path that is short enough, which pytest's own folders need not be."""
    with tempfile.TemporaryDirectory(prefix="janus-notebook-test-") as folder:
        yield f"{folder}/janus.sock"


def _make_file(path: str) -> None:
    Path(path).touch()


def listening(path: str, kind: socket.SocketKind, backlog: int = 8) -> socket.socket:
    """The server's socket; it never blocks."""
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(path)
    sock.setblocking(False)
    if kind == SEQPACKET:
        sock.listen(backlog)
    return sock


def transport(path: str, kind: socket.SocketKind, **options: Any) -> UnixTransport:
    made = make_transport(f"{SCHEMES[kind]}://{path}", options)
    assert isinstance(made, UnixTransport)
    return made


async def talk(made: UnixTransport, server: socket.socket) -> tuple[socket.socket, Any]:
    """Send one request; return the server's side of it: a socket, and where answers go (None: its peer)."""
    loop = asyncio.get_running_loop()
    if server.type == SEQPACKET:
        accepted, _ = await loop.sock_accept(server)
        accepted.setblocking(False)
        await made.send(b"hello")
        assert await loop.sock_recv(accepted, 100) == b"hello"
        return accepted, None
    await made.send(b"hello")
    data, address = await loop.sock_recvfrom(server, 100)
    assert data == b"hello"
    return server, address


def answer(sock: socket.socket, address: Any, data: bytes) -> None:
    if address is None:
        sock.send(data)
    else:
        sock.sendto(data, address)


# -- opening ----------------------------------------------------------------------------------------


@KINDS
def test_no_server(path: str, kind: socket.SocketKind) -> None:
    async def main() -> None:
        async def refused(text: str, where: str = path) -> None:
            made = transport(where, kind)
            with pytest.raises(JanusConnectionError, match=text) as caught:
                await made.open()
            assert isinstance(caught.value.__cause__, OSError)
            await made.close()
            await made.close()

        await refused(r"there is no socket .*janus\.sock\. Is Janus running, with its Unix socket transport")
        _make_file(path)
        await refused("is not a socket")
        await refused("there is no socket", f"{path}/below.sock")
        os.unlink(path)
        listening(path, kind).close()
        await refused("nobody listens at")

    run(main())


@KINDS
def test_the_other_type_of_socket(path: str, kind: socket.SocketKind) -> None:
    async def main() -> None:
        other = DGRAM if kind == SEQPACKET else SEQPACKET
        with closing(listening(path, other)):
            made = transport(path, kind)
            text = rf"of another type than {kind.name}\. Write {SCHEMES[other].replace('+', '.')}://{path}"
            with pytest.raises(JanusConnectionError, match=text):
                await made.open()
            await made.close()

    run(main())


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermissionError(13, "Permission denied"), "this user may not use the socket"),
        (OSError(24, "Too many open files"), "can't connect to .*: Too many open files"),
    ],
)
def test_refused_by_the_system(path: str, error: OSError, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, who may run these tests, is allowed everything."""

    class Refused(socket.socket):
        def connect(self, address: Any) -> None:
            raise error

    async def main() -> None:
        made = transport(path, SEQPACKET)
        with monkeypatch.context() as patched:
            patched.setattr(socket, "socket", Refused)
            with pytest.raises(JanusConnectionError, match=text):
                await made.open()
            await made.close()

    run(main())


def test_a_full_queue_of_connections(path: str) -> None:
    async def main() -> None:
        with closing(listening(path, SEQPACKET, 0)) as server:
            first, second = transport(path, SEQPACKET), transport(path, SEQPACKET, open_timeout=0.1)
            await first.open()
            with pytest.raises(JanusConnectionError, match=r"did not take a connection within 0\.1 s"):
                await second.open()
            await second.close()
            third = transport(path, SEQPACKET)
            opening = asyncio.ensure_future(third.open())
            await asyncio.sleep(0)
            assert not opening.done()
            accepted = [(await asyncio.get_running_loop().sock_accept(server))[0] for _ in range(2)]
            await opening
            for made in (first, third):
                await made.close()
            for sock in accepted:
                sock.close()

    run(main())


def test_a_path_that_a_url_has_to_escape(path: str) -> None:
    async def main() -> None:
        strange = path.replace("janus.sock", "ä ?#%.sock")
        with closing(listening(strange, SEQPACKET)):
            made = transport(path.replace("janus.sock", "%C3%A4%20%3F%23%25.sock"), SEQPACKET)
            await made.open()
            await made.close()

    run(main())


@pytest.mark.parametrize("given", [False, True], ids=["its-own-folder", "local_path"])
def test_the_path_of_a_datagram_client(path: str, given: bool) -> None:
    """Janus answers to it, so it is there, for this user alone, until the transport is closed."""

    async def main() -> None:
        ours = f"{path}.client"
        with closing(listening(path, DGRAM)) as server:
            made = transport(path, DGRAM, **({"local_path": ours} if given else {}))
            await made.open()
            _, address = await talk(made, server)
            folder = os.path.dirname(address)
            if given:
                assert address == ours
            else:
                assert os.stat(folder).st_mode & 0o777 == 0o700
            answer(server, address, b"{}")
            assert await made.receive() == b"{}"
            await made.close()
            assert not os.access(address, os.F_OK)
            assert os.access(folder, os.F_OK) == given
            await made.close()

    run(main())


def test_a_local_path_that_is_taken(path: str) -> None:
    async def main() -> None:
        with closing(listening(path, DGRAM)):
            made = transport(path, DGRAM, local_path=path)
            with pytest.raises(
                JanusConnectionError, match=r"no socket could be made at .*: Address already in use"
            ):
                await made.open()
            await made.close()
            assert os.access(path, os.F_OK)  # it is not ours to remove
            made = transport(path, DGRAM, local_path=f"{path}.client")
            await made.open()
            os.unlink(f"{path}.client")  # somebody was faster
            await made.close()

    run(main())


# -- messages ---------------------------------------------------------------------------------------


@KINDS
def test_messages_both_ways(path: str, kind: socket.SocketKind) -> None:
    """Whole, in order, and others on the loop get their turn meanwhile."""

    async def main() -> None:
        with closing(listening(path, kind)) as server:
            made = transport(path, kind)
            await made.open()
            sock, address = await talk(made, server)
            turns = 0

            async def count() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            counting = asyncio.ensure_future(count())
            received = []
            for n in range(40):
                burst = 8 if kind == DGRAM else 100  # a datagram's reader has room for ten
                for m in range(burst):
                    answer(sock, address, json.dumps([n, m]).encode())
                received += [json.loads(await made.receive()) for _ in range(burst)]
                assert received[-burst:] == [[n, m] for m in range(burst)]
            assert turns > 3
            counting.cancel()
            await asyncio.wait([counting])
            await made.close()
            sock.close()

    run(main())


@KINDS
def test_a_request_that_janus_would_lose(path: str, kind: socket.SocketKind) -> None:
    async def main() -> None:
        with closing(listening(path, kind)) as server:
            made = transport(path, kind)
            await made.open()
            sock, _ = await talk(made, server)
            with pytest.raises(
                JanusOptionError,
                match=r"has 8192 bytes, .* 8192 or more\. WebSocket and HTTP have no such limit",
            ):
                await made.send(b"x" * 8192)
            await made.send(b"x" * 8191)
            assert len(await asyncio.get_running_loop().sock_recv(sock, 10_000)) == 8191
            await made.close()
            sock.close()

    run(main())


@KINDS
def test_a_server_that_does_not_read(path: str, kind: socket.SocketKind) -> None:
    """Requests wait for room without stopping the loop, and leave in order; one may be given up."""

    async def main() -> None:
        with closing(listening(path, kind)) as server:
            made = transport(path, kind)
            await made.open()
            sock, _ = await talk(made, server)
            texts = [f"{n:05}".encode() + b"x" * 8000 for n in range(200)]
            sending = [asyncio.ensure_future(made.send(text)) for text in texts]
            await asyncio.sleep(0)
            done = sum(call.done() for call in sending)
            assert 0 < done < 200
            await asyncio.sleep(0.01)
            assert sum(call.done() for call in sending) == done
            sending[-1].cancel()
            loop = asyncio.get_running_loop()
            received = [await loop.sock_recv(sock, 10_000) for _ in range(199)]
            assert received == texts[:-1]
            await asyncio.gather(*sending[:-1])
            with pytest.raises(asyncio.CancelledError):
                await sending[-1]
            await made.close()
            sock.close()

    run(main())


@KINDS
def test_a_message_that_is_too_large_to_receive(path: str, kind: socket.SocketKind) -> None:
    async def main() -> None:
        with closing(listening(path, kind)) as server:
            made = transport(path, kind, max_size=1000)
            await made.open()
            sock, address = await talk(made, server)
            answer(sock, address, b"x" * 1000)
            assert await made.receive() == b"x" * 1000
            answer(sock, address, b"x" * 1001)
            with pytest.raises(
                JanusConnectionError, match=r"of more than max_size=1000 bytes\. Pass a larger"
            ):
                await made.receive()
            await made.close()
            sock.close()

    run(main())


# -- the end ----------------------------------------------------------------------------------------


def test_the_server_closes_the_connection(path: str) -> None:
    async def main() -> None:
        with closing(listening(path, SEQPACKET)) as server:
            made = transport(path, SEQPACKET)
            await made.open()
            sock, _ = await talk(made, server)
            reading = asyncio.ensure_future(made.receive())
            await asyncio.sleep(0)
            sock.close()
            for call in (reading, made.receive()):
                with pytest.raises(
                    JanusConnectionError, match=r"closed the connection\. Janus does so when it ends"
                ):
                    await call
            with pytest.raises(JanusConnectionError, match=r"was lost: Broken pipe\. Has Janus ended\?"):
                await made.send(b"x")
            await made.close()

    run(main())


def test_the_server_resets_the_connection(path: str) -> None:
    """It ends with something unread."""

    async def main() -> None:
        with closing(listening(path, SEQPACKET)) as server:
            made = transport(path, SEQPACKET)
            await made.open()
            sock, _ = await talk(made, server)
            await made.send(b"unread")
            sock.close()
            with pytest.raises(JanusConnectionError, match=r"was lost: Connection reset by peer"):
                await made.receive()
            await made.close()

    run(main())


def test_a_datagram_server_goes_away(path: str) -> None:
    """The next request finds out; an empty packet is nothing."""

    async def main() -> None:
        with closing(listening(path, DGRAM)) as server:
            made = transport(path, DGRAM)
            await made.open()
            sock, address = await talk(made, server)
            answer(sock, address, b"")
            answer(sock, address, b"{}")
            assert await made.receive() == b"{}"
        with pytest.raises(JanusConnectionError, match=r"was lost: Connection refused"):
            await made.send(b"x")
        await made.close()

    run(main())


@KINDS
def test_close_wakes_everybody(path: str, kind: socket.SocketKind) -> None:
    async def main() -> None:
        with closing(listening(path, kind)) as server:
            made = transport(path, kind)
            await made.open()
            sock, _ = await talk(made, server)
            calls = [asyncio.ensure_future(made.send(b"x" * 8000)) for _ in range(200)]
            calls.append(asyncio.ensure_future(made.receive()))  # type: ignore[arg-type] # bytes or None
            await until(lambda: calls[0].done() and not calls[-2].done())
            await asyncio.gather(made.close(), made.close())
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert results[0] is None
            for result in results[-2:]:
                assert isinstance(result, JanusConnectionError)
                assert "was closed on our side" in str(result)
            with pytest.raises(JanusConnectionError, match="was closed on our side"):
                await made.send(b"x")
            sock.close()

    run(main())
