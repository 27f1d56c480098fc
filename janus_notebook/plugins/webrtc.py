"""`WebRtcPlugin`: a handle whose media is made and received here, by a peer connection of aiortc."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from janus_notebook.client.replies import PluginReply
from janus_notebook.config import mask
from janus_notebook.errors import (
    JanusError,
    JanusMediaError,
    JanusOptionError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.plugins.typed import TypedPlugin
from janus_notebook.protocol.events import HangupEvent, JanusEvent
from janus_notebook.protocol.messages import Message

if TYPE_CHECKING:
    from janus_notebook.client.log import Subscription
    from janus_notebook.media import Peer, ReceivedTrack

__all__ = ["WebRtcPlugin"]

T = TypeVar("T")


class WebRtcPlugin(TypedPlugin, ABC):
    """A handle that can publish media from this process and receive what Janus sends back.

    Needs the ``media`` extra for that; everything else works without.
    """

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self._peer: Peer | None = None
        self._negotiation = asyncio.Lock()
        self._undoing: asyncio.Task[Any] | None = None
        self._stepping: asyncio.Task[Any] | None = None

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
                frames (uint8, height x width x 3, RGB, height and width even), or a generator
                function; an aiortc track; None for no video. The first frame is made before the
                offer. A source that fails later is an error event in the session's log.
            audio: ``"tone"`` for a 440 Hz tone, an aiortc track, or None for no audio.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by
                default: no public server is asked.
            timeout: seconds for all of it.

        Returns:
            The plugin's reply, with the SDP answer as `PluginReply.jsep`.

        Raises:
            JanusOptionError: a source that cannot be sent, such as a first frame of another shape
                or type; nothing to publish; or another argument is wrong.
            JanusMediaError: the ``media`` extra is missing, the function or iterator raised (its
                error is the cause), or ICE or DTLS failed.
            JanusPluginError, JanusServerError: Janus refused the offer.
            JanusTimeoutError: not connected in time; the text names the step it hangs in.
            JanusStateError: the handle is not attached, or is publishing already.

        Source: JSEP (RFC 8829); "Janus API", sections on ``message``, ``trickle``, ``webrtcup``.
        """
        session, _ = self._attached()
        if not timeout > 0:
            raise JanusOptionError(f"timeout must be seconds above 0, not {timeout!r}")
        if not (_given(video) or _given(audio)):
            raise JanusOptionError("nothing to publish", hint="Give video=, audio= or both.")
        # aiortc takes about a second to import, and keepalives must not wait for it.
        peer_class = await asyncio.to_thread(_load_peer)
        async with self._negotiation:
            if self._undoing is not None:
                # Its hangup must not reach the negotiation that begins here.
                await asyncio.wait([self._undoing])
            if self._peer is not None:
                raise JanusStateError(f"{self.name} is publishing already", hint="Call hangup() first.")
            peer = self._peer = peer_class(ice_servers=ice_servers, on_source_failure=self._source_failed)
            try:
                return await self._connect(peer, video, audio, timeout)
            except BaseException as exc:
                if self._peer is peer:
                    self._peer = None
                self._undoing = session.spawn(self._abandon(peer), name="janus-publish-undo")
                if not isinstance(exc, asyncio.CancelledError):
                    await asyncio.wait([self._undoing])
                raise

    async def _connect(self, peer: Peer, video: object, audio: object, timeout: float) -> PluginReply:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        # Not as a step: the user's function may take any time, and `_close` must not wait for it.
        try:
            async with asyncio.timeout_at(deadline):
                await peer.prepare(video=video, audio=audio)
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"the video source gave no picture within {timeout:g} s", hint="Does the function return?"
            ).within(plugin=self.name, handle_id=self.id) from exc
        self._attached()  # it may be gone by now
        offer = await self._step(peer.offer(trickle=True))
        sent = {"audio": _given(audio), "video": _given(video)}
        # Subscribed before the offer leaves: Janus's candidates may come before its answer.
        async with self.events(["trickle"]) as candidates, self.events(["webrtcup", "hangup"]) as outcome:
            adding = asyncio.create_task(_add_candidates(peer, candidates), name="janus-candidates")
            try:
                reply = await self._offered(offer, sent, peer, deadline, timeout)
                await self._step(peer.accept(reply.jsep or {}))
                left = max(deadline - loop.time(), 0.001)
                await _all_of(peer.connected(left), self._up(outcome, left), beside=adding)
                if self.state == "hungup":
                    raise self._hung_up(self.reason)
                return reply
            finally:
                adding.cancel()
                await asyncio.wait([adding])

    async def _offered(
        self, offer: Mapping[str, Any], sent: Mapping[str, bool], peer: Peer, deadline: float, timeout: float
    ) -> PluginReply:
        """Send the offer and our candidates, and return the reply with the answer."""
        try:
            async with asyncio.timeout_at(deadline):
                reply, _ = await _all_of(
                    self.negotiate(offer, sent), self.trickle(peer.candidates(), timeout)
                )
        except JanusTimeoutError:
            raise
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"Janus did not answer the offer within {timeout:g} s",
                hint="Is the server alive? On a machine with no network but loopback Janus never answers.",
            ).within(plugin=self.name, handle_id=self.id) from exc
        assert isinstance(reply, PluginReply)
        if reply.jsep is None:
            raise JanusMediaError(f"{self.name} answered without an SDP: {mask(reply.data)}")
        return reply

    async def _up(self, outcome: Subscription, timeout: float) -> None:
        """Wait until Janus says that media can flow, or why not."""
        try:
            event = await outcome.get(timeout)
        except StopAsyncIteration:
            raise self._not_attached() from None
        if isinstance(event, HangupEvent):
            raise self._hung_up(event.reason)

    @staticmethod
    def _hung_up(reason: str) -> JanusMediaError:
        return JanusMediaError(
            f"Janus closed the PeerConnection: {reason}",
            hint="Can UDP pass both ways between this machine and the server?",
        )

    def _source_failed(self, error: JanusMediaError) -> None:
        """Record it: no call waits for our source any more."""
        if self.session is not None:
            self.session.on_error(error.within(plugin=self.name, handle_id=self.id))

    async def _abandon(self, peer: Peer) -> None:
        """Close both sides of a connection that did not come about."""
        await self._close(peer)
        if self.id is not None:
            await super().hangup()

    async def _step(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a step of the negotiation as a task that `_close` can wait for."""
        task = self._stepping = asyncio.create_task(coroutine, name="janus-negotiation-step")
        return await asyncio.shield(task)

    async def _close(self, peer: Peer) -> None:
        """Close a peer connection, but not halfway through a step: aiortc would leave its sockets."""
        if self._stepping is not None:
            # Its error is raised by `publish`, or nobody waits for it any more.
            await asyncio.gather(self._stepping, return_exceptions=True)
        await peer.close()

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
            await self._close(peer)

    def on_event(self, event: JanusEvent) -> None:
        """Close our side when Janus has closed its own."""
        super().on_event(event)
        if isinstance(event, HangupEvent) and not self._negotiation.locked():
            self._close_later()

    def end(self, reason: str) -> None:
        """The handle is gone: so is its media."""
        self._close_later()
        super().end(reason)

    def _close_later(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None and self.session is not None:
            self.session.spawn(self._close(peer), name="janus-peer-release")


def _given(source: object) -> bool:
    return source is not None and source is not False  # `in` would compare, which arrays refuse


def _load_peer() -> type[Peer]:
    from janus_notebook.media import require_media

    require_media("publish()")
    from janus_notebook.media.peer import Peer

    return Peer


async def _all_of(
    *coroutines: Coroutine[Any, Any, Any], beside: asyncio.Task[None] | None = None
) -> list[Any]:
    """Await all and return their results; the first failure, `beside`'s too, ends the rest and is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    pending: set[asyncio.Task[Any]] = {*tasks} if beside is None else {*tasks, beside}
    try:
        while not pending.isdisjoint(tasks):
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        # Gathered, not waited for: an error of one that failed as well counts as seen.
        await asyncio.gather(*tasks, return_exceptions=True)


async def _add_candidates(peer: Peer, candidates: Subscription) -> None:
    """Hand Janus's candidates to our peer, in order. A candidate that we can't read is an error."""
    async for event in candidates:
        try:
            await peer.add_candidate(event.raw.get("candidate"))
        except JanusError as exc:
            raise exc.within(handle_id=event.handle_id) from exc.__cause__
