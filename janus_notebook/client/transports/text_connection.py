"""A WebSocket of the `websockets` library for short text messages in large numbers.

The handshake, pings, closing, limits and TLS are the library's. What it does for each frame is made for
every kind of use, and costs more than all the rest of a request. So whole text frames, which is what
Janus and its clients exchange, are taken out of the stream and written to it here; every other frame
goes to the library as it came. ``tests/benchmarks`` has the figures.

Source: RFC 6455, section 5.2.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import CloseCode
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover # a platform for which the library has no compiled part
    from websockets.utils import apply_mask

__all__ = ["TextConnection"]

# First byte of a frame: the last (FIN) one of a message that is text, or its first or a further part.
WHOLE_TEXT = 0x81
FIRST_PART = 0x01
LAST_PART = 0x80
FIRST_PARTS = (WHOLE_TEXT, FIRST_PART)
NEXT_PARTS = (0x00, LAST_PART)

# A ping, a pong; they are this long at most.
CONTROLS = (0x89, 0x8A)
LONGEST_CONTROL = 125

# A message of bytes, whole or its first part: nothing that Janus sends.
BINARY = (0x82, 0x02)

# What ends the answer to the handshake; frames may follow in the same packet.
HEADERS_END = b"\r\n\r\n"

# Set in the second byte where a mask follows.
MASKED = 0x80

# Bytes of randomness that are fetched at once; each frame's mask takes four.
MASKS = 4096

# The beginnings of the frames that most requests fit in.
SHORT_HEADS = tuple(bytes((WHOLE_TEXT, MASKED | length)) for length in range(126))


class TextConnection(ClientConnection):
    """Sends and receives whole texts, for one reader.

    Attributes:
        deliver: called with each text as it arrives. While it is None, texts wait for `receive_text`.
        limit: the longest text in bytes that is taken; None for any.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deliver: Callable[[bytes], None] | None = None
        self.limit: int | None = None
        # Chunks of a frame that has not arrived completely, and how many of its bytes are missing.
        self._chunks: list[bytes] = []
        self._missing = 0
        self._parts: list[bytes] = []
        self._parts_size = 0
        # The end of closing, and what can't be right, is the library's, and all that follows it.
        self._left = False
        self._headers = b""
        self._texts: deque[bytes] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._masks, self._masks_used = b"", 0
        self._gathered: list[bytes] = []
        self._gathering = False

    # -- sending --------------------------------------------------------------------------------

    async def send_text(self, data: bytes) -> None:
        """Write one text. Raises `ConnectionClosed`."""
        if self.protocol.state is not State.OPEN:
            await self.send(data, text=True)  # which says why not
        if self._gathering:
            self._gathered.append(self._frame(data))
        else:
            self.transport.write(self._frame(data))
        if self.paused:
            await self.drain()

    def _frame(self, data: bytes) -> bytes:
        if self._masks_used == len(self._masks):
            self._masks, self._masks_used = os.urandom(MASKS), 0
        mask = self._masks[self._masks_used : self._masks_used + 4]
        self._masks_used += 4
        length = len(data)
        head = SHORT_HEADS[length] if length < 126 else _head(WHOLE_TEXT, length, MASKED)
        return head + mask + apply_mask(data, mask)

    def _write_gathered(self) -> None:
        self._gathering = False
        if self._gathered and self.protocol.state is State.OPEN:
            self.transport.write(b"".join(self._gathered))
        self._gathered.clear()

    # -- receiving ------------------------------------------------------------------------------

    async def receive_text(self) -> bytes:
        """Return the next text. Raises `ConnectionClosed` when there are no more."""
        while not self._texts:
            if self.connection_lost_waiter.done():
                raise self.close_exc
            if self.protocol.state is State.OPEN:
                self._wake = self.loop.create_future()
                await self._wake
            else:
                await self.close()  # no longer than close_timeout, whatever the other side does
        return self._texts.popleft()

    def data_received(self, data: bytes) -> None:
        """Take the texts out of what arrived.

        Requests that follow from replies that came together go out together: a write to the socket
        costs much. The tasks that the replies wake are in the loop's queue ahead of `_write_gathered`.
        """
        if self.response is None:
            data = self._shake_hands(data)
        if self._left:
            super().data_received(data)
            return
        if self._missing:
            self._chunks.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._chunks)
            self._chunks.clear()
        texts = self._take(data)
        if texts > 1 and not self._gathering:
            self._gathering = True
            self.loop.call_soon(self._write_gathered)

    def _shake_hands(self, data: bytes) -> bytes:
        """Hand the answer to the handshake to the library; return what follows it."""
        seen = self._headers + data
        end = seen.find(HEADERS_END)
        taken = len(data) if end < 0 else end + len(HEADERS_END) - len(self._headers)
        self._headers = seen[1 - len(HEADERS_END) :]
        super().data_received(data[:taken])
        if self.protocol.state is State.OPEN:
            return data[taken:]
        super().data_received(data[taken:])
        self._left = self.response is not None  # a refusal: no frames will follow
        return b""

    def _take(self, data: bytes) -> int:
        """Take the whole frames out of `data`, keep the rest; return how many texts there were."""
        at, texts, size = 0, 0, len(data)
        self._missing = 0
        while at < size:
            head, start = data[at], at + 2
            length = data[at + 1] if size >= start else 0
            if length in (126, 127):
                start += 2 if length == 126 else 8
                length = int.from_bytes(data[at + 2 : start])
            end = start + length
            if size > at + 1 and not self._allowed(head, data[at + 1], length if size >= start else 0):
                self._leave(data[at:])
                break
            if size < start or size < end:
                self._missing = (start if size < start else end) - size
                self._chunks.append(data[at:])
                break
            if head == WHOLE_TEXT:
                texts += 1
                self._got(data[start:end])
            elif head in CONTROLS:
                super().data_received(data[at:end])
            else:
                self._got_part(head, data[start:end])
            at = end
        return texts

    def _allowed(self, head: int, second: int, length: int) -> bool:
        """Whether a server may send a frame that begins so, now."""
        if second >= MASKED:
            return False
        if head in CONTROLS:
            return length <= LONGEST_CONTROL
        if head not in (NEXT_PARTS if self._parts else FIRST_PARTS):
            return False
        return self.limit is None or length + self._parts_size <= self.limit

    def _got_part(self, head: int, data: bytes) -> None:
        self._parts.append(data)
        self._parts_size += len(data)
        if head == LAST_PART:
            text = b"".join(self._parts)
            self._parts.clear()
            self._parts_size = 0
            self._got(text)

    def _leave(self, data: bytes) -> None:
        """Let the library close, or say what is wrong, to the server and to us."""
        self._left = True
        if not self._parts and data[0] in BINARY and data[1] < MASKED:
            self.protocol.fail(CloseCode.UNSUPPORTED_DATA, "bytes instead of a text")
        if self._parts:
            # It has to know that a message had begun.
            begun = b"".join(self._parts)
            self._parts.clear()
            super().data_received(_head(FIRST_PART, len(begun), 0) + begun)
        super().data_received(data)
        self._wake_reader()

    def _got(self, text: bytes) -> None:
        if self.deliver is not None:
            self.deliver(text)
        else:
            self._texts.append(text)
            self._wake_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the reader see the end."""
        super().connection_lost(exc)
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


def _head(first: int, length: int, masked: int) -> bytes:
    """The beginning of a frame: its first byte, and its length with the bit for a mask."""
    if length < 126:
        return bytes((first, masked | length))
    if length < 65_536:
        return struct.pack("!BBH", first, masked | 126, length)
    return struct.pack("!BBQ", first, masked | 127, length)
