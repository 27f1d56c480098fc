"""VideoRoom: requests of a subscription."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from janus_notebook.errors import JanusError
from janus_notebook.plugins.requests import Extra, Id, request
from janus_notebook.plugins.videoroom.bell import Bell
from janus_notebook.plugins.videoroom.parameters import SubscribeStream, SwitchStream, UnsubscribeStream
from janus_notebook.plugins.videoroom.replies import (
    RoomDone,
    RoomSubscription,
    RoomSwitched,
    SubscribedStream,
)
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.events import PluginEvent

__all__ = ["Subscribing"]


class Subscribing(WebRtcPlugin):
    """Requests of a subscription."""

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        # Replaced at each change, never changed: other threads may be reading it.
        self.subscribed: dict[str, SubscribedStream] = {}
        # Rings when `subscribed` has changed, and when an offer was answered.
        self.subscription_bell = Bell()
        self.answering = 0
        # What each mid showed when the last offer was answered.
        self._answered: dict[str, tuple[Id | None, str]] = {}

    @request(newer={"streams.crossrefid": "1.0.4", "streams.send": "1.1.1"})
    async def subscribe(
        self,
        *,
        streams: Sequence[SubscribeStream],
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomSubscription:
        """Add feeds to a subscription.

        The reply says ``updated`` and brings an offer, which `answer` takes; or ``updating`` while an earlier
        offer waits for its answer, and the offer follows by itself; or ``updated`` without streams if nothing
        changes. A stream that is subscribed to already is added once more.

        Args:
            streams: feeds to add, whole or by mid.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST, 428 NO_SUCH_FEED: one of the feeds is not there, and nothing was
                changed.
        """
        return await self._ask("subscribe", RoomSubscription, locals())

    @request()
    async def unsubscribe(
        self,
        *,
        streams: Sequence[UnsubscribeStream],
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomSubscription:
        """End parts of a subscription.

        The reply says ``updated`` and brings an offer, which `answer` takes; or ``updating`` while an earlier
        offer waits for its answer, and the offer follows by itself; or ``updated`` without streams if nothing
        changes.

        Args:
            streams: what to end: feeds, whole or by mid, or own mids (``sub_mid``).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST, 430 INVALID_ELEMENT.
        """
        return await self._ask("unsubscribe", RoomSubscription, locals())

    @request("1.0.2", newer={"subscribe.crossrefid": "1.0.4", "subscribe.send": "1.1.1"})
    async def update(
        self,
        *,
        subscribe: Sequence[SubscribeStream] | None = None,
        unsubscribe: Sequence[UnsubscribeStream] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomSubscription:
        """Add feeds to a subscription and end others, with one offer (Janus 1.0.2 and newer).

        The reply says ``updated`` and brings an offer, which `answer` takes; or ``updating`` while an earlier
        offer waits for its answer, and the offer follows by itself; or ``updated`` without streams if nothing
        changes.

        Args:
            subscribe: feeds to add, whole or by mid.
            unsubscribe: what to end first; see `unsubscribe`.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST, 428 NO_SUCH_FEED: one of the feeds is not there, and nothing was
                changed; 429 MISSING_ELEMENT for neither.
        """
        return await self._ask("update", RoomSubscription, locals())

    @request(
        newer={
            "streams.substream": "1.1.4",
            "streams.temporal": "1.1.4",
            "streams.spatial_layer": "1.1.4",
            "streams.temporal_layer": "1.1.4",
        }
    )
    async def switch(
        self,
        *,
        streams: Sequence[SwitchStream] | None = None,
        feed: Id | None = None,
        audio: bool | None = None,
        video: bool | None = None,
        data: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomSwitched:
        """Show other feeds under the mids that are there, without an offer.

        Args:
            streams: for each own mid (``sub_mid``) the ``feed`` and the ``mid`` there that it shows from now
                on.
            feed: the feed to show (older form, for a subscription to one).
            audio: whether to switch audio (older form).
            video: whether to switch video (older form).
            data: whether to switch data (older form).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST, 428 NO_SUCH_FEED.
        """
        return await self._ask("switch", RoomSwitched, locals())

    @request()
    async def start(
        self,
        *,
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomDone:
        """Answer an offer of Janus, or resume a subscription that was paused.

        Args:
            jsep: the SDP answer, ``{"type": "answer", "sdp": ...}``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST.
        """
        return await self._ask("start", RoomDone, locals())

    @request()
    async def pause(
        self,
        *,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomDone:
        """Pause a subscription: nothing is sent until `start`.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST.
        """
        return await self._ask("pause", RoomDone, locals())

    async def answer(
        self,
        jsep: Mapping[str, Any],
        *,
        receive: Collection[str] = ("audio", "video"),
        ice_servers: Iterable[Mapping[str, Any]] = (),
        timeout: float = 15.0,
    ) -> RoomDone:
        """Take an offer that a subscriber was sent, answer it with `start`, and receive the media here.

        Returns when media can flow; a later offer, which changes what is received, when it is answered.
        Once this was called, offers that Janus sends by itself are answered too.

        Args:
            jsep: the offer, such as ``(await handle.join(room=..., ptype="subscriber", streams=...)).jsep``.
            receive: the kinds to receive.
            ice_servers: STUN and TURN servers; none by default.
            timeout: seconds for all of it.

        Raises:
            JanusMediaError: the ``media`` extra is missing, it can't be answered, or ICE or DTLS failed.
        """

        async def send(answer: dict[str, Any]) -> RoomDone:
            return await self.start(jsep=answer, timeout=timeout)

        # A mid that goes on with another feed gets a new track.
        now = _shown(self.subscribed.values())
        renewed = [mid for mid, shown in self._answered.items() if now.get(mid, shown) != shown]
        self.answering += 1
        try:
            reply = await self._answer(
                jsep, send, receive=receive, renewed=renewed, ice_servers=ice_servers, timeout=timeout
            )
            self._answered = now
            return reply
        finally:
            self.answering -= 1
            self.subscription_bell.ring()

    async def on_offer(self, jsep: Mapping[str, Any], event: PluginEvent) -> None:
        """A feed has gone, or a change that had to wait was made: Janus asks for another answer."""
        peer = self._peer
        try:
            await self.answer(jsep)
        except JanusError:
            if self._peer is peer:
                raise
            # The PeerConnection ended meanwhile, which was told already: there is nothing to answer.

    def answer_later(self, jsep: Mapping[str, Any]) -> None:
        """Answer an offer that nobody waits for any more: without an answer Janus would make no other."""
        if self._peer is not None and self.session is not None and jsep.get("type") == "offer":
            self.session.spawn(self.answer(jsep), name="janus-late-answer")

    def follow_streams(self, data: Mapping[str, Any]) -> None:
        """Take over what is subscribed to, where Janus says it."""
        if data.get("left") == "ok":
            self.forget_streams()
        elif data.get("videoroom") in ("attached", "updated") or data.get("switched") == "ok":
            streams = RoomSubscription.read(dict(data), jsep=None, raw={}).streams
            if streams:
                self.subscribed = {stream.mid: stream for stream in streams}
                if data.get("switched") == "ok":
                    self._answered = _shown(streams)  # the same tracks go on with the new feeds
                self.subscription_bell.ring()

    def follow_sends(self, body: Mapping[str, Any]) -> None:
        """Take over what a `configure` said of what is relayed: Janus took it, and tells it no more."""
        tuned = {each.get("mid"): each.get("send") for each in body.get("streams") or ()}
        now = {}
        for mid, stream in self.subscribed.items():
            send = tuned.get(mid) if mid in tuned else body.get(stream.type)  # the older form: all of a kind
            now[mid] = replace(stream, send=send) if isinstance(send, bool) else stream
        if now != self.subscribed:
            self.subscribed = now
            self.subscription_bell.ring()

    def forget_streams(self) -> None:
        """Nothing is subscribed to any more."""
        self._answered = {}
        if self.subscribed:
            self.subscribed = {}
            self.subscription_bell.ring()


def _shown(streams: Iterable[SubscribedStream]) -> dict[str, tuple[Id | None, str]]:
    return {stream.mid: (stream.feed_id, stream.feed_mid) for stream in streams}
