"""`Negotiation`: what a handle's log tells of its newest connection, followed entry by entry.

It works for whoever drives the WebRTC, a peer connection here or a browser's, and for a recording: all of it
comes from the messages, and from the changes of our own side where they were recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.protocol.events import (
    HangupEvent,
    MediaEvent,
    PeerEvent,
    SlowLinkEvent,
    StateEvent,
    TrickleEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from janus_notebook.protocol.events import JanusEvent

__all__ = ["Description", "MediaNews", "Negotiation", "Section"]

SENDS: Final = ("sendrecv", "sendonly")
# What controls show as it was set last, whoever set it.
SETTINGS: Final = frozenset({"audio", "video", "bitrate", "record", "muted", "volume"})
REMEMBERED: Final = 50
"""How many requests are remembered until their reply comes; that of some never does."""


@dataclass(frozen=True)
class Section:
    """A media section of an SDP: ``audio``, ``video`` or ``application``; refused ones have port 0.

    ``layered``: it carries the same in several qualities (simulcast).
    """

    mid: str
    kind: str
    direction: str
    refused: bool
    layered: bool = False

    @property
    def sends(self) -> bool:
        """Whether who described it sends media in it."""
        return not self.refused and self.kind != "application" and self.direction in SENDS


@dataclass
class Description:
    """One side's part of a negotiation: its newest SDP, and the candidates of its first one and after it.

    ``at`` is the time of the first SDP, in seconds of the session; ``gathered_at`` that of its last
    candidate.
    """

    type: str
    at: float
    sections: tuple[Section, ...] = ()
    candidates: list[str] = field(default_factory=list)
    gathered_at: float | None = None


@dataclass
class MediaNews:
    """What Janus said of one mid: the newest ``media`` event, when it first received it, slow links."""

    kind: str = ""
    receiving: bool | None = None
    at: float | None = None
    first_at: float | None = None
    slowlinks: int = 0
    lost: int = 0


class Negotiation:
    """The facts of one handle's life, of which the newest connection is the most.

    Times are seconds of the session (``JanusEvent.elapsed``); None is what has not happened, or is not known.

    Attributes:
        attach_secs: how long it took to attach the handle.
        rounds: how many connections there have been, this one too.
        negotiating_at: when it began.
        ours, theirs: the descriptions of our side and of Janus's.
        refused: why the server refused a description, or "".
        ice, dtls: states of our own side with the time at which each was reached.
        pair: the candidate pair that our own side uses.
        up_at: when Janus said that media can flow.
        media: `MediaNews` by mid.
        data_at: when the first message over a data channel came.
        ended_at, reason: when Janus closed it, and why.
        settings: the newest values of the plugin's settings, as requests gave them.
    """

    def __init__(self, handle_id: int | None) -> None:
        self.handle_id = handle_id
        self.attach_secs: float | None = None
        self.rounds = 0
        self.settings: dict[str, Any] = {}
        self._attaching: dict[str, float] = {}
        self._asked: dict[str, dict[str, Any]] = {}
        self._followed = 0
        self._reset()

    def _reset(self) -> None:
        self.ours: Description | None = None
        self.theirs: Description | None = None
        self.negotiating_at: float | None = None
        self.refused = ""
        self.ice: dict[str, float] = {}
        self.dtls: dict[str, float] = {}
        self.pair: dict[str, Any] | None = None
        self.up_at: float | None = None
        self.media: dict[str, MediaNews] = {}
        self.data_at: float | None = None
        self.ended_at: float | None = None
        self.reason = ""
        self._early: dict[str, list[tuple[float, str | None]]] = {"ours": [], "theirs": []}

    @property
    def began_at(self) -> float | None:
        """When the first description was sent or came."""
        times = [side.at for side in (self.ours, self.theirs) if side is not None]
        return min(times, default=self.negotiating_at)

    @property
    def answered_at(self) -> float | None:
        """When both descriptions were there."""
        if self.ours is None or self.theirs is None:
            return None
        return max(self.ours.at, self.theirs.at)

    @property
    def data_only(self) -> bool:
        """Whether nothing but data was negotiated."""
        described = self.theirs or self.ours
        kinds = (
            {section.kind for section in described.sections if not section.refused} if described else set()
        )
        return kinds == {"application"}

    def take(self, events: Iterable[JanusEvent]) -> None:
        """Follow the entries of a log that are newer than the last one."""
        for event in events:
            if event.seq > self._followed:
                self._followed = event.seq
                self.follow(event)

    @property
    def followed(self) -> int:
        """The number of the last entry that was followed."""
        return self._followed

    def follow(self, event: JanusEvent) -> None:
        """Take in one entry, of any handle."""
        if event.handle_id is None:
            self._follow_attach(event)
        elif event.handle_id == self.handle_id:
            self._follow_own(event)
        elif isinstance(event, StateEvent) and event.raw.get("former") == self.handle_id is not None:
            self.handle_id = event.handle_id  # it was attached again, under another id
            self._follow_own(event)

    def _follow_attach(self, event: JanusEvent) -> None:
        """How long a handle took to attach: its request and the reply still have no handle."""
        if event.direction == "request" and event.kind == "attach":
            _remember(self._attaching, event, event.elapsed)
        elif event.direction == "reply" and event.kind == "success" and self._attaching:
            asked = self._attaching.pop(str(event.raw.get("transaction")), None)
            data = event.raw.get("data")
            if asked is not None and isinstance(data, dict) and data.get("id") == self.handle_id:
                self.attach_secs = event.elapsed - asked

    def _follow_own(self, event: JanusEvent) -> None:
        match event:
            case MediaEvent() | SlowLinkEvent():  # first, for there may be thousands
                self._follow_media(event)
            case TrickleEvent():
                self._add_candidate("theirs", event.candidate, event.elapsed)
            case StateEvent(state="attached") if event.before in ("new", "detached") or event.raw.get(
                "former"
            ):
                self._reset()
                self.rounds, self.settings = 0, {}
            case StateEvent(state="negotiating"):
                self._begin_unless_begun(event.elapsed)
            case StateEvent(state="connected"):
                self.up_at = self.up_at or event.elapsed
            case StateEvent(state="attached" | "hungup") if event.before == "negotiating":
                self.ended_at = self.ended_at or event.elapsed
                self.reason = self.reason or event.reason
            case StateEvent(state="detached"):
                self.ended_at = self.ended_at or (event.elapsed if self.began_at is not None else None)
            case PeerEvent():
                self._follow_peer(event)
            case HangupEvent():
                self.ended_at, self.reason = event.elapsed, event.reason
            case _ if event.kind == "webrtcup":
                self.up_at = self.up_at or event.elapsed
            case _ if event.kind == "data":
                self.data_at = self.data_at or event.elapsed
            case _:
                self._follow_message(event)

    def _begin_unless_begun(self, at: float) -> None:
        if self.rounds == 0 or self.ended_at is not None:
            early = self._early
            self._reset()
            self.rounds += 1
            self.negotiating_at, self._early = at, early

    def _follow_message(self, event: JanusEvent) -> None:
        if event.direction == "request":
            if event.kind == "trickle":
                given = event.raw.get("candidates", [event.raw.get("candidate")])
                for candidate in given if isinstance(given, list) else []:
                    self._add_candidate("ours", candidate, event.elapsed)
            elif event.kind == "message":
                _remember(self._asked, event, event.raw)
                self._describe("ours", event)
            return
        if event.direction == "reply" and event.kind != "ack" and self._asked:
            asked = self._asked.pop(str(event.raw.get("transaction")), None)
            if asked is not None:
                self._answer(asked, event)
        if event.kind in ("event", "success") and event.mentions("jsep"):
            self._describe("theirs", event)

    def _answer(self, asked: dict[str, Any], event: JanusEvent) -> None:
        """The reply to a request: what it set is so now, or its description was refused."""
        error, plugindata = event.raw.get("error"), event.raw.get("plugindata")
        data = plugindata.get("data") if isinstance(plugindata, dict) else None
        why = error.get("reason") if isinstance(error, dict) else None
        if why is None and isinstance(data, dict):
            why = data.get("error")
        if why is None:
            body = asked.get("body")
            given = body if isinstance(body, dict) else {}
            self.settings |= {key: value for key, value in given.items() if key in SETTINGS}
        elif isinstance(asked.get("jsep"), dict) and self.up_at is None:
            self.refused = str(why)

    def _describe(self, side: str, event: JanusEvent) -> None:
        jsep = event.raw.get("jsep")
        if not isinstance(jsep, dict) or jsep.get("type") not in ("offer", "answer"):
            return
        self._begin_unless_begun(event.elapsed)
        sdp = str(jsep.get("sdp", ""))
        known: Description | None = getattr(self, side)
        described = known or Description(jsep["type"], event.elapsed)
        described.sections = _sections(sdp)
        setattr(self, side, described)
        if known is None:
            for candidate in re.findall(r"^a=(candidate:[^\r\n]*)", sdp, re.M):
                self._add_candidate(side, {"candidate": candidate}, event.elapsed)
            if described.candidates and not re.search(r"^a=ice-options:.*trickle", sdp, re.M):
                described.gathered_at = event.elapsed  # all of them are in it
            early, self._early[side] = self._early[side], []
            for at, text in early:
                self._add_candidate(side, {"candidate": text} if text else None, at)

    def _add_candidate(self, side: str, candidate: Any, at: float) -> None:
        described: Description | None = getattr(self, side)
        text = candidate.get("candidate") if isinstance(candidate, dict) else None
        if self.ended_at is not None:
            return  # of a connection that is gone
        if described is None:
            self._early[side].append((at, str(text) if text else None))
        elif not text:
            described.gathered_at = described.gathered_at or max(at, described.at)
        elif str(text) not in described.candidates:
            described.candidates.append(str(text))

    def _follow_peer(self, event: PeerEvent) -> None:
        if self.rounds == 0 or self.ended_at is not None:
            return  # it is made before there is an SDP, and closed after the end
        self.ice.setdefault(event.ice, event.elapsed)
        self.dtls.setdefault(event.dtls, event.elapsed)
        self.pair = event.raw.get("pair") or self.pair

    def _follow_media(self, event: MediaEvent | SlowLinkEvent) -> None:
        news = self.media.setdefault(event.mid, MediaNews())
        if isinstance(event, MediaEvent):
            news.kind, news.receiving, news.at = event.type, event.receiving, event.elapsed
            if event.receiving:
                news.first_at = news.first_at or event.elapsed
        else:
            news.kind = news.kind or event.media
            news.slowlinks += 1
            news.lost += event.lost


def _remember(asked: dict[str, Any], event: JanusEvent, value: Any) -> None:
    asked[str(event.raw.get("transaction"))] = value
    if len(asked) > REMEMBERED:
        del asked[next(iter(asked))]


def _sections(sdp: str) -> tuple[Section, ...]:
    """The media sections of an SDP, of which a direction may stand above all."""
    session, *parts = re.split(r"^(?=m=)", sdp, flags=re.M)
    found: list[Section] = []
    for part in parts:
        line = re.match(r"m=(\S+) (\d+)", part)
        mid = re.search(r"^a=mid:(\S+)", part, re.M)
        direction = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\b", part, re.M) or re.search(
            r"^a=(sendrecv|sendonly|recvonly|inactive)\b", session, re.M
        )
        if line is not None:
            found.append(
                Section(
                    mid.group(1) if mid else str(len(found)),
                    line.group(1),
                    direction.group(1) if direction else "sendrecv",
                    line.group(2) == "0",
                    re.search(r"^a=(simulcast:|ssrc-group:SIM )", part, re.M) is not None,
                )
            )
    return tuple(found)
