"""`WebRtcPlugin`: a handle whose media is made and received here, by a peer connection of aiortc."""

from __future__ import annotations

import asyncio
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from janus_notebook.client.replies import PluginReply
from janus_notebook.config import mask
from janus_notebook.errors import JanusMediaError, JanusServerError, JanusStateError, JanusTimeoutError
from janus_notebook.plugins.media_plugin import MediaPlugin
from janus_notebook.plugins.negotiation import Attempt, Trickled, all_of, load_peer
from janus_notebook.protocol.events import HangupEvent, JanusEvent, PluginEvent
from janus_notebook.protocol.messages import Message

if TYPE_CHECKING:
    from janus_notebook.client.log import Subscription
    from janus_notebook.client.session import JanusSession
    from janus_notebook.media import Peer

__all__ = ["WebRtcPlugin"]

R = TypeVar("R", bound=PluginReply)
T = TypeVar("T")

# How long Janus may still hold on to a PeerConnection that it has called gone; mostly a millisecond.
SETTLE_SECONDS = 0.1


class WebRtcPlugin(MediaPlugin):
    """A handle that can send media from this process and receive what Janus sends.

    Needs the ``media`` extra for that; everything else works without.
    """

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self._trickled = Trickled()
        self._connecting = False
        self._offers = asyncio.Lock()
        self._unfinished: asyncio.Task[Any] | None = None
        self._stepping: asyncio.Task[Any] | None = None
        self._releasing: asyncio.Task[None] | None = None

    async def hangup(self, timeout: float | None = None) -> Message:
        """Close the PeerConnection on both sides and return Janus's answer; the handle lives on."""
        try:
            return await super().hangup(timeout)
        finally:
            await self.release()

    # --- for derived classes

    async def _offer(
        self,
        send: Callable[[dict[str, Any]], Awaitable[R]],
        *,
        video: object = None,
        audio: object = None,
        data: bool = False,
        receive: Collection[str] = ("audio", "video"),
        ice_servers: Iterable[Mapping[str, Any]] = (),
        codecs: Sequence[str] | None = None,
        bitrate: int | None = None,
        timeout: float = 15.0,
        again: bool = True,
    ) -> R:
        """Offer media to Janus, and return the plugin's reply.

        The first negotiation makes the peer connection, and returns when media can flow: ICE and DTLS
        are done on both sides. If it fails, or is cancelled, the PeerConnection is closed on both sides
        and the handle can negotiate again. A later one, on the connection that there is, returns when
        the answer is applied. If it fails, our side stays as it was; Janus's core has read an offer
        before its plugin refuses it, and stops to take what that offer no longer sends, until the next
        negotiation. If it is cancelled after Janus was asked, it is brought to its end all the same.

        Args:
            send: the plugin's request that carries the offer; its reply carries the answer.
            video, audio: what to send, as `JanusEchoTestPlugin.publish` takes it. None leaves it as it
                is (at first: nothing is sent), False stops sending it.
            data: whether to open a data channel; `_channel` gives it.
            receive: the kinds to receive.
            ice_servers: STUN and TURN servers; only the first negotiation takes them.
            codecs, bitrate: as `JanusEchoTestPlugin.publish` takes them; None leaves them as they are.
            timeout: seconds for all of it.
            again: False refuses when there is a peer connection already.

        Raises:
            JanusOptionError: a source that cannot be sent, or another argument is wrong.
            JanusMediaError: the ``media`` extra is missing, a source failed, or ICE or DTLS did.
            JanusPluginError, JanusServerError: Janus refused the offer.
            JanusTimeoutError: not done in time; the text names the step it hangs in.
            JanusStateError: the handle is not attached, or `again` is False and there is a connection.
        """

        def describe(peer: Peer, first: bool) -> Coroutine[Any, Any, dict[str, Any]]:
            return peer.offer(data=data, receive=receive, trickle=first)

        sources = {"video": video, "audio": audio, "codecs": codecs, "bitrate": bitrate}
        attempt = Attempt(describe, send, sources, timeout)
        return await self._negotiate(attempt, ice_servers, again=again)

    async def _answer(
        self,
        jsep: Mapping[str, Any],
        send: Callable[[dict[str, Any]], Awaitable[R]],
        *,
        video: object = None,
        audio: object = None,
        receive: Collection[str] = ("audio", "video"),
        renewed: Collection[str] = (),
        ice_servers: Iterable[Mapping[str, Any]] = (),
        codecs: Sequence[str] | None = None,
        timeout: float = 15.0,
    ) -> R:
        """Take an offer of Janus, the first or a later one, answer it, and return the plugin's reply.

        A track that is no longer sent ends; a media section that is used again gives a new track. Data
        is taken where it is offered. What `_offer` says of failures holds here.

        Args:
            jsep: the offer.
            send: the plugin's request that carries the answer.
            video, audio, receive, ice_servers, codecs, timeout: as in `_offer`.
            renewed: mids that carry another feed from this offer on, though they were not inactive in
                between: they get new tracks, too.

        Raises:
            JanusOptionError: as in `_offer`, or the offer has no section for a source.
            JanusMediaError, JanusPluginError, JanusServerError, JanusTimeoutError, JanusStateError: as
                in `_offer`.
        """

        def describe(peer: Peer, first: bool) -> Coroutine[Any, Any, dict[str, Any]]:
            return peer.answer(jsep, receive=receive, renewed=renewed, trickle=first)

        attempt = Attempt(describe, send, {"video": video, "audio": audio, "codecs": codecs}, timeout)
        return await self._negotiate(attempt, ice_servers, again=True)

    async def _answer_to(
        self,
        ask: Callable[[], Awaitable[PluginReply]],
        send: Callable[[dict[str, Any]], Awaitable[R]],
        *,
        video: object = None,
        audio: object = None,
        receive: Collection[str] = ("audio", "video"),
        ice_servers: Iterable[Mapping[str, Any]] = (),
        codecs: Sequence[str] | None = None,
        timeout: float = 15.0,
    ) -> R:
        """Ask for an offer and answer it, as one negotiation: what fails or is cancelled is undone as one.

        Args:
            ask: the plugin's request for an offer.
            send, video, audio, receive, ice_servers, codecs, timeout: as in `_answer`.

        Raises:
            JanusOptionError, JanusMediaError, JanusPluginError, JanusServerError, JanusTimeoutError,
                JanusStateError: as in `_answer`.
        """

        async def describe(peer: Peer, first: bool) -> dict[str, Any]:
            attempt.told = True
            offered = await ask()
            if offered.jsep is None:
                raise JanusMediaError(f"{self.name} sent no offer: {mask(offered.data)}")
            return await peer.answer(offered.jsep, receive=receive, trickle=first)

        attempt = Attempt(describe, send, {"video": video, "audio": audio, "codecs": codecs}, timeout)
        return await self._negotiate(attempt, ice_servers, again=True)

    async def _settled(self) -> None:
        """Wait until Janus can negotiate again, after a PeerConnection that has just ended.

        It says so a moment before its plugin has let go of it. An offer that the plugin makes meanwhile is
        lost, and the request for it never answered.
        """
        session, _ = self._attached()
        last = self.transitions[-1]
        left = last.elapsed + SETTLE_SECONDS - session.events.elapsed
        if last.state == "hungup" and left > 0:
            await asyncio.sleep(left)

    async def on_offer(self, jsep: Mapping[str, Any], event: PluginEvent) -> None:
        """Janus has sent an offer on its own, while there is a peer connection.

        Derived classes override it: ``await self._answer(jsep, self._send_start)``. It runs as a task
        of the session, whose log gets the error that it raises: in the order of the offers, never two
        at once, and not before a negotiation under way has ended.

        Args:
            jsep: the offer.
            event: what brought it.
        """

    def _busy(self) -> JanusStateError:
        """Why there can be no first negotiation: there is a peer connection."""
        error = JanusStateError(
            f"{self.name} is publishing already",
            hint="replace() changes what is sent; or call hangup() first.",
        )
        return error.within(plugin=self.name, handle_id=self.id)

    # --- inside

    async def _negotiate(
        self, attempt: Attempt[R], ice_servers: Iterable[Mapping[str, Any]], *, again: bool
    ) -> R:
        session, _ = self._attached()
        # aiortc takes about a second to import, and keepalives must not wait for it.
        peer_class = self._maker if self._maker is not None else await asyncio.to_thread(load_peer)
        async with self._negotiation:
            if self._unfinished is not None:
                # What it still does to Janus's side must not reach the negotiation that begins here.
                await asyncio.wait([self._unfinished])
            attempt.begin()
            if self._peer is not None:
                if not again:
                    raise self._busy()
                return await self._renegotiate(session, self._peer, attempt)
            peer = self._peer = peer_class(ice_servers=ice_servers, on_source_failure=self._source_failed)
            peer.on_change = partial(self._record_change, peer)
            self._connecting = True
            try:
                return await self._connect(peer, attempt)
            except BaseException as exc:
                if self._peer is peer:
                    self._peer = None
                self._unfinished = session.spawn(
                    self._abandon(peer, attempt.told), name="janus-negotiation-undo"
                )
                if not isinstance(exc, asyncio.CancelledError):
                    await asyncio.wait([self._unfinished])
                raise
            finally:
                self._connecting = False

    async def _connect(self, peer: Peer, attempt: Attempt[R]) -> R:
        """Negotiate for the first time, and wait for the connection."""
        await self._prepare(peer, attempt)
        await self._settled()
        jsep = await self._step(attempt.describe(peer, True))
        # Subscribed before our description leaves: what it brings about may come before its answer.
        async with self.events(["webrtcup", "hangup"]) as outcome:
            adding = asyncio.create_task(self._trickled.feed(peer), name="janus-candidates")
            try:
                ours = peer.candidates()  # a browser sends its own as it finds them
                trickling = [self._name_candidates(ours, attempt.timeout)] if ours else []
                reply = await self._exchange(peer, jsep, attempt, *trickling)
                await all_of(peer.connected(attempt.left), self._up(outcome, attempt.left), beside=adding)
                if self.state == "hungup":
                    raise self._hung_up(self.reason)
                return reply
            finally:
                adding.cancel()
                await asyncio.wait([adding])

    async def _name_candidates(self, candidates: Sequence[Mapping[str, Any]], timeout: float) -> None:
        """Send our candidates; one refusal is left to what Janus says next.

        It closes the PeerConnection already, as that of a call to somebody who is busy: the end of it
        has the reason.
        """
        try:
            await self.trickle(candidates, timeout)
        except JanusServerError as exc:
            if exc.name != "WEBRTC_STATE":
                raise

    async def _renegotiate(self, session: JanusSession, peer: Peer, attempt: Attempt[R]) -> R:
        """Negotiate on a connection that stands."""
        await self._prepare(peer, attempt)
        revising = asyncio.create_task(self._revise(peer, attempt), name="janus-renegotiation")
        try:
            return await asyncio.shield(revising)
        except asyncio.CancelledError:
            if not revising.done():
                self._unfinished = session.spawn(_result(revising), name="janus-renegotiation-end")
            raise

    async def _revise(self, peer: Peer, attempt: Attempt[R]) -> R:
        jsep = await self._step(attempt.describe(peer, False))
        async with self.events(["hangup"]) as ended:
            # Janus does not answer an offer whose PeerConnection it closes meanwhile.
            watching = asyncio.create_task(self._up(ended, attempt.timeout), name="janus-hangup-watch")
            try:
                return await self._exchange(peer, jsep, attempt, beside=watching)
            except BaseException:
                await self._step(peer.rollback())
                raise
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    async def _prepare(self, peer: Peer, attempt: Attempt[R]) -> None:
        """Have the sources ready before anything is said to Janus."""
        # Not as a step: the user's function may take any time, and `_close` must not wait for it.
        async with self._first_frames(attempt.left, attempt.timeout):
            await peer.prepare(**attempt.sources)
        self._attached()  # it may be gone by now

    async def _exchange(
        self,
        peer: Peer,
        jsep: dict[str, Any],
        attempt: Attempt[R],
        *meanwhile: Coroutine[Any, Any, Any],
        beside: asyncio.Task[None] | None = None,
    ) -> R:
        """Send our description; if it is an offer, take the answer to it."""
        try:
            async with asyncio.timeout_at(attempt.deadline):
                reply: R = (await all_of(attempt.sent(jsep), *meanwhile, beside=beside))[0]
        except JanusTimeoutError:
            raise
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"Janus did not answer the {jsep['type']} within {attempt.timeout:g} s",
                hint="Is the server alive? On a machine with no network but loopback Janus never answers.",
            ).within(plugin=self.name, handle_id=self.id) from exc
        if jsep["type"] == "offer":
            if reply.jsep is None:
                raise JanusMediaError(f"{self.name} answered without an SDP: {mask(reply.data)}")
            await self._step(peer.accept(reply.jsep))
        return reply

    async def _up(self, outcome: Subscription, timeout: float) -> None:
        """Wait until Janus says that media can flow, or why not."""
        try:
            event = await outcome.get(timeout)
        except StopAsyncIteration:
            raise self._not_attached() from None
        except JanusTimeoutError as exc:
            raise JanusTimeoutError(
                f"not connected within {timeout:.1f} s: Janus has not said that media can flow",
                hint="Can UDP pass both ways between this machine and the server?",
            ).within(plugin=self.name, handle_id=self.id) from exc
        if isinstance(event, HangupEvent):
            raise self._hung_up(event.reason)

    @staticmethod
    def _hung_up(reason: str) -> JanusMediaError:
        return JanusMediaError(
            f"Janus closed the PeerConnection: {reason}",
            hint="Can UDP pass both ways between this machine and the server?",
        )

    async def _abandon(self, peer: Peer, told: bool) -> None:
        """Close both sides of a connection that did not come about; Janus's only if it has one.

        Some plugins take a handle that hangs up out of its room, even one that has never had media.
        """
        await self._close(peer)
        if self.id is not None and (told or self.state == "negotiating"):
            await super().hangup()
        self._trickled.clear()

    async def _step(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a step of the negotiation as a task that `_close` can wait for."""
        task = self._stepping = asyncio.create_task(coroutine, name="janus-negotiation-step")
        return await asyncio.shield(task)

    async def _close(self, peer: Peer) -> None:
        """Close a peer connection, but not halfway through a step: aiortc would leave its sockets."""
        while self._stepping is not None and not self._stepping.done():
            # Its error is raised by the negotiation, or nobody waits for it any more.
            await asyncio.gather(self._stepping, return_exceptions=True)
        await peer.close()  # refuses further steps from its first line on

    async def release(self) -> None:
        """Close our peer connection, if there is one; await its end, if it is closing already."""
        peer, self._peer = self._peer, None
        if peer is not None:
            await self._close(peer)
        elif self._releasing is not None:
            await asyncio.wait([self._releasing])

    def on_event(self, event: JanusEvent) -> None:
        """Take Janus's candidates and offers; close our side when Janus has closed its own."""
        super().on_event(event)
        peer, session = self._peer, self.session
        if isinstance(event, HangupEvent):
            self._trickled.clear()
            if not self._connecting:
                self._close_later()
        elif event.kind == "trickle":
            if peer is None or session is None or self._connecting:
                self._trickled.add(event)
            else:
                session.spawn(peer.add_candidate(event.raw.get("candidate")), name="janus-candidate")
        elif isinstance(event, PluginEvent) and peer is not None and session is not None:
            jsep = event.jsep or {}
            if jsep.get("type") == "offer":
                session.spawn(self._take_offer(jsep, event, peer), name="janus-offer")

    async def _take_offer(self, jsep: Mapping[str, Any], event: PluginEvent, peer: Peer) -> None:
        async with self._offers:
            async with self._negotiation:
                pass  # one that is under way first: the offer may be meant for what it changes
            if self._peer is peer:
                await self.on_offer(jsep, event)

    def end(self, reason: str) -> None:
        """The handle is gone: so is its media."""
        self._trickled.clear()
        self._close_later()
        super().end(reason)

    def _close_later(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None and self.session is not None:
            self._releasing = self.session.spawn(self._close(peer), name="janus-peer-release")


async def _result(task: asyncio.Task[T]) -> T:
    return await task
