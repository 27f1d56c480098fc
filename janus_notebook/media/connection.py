"""aiortc's peer connection, with its loose ends tied: every task owned, every failure seen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from janus_notebook.media import sdp as sdp_text
from janus_notebook.media.ice import parsed_candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Connection"]

ICE_HINT = (
    "Does UDP pass between this machine and the other side? "
    "If not, give ice_servers=[...] with a TURN server."
)
ONLY_LOOPBACK_HINT = (
    "This machine has no network interface but loopback, which Janus does not use; a practice gateway "
    "(%janus serve --practice) does."
)
LOOPBACK = "127.0.0.1"
STATE_EVENTS = (
    "signalingstatechange",
    "icegatheringstatechange",
    "iceconnectionstatechange",
    "connectionstatechange",
)


class Connection(RTCPeerConnection):
    """An `RTCPeerConnection` that can be shut without leaving anything behind.

    aiortc starts its connecting task without keeping it, so that its errors reach nobody and its
    end cannot be awaited. Here each such task is kept.

    Attributes:
        failure: the error that ended a connecting task, or None.
    """

    def __init__(self, configuration: RTCConfiguration, on_change: Callable[[], None]) -> None:
        super().__init__(configuration)
        self.failure: BaseException | None = None
        self._notify = on_change
        self._connecting: set[asyncio.Task[None]] = set()
        for event in STATE_EVENTS:
            self.on(event, on_change)

    @property
    def dtls_state(self) -> str:
        """``new``, ``connecting``, ``connected``, ``closed`` or ``failed``."""
        transceivers = self.getTransceivers()
        return str(transceivers[0].receiver.transport.state) if transceivers else "new"

    async def setLocalDescription(  # noqa: N802 (aiortc's name)
        self,
        sessionDescription: RTCSessionDescription | None = None,  # noqa: N803 (aiortc's name)
    ) -> None:
        """Gather candidates, too: on loopback, where this machine has no other address."""
        transports = [transceiver.receiver.transport for transceiver in self.getTransceivers()]
        for dtls in [*transports, *([self.sctp.transport] if self.sctp is not None else [])]:
            _loopback_at_last(dtls)
        await super().setLocalDescription(sessionDescription)

    async def add_trickled(self, candidate: Mapping[str, Any]) -> None:
        """Take a candidate of the other side; there must be a remote description.

        Raises:
            JanusMediaError: the text is not a candidate.
        """
        parsed = parsed_candidate(candidate)
        if parsed is None:
            await self.addIceCandidate(None)
            return
        first = self.getTransceivers()[0].mid
        # If the first section was rejected, the next one of the bundle carries the candidates.
        carrier = next(iter(sdp_text.bundle(self.remoteDescription.sdp)), first)
        if candidate.get("sdpMLineIndex") == 0 or candidate.get("sdpMid") in (first, carrier):
            parsed.sdpMid, parsed.sdpMLineIndex = first, 0
            await self.addIceCandidate(parsed)

    def missing_step(self) -> tuple[str, str]:
        """Return what has not happened yet on the way to a connection, and what to do about it."""
        if self.remoteDescription is None or self.signalingState != "stable":
            return "the other side's description did not come", "Is the signalling connected?"
        if self.iceConnectionState != "completed":
            return f"ICE has found no pair of candidates that works{self._counts()}", self._ice_hint()
        return "the DTLS handshake did not finish", "Something on the way lets STUN through, but not DTLS."

    def broken_step(self) -> tuple[str, str]:
        """Return what ended the connection, and what to do about it."""
        if self.connectionState == "closed":
            return "it was closed", ""
        if self.failure is not None:
            return repr(self.failure), ""
        if self.iceConnectionState == "failed":
            return f"ICE failed, as no pair of candidates works{self._counts()}", self._ice_hint()
        return "the DTLS handshake failed", "Was the description changed on its way?"

    def _ice_hint(self) -> str:
        addresses = {c.ip for i in self._ice() for c in i.iceGatherer.getLocalCandidates()}
        return ONLY_LOOPBACK_HINT if addresses == {LOOPBACK} else ICE_HINT

    def _ice(self) -> list[Any]:
        return [t.receiver.transport.transport for t in self.getTransceivers()[:1]]

    def _counts(self) -> str:
        ice = self._ice()
        here = sum(len(i.iceGatherer.getLocalCandidates()) for i in ice)
        there = sum(len(i.getRemoteCandidates()) for i in ice)
        return f" ({here} here, {there} there)"

    async def shut(self) -> None:
        """Close, and wait for the end of every task of this connection."""
        # First, as ICE that completes after it was closed would open its consent checks anew.
        connecting = set(self._connecting)
        for task in connecting:
            task.cancel()
        if connecting:
            await asyncio.wait(connecting)
        await self.close()

    # The private method is aiortc's only place that starts the task; `ensure_future` there takes
    # a task as it is. If a later aiortc has no such method, this one is simply not called.
    def _RTCPeerConnection__connect(self) -> asyncio.Task[None]:  # noqa: N802 (the mangled name)
        connect: Callable[[], Any] = getattr(super(), "_RTCPeerConnection__connect")  # noqa: B009 (typed)
        task: asyncio.Task[None] = asyncio.ensure_future(connect())
        self._connecting.add(task)
        task.add_done_callback(self._connect_ended)
        return task

    def _connect_ended(self, task: asyncio.Task[None]) -> None:
        self._connecting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failure = task.exception()
            self._notify()


def _loopback_at_last(dtls: Any) -> None:
    """Let ICE gather 127.0.0.1 where it finds nothing else. aiortc has no option for it."""
    ice = dtls.transport.iceGatherer._connection
    gather = ice.get_component_candidates

    async def with_loopback(component: int, addresses: list[str], *args: Any, **kwargs: Any) -> Any:
        return await gather(component, addresses or [LOOPBACK], *args, **kwargs)

    ice.get_component_candidates = with_loopback
