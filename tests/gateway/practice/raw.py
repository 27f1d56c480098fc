"""Talking to a gateway without our client: what goes out and comes in is there as it is."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

Message = dict[str, Any]

ANSWER = 10.0  # seconds for what has to come
SILENCE = 0.15  # seconds in which what must not come does not come


class RawClient:
    """One connection that sends and receives JSON texts.

    Args:
        send, receive: of bytes; `receive` raises EOFError at the end.
    """

    def __init__(
        self,
        send: Callable[[bytes], Coroutine[Any, Any, None]],
        receive: Callable[[], Coroutine[Any, Any, bytes]],
    ) -> None:
        self._send = send
        self._receive = receive

    async def send(self, request: object) -> None:
        """Send a value as JSON, or bytes as they are."""
        await self._send(request if isinstance(request, bytes) else json.dumps(request).encode())

    async def receive_bytes(self) -> bytes:
        async with asyncio.timeout(ANSWER):
            return await self._receive()

    async def receive(self) -> Message:
        message: Message = json.loads(await self.receive_bytes())
        return message

    async def ask(self, request: object) -> Message:
        await self.send(request)
        return await self.receive()

    async def silent(self) -> bool:
        """Whether nothing comes for a moment."""
        try:
            async with asyncio.timeout(SILENCE):
                await self._receive()
        except TimeoutError:
            return True
        return False

    async def ends(self) -> bool:
        """Whether the connection ends now."""
        try:
            async with asyncio.timeout(ANSWER):
                await self._receive()
        except (EOFError, OSError) as exc:
            return not isinstance(exc, TimeoutError)
        return False

    async def _made(self, request: Message) -> int:
        reply = await self.ask(request)
        while reply["janus"] in ("event", "detached"):  # of an earlier session, late
            reply = await self.receive()
        return int(reply["data"]["id"])

    async def session(self) -> int:
        return await self._made({"janus": "create", "transaction": "create"})

    async def handle(self, session_id: int, plugin: str = "janus.plugin.echotest") -> int:
        request = {"janus": "attach", "transaction": "attach", "session_id": session_id, "plugin": plugin}
        return await self._made(request)


@asynccontextmanager
async def websocket(url: str) -> AsyncIterator[RawClient]:
    from websockets.exceptions import ConnectionClosed

    async def receive() -> bytes:
        try:
            return await connection.recv(decode=False)
        except ConnectionClosed as exc:
            raise EOFError from exc

    async def send(data: bytes) -> None:
        await connection.send(data, text=True)

    connection: ClientConnection
    async with connect(
        url,
        subprotocols=[Subprotocol("janus-protocol")],
        max_size=None,
        ping_interval=None,
        close_timeout=0.2,
    ) as connection:
        yield RawClient(send, receive)


@asynccontextmanager
async def unix(url: str) -> AsyncIterator[RawClient]:
    """``unix://`` and ``unix+dgram://``."""
    loop = asyncio.get_running_loop()
    scheme, path = urlsplit(url).scheme, urlsplit(url).path
    kind = socket.SOCK_DGRAM if scheme == "unix+dgram" else socket.SOCK_SEQPACKET
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, kind) as sock:
        sock.setblocking(False)
        if kind is socket.SOCK_DGRAM:
            sock.bind(str(Path(folder) / "client.sock"))
        await loop.sock_connect(sock, path)

        async def receive() -> bytes:
            data = await loop.sock_recv(sock, 2**20)
            if not data:
                raise EOFError
            return data

        async def send(data: bytes) -> None:
            await loop.sock_sendall(sock, data)

        yield RawClient(send, receive)
