"""Typed events: one class for each kind that the Janus core sends, a generic one for the rest.

Source: "Janus API", section "Event notifications", of the Janus documentation.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Literal

import msgspec

from janus_notebook.config import mask
from janus_notebook.errors import JanusOptionError
from janus_notebook.protocol.messages import decode, integer
from janus_notebook.protocol.plugin_events import PluginDetail, detail_of, event_names
from janus_notebook.texts import LINE_LIMIT, NAME_LIMIT, clean

__all__ = [
    "KINDS",
    "BrowserEvent",
    "DataEvent",
    "DetachedEvent",
    "Direction",
    "ErrorEvent",
    "ExchangeEvent",
    "HangupEvent",
    "JanusEvent",
    "MediaEvent",
    "PeerEvent",
    "PluginEvent",
    "SlowLinkEvent",
    "StateEvent",
    "TimeoutEvent",
    "TrickleEvent",
    "WebRtcUpEvent",
    "brief",
    "check_kinds",
    "event_class",
]

Direction = Literal["request", "reply", "event", "local", "monitor"]


# How much of a nested value stands in a summary.
BRIEF_CHARACTERS = 80
# How many of an object's fields: no summary is long enough for more.
BRIEF_FIELDS = 500


# Untracked by the garbage collector: there are many, and none refers to another.
class JanusEvent(msgspec.Struct, frozen=True, gc=False):
    """Something that was sent, received, or happened locally; secrets in it are masked.

    Attributes:
        seq: number of the entry in its session's log, from 1, without gaps.
        time: when it was sent or received, seconds since the Unix epoch.
        elapsed: seconds since the session object was made, from a monotonic clock.
        direction: ``request`` (sent), ``reply`` (it completed or acknowledged a request),
            ``event`` (sent by Janus on its own), ``local`` (a change of state on our side), ``monitor``
            (told by one of Janus's event handlers, see `janus_notebook.monitor`).
        kind: the ``janus`` field of the message; for local entries ``state`` or ``error``; for those of
            an event handler its type, such as ``webrtc``.
        session_id, handle_id: Janus's ids, or None.
    """

    seq: int
    time: float
    elapsed: float
    direction: Direction
    kind: str
    session_id: int | None
    handle_id: int | None
    # As it was recorded: JSON text is decoded when it is first read, for most entries never are.
    _source: bytes | dict[str, Any]

    @property
    def raw(self) -> dict[str, Any]:
        """The message as a dict, secrets masked. Treat it as read-only: all readers share it."""
        source = self._source
        if isinstance(source, bytes):
            source = mask(decode(source))
            msgspec.structs.force_setattr(self, "_source", source)
        return source

    def mentions(self, key: str) -> bool:
        """Whether `raw` may have a key anywhere; cheap where it was not decoded yet.

        Whoever goes through thousands of entries for the few that have an SDP need not decode them all.
        """
        source = self._source
        return key.encode() in source if isinstance(source, bytes) else True

    @property
    def name(self) -> str:
        """What has happened: the `kind`, and for a plugin's event the plugin's own name of it."""
        return self.kind

    @property
    def summary(self) -> str:
        """What it says, in a few words, on one line: fit to be printed, whoever wrote what it quotes."""
        return clean(self._words)

    @property
    def _words(self) -> str:
        return ""

    def __repr__(self) -> str:
        at = f" handle {self.handle_id}" if self.handle_id else ""
        kind, summary = clean(self.kind, NAME_LIMIT), self.summary
        text = f" {summary}" if summary else ""
        return f"<{type(self).__name__} #{self.seq} {self.elapsed:.3f}s {self.direction} {kind}{at}{text}>"


class WebRtcUpEvent(JanusEvent, frozen=True):
    """``webrtcup``: ICE and DTLS are done, media can flow."""

    @property
    def _words(self) -> str:
        return "ICE and DTLS are done"


class MediaEvent(JanusEvent, frozen=True):
    """``media``: Janus started or stopped receiving one of our media."""

    @property
    def mid(self) -> str:
        """The media section it is about (SDP ``a=mid``)."""
        return str(self.raw.get("mid", ""))

    @property
    def type(self) -> str:
        """``audio`` or ``video``."""
        return str(self.raw.get("type", ""))

    @property
    def receiving(self) -> bool:
        """Whether Janus receives it now."""
        return bool(self.raw.get("receiving"))

    @property
    def substream(self) -> int | None:
        """The simulcast substream, where simulcast is used."""
        return integer(self.raw.get("substream"))

    @property
    def seconds(self) -> int | None:
        """For how many seconds nothing came, when `receiving` is False and the server says so."""
        return integer(self.raw.get("seconds"))

    @property
    def _words(self) -> str:
        verb = "receiving" if self.receiving else "not receiving"
        return f"Janus is {verb} {self.type} (mid {self.mid})"


class SlowLinkEvent(JanusEvent, frozen=True):
    """``slowlink``: packets are being lost."""

    @property
    def mid(self) -> str:
        """The media section it is about."""
        return str(self.raw.get("mid", ""))

    @property
    def media(self) -> str:
        """``audio`` or ``video``."""
        return str(self.raw.get("media", ""))

    @property
    def uplink(self) -> bool:
        """True: the peer reports losing what Janus sends. False: Janus misses packets of the peer."""
        return bool(self.raw.get("uplink"))

    @property
    def lost(self) -> int:
        """Packets lost since the last such event."""
        return integer(self.raw.get("lost")) or 0

    @property
    def _words(self) -> str:
        side = "sent by Janus" if self.uplink else "sent to Janus"
        return f"{self.lost} {self.media} packets {side} were lost (mid {self.mid})"


class HangupEvent(JanusEvent, frozen=True):
    """``hangup``: the PeerConnection is closed; the handle lives on and can negotiate again."""

    @property
    def reason(self) -> str:
        """Janus's reason, such as ``ICE failed`` or ``Close PC``."""
        return str(self.raw.get("reason", ""))

    @property
    def _words(self) -> str:
        return self.reason


class DetachedEvent(JanusEvent, frozen=True):
    """``detached``: the handle is gone."""


class TimeoutEvent(JanusEvent, frozen=True):
    """``timeout``: the session expired on the server; its handles are gone with it."""


class TrickleEvent(JanusEvent, frozen=True):
    """``trickle``: one ICE candidate of Janus, when the server has ``full_trickle``."""

    @property
    def candidate(self) -> dict[str, Any]:
        """``{"candidate", "sdpMid", "sdpMLineIndex"}``, or ``{"completed": True}`` for the last one."""
        candidate = self.raw.get("candidate")
        return candidate if isinstance(candidate, dict) else {"completed": True}

    @property
    def _words(self) -> str:
        return str(self.candidate.get("candidate", "end of candidates"))


class PluginEvent(JanusEvent, frozen=True):
    """``event``: a message of the plugin that answers no request of ours."""

    @property
    def plugin(self) -> str:
        """The plugin's package name."""
        return str(_object(self.raw.get("plugindata")).get("plugin", ""))

    @property
    def data(self) -> dict[str, Any]:
        """The plugin's own data."""
        return _object(_object(self.raw.get("plugindata")).get("data"))

    @property
    def jsep(self) -> dict[str, Any] | None:
        """``{"type", "sdp"}`` where the plugin negotiates, else None."""
        return _object(self.raw.get("jsep")) or None

    @property
    def detail(self) -> PluginDetail:
        """The plugin's data as an object with typed fields; its class depends on what it says."""
        return detail_of(self.plugin, self.data)

    @property
    def name(self) -> str:
        """The plugin's own name of it, such as ``talking``."""
        return self.detail.name

    @property
    def _words(self) -> str:
        parts = [self.detail.summary or brief(self.data)]
        if self.jsep:
            parts.append(f"+ {self.jsep.get('type', 'jsep')}")
        return " ".join(filter(None, parts))


class DataEvent(PluginEvent, frozen=True):
    """``data``: a message of the plugin over the data channel that answers no request of ours.

    Its `raw` is that of a plugin's event: ``{"janus": "data", "plugindata": {"plugin", "data"}}``.
    """


class StateEvent(JanusEvent, frozen=True):
    """Local: the session or a handle of ours came into another state."""

    @property
    def state(self) -> str:
        """The new state."""
        return str(self.raw.get("state", ""))

    @property
    def before(self) -> str:
        """The state before."""
        return str(self.raw.get("before", ""))

    @property
    def reason(self) -> str:
        """Why, in words; may be empty."""
        return str(self.raw.get("reason", ""))

    @property
    def _words(self) -> str:
        return f"{self.before} → {self.state}" + (f": {self.reason}" if self.reason else "")


class BrowserEvent(JanusEvent, frozen=True):
    """Local: what became of a handle's media in a browser: `state`, and why."""

    @property
    def state(self) -> str:
        """``waiting``, ``asking``, ``connecting``, ``connected``, ``ended`` or ``failed``."""
        return str(self.raw.get("state", ""))

    @property
    def reason(self) -> str:
        """Why it has ended or failed, in words; or ""."""
        return str(self.raw.get("reason", ""))

    @property
    def _words(self) -> str:
        return self.state + (f": {self.reason}" if self.reason else "")


class PeerEvent(JanusEvent, frozen=True):
    """Local: our own peer connection came into another state, or a track gave its first frame.

    `raw` has all its facts (`Peer.facts`).
    """

    @property
    def ice(self) -> str:
        """The state of ICE, in the words of the WebRTC standard."""
        return str(self.raw.get("ice", ""))

    @property
    def dtls(self) -> str:
        """The state of DTLS."""
        return str(self.raw.get("dtls", ""))

    @property
    def _words(self) -> str:
        return f"ICE {self.ice}, DTLS {self.dtls}" + (
            f", we receive {kinds}" if (kinds := self._kinds) else ""
        )

    @property
    def _kinds(self) -> str:
        """The kinds of the tracks that have given a frame."""
        tracks = self.raw.get("tracks")
        known = (
            [t for t in tracks if isinstance(t, dict) and t.get("frames")] if isinstance(tracks, list) else []
        )
        return " and ".join(dict.fromkeys(str(track.get("kind")) for track in known))


class ErrorEvent(JanusEvent, frozen=True):
    """Local: something went wrong that no call could raise."""

    @property
    def reason(self) -> str:
        """What went wrong, in words."""
        error = self.raw.get("error")
        return str(error.get("reason", "")) if isinstance(error, dict) else str(error or "")

    @property
    def _words(self) -> str:
        return self.reason


class ExchangeEvent(JanusEvent, frozen=True):
    """A request of ours, or the reply to one."""

    @property
    def _words(self) -> str:
        error = self.raw.get("error")
        if isinstance(error, dict):
            return f"{error.get('reason', '')} ({error.get('code', '?')})"
        body = _object(self.raw.get("body")) or _object(_object(self.raw.get("plugindata")).get("data"))
        parts = [brief(body)]
        if isinstance(self.raw.get("plugin"), str):
            parts.append(self.raw["plugin"])
        jsep = _object(self.raw.get("jsep"))
        if jsep:
            parts.append(f"+ {jsep.get('type', 'jsep')}")
        return " ".join(filter(None, parts))


_EVENTS: dict[str, type[JanusEvent]] = {
    "event": PluginEvent,
    "browser": BrowserEvent,
    "data": DataEvent,
    "webrtcup": WebRtcUpEvent,
    "media": MediaEvent,
    "slowlink": SlowLinkEvent,
    "hangup": HangupEvent,
    "detached": DetachedEvent,
    "timeout": TimeoutEvent,
    "trickle": TrickleEvent,
    "error": ErrorEvent,
    "peer": PeerEvent,
    "state": StateEvent,
}

# Every kind that has a class here.
KINDS = frozenset(_EVENTS)


def event_class(direction: Direction, kind: str) -> type[JanusEvent]:
    """Return the class for an entry of this direction and kind; an unknown kind is a `JanusEvent`."""
    if direction in ("request", "reply"):
        return ExchangeEvent
    if direction == "monitor":
        from janus_notebook.protocol.monitor_events import MonitorEvent  # most logs have none

        return MonitorEvent
    return _EVENTS.get(kind, JanusEvent)


def check_kinds(kinds: Iterable[str] | None) -> frozenset[str] | None:
    """Return `kinds` as a set, or None for all.

    Raises:
        JanusOptionError: a kind is not one that we know: a stream of it would wait for ever. Kinds
            of a newer Janus are seen by asking for all.
    """
    if kinds is None:
        return None
    names = frozenset([kinds] if isinstance(kinds, str) else kinds)
    known = KINDS | event_names()
    for name in names - known:
        raise JanusOptionError.unknown("event kind", str(name), known)
    return names


def brief(data: dict[str, Any], depth: int = 2) -> str:
    """The fields of a plugin's message on one line; what is nested in them is cut, in length and depth."""
    fields = islice(data.items(), BRIEF_FIELDS)
    return " ".join(f"{_cut(str(key))}={_brief_value(value, depth)}" for key, value in fields)


def _brief_value(value: Any, depth: int) -> str:
    if not isinstance(value, dict | list):
        return _cut(str(value))
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if not depth or not value:
        return f"{opening}…{closing}" if value else opening + closing
    if isinstance(value, dict):
        text = brief(value, depth - 1)
    else:
        # No more than could be shown: a long list costs no more than a short one.
        text = ", ".join(_brief_value(item, depth - 1) for item in value[:BRIEF_CHARACTERS])
    shown = text if len(text) <= BRIEF_CHARACTERS else text[: BRIEF_CHARACTERS - 1] + "…"
    return f"{opening}{shown}{closing}"


def _cut(text: str) -> str:
    return text[: LINE_LIMIT + 1]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
