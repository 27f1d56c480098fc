"""A WebSocket of the `websockets` library for short text messages in large numbers.

The library's own `recv` and `send` serve every kind of use: iterators of fragments, several readers,
a lock around each write. Janus needs whole texts and one reader, and this class has just that; the
handshake, the frames, pings, closing and TLS stay the library's. See ``tests/benchmarks``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

__all__ = ["TextConnection"]

DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class TextConnection(ClientConnection):
    """Sends and receives whole texts, for one reader.

    Attributes:
        deliver: called with each text as it arrives. While it is None, texts wait for `receive_text`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deliver: Callable[[bytes], None] | None = None
        self._texts: deque[bytes] = deque()
        self._fragments: list[bytes] = []
        self._wake: asyncio.Future[None] | None = None
        self._received = 0
        self._gathering = False

    async def send_text(self, data: bytes) -> None:
        """Write one text. Raises `ConnectionClosed`."""
        if self.protocol.state is not State.OPEN:
            await self.send(data, text=True)  # which says why not
        self.protocol.send_text(data)
        if not self._gathering:
            self.send_data()
        if self.paused:
            await self.drain()

    def data_received(self, data: bytes) -> None:
        """Let requests go out together that follow from replies that came together.

        A write to the socket costs more than all the rest of a request. The tasks that the replies wake
        run before `_write_gathered`: they are ahead of it in the loop's queue.
        """
        before = self._received
        super().data_received(data)
        if self._received > before + 1 and not self._gathering:
            self._gathering = True
            self.loop.call_soon(self._write_gathered)

    def _write_gathered(self) -> None:
        self._gathering = False
        if self.protocol.state is State.OPEN:
            frames = self.protocol.data_to_send()
            if frames:
                self.transport.write(b"".join(frames))
        else:
            self.send_data()  # knows how to half-close

    async def receive_text(self) -> bytes:
        """Return the next text. Raises `ConnectionClosed` when there are no more."""
        while not self._texts:
            if self.connection_lost_waiter.done():
                raise self.close_exc
            self._wake = self.loop.create_future()
            await self._wake
        return self._texts.popleft()

    def process_event(self, event: Event) -> None:
        """Take the texts; everything else is the library's."""
        if isinstance(event, Frame) and event.opcode in DATA:
            data = bytes(event.data)
            if not event.fin:
                self._fragments.append(data)
                return
            if self._fragments:
                data = b"".join([*self._fragments, data])
                self._fragments.clear()
            self._received += 1
            if self.deliver is not None:
                self.deliver(data)
            else:
                self._texts.append(data)
                self._wake_reader()
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the reader see the end."""
        super().connection_lost(exc)
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
