"""Deliveries by WebSocket: ``janus.eventhandler.wsevh`` connects to us as a client."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import State

if TYPE_CHECKING:
    from websockets.asyncio.server import Server
    from websockets.http11 import Request, Response

    from janus_notebook.monitor.intake import Intake

# Its own would show every message, secrets included, to who logs at DEBUG.
SILENT = logging.Logger("silent", logging.CRITICAL + 1)
CLOSE_SECONDS = 1.0
REFUSED: dict[int, str] = {
    CloseCode.MESSAGE_TOO_BIG: "it is too large",
    CloseCode.PROTOCOL_ERROR: "it breaks the WebSocket protocol",
    CloseCode.INVALID_DATA: "it breaks the WebSocket protocol",
}


class _Connection(ServerConnection):
    """A connection that its front knows of from the beginning, and that tells why it never opened."""

    front: WebSocketFront
    answered = False  # refused with an answer, and counted

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        self.front.opening.add(self)
        try:
            await super().handshake(*args, **kwargs)
        finally:
            self.front.opening.discard(self)
            if self.protocol.state is not State.OPEN and not self.answered and not self.front.closing:
                self.front.refuse("it is no WebSocket")


class WebSocketFront:
    """A port that takes deliveries by WebSocket; see `HttpFront`.

    A client that asks for a subprotocol, whatever it is called, gets it.

    Attributes:
        opening: connections whose handshake is under way.
        closing: whether `close` was called.
    """

    def __init__(self, intake: Intake, *, path: str, max_body: int, request_seconds: float) -> None:
        self.refuse = intake.refuse
        self.opening: set[_Connection] = set()
        self.closing = False
        self._intake = intake
        self._path = path
        self._max_body = max_body
        self._seconds = request_seconds
        self._server: Server | None = None

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._server.connections) if self._server is not None else 0

    async def open(self, host: str, port: int) -> int:
        """Listen; return the port. Raises OSError."""
        self._server = await serve(
            self._follow,
            host,
            port,
            process_request=self._check,
            select_subprotocol=lambda _connection, asked: asked[0] if asked else None,
            create_connection=type("Connection", (_Connection,), {"front": self}),
            compression=None,
            max_size=self._max_body,
            open_timeout=self._seconds,
            close_timeout=CLOSE_SECONDS,
            logger=SILENT,
        )
        address: tuple[str, int] = next(iter(self._server.sockets)).getsockname()
        return address[1]

    async def close(self) -> None:
        """Listen no more, end the connections. Idempotent."""
        if self._server is not None:
            self.closing = True
            for connection in self.opening:
                connection.transport.abort()  # its handshake might never end
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, _Connection)
        # Every browser says so of a request that a page makes; no page has business here.
        if "Sec-Fetch-Site" in request.headers:
            refusal = (403, "it came from a web page")
        elif request.path.partition("?")[0] != self._path:
            refusal = (404, "its path is unknown")
        else:
            return None
        connection.answered = True
        self.refuse(refusal[1])
        return connection.respond(refusal[0], f"A receiver of Janus's events; refused: {refusal[1]}.\n")

    async def _follow(self, connection: ServerConnection) -> None:
        try:
            while True:
                await self._intake.take(await connection.recv(decode=False))
        except ConnectionClosed as exc:
            if exc.sent is not None and (reason := REFUSED.get(exc.sent.code)):
                self.refuse(reason)
