"""The Record&Play plugin: it records what it receives, and plays recordings back.

Source: "Record&Play plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.client.requests import Extra, request
from janus_notebook.errors import JanusOptionError, JanusPluginError, JanusStateError
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.events import JanusEvent
from janus_notebook.protocol.messages import Message
from janus_notebook.protocol.plugin_events import PluginDetail, register_details
from janus_notebook.protocol.typed import Record

if TYPE_CHECKING:
    from janus_notebook.client.session import JanusSession

__all__ = [
    "JanusRecordPlayPlugin",
    "RecordPlayAnswer",
    "RecordPlayConfigured",
    "RecordPlayDone",
    "RecordPlayResult",
    "RecordPlaySettings",
    "RecordPlaySlowLink",
    "RecordPlayStatus",
    "Recording",
    "RecordingList",
    "SlowLinkResult",
]

MEDIA_SECONDS = 15.0

# How long the server may take to let go of what it has played, and how often it is asked.
LET_GO_SECONDS = 2.0
ASK_SECONDS = 0.02
STILL_PLAYING = 415  # what it answers to a `start` without an SDP: MISSING_ELEMENT, else INVALID_STATE


class Recording(Record, frozen=True, kw_only=True):
    """A recording that can be played.

    Attributes:
        id: what `JanusRecordPlayPlugin.play` takes.
        name: as it was recorded.
        date: when, in the server's time.
        audio, video, data: what is in it.
        audio_codec, video_codec: such as ``opus``; None where it has none.
        audio_red: whether the audio is redundant Opus.
        is_private: whether it is listed for the administrator alone (Janus 1.3.1 and newer).
    """

    id: int = 0
    name: str = ""
    date: str = ""
    audio: bool = False
    audio_codec: str | None = None
    video: bool = False
    video_codec: str | None = None
    data: bool = False
    audio_red: bool = False
    is_private: bool = False


class RecordPlayAnswer(PluginReply, frozen=True, kw_only=True):
    """The answer to `update`.

    Attributes:
        recordplay: ``ok``.
    """

    recordplay: str = ""


class RecordingList(PluginReply, frozen=True, kw_only=True):
    """The answer to `list`.

    Attributes:
        recordings: those that are complete, in no order.
    """

    recordplay: str = ""
    recordings: tuple[Recording, ...] = msgspec.field(name="list", default=())


class RecordPlaySettings(Record, frozen=True, kw_only=True):
    """What holds for recordings of this handle.

    Attributes:
        video_bitrate_max: cap for the sender in bits per second.
        video_keyframe_interval: milliseconds between the requests for a keyframe.
    """

    video_bitrate_max: int = msgspec.field(name="video-bitrate-max", default=0)
    video_keyframe_interval: int = msgspec.field(name="video-keyframe-interval", default=0)


class RecordPlayConfigured(PluginReply, frozen=True, kw_only=True):
    """The answer to `configure`.

    Attributes:
        status: ``ok``.
        settings: all of them, as they are now.
    """

    recordplay: str = ""
    status: str = ""
    settings: RecordPlaySettings = RecordPlaySettings()


class RecordPlayResult(Record, frozen=True, kw_only=True):
    """What an answer or event says.

    Attributes:
        status: ``recording``, ``preparing``, ``restarting``, ``playing``, ``paused``, ``resumed``,
            ``stopped`` or ``done``.
        id: of the recording; None where there is none.
        warning: what of a recording cannot be played.
        is_private: whether the recording is listed for the administrator alone (Janus 1.3.1 and newer).
    """

    status: str = ""
    id: int | None = None
    warning: str | None = None
    is_private: bool | None = None


class RecordPlayStatus(PluginReply, frozen=True, kw_only=True):
    """The answer to all about recording and playing.

    Attributes:
        recordplay: ``event``.
        result: what it says; None if there was nothing to do, as for a `pause` of no recording.
    """

    recordplay: str = ""
    result: RecordPlayResult | None = None

    @property
    def status(self) -> str:
        """The status in the result; "" where there is none."""
        return self.result.status if self.result is not None else ""

    @property
    def id(self) -> int | None:
        """The recording's id, where the answer has it."""
        return self.result.id if self.result is not None else None


class RecordPlayDone(PluginDetail, frozen=True, kw_only=True):
    """``done``: the recording, or the playing, is over; the PeerConnection is closed.

    Attributes:
        result: the word ``done``; of Janus 1.3.1 and newer an object with it as status, and the id.
    """

    name: ClassVar[str] = "done"

    result: str | RecordPlayResult = ""

    @property
    def id(self) -> int | None:
        """The recording's id, where the server says it."""
        return self.result.id if isinstance(self.result, RecordPlayResult) else None


class SlowLinkResult(Record, frozen=True, kw_only=True):
    """What is slow.

    Attributes:
        media: ``audio`` or ``video``.
        current_bitrate: cap for the sender of video, in bits per second.
        uplink: 1 if packets to Janus are lost, 0 if packets from it are: not as in the core's event.
    """

    media: str = ""
    current_bitrate: int | None = msgspec.field(name="current-bitrate", default=None)
    uplink: int | None = None


class RecordPlaySlowLink(PluginDetail, frozen=True, kw_only=True):
    """``slow_link``: packets are lost.

    Attributes:
        result: which.
    """

    name: ClassVar[str] = "slow_link"

    result: SlowLinkResult = SlowLinkResult()


def _detail(data: Mapping[str, Any]) -> type[PluginDetail]:
    result = data.get("result")
    status = result.get("status") if isinstance(result, Mapping) else result
    if status == "done":
        return RecordPlayDone
    return RecordPlaySlowLink if status == "slow_link" else PluginDetail


class JanusRecordPlayPlugin(WebRtcPlugin):
    """A handle on Record&Play (``janus.plugin.recordplay``).

    It records or plays, one at a time::

        made = await recordplay.record_on_server(name="lecture", video="pattern", audio="tone")
        await recordplay.stop()
        await recordplay.play(id=made.id)
        await recordplay.track("video").snapshot()
        await recordplay.wait_for("done")
    """

    plugin_name: ClassVar[str] = "janus.plugin.recordplay"
    begins_media = "play() or record_on_server()"
    details = (RecordPlayDone, RecordPlaySlowLink)

    _asked = ""  # the last of `record` and `play`
    _played = False

    @request(newer={"admin_key": "1.3.1"})
    async def update(
        self, *, admin_key: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> RecordPlayAnswer:
        """Have the server look again for recordings in its folder.

        Args:
            admin_key: the server's key for this request, if it has one (Janus 1.3.1 and newer).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 440 UNAUTHORIZED without the key.
        """
        return await self._ask("update", RecordPlayAnswer, locals())

    @request(newer={"admin_key": "1.3.1"})
    async def list(
        self, *, admin_key: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> RecordingList:
        """List the recordings that can be played.

        Args:
            admin_key: shows the private ones too, if this is the server's key (Janus 1.3.1 and newer).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("list", RecordingList, locals())

    @request()
    async def configure(
        self,
        *,
        video_bitrate_max: int | None = None,
        video_keyframe_interval: int | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RecordPlayConfigured:
        """Set how this handle records video; without parameters, ask how.

        Args:
            video_bitrate_max: cap for the sender in bits per second (by REMB). Janus's name of it is
                ``video-bitrate-max``.
            video_keyframe_interval: milliseconds between the requests for a keyframe. Janus's name of
                it is ``video-keyframe-interval``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 414 INVALID_ELEMENT for a wrong value.
        """
        arguments = {
            "video-bitrate-max": video_bitrate_max,
            "video-keyframe-interval": video_keyframe_interval,
            "extra": extra,
            "timeout": timeout,
        }
        return await self._ask("configure", RecordPlayConfigured, arguments)

    @request(name="record", newer={"is_private": "1.3.1"})
    async def record_on_server(
        self,
        *,
        name: str,
        video: object = "pattern",
        audio: object = "tone",
        id: int | None = None,
        filename: str | None = None,
        audiocodec: str | None = None,
        videocodec: str | None = None,
        videoprofile: str | None = None,
        opusred: bool | None = None,
        textdata: bool | None = None,
        update: bool | None = None,
        is_private: bool | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RecordPlayStatus:
        """Send media from here, and record them on the server until `stop`.

        It is Janus's request ``record``; `record` itself writes what is received here to a file of yours.

        Returns when media can flow. With an offer as `jsep` it is Janus's bare request, for a WebRTC of
        your own: the reply has its answer.

        Args:
            name: of the recording, for people.
            video, audio: what to send, as in `JanusEchoTestPlugin.publish`; None for none.
            id: of the recording; None leaves it to the server.
            filename: base name of its files; ``-audio``, ``-video``, ``-data`` are appended.
            audiocodec, videocodec: the codecs to take of those in the offer, such as ``opus``, ``vp8``.
            videoprofile: profile of H.264 or VP9.
            opusred: take redundant audio for Opus.
            textdata: whether what comes over data channels is text (True, the default) or binary.
            update: the offer renegotiates; it needs ``"update": True`` in `jsep` as well.
            is_private: list it for the administrator alone (Janus 1.3.1 and newer).
            ice_servers: STUN and TURN servers; see `JanusEchoTestPlugin.publish`.
            jsep: an offer of yours, ``{"type": "offer", "sdp": ...}``.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it; None means 15, and the session's default for the bare request.

        Returns:
            The answer, with the recording's id.

        Raises:
            JanusPluginError: 420 RECORDING_EXISTS for an id that is taken; 414 INVALID_ELEMENT, 419
                INVALID_SDP.
            JanusOptionError, JanusMediaError, JanusTimeoutError: see `JanusEchoTestPlugin.publish`.
        """
        arguments = {
            key: value for key, value in locals().items() if key not in ("video", "audio", "ice_servers")
        }
        if jsep is not None:
            await self._begin("record", again=bool(update))
            return await self._ask("record", RecordPlayStatus, arguments)
        if update:
            raise JanusOptionError("update is about an offer of yours", hint="Give it as jsep.")
        # `in` would compare, which arrays refuse.
        if not any(not (source is None or source is False) for source in (video, audio)):
            raise JanusOptionError("nothing to record", hint="Give video=, audio= or both.")

        async def send(offer: Mapping[str, Any]) -> RecordPlayStatus:
            await self._begin("record")
            return await self._ask("record", RecordPlayStatus, {**arguments, "jsep": offer})

        return await self._offer(
            send,
            video=video,
            audio=audio,
            receive=(),
            ice_servers=ice_servers,
            timeout=MEDIA_SECONDS if timeout is None else timeout,
            again=False,
        )

    @request()
    async def play(
        self,
        *,
        id: int,
        restart: bool | None = None,
        answer: bool = True,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RecordPlayStatus:
        """Play a recording, here: answer Janus's offer, and return when its media can flow.

        `track` and `tracks` give what it sends; at its end there is a ``done`` event. With ``answer=False``
        it is Janus's bare request, for a WebRTC of your own: the reply has Janus's offer, to which `start`
        takes your answer.

        Args:
            id: of the recording.
            restart: ask for an offer with an ICE restart; for a WebRTC of your own.
            answer: False leaves Janus's offer to you.
            ice_servers: STUN and TURN servers; see `JanusEchoTestPlugin.publish`.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it; None means 15, and the session's default for the bare request.

        Returns:
            Janus's last word: the answer to `start`; of the bare request its own.

        Raises:
            JanusPluginError: 416 NOT_FOUND; 417 INVALID_RECORDING if its files cannot be read.
            JanusMediaError: the ``media`` extra is missing, or ICE or DTLS failed.
            JanusTimeoutError: not connected in time; the text names the step it hangs in.
            JanusStateError: the handle records or plays already.
        """
        arguments = {key: value for key, value in locals().items() if key not in ("answer", "ice_servers")}
        if not answer:
            await self._begin("play", again=bool(restart))
            await self._settled()
            return await self._ask("play", RecordPlayStatus, arguments)
        if restart:
            raise JanusOptionError(
                "our own WebRTC cannot restart ICE", hint="Give answer=False and answer with one that can."
            )
        if self._peer is not None:
            raise JanusStateError(f"{self.name} records or plays already", hint="Call stop() first.")
        arguments["timeout"] = seconds = MEDIA_SECONDS if timeout is None else timeout

        async def ask() -> RecordPlayStatus:
            await self._begin("play")
            return await self._ask("play", RecordPlayStatus, arguments)

        return await self._answer_to(
            ask,
            lambda ours: self.start(jsep=ours),
            ice_servers=ice_servers,
            timeout=seconds,
        )

    @request()
    async def start(
        self, *, jsep: Mapping[str, Any], extra: Extra = None, timeout: float | None = None
    ) -> RecordPlayStatus:
        """Answer the offer of `play`, for a WebRTC of your own.

        Args:
            jsep: the answer, ``{"type": "answer", "sdp": ...}``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 418 INVALID_STATE if nothing is to be played; 415 MISSING_ELEMENT.
        """
        return await self._ask("start", RecordPlayStatus, locals())

    @request()
    async def pause(self, *, extra: Extra = None, timeout: float | None = None) -> RecordPlayStatus:
        """Leave what comes in out of the recording until `resume`.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Returns:
            ``paused``; without a recording an answer whose `RecordPlayStatus.result` is None.
        """
        return await self._ask("pause", RecordPlayStatus, locals())

    @request()
    async def resume(self, *, extra: Extra = None, timeout: float | None = None) -> RecordPlayStatus:
        """Go on with the recording after `pause`.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Returns:
            ``resumed``; without a recording an answer whose `RecordPlayStatus.result` is None.
        """
        return await self._ask("resume", RecordPlayStatus, locals())

    @request()
    async def stop(self, *, extra: Extra = None, timeout: float | None = None) -> RecordPlayStatus:
        """End the recording or the playing, and close the PeerConnection on both sides.

        When it returns the recording is complete: it is listed, and can be played by this handle too.

        Args:
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Returns:
            ``stopped``, with the id of the recording if there was one.
        """
        arguments = locals()
        try:
            return await self._closing(lambda: self._ask("stop", RecordPlayStatus, arguments))
        finally:
            await self.release()

    async def _begin(self, what: str, *, again: bool = False) -> None:
        """Wait until the server has let go of what it has played.

        Its thread for that outlives the PeerConnection for a moment, and would take down what begins
        meanwhile, or all of Janus. Nothing tells of its end but how a `start` without an SDP is refused.
        A thread that came to run only after the PeerConnection had ended does nothing, and leaves what it
        was to play: then the refusal never changes, and there is nothing to wait for.
        """
        self._asked = what
        if not self._played or again:
            return
        try:
            async with asyncio.timeout(LET_GO_SECONDS):
                while await self._still_playing():  # noqa: ASYNC110 # on the server, which tells it no other way
                    await asyncio.sleep(ASK_SECONDS)
        except TimeoutError as exc:
            if self.state != "hungup":
                raise JanusStateError(
                    f"{self.name} is still playing on the server",
                    hint="Call stop() first, or attach another.",
                ).within(plugin=self.name, handle_id=self.id) from exc
        self._played = False

    async def _still_playing(self) -> bool:
        try:
            await self.request({"request": "start"})
        except JanusPluginError as exc:
            return exc.code == STILL_PLAYING
        return True

    def begin(self, session: JanusSession, handle_id: int, message: Message) -> None:
        """The handle exists on the server now."""
        self._asked, self._played = "", False
        super().begin(session, handle_id, message)

    def on_event(self, event: JanusEvent) -> None:
        """See when the server begins to play."""
        super().on_event(event)
        if event.kind == "webrtcup" and self._asked == "play":
            self._played = True


register_details(JanusRecordPlayPlugin.plugin_name, _detail, JanusRecordPlayPlugin.details)
