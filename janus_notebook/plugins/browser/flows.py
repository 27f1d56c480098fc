"""Which of a plugin's requests negotiates its media: who offers, and what it takes beside the SDP.

The requests are the handle's own verbs: they run as they do for media of the kernel, over a peer connection
that lives in the page.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.plugins.audiobridge import JanusAudioBridgePlugin
from janus_notebook.plugins.echotest import EchoAnswered, JanusEchoTestPlugin
from janus_notebook.plugins.recordplay import JanusRecordPlayPlugin
from janus_notebook.plugins.streaming import JanusStreamingPlugin
from janus_notebook.plugins.textroom import JanusTextRoomPlugin
from janus_notebook.plugins.videocall import JanusVideoCallPlugin
from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin
from janus_notebook.plugins.webrtc import WebRtcPlugin

__all__ = ["Flow", "flow_of", "names_of"]

MEDIA: Final = {
    "self",
    "video",
    "audio",
    "jsep",
    "ice_servers",
    "timeout",
    "answer",
    "generate_offer",
    "codecs",
}
"""Parameters that are not the caller's: the page gives them, or `camera` does."""
SECONDS: Final = 30.0
"""For a negotiation: a kernel that runs cells in between may hear of the page late."""

Run = Callable[[dict[str, Any]], Awaitable[object]]


@dataclass(frozen=True)
class Flow:
    """How a handle's media come about.

    Attributes:
        what: in words, such as "publish".
        video, audio: whether it can send them: True (it does if nothing is said), False (if asked), None
            (it can't).
        run: does it. It is told what to send: ``video`` and ``audio`` (a text, or None), ``ice_servers``.
    """

    what: str
    video: bool | None
    audio: bool | None
    run: Run


def flow_of(handle: JanusPlugin, request: Mapping[str, Any]) -> Flow:
    """Choose how to begin, by the plugin, its state, and what was given.

    Args:
        handle: attached.
        request: parameters of the plugin's request.

    Raises:
        JanusStateError: something has to be done before; says what.
        JanusOptionError: a parameter that the request does not have, or this plugin has no media in a
            browser.
    """
    match handle:
        case JanusEchoTestPlugin():
            return _echo(handle, request)
        case JanusVideoRoomPlugin():
            return _room(handle, request)
        case JanusVideoCallPlugin():
            return _call(handle, request)
        case JanusAudioBridgePlugin():
            return _bridge(handle, request)
        case JanusStreamingPlugin():
            _need(request, "id", "the mountpoint to watch: camera(id=1)")
            return Flow("watch", None, None, _verb(handle.watch, request, timeout=SECONDS, sends=False))
        case JanusRecordPlayPlugin():
            return _tape(handle, request)
        case JanusTextRoomPlugin():
            return _text(handle, request)
    known = "EchoTest, VideoRoom, VideoCall, AudioBridge, Streaming, Record&Play and TextRoom"
    raise JanusOptionError(
        f"camera() does not know how {handle.name} negotiates its media", hint=f"It does for {known}."
    ).within(plugin=handle.name, handle_id=handle.id)


def _echo(handle: JanusEchoTestPlugin, request: Mapping[str, Any]) -> Flow:
    _check(handle.configure, request)

    async def run(media: dict[str, Any]) -> None:
        audio, video = media["audio"] is not None, media["video"] is not None

        async def configure(jsep: dict[str, Any]) -> EchoAnswered:
            return await handle.configure(audio=audio, video=video, jsep=jsep, **request)

        await handle._offer(configure, **media, timeout=SECONDS, again=False)

    return Flow("publish", True, False, run)


def _room(handle: JanusVideoRoomPlugin, request: Mapping[str, Any]) -> Flow:
    joined = handle.view.state == "joined"
    feeds = request.get("feeds", request.get("streams") if request.get("ptype") == "subscriber" else None)
    if feeds is not None:
        return _subscription(handle, request, feeds)
    if joined:
        return Flow("publish", True, False, _verb(handle.publish, request, timeout=SECONDS))
    _need(
        request,
        "room",
        "the room: await handle.join(room=1234) first, or camera(room=1234); "
        "camera(room=1234, feeds=[...]) only watches",
    )
    return Flow("publish", True, False, _verb(handle.joinandconfigure, request, timeout=SECONDS))


def _subscription(handle: JanusVideoRoomPlugin, request: Mapping[str, Any], feeds: object) -> Flow:
    """A subscriber: Janus offers."""
    _need(request, "room", "the room of these feeds: camera(room=1234, feeds=[...])")
    if isinstance(feeds, str) or not isinstance(feeds, Iterable):
        raise JanusOptionError(
            f"feeds must be a list of publishers, not {feeds!r}", hint="For example feeds=room.view.feeds."
        )
    streams = [each if isinstance(each, Mapping) else {"feed": getattr(each, "id", each)} for each in feeds]
    if not streams:
        raise JanusOptionError("no feeds to watch: the list is empty", hint="Does anybody publish yet?")
    given = {name: value for name, value in request.items() if name not in ("feeds", "ptype", "streams")}
    _check(handle.join, given)

    async def run(media: dict[str, Any]) -> None:
        joined = await handle.join(ptype="subscriber", streams=streams, **given)  # type: ignore[arg-type]  # checked by Janus
        await handle.answer(joined.jsep or {}, ice_servers=media["ice_servers"], timeout=SECONDS)

    return Flow("watch", None, None, run)


def _call(handle: JanusVideoCallPlugin, request: Mapping[str, Any]) -> Flow:
    if "username" in request:
        return Flow("call", True, True, _verb(handle.call, request, timeout=SECONDS))
    if not handle.caller:
        raise JanusStateError(
            "nobody calls",
            hint="camera(username='bob') calls somebody; await wait_for('incomingcall') first.",
        ).within(plugin=handle.name, handle_id=handle.id)
    return Flow("accept", True, True, _verb(handle.accept, request, timeout=SECONDS))


def _bridge(handle: JanusAudioBridgePlugin, request: Mapping[str, Any]) -> Flow:
    if handle.room.id is None:
        _need(request, "room", "the room: camera(room=1234), or join(room=1234) first")
    publish = _verb(handle.publish, request, timeout=SECONDS)

    async def run(media: dict[str, Any]) -> None:
        await publish({name: value for name, value in media.items() if name != "video"})

    return Flow("publish", None, True, run)


def _tape(handle: JanusRecordPlayPlugin, request: Mapping[str, Any]) -> Flow:
    if "name" in request:
        return Flow("record", True, False, _verb(handle.record_on_server, request, timeout=SECONDS))
    _need(request, "id", "what to record or to play: camera(name='lesson') records, camera(id=1) plays")
    return Flow("play", None, None, _verb(handle.play, request, timeout=SECONDS, sends=False))


def _text(handle: JanusTextRoomPlugin, request: Mapping[str, Any]) -> Flow:
    if request:
        _need(request, "room", "the room: camera(room=1234, username='ann')")
        _need(request, "username", "your name there: camera(room=1234, username='ann')")
        _check(handle.join, request)

    async def run(media: dict[str, Any]) -> None:
        await handle.setup(ice_servers=media["ice_servers"], timeout=SECONDS)
        if request:
            await handle.join(**request)

    return Flow("set up", None, None, run)


# -- parameters -----------------------------------------------------------------------------------


def _verb(
    verb: Callable[..., Awaitable[object]], request: Mapping[str, Any], *, timeout: float, sends: bool = True
) -> Run:
    _check(verb, request)

    async def run(media: dict[str, Any]) -> None:
        mine = media if sends else {"ice_servers": media["ice_servers"]}
        await verb(**mine, **request, timeout=timeout)

    return run


def _check(verb: Callable[..., object], request: Mapping[str, Any]) -> None:
    known = set(inspect.signature(verb).parameters) - MEDIA
    for name in request:
        if name not in known:
            raise JanusOptionError.unknown("option of camera()", name, [*known, *OPTIONS])


def _need(request: Mapping[str, Any], name: str, what: str) -> None:
    if request.get(name) is None:
        raise JanusOptionError(f"camera() must be told {name}=, {what}")


OPTIONS: Final = ("video", "audio", "source", "width", "height", "fps", "simulcast", "ice_servers")


def names_of(handle: JanusPlugin) -> dict[str, str]:
    """Whom one sees and hears, by mid; "" for all that have no name of their own."""
    match handle:
        case JanusEchoTestPlugin():
            return {"": "the echo"}
        case JanusVideoRoomPlugin():
            streams = handle.subscribed.values()
            return {stream.mid: str(stream.feed_display or stream.feed_id or "") for stream in streams}
        case JanusVideoCallPlugin():
            return {"": handle.partner or handle.caller}
        case JanusAudioBridgePlugin():
            return {"": "the room"}
        case JanusRecordPlayPlugin():
            return {"": "the recording"}
        case JanusStreamingPlugin():
            return {"": "the stream"}
    return {"": handle.name} if isinstance(handle, WebRtcPlugin) else {}
