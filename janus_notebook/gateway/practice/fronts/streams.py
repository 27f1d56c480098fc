"""What the TCP fronts have in common: a listener that can be shut and opened again, and ways to end."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import TYPE_CHECKING, Generic, TypeVar

from janus_notebook.gateway.configuration import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

# SO_LINGER on, 0 s: closing sends a TCP reset.
RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class StreamConnection(asyncio.Protocol):
    """One TCP connection. Derived classes take bytes in `data_received`, and say what they write.

    Attributes:
        frozen: neither read nor write, but leave it open.
    """

    def __init__(self) -> None:
        self.transport_: asyncio.Transport | None = None
        self.frozen = False
        self.on_made: Callable[[], None] = lambda: None
        self.on_lost: Callable[[], None] = lambda: None
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def is_open(self) -> bool:
        return self.transport_ is not None and not self.transport_.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport_ = transport
        self.on_made()

    def connection_lost(self, exc: Exception | None) -> None:
        self._writable.set()
        self.on_lost()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def drained(self) -> None:
        await self._writable.wait()
        await asyncio.sleep(0)

    def put(self, data: bytes) -> None:
        """Write bytes, unless it is closed or frozen."""
        if self.transport_ is not None and self.is_open and not self.frozen:
            self.transport_.write(data)

    def put_cut(self, data: bytes, at: int, *, reset: bool) -> None:
        """Write the first `at` bytes, then end."""
        if self.is_open and not self.frozen:
            self.put(data[:at])
            self.end(reset=reset, flush=True)

    def freeze(self) -> None:
        if self.transport_ is not None and self.is_open and not self.frozen:
            self.frozen = True
            self.transport_.pause_reading()

    def end(self, *, reset: bool = False, flush: bool = False) -> None:
        """Close the connection: with an end of stream (`flush`: behind what was written), or a reset."""
        if self.transport_ is None:
            return
        if reset:
            sock: socket.socket = self.transport_.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport_.abort()
        elif flush:
            self.transport_.close()
        else:
            self.transport_.abort()


C = TypeVar("C", bound=StreamConnection)


class Listener(Generic[C]):
    """A port of loopback and the connections to it.

    Args:
        accept: makes the connection's object.
    """

    def __init__(self, accept: Callable[[], C]) -> None:
        self.port = 0
        self.connections: set[C] = set()
        self._accept = accept
        self._server: asyncio.Server | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Listen; on the same port as before, if there was one. Raises OSError."""
        async with self._opening:
            await asyncio.sleep(0)  # the last one, if it was shut in this turn, closes first
            if self._server is None:
                loop = asyncio.get_running_loop()
                self._server = await loop.create_server(self._accepted, LOOPBACK, self.port)
                self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Refuse new connections; the old ones stay."""
        if self._server is None:
            return
        loop, server = asyncio.get_running_loop(), self._server
        for sock in server.sockets:
            loop.remove_reader(sock.fileno())
        # What was accepted in this turn of the loop is made in the next. asyncio would leave its socket open
        # if the server were closed between.
        loop.call_soon(server.close)
        self._server = None

    def end_connections(self, *, reset: bool = False) -> None:
        for connection in list(self.connections):
            connection.end(reset=reset)

    async def close(self) -> None:
        """Refuse new connections, end the old ones, and wait for their end. Idempotent."""
        self.shut()
        await asyncio.sleep(0)  # it is closed now: a loop's callbacks run in their order
        self.end_connections()
        while self.connections:  # their `connection_lost` is called by the loop  # noqa: ASYNC110
            await asyncio.sleep(0)

    def _accepted(self) -> C:
        connection = self._accept()
        lost = connection.on_lost

        # Not before there is a connection: a server that closes drops those that wait to be accepted.
        def made() -> None:
            self.connections.add(connection)

        def forget() -> None:
            self.connections.discard(connection)
            lost()

        connection.on_made, connection.on_lost = made, forget
        return connection
