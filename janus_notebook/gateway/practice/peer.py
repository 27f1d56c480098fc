"""The gateway's side of a PeerConnection, whatever it carries. Needs the ``media`` extra."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from aiortc import RTCConfiguration
from aiortc.rtcconfiguration import RTCBundlePolicy

from janus_notebook.errors import JanusMediaError
from janus_notebook.media import require_media
from janus_notebook.media import sdp as sdp_text
from janus_notebook.media.connection import Connection
from janus_notebook.media.ice import parsed_candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["PracticePeer"]

T = TypeVar("T")

# Candidates may still come: Janus 1.1.2 gives up on a connection that never was about as late.
ICE_PATIENCE_SECONDS = 20.0
ICE_FAILED = "ICE failed"


class PracticePeer:
    """One PeerConnection on the running loop. Once made, it must be closed.

    Args:
        notify: sends a core event: its kind, and its fields by name.
        on_end: called with Janus's reason when the connection has ended by itself.

    Attributes:
        described: whether the client's description has been taken.
    """

    def __init__(self, notify: Callable[..., None], on_end: Callable[[str], object]) -> None:
        require_media("the practice gateway's media")
        self.described = False
        self.notify = notify
        self._on_end = on_end
        self._pc: Connection | None = None
        self._early: list[Mapping[str, Any]] = []
        self._work: set[asyncio.Task[Any]] = set()
        self._turn = asyncio.Lock()
        self._up = self._ended = False
        self._giving_up: asyncio.TimerHandle | None = None

    def add_candidates(self, candidates: Iterable[Mapping[str, Any]]) -> None:
        """Take the client's candidates, which may come before its offer. Those that are none are dropped."""
        self._early += candidates
        if self.described and not self._ended:
            self.run(self.add_early())

    async def close(self) -> None:
        """End the connection and all that belongs to it. Idempotent."""
        self._ended = True
        if self._giving_up is not None:
            self._giving_up.cancel()
        async with self._turn:
            if self._pc is not None:
                await self._pc.shut()
            self.release()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    # --- for those that are derived

    def wire(self, pc: Connection) -> None:
        """Listen to a new connection."""

    def release(self) -> None:
        """Let go of what the connection carried."""

    def opened(self) -> Connection:
        """Return the connection; make it at first.

        Raises:
            JanusMediaError: it has ended.
        """
        if self._ended:
            raise JanusMediaError("the PeerConnection is closed")
        if self._pc is None:
            # An empty list, not None: None means a public STUN server to aiortc.
            config = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
            self._pc = Connection(config, self._changed)
            self.wire(self._pc)
        return self._pc

    async def in_turn(self, step: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a step of the negotiation, after those that were begun before.

        It runs to its end even when the caller is cancelled, as aiortc leaves its sockets otherwise.
        """

        async def turn() -> T:
            async with self._turn:
                return await step()

        return await asyncio.shield(self.run(turn()))

    async def add_early(self) -> None:
        """Give the connection the candidates that wait."""
        assert self._pc is not None
        while self._early:
            candidate = self._early.pop(0)
            try:
                parsed_candidate(candidate)
            except JanusMediaError:
                continue  # Janus has said ack to it, and drops it as well
            await self._pc.add_trickled(candidate)

    def local(self, pc: Connection, *, trickle: bool) -> dict[str, Any]:
        """Return our description as a ``jsep``, and its candidates with it or by ``trickle``."""
        text = pc.localDescription.sdp
        if trickle:
            for candidate in [*sdp_text.local_candidates(text), {"completed": True}]:
                self.notify("trickle", candidate=candidate)
            text = sdp_text.without_candidates(text)
        return {"type": pc.localDescription.type, "sdp": text}

    def run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task that `close` ends."""
        task = asyncio.create_task(work, name="janus-practice-peer")
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    def _changed(self) -> None:
        pc = self._pc
        if pc is None or self._ended:
            return
        if pc.connectionState == "connected" and not self._up:
            self._up = True
            self.notify("webrtcup")
        elif pc.failure is not None or pc.connectionState in ("failed", "closed"):
            reason = _reason(pc)
            if self._up or reason != ICE_FAILED:
                self._end(reason)
            elif self._giving_up is None:
                later = asyncio.get_running_loop().call_later
                self._giving_up = later(ICE_PATIENCE_SECONDS, self._end, reason)

    def _end(self, reason: str) -> None:
        self._ended = True
        self._on_end(reason)


def _reason(pc: Connection) -> str:
    """Return Janus's word for why a connection ended."""
    if pc.iceConnectionState == "failed":
        return ICE_FAILED
    if pc.failure is not None or pc.connectionState == "failed":
        return "DTLS error"
    return "DTLS alert"  # the other side said goodbye
