"""The plugin itself, and each handle's PeerConnection."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from janus_notebook.errors import JanusMediaError
from janus_notebook.gateway.practice.negotiation import Negotiation
from janus_notebook.gateway.practice.plugin import Answer, Done, Later, PracticePlugin, Refused
from janus_notebook.gateway.practice.plugins.parameters import RefusalError
from janus_notebook.gateway.practice.plugins.textroom.rooms import (
    CHECKER,
    INVALID_REQUEST,
    REQUESTS,
    make_rooms,
)
from janus_notebook.gateway.practice.plugins.textroom.talk import Talker
from janus_notebook.gateway.practice.plugins.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from janus_notebook.gateway.practice.channel import ChannelPeer
    from janus_notebook.gateway.practice.plugin import PracticeHandle

__all__ = ["TextRoom"]

ALREADY_SETUP = 416
UNKNOWN_ERROR = 499
SIGNALLING = ("setup", "restart", "ack")
SECTION = [{"type": "data", "mid": "0"}]  # what is offered
OK = {"textroom": "event", "result": "ok"}


class TextRoom(PracticePlugin):
    """``janus.plugin.textroom``.

    Without the ``media`` extra `setup` offers a data channel with nobody behind it: ``webrtcup`` never
    comes, and nobody can join, leave or talk. With it, people do; the request ``restart`` is refused then,
    as aiortc cannot restart ICE. Messages are not posted to a room's ``post``.

    Args:
        media: whether data channels are real; None means if the extra is installed.
    """

    package: ClassVar[str] = "janus.plugin.textroom"
    name: ClassVar[str] = "Practice TextRoom plugin"
    description: ClassVar[str] = "Text rooms of the practice gateway."

    def __init__(self, *, media: bool | None = None) -> None:
        self.media = find_spec("aiortc") is not None if media is None else media
        self.rooms = make_rooms()
        self.work = Work()
        self._setups: dict[tuple[int, int], Setup] = {}

    def attached(self, handle: PracticeHandle) -> None:
        self._setups[handle.session_id, handle.id] = Setup(self, handle)

    def message(
        self,
        handle: PracticeHandle,
        transaction: str,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None,
    ) -> Answer:
        setup = self._setups[handle.session_id, handle.id]
        description = None if jsep is None else setup.negotiation.read(jsep)
        if isinstance(description, Refused):
            return description
        try:
            CHECKER.check(body, {"request": "string!"})
            request = body["request"]
            if request not in SIGNALLING and request not in REQUESTS:
                raise RefusalError(INVALID_REQUEST, f"Unknown request '{request}'")
        except RefusalError as refusal:
            return _error(refusal, kind="event")
        try:
            if request in SIGNALLING:
                return Later(setup.request(transaction, request, jsep))
            data = REQUESTS[request](self.rooms, body)
            if request == "destroy" and setup.talker is not None:
                setup.talker.destroyed(data["room"])
            return Done(data)
        except RefusalError as refusal:
            error = _error(refusal)
            return Later(error) if request in SIGNALLING else error

    def trickle(self, handle: PracticeHandle, candidates: Sequence[Mapping[str, Any]]) -> None:
        self._setups[handle.session_id, handle.id].trickle(candidates)

    def hangup(self, handle: PracticeHandle) -> bool:
        return self._setups[handle.session_id, handle.id].end("Janus API")

    def detached(self, handle: PracticeHandle) -> None:
        self._setups.pop((handle.session_id, handle.id)).end("")

    async def close(self) -> None:
        for setup in self._setups.values():
            setup.end("")
        self._setups.clear()
        await self.work.wait()


class Setup:
    """One handle's PeerConnection. It can be set up once, even when it has ended since.

    Attributes:
        talker: who speaks on the data channel; None where there is no real one.
    """

    def __init__(self, plugin: TextRoom, handle: PracticeHandle) -> None:
        self.negotiation = Negotiation(handle)
        self._plugin = plugin
        self._handle = handle
        self._done = False
        self._peer: ChannelPeer | None = None
        self.talker: Talker | None = None

    def request(self, transaction: str, request: str, jsep: Mapping[str, Any] | None) -> Done | None:
        """Answer ``setup``, ``restart`` or ``ack``; None if the answer is on its way.

        Raises:
            RefusalError: it comes out of turn.
        """
        if request == "ack":
            if self._peer is not None and jsep is not None and jsep["type"] == "answer":
                self._plugin.work.answer(self._handle, transaction, self._accept(self._peer, jsep))
                return None
            return Done(OK)  # Janus does not mind if there is no answer
        if request == "restart":
            if not self._done:
                raise RefusalError(ALREADY_SETUP, "PeerConnection not setup")
            if self._plugin.media:
                text = "The practice gateway cannot restart ICE; restart needs a real Janus"
                raise RefusalError(UNKNOWN_ERROR, text)
            return Done(OK, self.negotiation.offer(SECTION, restart=True))
        if self._done:
            raise RefusalError(ALREADY_SETUP, "PeerConnection already setup")
        self._done = True
        if not self._plugin.media:
            return Done(OK, self.negotiation.offer(SECTION))
        self.negotiation.open = True
        self._plugin.work.answer(self._handle, transaction, self._offer())
        return None

    def trickle(self, candidates: Sequence[Mapping[str, Any]]) -> None:
        """Take the client's candidates."""
        if self._peer is not None:
            self._peer.add_candidates(candidates)

    def end(self, reason: str) -> bool:
        """End the PeerConnection, and tell the client the reason; the handle's rooms are left."""
        peer, self._peer = self._peer, None
        talker, self.talker = self.talker, None
        if peer is not None:
            self._plugin.work.begin(peer.close())
        if talker is not None:
            talker.gone()
        return self.negotiation.close(reason)

    async def _offer(self) -> Done:
        # aiortc takes about a second to import, and other handles must not wait for it.
        peer_class = await asyncio.to_thread(_load_peer)
        if not self.negotiation.open:
            return _error(
                RefusalError(UNKNOWN_ERROR, "The PeerConnection was closed while it was being made")
            )
        peer = self._peer = peer_class(self._handle.notify, self.end, self._hear)
        self.talker = Talker(self._plugin.rooms, peer.send)
        try:
            offer = await peer.offer(trickle=self._handle.full_trickle)
        except JanusMediaError as exc:
            return _error(RefusalError(UNKNOWN_ERROR, exc.message))
        self.negotiation.waiting = True
        return Done(OK, offer)

    async def _accept(self, peer: ChannelPeer, jsep: Mapping[str, Any]) -> Done:
        try:
            await peer.accept(jsep)
        except JanusMediaError as exc:
            return _error(RefusalError(UNKNOWN_ERROR, exc.message))
        return Done(OK)

    def _hear(self, text: str) -> None:
        if self.talker is not None:
            self.talker.hear(text)


def _load_peer() -> type[ChannelPeer]:
    from janus_notebook.gateway.practice.channel import ChannelPeer

    return ChannelPeer


def _error(refusal: RefusalError, kind: str = "error") -> Done:
    return Done({"textroom": kind, "error_code": refusal.code, "error": refusal.reason})
