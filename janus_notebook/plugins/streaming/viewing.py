"""The requests of a viewer."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from janus_notebook.client.requests import Extra, Id, request
from janus_notebook.errors import JanusOptionError, JanusTimeoutError
from janus_notebook.plugins.streaming.events import StreamKickedAll, StreamStopped
from janus_notebook.plugins.streaming.replies import StreamStatus
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.events import HangupEvent, JanusEvent, PluginEvent
from janus_notebook.protocol.messages import Message

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession

__all__ = ["MediumSettings", "ViewerRequests"]

WATCH_SECONDS = 15.0


class MediumSettings(TypedDict, total=False):
    """What `configure` sets for one medium: its ``mid``, and parameters of `configure` as keys."""

    mid: str
    send: bool
    substream: int
    temporal: int
    fallback: int
    spatial_layer: int
    temporal_layer: int
    min_delay: int
    max_delay: int
    audio: bool | str
    video: bool | str
    data: bool | str
    streams: Sequence[Mapping[str, Any]]


class ViewerRequests(WebRtcPlugin):
    """Streaming's requests for the handle that watches a mountpoint."""

    _removed = False  # by Janus; the end of the PeerConnection comes up to a second later

    @request(newer={"jsep": "1.1.4"})
    async def watch(
        self,
        *,
        id: Id,
        pin: str | None = None,
        media: Sequence[str] | None = None,
        restart: bool | None = None,
        offer_audio: bool | None = None,
        offer_video: bool | None = None,
        offer_data: bool | None = None,
        answer: bool = True,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> StreamStatus:
        """Watch a mountpoint, here: answer Janus's offer, and return when its media can flow.

        From then on `track` and `tracks` give what it sends, and ``message`` events what comes over its
        data channel. A handle watches one mountpoint at a time: `switch` goes to another one like it, `stop`
        ends it; once more for the same one, it negotiates anew what was chosen at first.

        With ``answer=False``, or an offer as `jsep`, it is Janus's bare request, for a WebRTC of your own:
        the reply has Janus's offer, to which `start` takes your answer, or its answer to your offer.

        Args:
            id: of the mountpoint.
            pin: of the mountpoint, if it has one.
            media: mids of the media to receive; None for all.
            restart: ask for an offer with an ICE restart; for a WebRTC of your own.
            offer_audio, offer_video, offer_data: an older way to choose media; True if not given.
            answer: False leaves Janus's offer to you.
            ice_servers: STUN and TURN servers; see `JanusEchoTestPlugin.publish`.
            jsep: an offer of yours, ``{"type": "offer", "sdp": ...}`` (Janus 1.1.4 and newer).
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it; None means 15, and the session's default for the bare request.

        Returns:
            Janus's last word: the answer to `start`; of the bare request its own.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT; 453 MISSING_ELEMENT or 457 UNAUTHORIZED about the
                pin; 460 INVALID_STATE if the handle watches another mountpoint; 452 INVALID_REQUEST if
                the mountpoint has none of the media.
            JanusMediaError: the ``media`` extra is missing, or ICE or DTLS failed.
            JanusTimeoutError: not connected in time; the text names the step it hangs in.
        """
        arguments = {key: value for key, value in locals().items() if key not in ("answer", "ice_servers")}
        if jsep is not None or not answer:
            await self._settled()
            return await self._ask("watch", StreamStatus, arguments)
        if restart:
            raise JanusOptionError(
                "our own WebRTC cannot restart ICE", hint="Give answer=False and answer with one that can."
            )
        if self._removed:
            await self.hangup()  # what is on its way already must not reach the negotiation that begins here
        arguments["timeout"] = seconds = WATCH_SECONDS if timeout is None else timeout
        offer = ""

        async def ask() -> StreamStatus:
            nonlocal offer
            offered = await self._ask("watch", StreamStatus, arguments)
            offer = (offered.jsep or {}).get("sdp", "")
            return offered

        reply = await self._answer_to(
            ask, lambda ours: self.start(jsep=ours), ice_servers=ice_servers, timeout=seconds
        )
        if "m=application" in offer:
            self._channel().on_message = self._take_message
        return reply

    @request()
    async def start(
        self,
        *,
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> StreamStatus:
        """Go on after `pause`; or answer Janus's offer, for a WebRTC of your own.

        Args:
            jsep: the answer, ``{"type": "answer", "sdp": ...}``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Returns:
            ``starting``, or ``started`` if the PeerConnection is up.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT if nothing is watched.
        """
        return await self._ask("start", StreamStatus, locals())

    @request()
    async def pause(self, *, extra: Extra = None, timeout: float | None = None) -> StreamStatus:
        """Send nothing to this viewer until `start`; the PeerConnection stays.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT if nothing is watched.
        """
        return await self._ask("pause", StreamStatus, locals())

    @request(newer={"streams": "1.2.0", "streams.streams": "1.2.0"})
    async def configure(
        self,
        *,
        mid: str | None = None,
        send: bool | None = None,
        substream: int | None = None,
        temporal: int | None = None,
        fallback: int | None = None,
        spatial_layer: int | None = None,
        temporal_layer: int | None = None,
        min_delay: int | None = None,
        max_delay: int | None = None,
        streams: Sequence[MediumSettings] | None = None,
        audio: bool | str | None = None,
        video: bool | str | None = None,
        data: bool | str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> StreamStatus:
        """Choose what is sent to this viewer. What is not given stays as it is.

        Args:
            mid: of the medium it is about; None for all.
            send: whether it is sent.
            substream: simulcast substream, 0 (lowest) to 2; a ``layer`` event tells when it comes.
            temporal: temporal layer of simulcast, 0 to 2.
            fallback: microseconds without packets before a lower substream is taken.
            spatial_layer: SVC spatial layer, 0 to 2.
            temporal_layer: SVC temporal layer, 0 to 2.
            min_delay, max_delay: playout delay hints in milliseconds, -1 for none; need a mountpoint
                with ``playoutdelay_ext``.
            streams: the same for several media, an object each (Janus 1.2.0 and newer).
            audio, video, data: `send` in an older form, for all media of a kind. Servers before 1.2.0
                take True and False; newer ones take a text alone, and send none then.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT if nothing is watched; 454 INVALID_ELEMENT of
                Janus 1.2.0 and newer, older ones take anything.
        """
        return await self._ask("configure", StreamStatus, locals())

    @request()
    async def switch(self, *, id: Id, extra: Extra = None, timeout: float | None = None) -> StreamStatus:
        """Watch another mountpoint over the same PeerConnection.

        Both must be fed by RTP, and have the same kinds of media in the same order.

        Args:
            id: of the other mountpoint.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 455 NO_SUCH_MOUNTPOINT if there is none, or nothing is watched; 458
                CANT_SWITCH for a mountpoint that is not fed by RTP.
        """
        return await self._ask("switch", StreamStatus, locals())

    @request()
    async def stop(self, *, extra: Extra = None, timeout: float | None = None) -> StreamStatus:
        """Stop watching, and close the PeerConnection on both sides; the handle can watch again.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Returns:
            ``stopping``; ``idle`` if no media were flowing. Servers before 1.3.1 leave that without an
            answer, so they are not asked then: what was being negotiated is hung up.
        """
        arguments = locals()
        flowing = self.state == "connected" and not self._removed
        if not flowing:
            self._attached()
            if self.state in ("negotiating", "connected"):
                await self.hangup(timeout)
            return StreamStatus.idle()
        try:
            return await self._closing(lambda: self._ask("stop", StreamStatus, arguments))
        except JanusTimeoutError:
            if self.state == "connected":
                raise
            return StreamStatus.idle()  # Janus ended it at the same moment
        finally:
            await self.release()

    def begin(self, session: JanusSession, handle_id: int, message: Message) -> None:
        """The handle exists on the server now."""
        self._removed = False
        super().begin(session, handle_id, message)

    def on_event(self, event: JanusEvent) -> None:
        """See when Janus has removed this viewer."""
        super().on_event(event)
        if isinstance(event, HangupEvent):
            self._removed = False
        elif isinstance(event, PluginEvent) and isinstance(event.detail, StreamKickedAll | StreamStopped):
            self._removed = True

    def _take_message(self, message: str | bytes) -> None:
        """What comes over the data channel is an event too."""
        content = message.encode() if isinstance(message, str) else message
        try:
            # Whatever it was sent as: Janus 1.1.2 sends text as binary messages too.
            data = {"text": content.decode()}
        except UnicodeDecodeError:
            data = {"base64": b64encode(content).decode()}
        raw = {"janus": "data", "plugindata": {"plugin": self.name, "data": data}}
        if self.session is not None:
            self.session.events.record("event", "data", raw, self.session.id, self.id)
