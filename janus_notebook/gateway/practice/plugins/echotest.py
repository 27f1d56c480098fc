"""EchoTest: with the ``media`` extra it sends real media back; without, it only negotiates.

Source: "EchoTest plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from janus_notebook.errors import JanusMediaError
from janus_notebook.gateway.practice.narrowing import narrowed
from janus_notebook.gateway.practice.negotiation import Negotiation
from janus_notebook.gateway.practice.plugin import Answer, Done, Later, PracticePlugin, Refused
from janus_notebook.gateway.practice.plugins.parameters import Checker, RefusalError
from janus_notebook.gateway.practice.plugins.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from janus_notebook.gateway.practice.media import EchoPeer
    from janus_notebook.gateway.practice.narrowing import Narrowed
    from janus_notebook.gateway.practice.plugin import PracticeHandle

__all__ = ["EchoTest"]

INVALID_ELEMENT = 413
INVALID_SDP = 414
CHECKER = Checker(missing=INVALID_ELEMENT, invalid=INVALID_ELEMENT)
PARAMETERS = {
    "audio": "boolean",
    "audiocodec": "string",
    "video": "boolean",
    "videocodec": "string",
    "videoprofile": "string",
    "opusred": "boolean",
    "bitrate": "count",
    "substream": "count",
    "temporal": "count",
    "fallback": "count",
    "record": "boolean",
    "filename": "string",
    "min_delay": "integer",
    "max_delay": "integer",
}
LAYERS = ("substream", "temporal")
NO_REQUEST_ALONE = ("audiocodec", "filename")
HINT = "I'm taking my time!"
OK = {"echotest": "event", "result": "ok"}
DONE = {"echotest": "event", "result": "done"}


class EchoTest(PracticePlugin):
    """``janus.plugin.echotest``.

    Without the ``media`` extra the answer to an offer is an SDP with nobody behind it, and ``webrtcup``
    never comes. With it, audio, video and data channels come back. What only tunes Janus's own packets
    (`bitrate`, simulcast layers, recording) is checked, answered, and has no effect then.

    Args:
        media: whether to echo real media; None does if the extra is installed.
    """

    package: ClassVar[str] = "janus.plugin.echotest"
    name: ClassVar[str] = "Practice EchoTest plugin"
    description: ClassVar[str] = "Sends back what it receives, from the practice gateway."

    def __init__(self, *, media: bool | None = None) -> None:
        self.media = find_spec("aiortc") is not None if media is None else media
        self._echoes: dict[tuple[int, int], Echo] = {}
        self.work = Work()

    def attached(self, handle: PracticeHandle) -> None:
        self._echoes[handle.session_id, handle.id] = Echo(self, handle)

    def message(
        self,
        handle: PracticeHandle,
        transaction: str,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None,
    ) -> Answer:
        return self._echoes[handle.session_id, handle.id].request(transaction, body, jsep)

    def trickle(self, handle: PracticeHandle, candidates: Sequence[Mapping[str, Any]]) -> None:
        self._echoes[handle.session_id, handle.id].trickle(candidates)

    def hangup(self, handle: PracticeHandle) -> bool:
        return self._echoes[handle.session_id, handle.id].end("Janus API")

    def detached(self, handle: PracticeHandle) -> None:
        self._echoes.pop((handle.session_id, handle.id)).end("")

    async def close(self) -> None:
        for echo in self._echoes.values():
            echo.end("")
        self._echoes.clear()
        await self.work.wait()


class Echo:
    """One handle of EchoTest."""

    def __init__(self, plugin: EchoTest, handle: PracticeHandle) -> None:
        self._plugin = plugin
        self._handle = handle
        self._negotiation = Negotiation(handle)
        self._peer: EchoPeer | None = None
        self._flags = {"audio": True, "video": True}
        self._early: list[Mapping[str, Any]] = []
        self._turn = asyncio.Lock()
        # Janus says "done" at the first hangup, PeerConnection or not, and after the next offer again.
        self._over = False

    def request(self, transaction: str, body: Mapping[str, Any], jsep: Mapping[str, Any] | None) -> Answer:
        """Answer the plugin's only request, which has no name."""
        offer = None if jsep is None else self._negotiation.read(jsep)
        if isinstance(offer, Refused):
            return offer
        try:
            _check(body, has_jsep=jsep is not None)
        except RefusalError as refusal:
            return Later(_error(refusal.code, refusal.reason), hint=HINT)
        self._flags |= {kind: body[kind] for kind in self._flags if kind in body}
        if self._peer is not None:
            self._peer.configure(**self._flags)
        if offer is None or jsep is None:
            return Later(Done(OK), hint=HINT)
        self._over = False
        wished = {kind: [body[f"{kind}codec"]] for kind in self._flags if f"{kind}codec" in body}
        if self._plugin.media and jsep["type"] == "offer":
            reduced = narrowed(offer, wished)
            if reduced is not None:
                self._negotiation.open = True
                self._plugin.work.answer(self._handle, transaction, self._connect(reduced))
                return Later(hint=HINT)
        return Later(Done(OK, self._negotiation.answer(offer, wished=wished)), hint=HINT)

    def trickle(self, candidates: Sequence[Mapping[str, Any]]) -> None:
        """Take the client's candidates; those that come before the offer wait for it."""
        if self._peer is None:
            self._early += candidates
        else:
            self._peer.add_candidates(candidates)

    def end(self, reason: str) -> bool:
        """End the PeerConnection, and tell the client the reason, unless that is empty."""
        peer, self._peer = self._peer, None
        if peer is not None:
            self._plugin.work.begin(peer.close())
        self._early.clear()
        if reason and not self._over:
            self._over = True
            self._handle.event(DONE)
        return self._negotiation.close(reason)

    async def _connect(self, offer: Narrowed) -> Done:
        """Answer an offer with real media."""
        async with self._turn:
            # aiortc takes about a second to import, and other handles must not wait for it.
            peer_class = await asyncio.to_thread(_load_peer)
            if not self._negotiation.open:
                return _error(INVALID_SDP, "The PeerConnection was closed while it was being made")
            peer = self._peer
            if peer is None:
                peer = self._peer = peer_class(self._handle.notify, self.end)
                peer.configure(**self._flags)
                peer.add_candidates(self._early)
                self._early = []
        try:
            return Done(OK, await peer.answer(offer, trickle=self._handle.full_trickle))
        except JanusMediaError as exc:
            if not peer.described:
                self.end("")  # the next offer gets a new one
            return _error(INVALID_SDP, exc.message)


def _load_peer() -> type[EchoPeer]:
    from janus_notebook.gateway.practice.media import EchoPeer

    return EchoPeer


def _error(code: int, reason: str) -> Done:
    return Done({"echotest": "event", "error_code": code, "error": reason})


def _check(body: Mapping[str, Any], *, has_jsep: bool) -> None:
    """Check a request.

    Raises:
        RefusalError: it is wrong, or asks for nothing.
    """
    CHECKER.check(body, PARAMETERS)
    for name in LAYERS:
        if body.get(name, 0) > 2:
            raise RefusalError(INVALID_ELEMENT, f"Invalid value ({name} should be 0, 1 or 2)")
    if not has_jsep and not any(name in body for name in PARAMETERS if name not in NO_REQUEST_ALONE):
        raise RefusalError(INVALID_ELEMENT, "Message error: no supported attributes found")
