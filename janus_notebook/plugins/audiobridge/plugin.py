"""`JanusAudioBridgePlugin`: a handle on AudioBridge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Literal

from janus_notebook.errors import (
    JanusError,
    JanusOptionError,
    JanusPluginError,
)
from janus_notebook.plugins.audiobridge.events import DETAILS, AudioDetail, detail
from janus_notebook.plugins.audiobridge.objects import RtpEndpoint
from janus_notebook.plugins.audiobridge.replies import (
    AudioConfigured,
    AudioHangingUp,
    AudioJoined,
    AudioLeft,
    AudioReply,
    AudioSuccess,
)
from janus_notebook.plugins.audiobridge.rooms import RoomRequests
from janus_notebook.plugins.audiobridge.sounds import SoundRequests
from janus_notebook.plugins.audiobridge.view import AudioRoom
from janus_notebook.plugins.requests import Extra, Id, request
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.events import HangupEvent, JanusEvent, PluginEvent, WebRtcUpEvent
from janus_notebook.protocol.messages import Message
from janus_notebook.protocol.plugin_events import register_details

__all__ = ["JanusAudioBridgePlugin"]

Codec = Literal["opus", "pcmu", "pcma"]

OUT_SECONDS = 5.0
"""How long AudioBridge may take to let go of who hung up."""


class JanusAudioBridgePlugin(RoomRequests, SoundRequests, WebRtcPlugin):
    """A handle on AudioBridge (``janus.plugin.audiobridge``).

    ::

        await bridge.join(room=1234, display="alice")
        await bridge.publish(audio="tone")
        bridge.room["bob"].muted
        sound = await bridge.track("audio").snapshot()

    Attributes:
        room: who is in the room that was joined (`AudioRoom`).
    """

    plugin_name: ClassVar[str] = "janus.plugin.audiobridge"
    begins_media = "join() and publish()"
    details = DETAILS

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self.room = AudioRoom(self)
        self._leaving: asyncio.Task[None] | None = None
        self._left_by_hangup: tuple[Id, Id] | None = None  # the room, and who one was there

    @request(
        newer={"suspended": "1.2.1", "pause_events": "1.2.1", "denoise": "1.2.3"},
        gone={"prebuffer": "1.2.0"},
    )
    async def join(
        self,
        *,
        room: Id,
        id: Id | None = None,
        display: str | None = None,
        pin: str | None = None,
        token: str | None = None,
        group: str | None = None,
        muted: bool | None = None,
        codec: Codec | None = None,
        prebuffer: int | None = None,
        bitrate: int | None = None,
        quality: int | None = None,
        expected_loss: int | None = None,
        volume: int | None = None,
        spatial_position: int | None = None,
        audio_level_average: int | None = None,
        audio_active_packets: int | None = None,
        record: bool | None = None,
        filename: str | None = None,
        generate_offer: bool | None = None,
        rtp: RtpEndpoint | None = None,
        secret: str | None = None,
        suspended: bool | None = None,
        pause_events: bool | None = None,
        denoise: bool | None = None,
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioJoined:
        """Join a room. `publish` then brings one's sound into it, and the others' out of it.

        Args:
            room: which.
            id: one's own id in it; the server chooses one.
            display: the name that others see.
            pin: of the room, if it has one.
            token: where the room asks for one.
            group: where the room has groups: of which one is.
            muted: whether one is muted at first.
            codec: ``opus`` if none is given.
            prebuffer: packets to wait for before one is heard (before Janus 1.2.0).
            bitrate: of the Opus that one gets, in bits per second; 0 leaves it to Opus.
            quality: effort of the Opus encoder, 0 to 10.
            expected_loss: percent of packets that may be lost, 0 to 20; above 0 Opus sends error
                correction.
            volume: of one's sound in the mix, in percent.
            spatial_position: 0 (left) to 100 (right), in a room with spatial audio.
            audio_level_average: what counts as talking, as in `create`, for oneself only.
            audio_active_packets: over how many packets that is averaged.
            record: record one's own sound.
            filename: base name of the recording.
            generate_offer: let Janus make the offer; it is in the answer, and `configure` takes the
                answer to it. `publish` can do both.
            rtp: take part with plain RTP instead of WebRTC, where the room allows it; the reply's
                ``rtp`` says where to send. Janus sends once it has received.
            secret: of the room: `mute_room` does then not silence one.
            suspended: stay without taking part until `resume` (Janus 1.2.1 and newer).
            pause_events: with `suspended`: get no events either (Janus 1.2.1 and newer).
            denoise: reduce the noise in one's sound (Janus 1.2.3 and newer, built with RNNoise).
            jsep: an SDP offer; the answer comes back in the reply. `publish` makes one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 485 NO_SUCH_ROOM, 491 ALREADY_JOINED, 490 ID_EXISTS, 489 UNAUTHORIZED (a
                wrong PIN or token), 483 MISSING_ELEMENT (no PIN, or no group), 494 NO_SUCH_GROUP.
        """
        return await self._enter("join", locals())

    @request(
        newer={"suspended": "1.2.1", "pause_events": "1.2.1", "denoise": "1.2.3"},
        gone={"prebuffer": "1.2.0"},
    )
    async def changeroom(
        self,
        *,
        room: Id,
        id: Id | None = None,
        display: str | None = None,
        pin: str | None = None,
        token: str | None = None,
        group: str | None = None,
        muted: bool | None = None,
        codec: Codec | None = None,
        prebuffer: int | None = None,
        bitrate: int | None = None,
        quality: int | None = None,
        expected_loss: int | None = None,
        volume: int | None = None,
        spatial_position: int | None = None,
        audio_level_average: int | None = None,
        audio_active_packets: int | None = None,
        record: bool | None = None,
        filename: str | None = None,
        generate_offer: bool | None = None,
        rtp: RtpEndpoint | None = None,
        secret: str | None = None,
        suspended: bool | None = None,
        pause_events: bool | None = None,
        denoise: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioJoined:
        """Go to another room with the media that one has: nothing is negotiated anew.

        One's name and whether one is muted are those given here, not those of the room before.

        Args:
            room: where to.
            id: one's own id there; the server chooses one.
            display: the name that others see.
            pin: of the room, if it has one.
            token: where the room asks for one.
            group: where the room has groups: of which one is.
            muted: whether one is muted at first.
            codec: as in `join`; that of the media stays.
            prebuffer: packets to wait for before one is heard (before Janus 1.2.0).
            bitrate: of the Opus that one gets, in bits per second; 0 leaves it to Opus.
            quality: effort of the Opus encoder, 0 to 10.
            expected_loss: percent of packets that may be lost, 0 to 20.
            volume: of one's sound in the mix, in percent.
            spatial_position: 0 (left) to 100 (right), in a room with spatial audio.
            audio_level_average: what counts as talking, as in `create`, for oneself only.
            audio_active_packets: over how many packets that is averaged.
            record: as in `join`; a recording ends with the room, and `configure` starts another.
            filename: base name of the recording.
            generate_offer: as in `join`; nothing is negotiated here.
            rtp: as in `join`; the address stays.
            secret: of the room: `mute_room` does then not silence one.
            suspended: stay without taking part until `resume` (Janus 1.2.1 and newer).
            pause_events: with `suspended`: get no events either (Janus 1.2.1 and newer).
            denoise: reduce the noise in one's sound (Janus 1.2.3 and newer, built with RNNoise).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 487 NOT_JOINED, 491 ALREADY_JOINED (it is the same room), and those of `join`.
        """
        return await self._enter("changeroom", locals())

    @request(newer={"denoise": "1.2.3", "rtp": "1.3.2"}, gone={"prebuffer": "1.2.0"})
    async def configure(
        self,
        *,
        muted: bool | None = None,
        display: str | None = None,
        prebuffer: int | None = None,
        bitrate: int | None = None,
        quality: int | None = None,
        expected_loss: int | None = None,
        volume: int | None = None,
        group: str | None = None,
        spatial_position: int | None = None,
        record: bool | None = None,
        filename: str | None = None,
        generate_offer: bool | None = None,
        update: bool | None = None,
        denoise: bool | None = None,
        rtp: RtpEndpoint | None = None,
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> AudioConfigured:
        """Change how one takes part, or negotiate the media. What is not given stays as it is.

        Args:
            muted: whether one is muted.
            display: another name.
            prebuffer: packets to wait for before one is heard (before Janus 1.2.0).
            bitrate: of the Opus that one gets, in bits per second; 0 leaves it to Opus.
            quality: effort of the Opus encoder, 0 to 10.
            expected_loss: percent of packets that may be lost, 0 to 20.
            volume: of one's sound in the mix, in percent.
            group: where the room has groups: of which one is.
            spatial_position: 0 (left) to 100 (right), in a room with spatial audio.
            record: start or stop recording one's own sound.
            filename: base name of the recording.
            generate_offer: let Janus make an offer; it is in the answer.
            update: with an offer: negotiate the media that there is anew.
            denoise: reduce the noise in one's sound (Janus 1.2.3 and newer, built with RNNoise).
            rtp: another address, for a participant with plain RTP (Janus 1.3.2 and newer).
            jsep: an SDP offer, or the answer to Janus's own. `publish` makes one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 487 NOT_JOINED, 484 INVALID_ELEMENT, 494 NO_SUCH_GROUP.
        """
        reply = await self._ask("configure", AudioConfigured, locals())
        self.room.change_me(muted=muted, display=display, spatial_position=spatial_position)
        return reply

    @request()
    async def leave(self, *, extra: Extra = None, timeout: float | None = None) -> AudioLeft:
        """Leave the room. The PeerConnection stays for the next `join`; `hangup` leaves and closes it."""
        reply = await self._ask("leave", AudioLeft, locals())
        self.room.end("left")
        return reply

    @request(name="hangup")
    async def hangup_call(self, *, extra: Extra = None, timeout: float | None = None) -> AudioHangingUp:
        """Let the plugin close the PeerConnection, and leave the room: its own request ``hangup``.

        It comes to the same as `hangup`, the verb of every handle. Returns when it is closed.
        """
        arguments = locals()
        try:
            reply = await self._closing(lambda: self._ask("hangup", AudioHangingUp, arguments))
        finally:
            await self.release()
        await self._out()
        return reply

    @request()
    async def resetdecoder(self, *, extra: Extra = None, timeout: float | None = None) -> AudioSuccess:
        """Let Janus decode one's sound anew, for a client whose encoder was made anew.

        Raises:
            JanusPluginError: 487 NOT_JOINED.
        """
        return await self._ask("resetdecoder", AudioSuccess, locals())

    async def _enter(self, name: str, arguments: Mapping[str, Any]) -> AudioJoined:
        if self._leaving is not None:
            await asyncio.wait([self._leaving])  # it must not take us out of the room that we enter here
        if self._left_by_hangup is not None:
            await self._taken_out(*self._left_by_hangup)
        with self.room.record() as seen:
            reply = await self._ask(name, AudioJoined, arguments)
            self.room.begin(reply, arguments, self.state == "connected", seen)
            self._left_by_hangup = None
        return reply

    async def _taken_out(self, room: Id, me: Id) -> None:
        """Wait until AudioBridge has let go of who hung up: Janus says ``hangup`` a moment before.

        A join in between is refused (491), and a leave would let the next join be undone.
        """
        with suppress(TimeoutError, JanusPluginError):  # the room is gone; or the join will say what is wrong
            async with asyncio.timeout(OUT_SECONDS):
                while me in await self._ids_in(room):  # noqa: ASYNC110 # on the server, which does not tell it
                    await asyncio.sleep(0.02)

    async def _ids_in(self, room: Id) -> set[Id]:
        return {who.id for who in (await self.listparticipants(room=room)).participants}

    async def publish(
        self,
        audio: object = "tone",
        *,
        room: Id | None = None,
        id: Id | None = None,
        display: str | None = None,
        pin: str | None = None,
        token: str | None = None,
        group: str | None = None,
        muted: bool | None = None,
        secret: str | None = None,
        generate_offer: bool = False,
        codecs: Sequence[str] | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        timeout: float = 15.0,
    ) -> AudioReply:
        """Send sound to the room that was joined, and receive the mix of all others: ``track("audio")``.

        With `room` it joins as well, in one request. Returns when sound can flow. If it fails, or is
        cancelled, after Janus was asked, the PeerConnection is closed on both sides, and as Janus then
        takes one out of the room, one is in none.

        Args:
            audio: what to send, such as ``"tone"``, numpy sound, a function that gives it, or a file; see
                `JanusEchoTestPlugin.publish`. None to listen only.
            room, id, display, pin, token, group, muted, secret: see `join`; only with `room`.
            generate_offer: let Janus make the offer, and answer it.
            codecs: names of the codecs to offer, the best first, such as ``["opus"]``.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``).
            timeout: seconds for all of it.

        Returns:
            The reply to `join` (`AudioJoined`), or to `configure` (`AudioConfigured`).

        Raises:
            JanusOptionError: a source that cannot be sent, or something that belongs to a `room` that
                was not given.
            JanusMediaError: the ``media`` extra is missing, or ICE or DTLS failed.
            JanusPluginError: 487 NOT_JOINED (neither before nor here), and those of `join`.
            JanusTimeoutError: not connected in time; the text names the step it hangs in.
            JanusStateError: the handle is not attached, or is publishing already.
        """
        about_me: dict[str, Any] = {
            "id": id,
            "display": display,
            "pin": pin,
            "token": token,
            "group": group,
            "muted": muted,
            "secret": secret,
        }
        given = {key: value for key, value in about_me.items() if value is not None}
        if room is None and given:
            raise JanusOptionError(
                f"{', '.join(given)} without a room", hint="Give room=..., or give it to join()."
            )

        if generate_offer and self._peer is not None:
            raise self._busy()
        asked = False
        joined: AudioReply | None = None

        async def ask(jsep: Mapping[str, Any] | None = None, **more: Any) -> AudioReply:
            nonlocal asked, joined
            asked = True
            if room is None or joined is not None:
                return await self.configure(jsep=jsep, **more)
            joined = await self.join(room=room, jsep=jsep, **given, **more)
            return joined

        settings: dict[str, Any] = {
            "audio": audio,
            "receive": ("audio",),
            "codecs": codecs,
            "ice_servers": ice_servers,
            "timeout": timeout,
        }
        try:
            if generate_offer:
                reply = await self._answer_to(lambda: ask(generate_offer=True), ask, **settings)
            else:
                reply = await self._offer(ask, again=False, **settings)
            return joined or reply
        except BaseException as exc:
            if asked and self.session is not None:
                self._leaving = self.session.spawn(self._out(), name="janus-audiobridge-leave")
                if not isinstance(exc, asyncio.CancelledError):
                    await asyncio.wait([self._leaving])
            raise

    async def hangup(self, timeout: float | None = None) -> Message:
        """Close the PeerConnection on both sides, and leave the room. Returns Janus's answer."""
        reply = await super().hangup(timeout)
        await self._out()
        return reply

    async def _out(self) -> None:
        """Be in no room, after a hangup.

        Janus takes out who hangs up, in its own time; it says so with a ``hangup`` event, but only if there
        was a PeerConnection. And it does it only once for a handle that never had one.
        """
        if self._unfinished is not None:
            await asyncio.wait([self._unfinished])
        if self.room.id is None:
            return
        try:
            await self.leave()
        except JanusError as exc:
            gone = isinstance(exc, JanusPluginError) and exc.name == "NOT_JOINED"
            if not gone and self.id is not None:
                raise
            self.room.end("hung up")

    # -- what happens ---------------------------------------------------------------------------

    def on_event(self, event: JanusEvent) -> None:
        """Let the view of the room follow."""
        super().on_event(event)
        match event:
            case PluginEvent(detail=AudioDetail() as detail):
                self.room.on_event(detail)
            case WebRtcUpEvent():
                self.room.change_me(setup=True)
            case HangupEvent():
                # Janus takes who has no PeerConnection any more out of the room.
                if self.room.id is not None and self.room.me is not None:
                    self._left_by_hangup = self.room.id, self.room.me
                self.room.end(f"hung up: {event.reason}")

    def end(self, reason: str) -> None:
        """The handle is gone, and so it is in no room."""
        self.room.end(reason or "detached")
        super().end(reason)


register_details(JanusAudioBridgePlugin.plugin_name, detail, DETAILS)
