"""aiortc's peer connection, with its loose ends tied: tasks owned, failures seen, negotiated at any time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import MediaDescription, SessionDescription

from janus_notebook.media import sdp as sdp_text
from janus_notebook.media.ice import parsed_candidate
from janus_notebook.media.routing import Router
from janus_notebook.media.streams import Receiver, Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from aiortc import MediaStreamTrack, RTCRtpTransceiver

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
SENDS, RECEIVES = ("sendonly", "sendrecv"), ("recvonly", "sendrecv")


class Connection(RTCPeerConnection):
    """An `RTCPeerConnection` that leaves nothing behind when shut, and negotiates as often as needed.

    aiortc starts its connecting task without keeping it, so that its errors reach nobody and its
    end cannot be awaited. Here each such task is kept.

    aiortc starts a receiver once. The decoder and the track of a section that goes inactive stay as
    they are, and when the section is used again, they get another stream than they were made for. Here
    such a section gets a new receiver, so that there is a new track. The attributes of aiortc that
    this takes are private ones (``inside``).

    Attributes:
        failure: the error that ended a connecting task, or None.
        on_retired: called with a received track that is no longer sent, just before it ends.
    """

    def __init__(self, configuration: RTCConfiguration, on_change: Callable[[], None]) -> None:
        super().__init__(configuration)
        self.failure: BaseException | None = None
        self.on_retired: Callable[[MediaStreamTrack], None] | None = None
        self._notify = on_change
        self._connecting: set[asyncio.Task[None]] = set()
        self._saved: dict[RTCRtpTransceiver, tuple[Any, ...]] = {}
        self._had_data = False
        for event in STATE_EVENTS:
            self.on(event, on_change)

    # --- what all sections go over

    @property
    def dtls(self) -> Any:
        """The DTLS transport that all sections share; None before there is a section."""
        transceivers = self.getTransceivers()
        if transceivers:
            return transceivers[0].receiver.transport
        return None if self.sctp is None else self.sctp.transport

    @property
    def dtls_state(self) -> str:
        """``new``, ``connecting``, ``connected``, ``closed`` or ``failed``."""
        return "new" if self.dtls is None else str(self.dtls.state)

    async def add_trickled(self, candidate: Mapping[str, Any]) -> None:
        """Take a candidate of the other side; there must be a remote description.

        Raises:
            JanusMediaError: the text is not a candidate.
        """
        parsed = parsed_candidate(candidate)
        if parsed is None:
            await self.addIceCandidate(None)
            return
        # If the first section was rejected, the next one of the bundle carries the candidates.
        described = self.remoteDescription.sdp
        carriers = {*sdp_text.mids(described)[:1], *sdp_text.bundle(described)[:1]}
        if candidate.get("sdpMLineIndex") == 0 or candidate.get("sdpMid") in carriers:
            await self.dtls.transport.addRemoteCandidate(parsed)

    # --- negotiation

    def save(self) -> None:
        """Remember the sections, before an offer of ours changes them."""
        self._had_data = self.sctp is not None
        self._saved = {t: (t.direction, t._codecs, t._headerExtensions) for t in self.getTransceivers()}

    async def rollback(self) -> None:
        """Forget the offer, ours or theirs, that waits for its answer. aiortc has no such thing."""
        inside: Any = self
        if self.signalingState == "have-local-offer":
            for transceiver in self.getTransceivers():
                state: Any = transceiver
                if transceiver in self._saved:
                    transceiver.direction, state._codecs, state._headerExtensions = self._saved[transceiver]
                else:
                    await transceiver.stop()
                    inside._RTCPeerConnection__transceivers.remove(transceiver)
                    inside._RTCPeerConnection__seenMids.discard(transceiver.mid)
            if self.sctp is not None and not self._had_data:
                inside._RTCPeerConnection__seenMids.discard(self.sctp.mid)
                inside._RTCPeerConnection__sctp = None
        if self.signalingState in ("have-local-offer", "have-remote-offer"):
            inside._RTCPeerConnection__pendingLocalDescription = None
            inside._RTCPeerConnection__pendingRemoteDescription = None
            inside._RTCPeerConnection__setSignalingState("stable")

    async def setLocalDescription(  # noqa: N802 (aiortc's name)
        self,
        sessionDescription: RTCSessionDescription | None = None,  # noqa: N803 (aiortc's name)
    ) -> None:
        """Also end the tracks that our answer no longer takes."""
        await super().setLocalDescription(sessionDescription)
        if self.signalingState == "stable":
            for transceiver in self.getTransceivers():
                if transceiver.currentDirection not in RECEIVES:
                    await self._retire(transceiver)

    async def setRemoteDescription(  # noqa: N802 (aiortc's name)
        self,
        sessionDescription: RTCSessionDescription,  # noqa: N803 (aiortc's name)
        renewed: Collection[str] = (),
    ) -> None:
        """Also end the tracks that the other side no longer sends, or sends anew.

        Args:
            sessionDescription: an offer or an answer.
            renewed: mids that carry something else than before, which a description need not show.
        """
        before = {} if self.remoteDescription is None else _sections(self.remoteDescription)
        _check(sessionDescription)
        for mid, media in _sections(sessionDescription).items():
            transceiver = next((t for t in self.getTransceivers() if t.mid == mid), None)
            if transceiver is not None and (
                mid in renewed
                or media.direction not in SENDS
                or (mid in before and _differs(before[mid], media))
            ):
                await self._retire(transceiver)
        await super().setRemoteDescription(sessionDescription)
        ice = self.dtls.transport._connection
        for media in _sections(sessionDescription).values():
            if media.ice is not None and ice.remote_username not in (None, media.ice.usernameFragment):
                # An ICE restart of the other side. aiortc knows none; its checks need the new secret.
                ice.remote_username = media.ice.usernameFragment
                ice.remote_password = media.ice.password

    async def _retire(self, transceiver: RTCRtpTransceiver) -> None:
        """End what a section has received, and be ready for something else."""
        former = transceiver.receiver
        track: Any = former.track
        if track is None:
            return
        if self.on_retired is not None:
            self.on_retired(track)
        await former.stop()
        track._queue.put_nowait(None)  # the end; a receiver that was never started has not told it
        inside: Any = transceiver
        inside._RTCRtpTransceiver__receiver = Receiver(transceiver.kind, former.transport)
        transceiver.receiver._set_rtcp_ssrc(transceiver.sender._ssrc)

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
        return [] if self.dtls is None else [self.dtls.transport]

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

    # The private methods below are the only places where aiortc does these things; it calls them on
    # itself. If a later aiortc has no such method, ours is simply not called.

    def _RTCPeerConnection__createDtlsTransport(self) -> Any:  # noqa: N802 (the mangled name)
        create: Callable[[], Any] = getattr(super(), "_RTCPeerConnection__createDtlsTransport")  # noqa: B009
        dtls = create()
        dtls._rtp_router = Router()
        _loopback_at_last(dtls)
        return dtls

    def _RTCPeerConnection__createTransceiver(  # noqa: N802 (the mangled name)
        self, direction: str, kind: str, sender_track: MediaStreamTrack | None = None
    ) -> Any:
        create: Callable[..., Any] = getattr(super(), "_RTCPeerConnection__createTransceiver")  # noqa: B009
        transceiver = create(direction, kind)
        transport = transceiver.receiver.transport
        sender = transceiver._RTCRtpTransceiver__sender = Sender(kind, transport)
        inside: Any = self
        sender._stream_id = inside._RTCPeerConnection__stream_id
        transceiver._RTCRtpTransceiver__receiver = Receiver(kind, transport)
        transceiver.receiver._set_rtcp_ssrc(sender._ssrc)
        return transceiver

    # `ensure_future` in aiortc takes a task as it is.
    def _RTCPeerConnection__connect(self) -> asyncio.Task[None]:  # noqa: N802 (the mangled name)
        connect: Callable[[], Any] = getattr(super(), "_RTCPeerConnection__connect")  # noqa: B009 (typed)
        task = asyncio.create_task(self._connect(connect))
        self._connecting.add(task)
        task.add_done_callback(self._connect_ended)
        return task

    async def _connect(self, connect: Callable[[], Any]) -> None:
        # aiortc also connects between an offer and its answer; what is offered would be used at once.
        if self.signalingState not in ("stable", "closed"):
            return
        for transceiver in self.getTransceivers():
            track: MediaStreamTrack | None = transceiver.receiver.track
            if track is None and transceiver.currentDirection in RECEIVES:
                # It was retired by an offer that then came to nothing.
                transceiver._setCurrentDirection(
                    "sendonly" if transceiver.currentDirection == "sendrecv" else "inactive"
                )
        await connect()

    def _connect_ended(self, task: asyncio.Task[None]) -> None:
        self._connecting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failure = task.exception()
            self._notify()


def _sections(description: RTCSessionDescription) -> dict[str, MediaDescription]:
    """Return the media sections by mid."""
    return {media.rtp.muxId: media for media in SessionDescription.parse(description.sdp).media}


def _check(description: RTCSessionDescription) -> None:
    """Refuse what aiortc would take and then break upon, when it is closed or asked what it has.

    Raises:
        ValueError: a bundle has the transport of no section, or an address is none.
    """
    parsed = SessionDescription.parse(description.sdp)
    mids = {media.rtp.muxId for media in parsed.media}
    for group in parsed.group:
        if group.semantic == "BUNDLE" and not mids.issuperset(group.items[:1]):
            raise ValueError(f"its bundle begins with {group.items[0]!r}, which is none of its sections")
    str(parsed)  # `remoteDescription` is written anew whenever somebody looks at it


def _differs(before: MediaDescription, after: MediaDescription) -> bool:
    """Say whether a section that is still sent holds another stream: other SSRCs, or formats anew."""
    ssrcs = [{described.ssrc for described in media.ssrc} for media in (before, after)]
    formats = [
        {codec.payloadType: codec.mimeType.lower() for codec in media.rtp.codecs} for media in (before, after)
    ]
    return (all(ssrcs) and ssrcs[0].isdisjoint(ssrcs[1])) or any(
        formats[1].get(number, name) != name for number, name in formats[0].items()
    )


def _loopback_at_last(dtls: Any) -> None:
    """Let ICE gather 127.0.0.1 where it finds nothing else. aiortc has no option for it."""
    ice = dtls.transport.iceGatherer._connection
    gather = ice.get_component_candidates

    async def with_loopback(component: int, addresses: list[str], *args: Any, **kwargs: Any) -> Any:
        return await gather(component, addresses or [LOOPBACK], *args, **kwargs)

    ice.get_component_candidates = with_loopback
