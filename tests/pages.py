"""A browser page for tests without a browser: its peer connection is one of aiortc."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusError
from janus_notebook.media.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook.plugins.browser.call import BrowserCall

__all__ = ["PeerPage"]

PATTERN = {"video": "pattern", "audio": "tone"}


class PeerPage:
    """One page that shows a call. It must be closed.

    Attributes:
        refuses: the browser's error for a wish to capture, or None.
        mute: it says nothing any more, as a page that is gone.
        asked: the verbs that it was told, in order.
        wants: what it was to send.
    """

    def __init__(self, call: BrowserCall, ident: str = "p1", deaf: bool = False) -> None:
        self.call, self.ident, self.deaf = call, ident, deaf
        self.refuses: dict[str, Any] | None = None
        self.mute = False
        self.asked: list[str] = []
        self.wants: dict[str, Any] = {}
        self.peer: Peer | None = None
        self._sequence = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._channels: set[str] = set()
        call.use_wire(self.take, lambda: self.deaf)

    def say(self, what: str, **facts: Any) -> None:
        self._post({"say": what, **facts})

    def _post(self, content: Mapping[str, Any], buffers: tuple[bytes, ...] = ()) -> None:
        if not self.mute:
            self._sequence += 1
            self.call.hear_page(
                {"type": "page", "from": self.ident, "seq": self._sequence, **content}, buffers
            )

    def take(self, message: dict[str, Any]) -> None:
        """What the kernel tells and asks."""
        if message["to"] == self.ident and "verb" in message:
            self.asked.append(message["verb"])
            task = asyncio.create_task(self._do(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _do(self, message: dict[str, Any]) -> None:
        try:
            value = await getattr(self, f"_{message['verb']}")(message)
        except JanusError as exc:
            self._post({"re": message["n"], "error": {"name": type(exc).__name__, "message": str(exc)}})
            return
        if isinstance(value, bytes):
            self._post({"re": message["n"], "value": {"width": 2, "height": 1}}, (value,))
        elif message["n"] and self.refuses and message["verb"] == "capture":
            self._post({"re": message["n"], "error": self.refuses})
        elif message["n"]:
            self._post({"re": message["n"], "value": True if value is None else value})

    def _made(self) -> Peer:
        if self.peer is None:
            self.peer = Peer(on_change=self._changed)
        return self.peer

    def _changed(self) -> None:
        if self.peer is None:
            return
        facts = self.peer.facts()
        tracks = [{**track, "width": 0, "height": 0} for track in facts["tracks"]]
        self.say("state", peer={**facts, "tracks": tracks})

    async def _describe(self, message: dict[str, Any], verb: str, **more: Any) -> str:
        peer = self._made()
        sends: dict[str, Any] = {kind: PATTERN[kind] if on else False for kind, on in message["send"].items()}
        await peer.prepare(**sends)
        if verb == "offer":
            jsep = await peer.offer(data=message["data"], receive=message["receive"], trickle=True)
        else:
            offer = {"type": "offer", "sdp": message["remote"]}
            jsep = await peer.answer(offer, receive=message["receive"], trickle=True)
        if message["first"]:
            self.say("candidates", candidates=peer.candidates())
        sdp: str = jsep["sdp"]
        return sdp

    async def _capture(self, message: dict[str, Any]) -> None:
        self.wants = message["wants"]

    async def _offer(self, message: dict[str, Any]) -> str:
        return await self._describe(message, "offer")

    async def _answer(self, message: dict[str, Any]) -> str:
        return await self._describe(message, "answer")

    async def _accept(self, message: dict[str, Any]) -> None:
        await self._made().accept({"type": "answer", "sdp": message["remote"]})

    async def _rollback(self, _message: dict[str, Any]) -> None:
        await self._made().rollback()

    async def _candidate(self, message: dict[str, Any]) -> None:
        await self._made().add_candidate(message["candidate"])

    async def _channel(self, message: dict[str, Any]) -> None:
        label = message["label"]
        channel = self._made().channel(label)

        def changed() -> None:
            if channel.state == "open" and label not in self._channels:
                self._channels.add(label)
                self.say("channel", label=label)

        channel.on_change = changed
        channel.on_message = partial(self._heard, label)
        changed()

    def _heard(self, label: str, message: str | bytes) -> None:
        carried = {"text": message} if isinstance(message, str) else {"data": list(message)}
        self.say("message", label=label, **carried)

    async def _send(self, message: dict[str, Any]) -> None:
        text, data = message["text"], message["data"]
        await self._made().channel(message["label"]).send(bytes(data) if text is None else text)

    async def _snapshot(self, _message: dict[str, Any]) -> bytes:
        return bytes([1, 2, 3, 4, 5, 6])

    async def _close(self, _message: dict[str, Any]) -> None:
        peer, self.peer = self.peer, None
        if peer is not None:
            await peer.close()

    async def close(self) -> None:
        """Go without a word. Idempotent."""
        self.mute = True
        await self._close({})
        while self._tasks:
            await asyncio.wait(self._tasks)
