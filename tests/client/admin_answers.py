"""A WebSocket Admin API on loopback that answers as a test lets it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import serve
from websockets.typing import Subprotocol

from janus_notebook import JanusAdmin
from tests.client.scripted import Message, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "planted-admin-secret"


class _Answers(dict[str, Any]):
    """What a server answers, by verb: a success with its `fields` where a test says nothing else."""

    def __init__(self, server: AdminServer) -> None:
        super().__init__(server.on)
        self._server = server

    def __missing__(self, verb: str) -> Any:
        return lambda request: [self._server.reply(request, **self._server.fields)]


class AdminServer(ScriptedServer):
    """The server's side: `fields` are in every answer of a verb that is not in `on`."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.info["version_string"] = version
        self.fields: Message = {}
        self.on = _Answers(self)


@asynccontextmanager
async def admin_server(version: str = "1.1.2") -> AsyncIterator[AdminServer]:
    """A running server."""
    server = AdminServer(version)
    protocol = Subprotocol("janus-admin-protocol")
    async with serve(
        server.serve, "127.0.0.1", 0, subprotocols=[protocol], compression=None, ping_interval=None
    ) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        server.url = f"ws://127.0.0.1:{port}"
        yield server
        server.drop()


@asynccontextmanager
async def administered(
    version: str = "1.1.2", **options: Any
) -> AsyncIterator[tuple[AdminServer, JanusAdmin]]:
    """A server and an open `JanusAdmin` on it."""
    async with (
        admin_server(version) as server,
        JanusAdmin(server.url, admin_secret=SECRET, **options) as admin,
    ):
        yield server, admin
