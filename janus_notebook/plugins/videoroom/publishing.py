"""VideoRoom: requests of those who are in a room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from janus_notebook.client.plugin import HANGUP_SECONDS
from janus_notebook.client.replies import PluginReply
from janus_notebook.errors import JanusStateError, JanusTimeoutError
from janus_notebook.plugins.requests import Extra, Id, request
from janus_notebook.plugins.videoroom.parameters import (
    ConfigureStream,
    Description,
    PublishStream,
    SubscribeStream,
)
from janus_notebook.plugins.videoroom.replies import (
    RoomConfigured,
    RoomDone,
    RoomJoined,
    RoomJoinedAndConfigured,
)
from janus_notebook.plugins.videoroom.room import RoomView
from janus_notebook.plugins.webrtc import WebRtcPlugin

__all__ = ["Publishing"]

R = TypeVar("R", bound=PluginReply)


class Publishing(WebRtcPlugin):
    """Requests of those who are in a room."""

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self.view = RoomView()

    def _busy(self) -> JanusStateError:
        error = super()._busy()
        error.hint = "configure() changes it; unpublish() first to publish something else."
        return error

    @request(
        newer={
            "metadata": "1.3.0",
            "streams.crossrefid": "1.0.4",
            "streams.send": "1.1.1",
            "autoupdate": "1.1.1",
        }
    )
    async def join(
        self,
        *,
        room: Id,
        ptype: str = "publisher",
        audio: bool | None = None,
        video: bool | None = None,
        data: bool | None = None,
        bitrate: int | None = None,
        record: bool | None = None,
        filename: str | None = None,
        token: str | None = None,
        display: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        id: Id | None = None,
        streams: Sequence[SubscribeStream] | None = None,
        private_id: int | None = None,
        offer_audio: bool | None = None,
        offer_video: bool | None = None,
        offer_data: bool | None = None,
        substream: int | None = None,
        temporal: int | None = None,
        fallback: int | None = None,
        spatial_layer: int | None = None,
        temporal_layer: int | None = None,
        autoupdate: bool | None = None,
        pin: str | None = None,
        feed: Id | None = None,
        use_msid: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomJoined:
        """Enter a room as a publisher, or subscribe to feeds of it.

        One handle is one publisher or one subscriber. A publisher publishes with `publish`, or never; the
        others are in `view`. A subscriber gets an offer as `PluginReply.jsep`, which `answer` takes; see
        `subscriber` for one that does this by itself.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            ptype: ``publisher`` (who may publish, or not), or ``subscriber``.
            audio: whether audio is relayed (the older form, of all streams of the kind).
            video: whether video is relayed (the older form, of all streams of the kind).
            data: whether data is relayed (the older form, of all streams of the kind).
            bitrate: cap for the video sent to Janus in bits per second (by REMB); 0 for none.
            record: start or stop recording on the server.
            filename: base name of the recording, without extension.
            token: a token of the room's ``allowed`` list, or a signed one.
            display: the name that the others see.
            metadata: anything, for the others to see (Janus 1.3.0 and newer).
            id: own id; the server chooses one if left out. This and what else is a publisher's is ignored for
                a subscriber.
            streams: what to subscribe to.
            private_id: of the publisher to whom the subscriber belongs, where the room asks for it.
            offer_audio: whether the offer has the feed's audio (older form).
            offer_video: whether the offer has the feed's video (older form).
            offer_data: whether the offer has the feed's data (older form).
            substream: simulcast layer to begin with, 0 (lowest) to 2.
            temporal: temporal layer to begin with, 0 to 2.
            fallback: microseconds without packets before a lower layer is taken.
            spatial_layer: SVC spatial layer to begin with.
            temporal_layer: SVC temporal layer to begin with.
            autoupdate: whether Janus sends an offer by itself when a feed goes (Janus 1.1.1 and newer); it
                does if left out.
            pin: the room's pin, if it has one.
            feed: a subscriber's only feed (older form; use `streams`).
            use_msid: name the feeds in the SDP, in ``msid``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 425 ALREADY_JOINED, 426 NO_SUCH_ROOM, 433 UNAUTHORIZED for a wrong pin or token,
                436 ID_EXISTS, 428 NO_SUCH_FEED for a feed that is not there.
            JanusStateError: this handle was in a room and is no longer: a handle joins once.
        """
        self._check_not_over()
        return await self._ask("join", RoomJoined, locals())

    @request(
        newer={
            "metadata": "1.3.0",
            "streams.mid": "1.0.3",
            "streams.send": "1.0.3",
            "streams.min_delay": "1.0.3",
            "streams.max_delay": "1.0.3",
        }
    )
    async def joinandconfigure(
        self,
        *,
        room: Id,
        ptype: str = "publisher",
        video: object = "pattern",
        audio: object = "auto",
        data: bool | None = None,
        bitrate: int | None = None,
        record: bool | None = None,
        filename: str | None = None,
        token: str | None = None,
        display: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        id: Id | None = None,
        descriptions: Sequence[Description] | None = None,
        audiocodec: str | None = None,
        videocodec: str | None = None,
        keyframe: bool | None = None,
        secret: str | None = None,
        audio_active_packets: int | None = None,
        update: bool | None = None,
        restart: bool | None = None,
        pin: str | None = None,
        streams: Sequence[PublishStream] | None = None,
        audio_level_average: int | None = None,
        jsep: Mapping[str, Any] | None = None,
        codecs: Sequence[str] | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        extra: Extra = None,
        timeout: float = 15.0,
    ) -> RoomJoinedAndConfigured:
        """Enter a room and publish in one step.

        Without `jsep` the media is made here, as `publish` does; with it, the offer is sent as it is. To
        enter without media, use `join`.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            ptype: ``publisher``; there is no other here.
            video: what to send, such as ``"pattern"``, a numpy picture, a function or generator that gives
                them, a file, or a list of those for several tracks; see `JanusEchoTestPlugin.publish`. None
                for no video. With `jsep` a bool says whether video is relayed (the older form), and
                anything else is ignored.
            audio: what to send, such as ``"tone"``, numpy sound, or a file; ``"auto"`` is the sound of the
                file that `video` is, and a tone with any other. None for no audio; else as `video`.
            data: offer a data channel, or with `jsep` whether data is relayed.
            bitrate: cap for the video sent to Janus in bits per second (by REMB), and what it is encoded at
                here; 0 for none.
            record: start or stop recording on the server.
            filename: base name of the recording, without extension.
            token: a token of the room's ``allowed`` list, or a signed one.
            display: the name that the others see.
            metadata: anything, for the others to see (Janus 1.3.0 and newer).
            id: own id; the server chooses one if left out.
            descriptions: a text for each of the own streams, by mid.
            audiocodec: the audio codec to use, such as ``opus``, out of those the room allows.
            videocodec: the video codec to use, such as ``vp8``, out of those the room allows.
            keyframe: ask for a key frame: of oneself when publishing, of all feeds when subscribed.
            secret: the room's secret, which it takes to record where that is locked.
            audio_active_packets: how many packets the level is averaged over; the room's own if left out.
            update: the offer renegotiates the PeerConnection that is there.
            restart: restart ICE.
            pin: the room's pin, if it has one.
            streams: tuning of single streams, by mid.
            audio_level_average: level below which one counts as talking, 127 (silence) to 0 (loudest); the
                room's own if left out.
            jsep: an SDP offer of another peer connection, ``{"type": "offer", "sdp": ...}``.
            codecs: names of the codecs to offer, the best first; of a kind that has none among them, all are
                offered. The room chooses; see `audiocodec` and `videocodec`.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by default: no
                public server is asked.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it.

        Raises:
            JanusPluginError: as `join` and `publish`.
        """
        return await self._ask_with_media("joinandconfigure", RoomJoinedAndConfigured, locals())

    @request(
        newer={
            "restart": "1.0.3",
            "metadata": "1.3.0",
            "streams.mid": "1.0.3",
            "streams.send": "1.0.3",
            "streams.audio_active_packets": "1.0.3",
            "streams.substream": "1.0.3",
            "streams.temporal": "1.0.3",
            "streams.fallback": "1.0.3",
            "streams.spatial_layer": "1.0.3",
            "streams.temporal_layer": "1.0.3",
            "streams.min_delay": "1.0.3",
            "streams.max_delay": "1.0.3",
        }
    )
    async def configure(
        self,
        *,
        descriptions: Sequence[Description] | None = None,
        audiocodec: str | None = None,
        videocodec: str | None = None,
        bitrate: int | None = None,
        keyframe: bool | None = None,
        record: bool | None = None,
        filename: str | None = None,
        display: str | None = None,
        secret: str | None = None,
        audio: bool | None = None,
        video: bool | None = None,
        data: bool | None = None,
        update: bool | None = None,
        restart: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        streams: Sequence[ConfigureStream] | None = None,
        audio_level_average: int | None = None,
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomConfigured:
        """Tune what one publishes or is subscribed to, change the own display name, or renegotiate.

        A parameter left at None is not sent, and stays as it is. A subscriber's `restart` is answered with an
        offer, which `answer` takes.

        Args:
            descriptions: a text for each of the own streams, by mid.
            audiocodec: the audio codec to use, such as ``opus``, out of those the room allows.
            videocodec: the video codec to use, such as ``vp8``, out of those the room allows.
            bitrate: cap for the video sent to Janus in bits per second (by REMB); 0 for none.
            keyframe: ask for a key frame: of oneself when publishing, of all feeds when subscribed.
            record: start or stop recording on the server.
            filename: base name of the recording, without extension.
            display: the name that the others see.
            secret: the room's secret, which it takes to record where that is locked.
            audio: whether audio is relayed (the older form, of all streams of the kind).
            video: whether video is relayed (the older form, of all streams of the kind).
            data: whether data is relayed (the older form, of all streams of the kind).
            update: the offer renegotiates the PeerConnection that is there.
            restart: restart ICE (Janus 1.0.3 and newer).
            metadata: anything, for the others to see (Janus 1.3.0 and newer).
            streams: tuning of single streams, by mid: a publisher's own, or those of a subscription.
            audio_level_average: level below which one counts as talking, 127 (silence) to 0 (loudest); the
                room's own if left out.
            jsep: the SDP offer of a publisher, ``{"type": "offer", "sdp": ...}``; the answer comes back in
                the reply.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST, 428 NO_SUCH_FEED for an unknown mid, 430 INVALID_ELEMENT for a
                wrong value.
            JanusStateError: one has left the room or was kicked, or the room was destroyed.
        """
        self._check_not_over()
        return await self._ask("configure", RoomConfigured, locals())

    @request(
        newer={
            "metadata": "1.3.0",
            "streams.mid": "1.0.3",
            "streams.send": "1.0.3",
            "streams.min_delay": "1.0.3",
            "streams.max_delay": "1.0.3",
        }
    )
    async def publish(
        self,
        video: object = "pattern",
        audio: object = "auto",
        *,
        descriptions: Sequence[Description] | None = None,
        audiocodec: str | None = None,
        videocodec: str | None = None,
        bitrate: int | None = None,
        keyframe: bool | None = None,
        record: bool | None = None,
        filename: str | None = None,
        display: str | None = None,
        secret: str | None = None,
        audio_active_packets: int | None = None,
        data: bool | None = None,
        update: bool | None = None,
        restart: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        streams: Sequence[PublishStream] | None = None,
        audio_level_average: int | None = None,
        jsep: Mapping[str, Any] | None = None,
        codecs: Sequence[str] | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        extra: Extra = None,
        timeout: float = 15.0,
    ) -> RoomConfigured:
        """Publish in the room that was joined: send media from this process, or another's offer.

        Without `jsep` it returns when media can flow: ICE and DTLS are done on both sides. If it fails, or
        is cancelled, the PeerConnection is closed on both sides and the handle can publish again. With
        `jsep` the offer is sent as it is, and the answer comes back in the reply.

        Args:
            video: what to send, such as ``"pattern"``, a numpy picture, a function or generator that gives
                them, a file, or a list of those for several tracks; see `JanusEchoTestPlugin.publish`. None
                for no video. With `jsep` a bool says whether video is relayed (the older form), and
                anything else is ignored.
            audio: what to send, such as ``"tone"``, numpy sound, or a file; ``"auto"`` is the sound of the
                file that `video` is, and a tone with any other. None for no audio; else as `video`.
            descriptions: a text for each of the own streams, by mid.
            audiocodec: the audio codec to use, such as ``opus``, out of those the room allows.
            videocodec: the video codec to use, such as ``vp8``, out of those the room allows.
            bitrate: cap for the video sent to Janus in bits per second (by REMB), and what it is encoded at
                here; 0 for none.
            keyframe: ask for a key frame: of oneself when publishing, of all feeds when subscribed.
            record: start or stop recording on the server.
            filename: base name of the recording, without extension.
            display: the name that the others see.
            secret: the room's secret, which it takes to record where that is locked.
            audio_active_packets: how many packets the level is averaged over; the room's own if left out.
            data: offer a data channel, or with `jsep` whether data is relayed.
            update: the offer renegotiates the PeerConnection that is there.
            restart: restart ICE.
            metadata: anything, for the others to see (Janus 1.3.0 and newer).
            streams: tuning of single streams, by mid.
            audio_level_average: level below which one counts as talking, 127 (silence) to 0 (loudest); the
                room's own if left out.
            jsep: an SDP offer of another peer connection, ``{"type": "offer", "sdp": ...}``.
            codecs: names of the codecs to offer, the best first; of a kind that has none among them, all are
                offered. The room chooses; see `audiocodec` and `videocodec`.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by default: no
                public server is asked.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it.

        Raises:
            JanusPluginError: 424 JOIN_FIRST, 432 PUBLISHERS_FULL, 434 ALREADY_PUBLISHED.
            JanusOptionError: a source that cannot be sent, or nothing to publish.
            JanusMediaError: the ``media`` extra is missing, a source failed, or ICE or DTLS did.
            JanusStateError: this handle publishes from here already, or one is no longer in the room: one
                has left or was kicked, or it was destroyed.
        """
        return await self._ask_with_media("publish", RoomConfigured, locals())

    @request()
    async def unpublish(
        self,
        *,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomDone:
        """Stop publishing, on both sides; one stays in the room and can publish again.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 435 NOT_PUBLISHED.
            JanusStateError: one has left the room or was kicked, or the room was destroyed.
        """
        return await self._ask_to_end("unpublish", locals())

    @request()
    async def leave(
        self,
        *,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomDone:
        """Leave the room, or end the subscription. The handle can't join again: attach a new one.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 424 JOIN_FIRST.
            JanusStateError: one has left already or was kicked, or the room was destroyed.
        """
        return await self._ask_to_end("leave", locals())

    def _check_not_over(self) -> None:
        """Refuse what Janus would refuse for other reasons once one is no longer in the room."""
        self._attached()
        why = {
            "left": "you left room {!r}",
            "kicked": "you were kicked from room {!r}",
            "destroyed": "room {!r} was destroyed",
        }.get(self.view.state)
        if why is not None:
            raise JanusStateError(
                why.format(self.view.room), hint="Janus lets a handle join once: attach another one."
            ).within(plugin=self.name, handle_id=self.id)

    async def _ask_with_media(self, name: str, reply: type[R], arguments: Mapping[str, Any]) -> R:
        """Send a request with an offer: the one that was given, or that of our own peer connection."""
        self._check_not_over()
        given = {
            key: arguments[key] for key in arguments.keys() - {"video", "audio", "codecs", "ice_servers"}
        }
        if arguments["jsep"] is not None:
            flags = {kind: arguments[kind] for kind in ("audio", "video")}
            flags = {kind: flag for kind, flag in flags.items() if isinstance(flag, bool)}
            return await self._ask(name, reply, given | flags)

        async def send(jsep: dict[str, Any]) -> R:
            return await self._ask(name, reply, given | {"jsep": jsep})

        return await self._offer(
            send,
            video=arguments["video"],
            audio=arguments["audio"],
            data=bool(arguments["data"]),
            receive=(),
            again=False,
            codecs=arguments["codecs"],
            bitrate=arguments["bitrate"],
            ice_servers=arguments["ice_servers"],
            timeout=arguments["timeout"],
        )

    async def _ask_to_end(self, name: str, arguments: Mapping[str, Any]) -> RoomDone:
        """Send a request that closes the PeerConnection, and wait until it is closed on both sides."""
        self._check_not_over()
        if name == "leave" and self.view.state == "joined" and self.state in ("negotiating", "connected"):
            # Janus 1.1.2 would let the PeerConnection stand, and not tell the subscribers.
            await self.hangup()
        async with self.events(["hangup"]) as ended:
            reply = await self._ask(name, RoomDone, arguments)
            if self.state in ("negotiating", "connected"):
                # Its event must not seem to end the next negotiation.
                with suppress(JanusTimeoutError, StopAsyncIteration):
                    await ended.get(HANGUP_SECONDS)
        await self.release()
        return reply
