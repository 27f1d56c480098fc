"""`WebRtcPlugin`: a handle whose media is made and received here, by a peer connection of aiortc."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.client.plugin import JanusPlugin, PluginReply
from janus_notebook.errors import JanusError, JanusMediaError, JanusOptionError, JanusStateError
from janus_notebook.protocol.events import HangupEvent, JanusEvent
from janus_notebook.protocol.messages import Message

if TYPE_CHECKING:
    from janus_notebook.client.log import Subscription
    from janus_notebook.media import Peer, ReceivedTrack

__all__ = ["WebRtcPlugin"]


class WebRtcPlugin(JanusPlugin, ABC):
    """A handle that can publish media from this process and receive what Janus sends back.

    Needs the ``media`` extra for that; everything else works without.
    """

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self._peer: Peer | None = None
        self._negotiation = asyncio.Lock()

    @abstractmethod
    async def negotiate(self, jsep: Mapping[str, Any], media: Mapping[str, bool]) -> PluginReply:
        """Send the plugin's own request that carries an offer, and return the reply with the answer.

        Args:
            jsep: the offer.
            media: whether ``audio`` and ``video`` are sent.
        """

    @property
    def tracks(self) -> tuple[ReceivedTrack, ...]:
        """What is received, in the order of the media sections; empty before `publish`."""
        return self._peer.tracks if self._peer is not None else ()

    @property
    def webrtc(self) -> dict[str, Any]:
        """What our own peer connection knows, as plain data (`Peer.facts`); empty before `publish`."""
        return self._peer.facts() if self._peer is not None else {}

    def track(self, which: str) -> ReceivedTrack:
        """Return the first received track of a kind (``"audio"``, ``"video"``), or the one with that mid.

        ``await track.snapshot()`` gives one frame as numpy.

        Raises:
            JanusStateError: there is no peer connection here; `publish` makes one.
            JanusMediaError: no such track is received; names those that are.
        """
        return self._live_peer().track(which)

    async def stats(self) -> dict[str, Any]:
        """Counters of our peer connection: ``transport``, and ``media`` by mid.

        Raises:
            JanusStateError: there is no peer connection here.
        """
        return await self._live_peer().stats()

    async def publish(
        self,
        video: object = "pattern",
        audio: object = "tone",
        *,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        timeout: float = 15.0,
    ) -> PluginReply:
        """Send media from this process to Janus, and receive what it sends back.

        Returns when media can flow: ICE and DTLS are done on both sides. If it fails, or is
        cancelled, the PeerConnection is closed on both sides and the handle can publish again.

        Args:
            video: ``"pattern"`` for a moving test pattern; a function or iterator that gives numpy
                frames (uint8, height x width x 3, RGB); an aiortc track; None for no video.
            audio: ``"tone"`` for a 440 Hz tone, an aiortc track, or None for no audio.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by
                default: no public server is asked.
            timeout: seconds for all of it.

        Returns:
            The plugin's reply, with the SDP answer as `PluginReply.jsep`.

        Raises:
            JanusMediaError: the ``media`` extra is missing, or ICE or DTLS failed.
            JanusPluginError, JanusServerError: Janus refused the offer.
            JanusTimeoutError: not connected in time; the text names the step it hangs in.
            JanusStateError: the handle is not attached, or is publishing already.

        Source: JSEP (RFC 8829); "Janus API", sections on ``message``, ``trickle``, ``webrtcup``.
        """
        session, _ = self._attached()
        if not timeout > 0:
            raise JanusOptionError(f"timeout must be seconds above 0, not {timeout!r}")
        # aiortc takes about a second to import, and keepalives must not wait for it.
        peer_class = await asyncio.to_thread(_load_peer)
        async with self._negotiation:
            if self._peer is not None:
                raise JanusStateError(f"{self.name} is publishing already", hint="Call hangup() first.")
            peer = self._peer = peer_class(ice_servers=ice_servers)
            try:
                return await self._connect(peer, video, audio, timeout)
            except BaseException:
                self._peer = None
                session.spawn(self._abandon(peer), name="janus-publish-undo")
                raise

    async def _connect(self, peer: Peer, video: object, audio: object, timeout: float) -> PluginReply:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        offer = await peer.offer(video=video, audio=audio, trickle=True)
        sent = {"audio": audio not in (None, False), "video": video not in (None, False)}
        # Subscribed before the offer leaves: Janus's candidates may come before its answer.
        async with self.events(["trickle"]) as candidates, self.events(["webrtcup", "hangup"]) as outcome:
            adding = asyncio.create_task(_add_candidates(peer, candidates), name="janus-candidates")
            try:
                reply, _ = await asyncio.gather(
                    self.negotiate(offer, sent), self.trickle(peer.candidates(), timeout)
                )
                if reply.jsep is None:
                    raise JanusMediaError(f"{self.name} answered without an SDP: {reply.data}")
                await peer.accept(reply.jsep)
                await self._first_of(
                    peer.connected(max(deadline - loop.time(), 0.001)),
                    self._up(outcome, max(deadline - loop.time(), 0.001)),
                    adding,
                )
                return reply
            finally:
                adding.cancel()
                await asyncio.wait([adding])

    @staticmethod
    async def _first_of(connected: Any, up: Any, adding: asyncio.Task[None]) -> None:
        """Wait for both sides; a bad candidate or a hangup ends the wait with its own error."""
        waits: asyncio.Future[Any] = asyncio.gather(connected, up)
        both: list[asyncio.Future[Any]] = [waits, adding]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if adding.done() and not waits.done():
                adding.result()
            await waits
        finally:
            waits.cancel()
            await asyncio.wait([waits])

    async def _up(self, outcome: Subscription, timeout: float) -> None:
        """Wait until Janus says that media can flow, or why not."""
        try:
            event = await outcome.get(timeout)
        except StopAsyncIteration:
            raise self._not_attached() from None
        if isinstance(event, HangupEvent):
            raise JanusMediaError(
                f"Janus closed the PeerConnection: {event.reason}",
                hint="Can UDP pass both ways between this machine and the server?",
            )

    async def _abandon(self, peer: Peer) -> None:
        """Close both sides of a connection that did not come about."""
        await peer.close()
        if self.id is not None:
            await super().hangup()

    def _live_peer(self) -> Peer:
        if self._peer is None:
            raise JanusStateError(f"{self.name} has no media here", hint="Call publish() first.").within(
                plugin=self.name, handle_id=self.id
            )
        return self._peer

    async def hangup(self, timeout: float | None = None) -> Message:
        """Close the PeerConnection on both sides and return Janus's answer; the handle lives on."""
        try:
            return await super().hangup(timeout)
        finally:
            await self.release()

    async def release(self) -> None:
        """Close our peer connection, if there is one."""
        peer, self._peer = self._peer, None
        if peer is not None:
            await peer.close()

    def on_event(self, event: JanusEvent) -> None:
        """Close our side when Janus has closed its own."""
        super().on_event(event)
        if isinstance(event, HangupEvent) and self._peer is not None and not self._negotiation.locked():
            self._close_later()

    def end(self, reason: str) -> None:
        """The handle is gone: so is its media."""
        if self._peer is not None:
            self._close_later()
        super().end(reason)

    def _close_later(self) -> None:
        if self.session is not None:
            self.session.spawn(self.release(), name="janus-peer-release")


def _load_peer() -> type[Peer]:
    from janus_notebook.media import require_media

    require_media("publish()")
    from janus_notebook.media.peer import Peer

    return Peer


async def _add_candidates(peer: Peer, candidates: Subscription) -> None:
    """Hand Janus's candidates to our peer, in order. A candidate that we can't read is an error."""
    async for event in candidates:
        try:
            await peer.add_candidate(event.raw.get("candidate"))
        except JanusError as exc:
            raise exc.within(handle_id=event.handle_id) from exc.__cause__
