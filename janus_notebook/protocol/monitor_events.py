"""Typed events of Janus's event handlers: what the whole server says, of anybody's sessions.

Source: "Event handlers" of the Janus documentation.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec

from janus_notebook.config import MASK, mask, mask_sdp
from janus_notebook.errors import JanusProtocolError
from janus_notebook.protocol.events import JanusEvent, brief
from janus_notebook.protocol.messages import decode_object, excerpt, integer
from janus_notebook.protocol.monitor_plugins import PLUGIN_NEWS, PluginNews, plugin_news
from janus_notebook.protocol.typed import Typed

__all__ = [
    "MASKS",
    "MONITOR_KINDS",
    "MONITOR_NAMES",
    "CandidateNews",
    "ConnectionNews",
    "DtlsNews",
    "ExternalNews",
    "HandleNews",
    "IceNews",
    "JsepNews",
    "MediaStateNews",
    "MediaStatsNews",
    "MonitorEvent",
    "News",
    "SelectedPairNews",
    "SessionNews",
    "ShutdownNews",
    "SlowLinkNews",
    "StartupNews",
    "StreamStats",
    "TransportNews",
    "kind_of",
    "read_event",
]

# What an event handler can be told to send, as its configuration names it.
MASKS = (
    *("sessions", "handles", "jsep", "webrtc", "media", "plugins", "transports", "core", "external"),
    *("all", "none"),
)

KINDS = {
    1: "session",
    2: "handle",
    4: "external",
    8: "jsep",
    16: "webrtc",
    32: "media",
    64: "plugin",
    128: "transport",
    256: "core",
}
MONITOR_KINDS = frozenset(KINDS.values())

# Headers of a SIP message that let somebody else speak for the user, with their folded lines.
_SIP_SECRET = re.compile(
    r"^((?:(?:proxy|www)-)?(?:authorization|authenticate)|authentication-info)([ \t]*:)"
    r"[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)


class News(Typed, frozen=True, kw_only=True):
    """What an event says. Derived classes have its fields; this one is for what we have no class for."""

    # The event's name, where its type has but one.
    called: ClassVar[str] = "event"

    @property
    def what(self) -> str:
        """What has happened, in one word; `MonitorEvent.name`."""
        return self.called

    @property
    def summary(self) -> str:
        """What it says, in a few words, as plain text."""
        return f"{self.what} {self.about}".strip()

    @property
    def about(self) -> str:
        """The summary without its first word."""
        return brief(self.data)


class SessionNews(News, frozen=True, kw_only=True):
    """``created``, ``destroyed`` or ``timeout``.

    Attributes:
        transport: with ``created`` over what it came: package name and id of the connection.
    """

    name: str = ""
    transport: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def what(self) -> str:
        return self.name or self.called

    @property
    def about(self) -> str:
        return f"over {self.transport.get('transport', '?')}" if self.transport else ""


class HandleNews(News, frozen=True, kw_only=True):
    """``attached`` or ``detached``.

    Attributes:
        plugin: package name of the plugin.
        opaque_id: the text that the client gave the handle.
    """

    name: str = ""
    plugin: str = ""
    opaque_id: str = ""

    @property
    def what(self) -> str:
        return self.name or self.called

    @property
    def about(self) -> str:
        return f"{self.plugin} {self.opaque_id}".strip()


class ExternalNews(News, frozen=True, kw_only=True):
    """Sent by somebody through the Admin API (``custom_event``).

    The object that was sent is in ``news["data"]``.

    Attributes:
        schema: the sender's name for it.
    """

    called: ClassVar = "external"

    schema: str = ""

    @property
    def about(self) -> str:
        value = self.get("data")
        return f"{self.schema} {brief(value) if isinstance(value, dict) else ''}".strip()


class JsepNews(News, frozen=True, kw_only=True):
    """``offer`` or ``answer``: a session description.

    Attributes:
        owner: ``local`` is Janus's own, ``remote`` the client's.
        jsep: ``{"type", "sdp"}``.
    """

    owner: str = ""
    jsep: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def what(self) -> str:
        return str(self.jsep.get("type") or self.called)

    @property
    def about(self) -> str:
        return {"local": "of Janus", "remote": "of the client"}.get(self.owner, self.owner)


class _OfComponent(News, frozen=True, kw_only=True):
    stream_id: int | None = None
    component_id: int | None = None


class IceNews(_OfComponent, frozen=True, kw_only=True):
    """``ice``: the state of ICE.

    Attributes:
        ice: such as ``gathering``, ``connecting``, ``connected``, ``ready``, ``failed``.
    """

    called: ClassVar = "ice"

    ice: str = ""

    @property
    def about(self) -> str:
        return self.ice


class CandidateNews(_OfComponent, frozen=True, kw_only=True):
    """``local-candidate`` or ``remote-candidate``: an ICE candidate of Janus, or of the client."""

    local: str | None = msgspec.field(name="local-candidate", default=None)
    remote: str | None = msgspec.field(name="remote-candidate", default=None)

    @property
    def candidate(self) -> str:
        """The candidate's text."""
        return self.local or self.remote or ""

    @property
    def what(self) -> str:
        return "remote-candidate" if self.remote is not None else "local-candidate"

    @property
    def about(self) -> str:
        return self.candidate


class SelectedPairNews(_OfComponent, frozen=True, kw_only=True):
    """``selected-pair``: the pair of candidates that ICE chose.

    Attributes:
        selected_pair: the pair as text.
        candidates: ``local`` and ``remote``, each with address, port, type, transport, family.
    """

    called: ClassVar = "selected-pair"

    selected_pair: str = msgspec.field(name="selected-pair", default="")
    candidates: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def about(self) -> str:
        return self.selected_pair


class DtlsNews(_OfComponent, frozen=True, kw_only=True):
    """``dtls``: the state of DTLS.

    Attributes:
        dtls: such as ``trying``, ``connected``, ``failed``.
        retransmissions: of the handshake, where the server says so.
    """

    called: ClassVar = "dtls"

    dtls: str = ""
    retransmissions: int | None = None

    @property
    def about(self) -> str:
        return self.dtls


class ConnectionNews(News, frozen=True, kw_only=True):
    """``connection``: the PeerConnection is up (``webrtcup``) or closed (``hangup``).

    Attributes:
        reason: of a hangup.
    """

    called: ClassVar = "connection"

    connection: str = ""
    reason: str = ""

    @property
    def about(self) -> str:
        return f"{self.connection} {self.reason}".strip()


class MediaStateNews(News, frozen=True, kw_only=True):
    """``state``: Janus started or stopped receiving one of the client's media.

    Attributes:
        media: ``audio``, ``video`` or ``data``.
        mid: the media section.
        receiving: whether Janus receives it now.
        seconds: for how long nothing came.
        substream: the simulcast substream.
    """

    called: ClassVar = "state"

    media: str = ""
    mid: str = ""
    receiving: bool | None = None
    seconds: int | None = None
    substream: int | None = None

    @property
    def about(self) -> str:
        verb = "receiving" if self.receiving else "not receiving"
        return f"{verb} {self.media} (mid {self.mid})"


class SlowLinkNews(News, frozen=True, kw_only=True):
    """``slowlink``: packets are being lost.

    Attributes:
        media: ``audio`` or ``video``.
        mid: the media section.
        slow_link: ``uplink``: the peer misses what Janus sends; ``downlink``: Janus misses the peer's.
        lost: packets in the last second.
    """

    called: ClassVar = "slowlink"

    media: str = ""
    mid: str = ""
    slow_link: str = ""
    lost: int = msgspec.field(name="lost_lastsec", default=0)

    @property
    def about(self) -> str:
        return f"{self.slow_link}, {self.lost} {self.media} packets lost in a second (mid {self.mid})"


class StreamStats(Typed, frozen=True, kw_only=True):
    """The statistics of one medium. Link qualities are 0 to 100; jitter and rtt in milliseconds.

    Attributes:
        mid, mindex: the media section, by name and by number.
        media: ``audio``, ``video``, ``data``; a simulcast substream is ``video-sim1`` or ``video-sim2``.
        codec: where it is known.
        base: the clock rate of the RTP timestamps.
        lost, lost_by_remote: packets, by Janus's count and by the peer's.
        bytes_received_lastsec, bytes_sent_lastsec: in the last second.
    """

    mid: str = ""
    mindex: int | None = None
    media: str = ""
    codec: str = ""
    base: int | None = None
    rtt: int | None = None
    lost: int | None = None
    lost_by_remote: int | None = msgspec.field(name="lost-by-remote", default=None)
    jitter_local: int | None = msgspec.field(name="jitter-local", default=None)
    jitter_remote: int | None = msgspec.field(name="jitter-remote", default=None)
    in_link_quality: int | None = msgspec.field(name="in-link-quality", default=None)
    in_media_link_quality: int | None = msgspec.field(name="in-media-link-quality", default=None)
    out_link_quality: int | None = msgspec.field(name="out-link-quality", default=None)
    out_media_link_quality: int | None = msgspec.field(name="out-media-link-quality", default=None)
    packets_received: int | None = msgspec.field(name="packets-received", default=None)
    packets_sent: int | None = msgspec.field(name="packets-sent", default=None)
    bytes_received: int | None = msgspec.field(name="bytes-received", default=None)
    bytes_sent: int | None = msgspec.field(name="bytes-sent", default=None)
    bytes_received_lastsec: int | None = msgspec.field(name="bytes-received-lastsec", default=None)
    bytes_sent_lastsec: int | None = msgspec.field(name="bytes-sent-lastsec", default=None)
    nacks_received: int | None = msgspec.field(name="nacks-received", default=None)
    nacks_sent: int | None = msgspec.field(name="nacks-sent", default=None)
    retransmissions_received: int | None = msgspec.field(name="retransmissions-received", default=None)
    remb_bitrate: int | None = msgspec.field(name="remb-bitrate", default=None)


class MediaStatsNews(News, frozen=True, kw_only=True):
    """``stats``: statistics of one medium, or (``combine_media_stats``) of all of a PeerConnection."""

    called: ClassVar = "stats"

    @property
    def streams(self) -> tuple[StreamStats, ...]:
        """The statistics, one for each medium."""
        said = self.data["event"] if self.keys() == {"event"} else [self.data]
        items = said if isinstance(said, list) else []
        return tuple(StreamStats.read(item) for item in items if isinstance(item, dict))

    @property
    def about(self) -> str:
        return ", ".join(
            f"{stats.media} (mid {stats.mid}) {stats.packets_received or 0} packets received, "
            f"{stats.packets_sent or 0} sent, {stats.lost or 0} lost"
            for stats in self.streams
        )


class TransportNews(News, frozen=True, kw_only=True):
    """``connected``, ``disconnected`` or ``request``: a client of a transport.

    Attributes:
        transport: package name of the transport.
        id: of the connection.
        details: what the transport says: ``event``, ``admin_api``, ``ip`` and ``port``, or for Unix
            sockets ``fd`` and ``type``.
    """

    transport: str = ""
    id: str = ""
    details: dict[str, Any] = msgspec.field(name="data", default_factory=dict)

    @property
    def what(self) -> str:
        return str(self.details.get("event") or self.called)

    @property
    def about(self) -> str:
        place = ":".join(str(self.details[key]) for key in ("ip", "port") if key in self.details)
        api = "to the Admin API" if self.details.get("admin_api") else ""
        return " ".join(filter(None, [self.transport, place, api]))


class StartupNews(News, frozen=True, kw_only=True):
    """``startup``: the server started; ``status`` is ``update`` when it tells its counts again.

    Attributes:
        status: ``started`` or (Janus 1.2.0 and newer, periodic) ``update``.
        info: what the server says of itself, as in `JanusSession.info`.
    """

    called: ClassVar = "startup"

    status: str = ""
    info: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def about(self) -> str:
        server = f"{self.info.get('name', '')} {self.info.get('version_string', '')}"
        return f"{self.status} {server.strip() or brief(self.info)}".strip()


class ShutdownNews(News, frozen=True, kw_only=True):
    """``shutdown``: the server ends.

    Attributes:
        status: ``shutdown``.
        signum: the signal that ended it.
    """

    called: ClassVar = "shutdown"

    status: str = ""
    signum: int | None = None

    @property
    def about(self) -> str:
        return "" if self.signum is None else f"by signal {self.signum}"


# By type and subtype; a type without subtypes has 0.
NEWS: dict[tuple[int, int], type[News]] = {
    (1, 0): SessionNews,
    (2, 0): HandleNews,
    (4, 0): ExternalNews,
    (8, 0): JsepNews,
    (16, 1): IceNews,
    (16, 2): CandidateNews,
    (16, 3): CandidateNews,
    (16, 4): SelectedPairNews,
    (16, 5): DtlsNews,
    (16, 6): ConnectionNews,
    (32, 1): MediaStateNews,
    (32, 2): SlowLinkNews,
    (32, 3): MediaStatsNews,
    (128, 0): TransportNews,
    (256, 1): StartupNews,
    (256, 2): ShutdownNews,
}

# The names of all typed events, for `subscribe`.
MONITOR_NAMES = frozenset(
    {
        *("created", "destroyed", "timeout", "attached", "detached", "offer", "answer"),
        *("local-candidate", "remote-candidate", "connected", "disconnected", "request"),
        *(news.called for news in NEWS.values() if news.called != "event"),
        *(name for plugin in PLUGIN_NEWS.values() for name in plugin.names),
    }
)


def kind_of(kind: object) -> str:
    """The kind of an event of this ``type``; one that we do not know is ``type-512``."""
    return (KINDS.get(kind) if isinstance(kind, int) else None) or f"type-{kind}"


class MonitorEvent(JanusEvent, frozen=True, gc=False):
    """Something that the server told its event handlers; the `direction` is ``monitor``.

    Its `kind` is the type of the event: ``session``, ``handle``, ``external``, ``jsep``, ``webrtc``,
    ``media``, ``plugin``, ``transport`` or ``core``; one that we do not know is ``type-512``. `time` and
    `elapsed` say when it was received; `happened` is the server's own time.
    """

    @property
    def raw(self) -> dict[str, Any]:
        """The event as a dict, secrets masked. Treat it as read-only: all readers share it."""
        source = self._source
        if isinstance(source, bytes):
            source = _masked(decode_object(source))
            msgspec.structs.force_setattr(self, "_source", source)
        return source

    @property
    def type(self) -> int:
        """Janus's number of the type, such as 16 for ``webrtc``."""
        return integer(self.raw.get("type")) or 0

    @property
    def subtype(self) -> int:
        """Janus's number of the subtype; 0 for a type without subtypes."""
        return integer(self.raw.get("subtype")) or 0

    @property
    def happened(self) -> float:
        """When it happened by the server's clock, in seconds since the Unix epoch."""
        timestamp = integer(self.raw.get("timestamp"))
        return self.time if timestamp is None else timestamp / 1e6

    @property
    def emitter(self) -> str:
        """The name of the server (``server_name`` of its configuration)."""
        return str(self.raw.get("emitter", ""))

    @property
    def opaque_id(self) -> str:
        """The text that the client gave the handle."""
        return str(self.raw.get("opaque_id", ""))

    @property
    def detail(self) -> News | PluginNews:
        """What it says as an object with typed fields; its class depends on type and subtype."""
        said = self.raw.get("event")
        data = said if isinstance(said, dict) else {"event": said}
        if self.type == 64:
            about = data.get("data")
            return plugin_news(str(data.get("plugin", "")), about if isinstance(about, dict) else data)
        return NEWS.get((self.type, self.subtype), News).read(data)

    @property
    def name(self) -> str:
        """What has happened, such as ``created``, ``selected-pair``, or the plugin's ``joined``."""
        return self.detail.what

    @property
    def _words(self) -> str:
        detail = self.detail
        if isinstance(detail, PluginNews):
            fields = {key: value for key, value in detail.data.items() if value != detail.what}
            return f"{detail.plugin.removeprefix('janus.plugin.')} {detail.what} {brief(fields)}".strip()
        whose = f" (session {self.session_id})" if isinstance(detail, SessionNews) else ""
        return detail.summary + whose


def read_event(data: bytes) -> tuple[str, int | None, int | None, int | None]:
    """Return kind, session id, handle id and timestamp of an event.

    Raises:
        JanusProtocolError: it is not an object with a whole number as its ``type``.
    """
    event = decode_object(data)
    kind = integer(event.get("type"))
    if kind is None:
        raise JanusProtocolError(f"an event without a type: {excerpt(data)}")
    session_id, handle_id = integer(event.get("session_id")), integer(event.get("handle_id"))
    return kind_of(kind), session_id, handle_id, integer(event.get("timestamp"))


def _masked(event: dict[str, Any]) -> dict[str, Any]:
    """The event without secrets: those that have a name, and those inside of SIP messages and SDPs."""
    shown: dict[str, Any] = mask(event)
    said = shown.get("event")
    if not isinstance(said, dict) or not isinstance(data := said.get("data"), dict):
        return shown
    clean = {
        key: mask_sdp(_SIP_SECRET.sub(rf"\1\2 {MASK}", data[key]))
        for key in ("sip", "sdp")
        if isinstance(data.get(key), str)
    }
    return {**shown, "event": {**said, "data": {**data, **clean}}} if clean else shown
