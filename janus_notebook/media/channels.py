"""A data channel: ordered and reliable messages, text or bytes, over the peer connection."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError, JanusTimeoutError
from janus_notebook.texts import NAME_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import RTCDataChannel

__all__ = ["DataChannel"]

# A sender waits while more than this is queued before it.
BUFFER_BYTES = 256 * 1024
# Messages that came before anyone listened; beyond it the oldest are dropped.
UNHEARD = 1000


class DataChannel:
    """One data channel by its label; get it from `Peer.channel`.

    Attributes:
        label: its name, which both sides see.
        on_change: called with no arguments, on the loop, when `state` has changed. May be set at any time.
        reason: why it is closed, or "".
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.on_change: Callable[[], None] | None = None
        self.reason = ""
        self._on_message: Callable[[str | bytes], None] | None = None
        self._unheard: deque[str | bytes] = deque(maxlen=UNHEARD)
        self._raw: RTCDataChannel | None = None
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    def __repr__(self) -> str:
        return f"<DataChannel {clean(repr(self.label), NAME_LIMIT)} {self.state}>"

    @property
    def state(self) -> str:
        """``connecting``, ``open``, ``closing`` or ``closed``."""
        if self.reason:
            return "closed"
        return "connecting" if self._raw is None else str(self._raw.readyState)

    @property
    def on_message(self) -> Callable[[str | bytes], None] | None:
        """Called with each message, on the loop and in order. Those that came before it was set, first.

        An error in it is reported by the loop's exception handler, and harms nothing here.
        """
        return self._on_message

    @on_message.setter
    def on_message(self, callback: Callable[[str | bytes], None] | None) -> None:
        self._on_message = callback
        while callback is not None and self._unheard:
            asyncio.get_running_loop().call_soon(self._deliver, self._unheard.popleft())

    async def opened(self, timeout: float = 15.0) -> None:
        """Wait until messages can be sent.

        Args:
            timeout: seconds.

        Raises:
            JanusTimeoutError: not open within `timeout`.
            JanusMediaError: it is closed.
        """
        try:
            async with asyncio.timeout(timeout):
                while self.state == "connecting":
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"the data channel {self.label!r} did not open within {timeout:g} s",
                hint="Did the other side take the data section of the offer?",
            ) from exc
        if self.state != "open":
            raise JanusMediaError(f"the data channel {self.label!r} is {self.state}: {self.reason}")

    async def send(self, message: str | bytes) -> None:
        """Send a message. Messages arrive in the order of the calls.

        It waits while too much is queued already, so that a fast caller cannot fill the memory. A
        call that is cancelled has sent nothing.

        Raises:
            JanusOptionError: `message` is neither text nor bytes, or larger than the other side takes.
            JanusStateError: the channel is not open.
        """
        if not isinstance(message, (str, bytes)):
            raise JanusOptionError(f"a message is text or bytes, not {type(message).__name__}")
        async with self._turn:
            while self.state == "open" and self._raw is not None and self._raw.bufferedAmount > BUFFER_BYTES:
                self._changed.clear()
                await self._changed.wait()
            if self.state != "open" or self._raw is None:
                why = f": {self.reason}" if self.reason else ""
                raise JanusStateError(
                    f"the data channel {self.label!r} is {self.state}, not open{why}",
                    hint="Await opened() first." if self.state == "connecting" else "",
                )
            try:
                self._raw.send(message)
            except ValueError as exc:
                raise JanusOptionError(str(exc)) from exc

    def close(self) -> None:
        """Close the channel; the peer connection goes on. Idempotent."""
        if self._raw is not None and self.state in ("connecting", "open"):
            self._raw.close()

    # --- for `Peer`

    def use(self, raw: RTCDataChannel) -> None:
        """Send and receive by aiortc's channel.

        A second one of the same label is only listened to: both sides may have opened one at once.
        """
        raw.on("message", self._arrived)
        if self._raw is not None and self._raw.readyState != "closed":
            return
        self._raw, self.reason = raw, ""
        raw.bufferedAmountLowThreshold = BUFFER_BYTES
        raw.on("open", self._notify)
        raw.on("bufferedamountlow", self._changed.set)
        raw.on(
            "close", lambda: self.end("the other side, or close(), ended it") if self._raw is raw else None
        )
        self._notify()

    def end(self, reason: str) -> None:
        """There will be no more messages. The first reason stays."""
        if not self.reason:
            self.reason = reason
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        if self.on_change is not None:
            # From the loop: an error in it must not reach the transport.
            asyncio.get_running_loop().call_soon(self.on_change)

    def _arrived(self, message: str | bytes) -> None:
        asyncio.get_running_loop().call_soon(self._deliver, message)

    def _deliver(self, message: Any) -> None:
        if self._on_message is None:
            self._unheard.append(message)
        else:
            self._on_message(message)
