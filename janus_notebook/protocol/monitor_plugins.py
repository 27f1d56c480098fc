"""What the plugins tell Janus's event handlers: one class for each plugin, with the fields of its events.

Source: "Event handlers" of the Janus documentation, and the catalogue of what each plugin sends.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from janus_notebook.protocol.typed import Typed

__all__ = ["PLUGIN_NEWS", "PluginNews", "plugin_news"]

Id = int | str


class PluginNews(Typed, frozen=True, kw_only=True):
    """What a plugin told the event handlers. Derived classes have the fields of one plugin's events.

    Attributes:
        plugin: the plugin's package name.
    """

    # What the events of this plugin are called; the same word may mean another thing elsewhere.
    names: ClassVar[frozenset[str]] = frozenset()
    # The name of an event that does not carry one.
    unnamed: ClassVar[str] = "event"

    plugin: str = msgspec.field(name="*plugin", default="")

    @property
    def what(self) -> str:
        """The plugin's own name of it, such as ``joined``.

        It stands under ``event``, under the plugin's name (VideoRoom's ``talking``) or under ``status``
        (Streaming).
        """
        for key in ("event", self.plugin.rpartition(".")[2], "status"):
            if isinstance(name := self.data.get(key), str) and name:
                return name
        return self.unnamed


class EchoTestNews(PluginNews, frozen=True, kw_only=True):
    """``configured``: the echo after a request; EchoTest gives it no name."""

    names: ClassVar = frozenset({"configured"})
    unnamed: ClassVar = "configured"

    audio_active: bool | None = None
    video_active: bool | None = None
    bitrate: int | None = None
    simulcast: Any = None
    svc: Any = None
    recording: Any = None


class VideoCallNews(PluginNews, frozen=True, kw_only=True):
    """A user registered, or a call went on."""

    names: ClassVar = frozenset({"registered", "calling", "accepted", "configured", "hangup"})

    username: str = ""
    reason: str = ""
    audio_active: bool | None = None
    video_active: bool | None = None
    bitrate: int | None = None
    simulcast: Any = None
    recording: Any = None


class RecordPlayNews(PluginNews, frozen=True, kw_only=True):
    """A recording or its playout began, paused or ended."""

    names: ClassVar = frozenset({"recording", "playout", "playing", "paused", "resumed", "stopped"})

    id: Id | None = None
    audio: bool | None = None
    video: bool | None = None
    data_: bool | None = msgspec.field(name="data", default=None)


class NoSipNews(PluginNews, frozen=True, kw_only=True):
    """A description was generated or processed, or RTP is forwarded (Janus 1.4.0 and newer)."""

    names: ClassVar = frozenset({"generated", "processed", "rtp_forward", "stop_rtp_forward"})

    type: str = ""
    sdp: str = ""
    info: Any = None
    stream_id: int | None = None
    host: str = ""
    port: int | None = None


class VoiceMailNews(PluginNews, frozen=True, kw_only=True):
    """``starting`` or ``done``."""

    names: ClassVar = frozenset({"starting", "done"})

    status: str = ""


class TextRoomNews(PluginNews, frozen=True, kw_only=True):
    """A room, or somebody in it, came or went."""

    names: ClassVar = frozenset({"created", "edited", "destroyed", "join", "leave", "kicked"})

    room: Id | None = None
    username: str = ""
    display: str = ""


class StreamingNews(PluginNews, frozen=True, kw_only=True):
    """A mountpoint changed, or one of its viewers."""

    names: ClassVar = frozenset(
        {
            *("created", "edited", "kicked_all", "destroyed"),
            *("starting", "started", "pausing", "switching", "stopping"),
            *("rtsp-disconnected", "rtsp-reconnected"),
        }
    )

    id: Id | None = None
    type: str = ""
    status: str = ""


class AudioBridgeNews(PluginNews, frozen=True, kw_only=True):
    """A room, or somebody in it, changed."""

    names: ClassVar = frozenset(
        {
            *("created", "edited", "destroyed", "joined", "configured", "left", "mute", "unmute"),
            *("mute_room", "unmute_room", "kicked", "kicked_all", "recordingdone"),
            *("announcement-started", "announcement-stopped", "talking", "stopped-talking"),
            *("suspended", "resumed"),
        }
    )

    room: Id | None = None
    id: Id | None = None
    display: str = ""
    setup: bool | None = None
    muted: bool | None = None
    bitrate: int | None = None
    quality: int | None = None
    spatial_position: int | None = None
    record_file: str = ""
    file_id: str = ""


class VideoRoomNews(PluginNews, frozen=True, kw_only=True):
    """A room, a publisher, a subscriber or a forwarder changed."""

    names: ClassVar = frozenset(
        {
            *("created", "edited", "destroyed", "joined", "published", "updated", "configured"),
            *("unpublished", "leaving", "kicked", "rtp_forward", "stop_rtp_forward", "subscribing"),
            *("subscribed", "unsubscribed", "switched", "moderated", "talking", "stopped-talking"),
        }
    )

    room: Id | None = None
    id: Id | None = None
    private_id: int | None = None
    display: str = ""
    metadata: Any = None
    streams: tuple[dict[str, Any], ...] = ()
    bitrate: int | None = None
    publisher_id: Id | None = None
    stream_id: int | None = None
    media: str = ""
    codec: str = ""
    video_substream: int | None = None
    host: str = ""
    port: int | None = None
    feed: Any = None
    mid: str = ""
    mindex: int | None = None
    moderation: str = ""
    audio_level: float | None = msgspec.field(name="audio-level-dBov-avg", default=None)
    audio_active_packets: int | None = None
    audio_level_average: int | None = None


class SipNews(PluginNews, frozen=True, kw_only=True):
    """A registration, a call, or a SIP message as it was on the wire (``sip-in``, ``sip-out``).

    Attributes:
        sip: the SIP message, what its authentication headers say masked.
    """

    names: ClassVar = frozenset(
        {
            *("registered", "unregistered", "registration_failed", "calling", "incomingcall", "accepted"),
            *("progress", "updated", "declined", "proceeding", "hangup", "missed_call", "sip-in", "sip-out"),
            *("rtp_forward", "stop_rtp_forward"),
        }
    )

    identity: str = ""
    type: str = ""
    helper: bool | None = None
    master_id: int | None = None
    proxy: str = ""
    call_id: str = msgspec.field(name="call-id", default="")
    username: str = ""
    displayname: str = ""
    caller: str = ""
    callee: str = ""
    referred_by: str = ""
    refer_id: int | None = None
    code: int | None = None
    reason: str = ""
    reason_header: str = ""
    sdp: str = ""
    sip: str = ""
    stream_id: int | None = None
    host: str = ""
    port: int | None = None


PLUGIN_NEWS: dict[str, type[PluginNews]] = {
    "janus.plugin.audiobridge": AudioBridgeNews,
    "janus.plugin.echotest": EchoTestNews,
    "janus.plugin.nosip": NoSipNews,
    "janus.plugin.recordplay": RecordPlayNews,
    "janus.plugin.sip": SipNews,
    "janus.plugin.streaming": StreamingNews,
    "janus.plugin.textroom": TextRoomNews,
    "janus.plugin.videocall": VideoCallNews,
    "janus.plugin.videoroom": VideoRoomNews,
    "janus.plugin.voicemail": VoiceMailNews,
}


def plugin_news(plugin: str, data: dict[str, Any]) -> PluginNews:
    """Read what a plugin told, by the class of the plugin; a script's is a `PluginNews`."""
    return PLUGIN_NEWS.get(plugin, PluginNews).read(data, plugin=plugin)
