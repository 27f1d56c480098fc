"""VideoRoom's rooms, publishers and subscribers, and how Janus describes them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice.negotiation import Negotiation
from janus_notebook.gateway.practice.plugins.rooms import Room

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.plugin import PracticeHandle

__all__ = ["Publisher", "PublisherStream", "Subscriber", "SubscriberStream", "VideoRoomRoom", "event"]

SMALLEST_BITRATE = 64_000  # Janus raises what is below, but not 0, which is no limit


@dataclass
class VideoRoomRoom(Room):
    """A room; `settings` are those that ``list`` shows and that have no effect on signalling."""

    max_publishers: int = 3
    bitrate: int = 0
    notify_joining: bool = False
    require_pvtid: bool = False
    audiocodecs: tuple[str, ...] = ("opus",)
    videocodecs: tuple[str, ...] = ("vp8",)
    record: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    publishers: dict[int, Publisher] = field(default_factory=dict, repr=False)

    def listed(self) -> dict[str, Any]:
        """Describe the room as ``list`` does."""
        return {
            "room": self.id,
            "description": self.description,
            "pin_required": self.pin is not None,
            "is_private": self.private,
            "max_publishers": self.max_publishers,
            "bitrate": self.bitrate,
            "require_pvtid": self.require_pvtid,
            "notify_joining": self.notify_joining,
            "audiocodec": ",".join(self.audiocodecs),
            "videocodec": ",".join(self.videocodecs),
            "record": self.record,
            "num_participants": len(self.publishers),
            # Janus leaves this one out if it is off.
            **{name: value for name, value in self.settings.items() if name != "opus_fec" or value},
        }

    def published(self, *, but: Publisher | None = None) -> list[Publisher]:
        """Return those who publish."""
        return [one for one in self.publishers.values() if one.streams and one is not but]

    def tell(self, data: Mapping[str, Any], *, but: Publisher | None = None) -> None:
        """Send an event to everybody in the room, except one."""
        for publisher in list(self.publishers.values()):
            if publisher is not but:
                publisher.handle.event(data)


@dataclass
class PublisherStream:
    """One media section that a publisher sends; `codec` None means it was rejected."""

    type: str
    mindex: int
    mid: str
    codec: str | None
    description: str | None = None
    moderated: bool = False
    h264_profile: str | None = None

    def listed(self, *, talking: bool = False) -> dict[str, Any]:
        """Describe the stream, with `talking` as those get it who come later."""
        stream: dict[str, Any] = {"type": self.type, "mindex": self.mindex, "mid": self.mid}
        if self.codec is None:
            return stream | {"disabled": True}
        if self.description is not None:
            stream["description"] = self.description
        if self.type != "data":
            stream["codec"] = self.codec
        if self.h264_profile is not None:
            stream["h264_profile"] = self.h264_profile
        if self.moderated:
            stream["moderated"] = True
        if talking and self.type == "audio":
            stream["talking"] = False
        return stream


class Publisher:
    """A handle that has joined as a publisher, whether or not it publishes.

    Attributes:
        room: None once it has left.
        streams: what it publishes; empty before and after.
    """

    def __init__(self, handle: PracticeHandle, room: VideoRoomRoom, publisher_id: int) -> None:
        self.handle = handle
        self.room: VideoRoomRoom | None = room
        self.id = publisher_id
        self.private_id = secrets.randbelow(2**32)
        self.display: str | None = None
        self.streams: list[PublisherStream] = []
        self.negotiation = Negotiation(handle)

    def named(self) -> dict[str, Any]:
        """``id``, and ``display`` if there is one; 1.1.2 knows of no ``metadata`` yet."""
        data: dict[str, Any] = {"id": self.id}
        if self.display is not None:
            data["display"] = self.display
        return data

    def listed(self, *, talking: bool = False) -> dict[str, Any]:
        """Describe what is published, as ``publishers`` does."""
        data = self.named()
        for kind in ("audio", "video"):
            codec = next((s.codec for s in self.streams if s.type == kind and s.codec is not None), None)
            if codec is not None:
                data[f"{kind}_codec"] = codec
        data["streams"] = [stream.listed(talking=talking) for stream in self.streams]
        return data | ({"talking": False} if talking else {})


@dataclass
class SubscriberStream:
    """One media section of a subscription; it stays when its source goes, and may get another one."""

    type: str
    mindex: int
    source: tuple[Publisher, PublisherStream] | None
    codec: str
    ready: bool = False
    send: bool = True

    @property
    def mid(self) -> str:
        return str(self.mindex)

    def listed(self) -> dict[str, Any]:
        stream: dict[str, Any] = {
            "type": self.type,
            "active": self.source is not None,
            "mindex": self.mindex,
            "mid": self.mid,
            "ready": self.ready,
            "send": self.send,
        }
        if self.source is not None:
            publisher, published = self.source
            stream["feed_id"] = publisher.id
            if publisher.display is not None:
                stream["feed_display"] = publisher.display
            stream["feed_mid"] = published.mid
            if published.description is not None:
                stream["feed_description"] = published.description
            if self.type != "data":
                stream["codec"] = self.codec
            if published.h264_profile is not None:
                stream["h264-profile"] = published.h264_profile
        return stream

    def lose(self) -> None:
        """The source is gone."""
        self.source = None
        self.ready = False


class Subscriber:
    """A handle that has joined as a subscriber.

    Attributes:
        behind: whether the streams have changed since the offer that still waits for its answer.
    """

    def __init__(self, handle: PracticeHandle, room: VideoRoomRoom, *, autoupdate: bool) -> None:
        self.handle = handle
        self.room = room
        self.autoupdate = autoupdate
        self.behind = False
        self.streams: list[SubscriberStream] = []
        self.negotiation = Negotiation(handle)
        self._offered: list[SubscriberStream] = []

    def add(self, publisher: Publisher, stream: PublisherStream) -> None:
        """Subscribe to a stream, in the section of one that is gone if there is one of its codec."""
        # Of a stream that its publisher's answer rejected, Janus names the codec it likes best.
        codec = stream.codec if stream.codec is not None else {"audio": "opus", "video": "vp8"}[stream.type]
        for own in self.streams:
            if own.source is None and (own.type, own.codec) == (stream.type, codec):
                own.source = (publisher, stream)
                return
        self.streams.append(SubscriberStream(stream.type, len(self.streams), (publisher, stream), codec))

    def listed(self) -> list[dict[str, Any]]:
        return [stream.listed() for stream in self.streams]

    def offer(self, *, restart: bool = False) -> dict[str, Any]:
        """Offer what is subscribed to, as a ``jsep``."""
        self.behind = False
        self._offered = [stream for stream in self.streams if stream.source is not None]
        described = [
            {"type": s.type, "mid": s.mid, "codec": s.codec, "active": s.source is not None}
            for s in self.streams
        ]
        return self.negotiation.offer(described, restart=restart)

    def answered(self) -> None:
        """The client has answered the offer."""
        for stream in self._offered:
            stream.ready = True

    def lose(self, publishers: Iterable[Publisher]) -> None:
        """These publish no more: offer what is left, at once or after the answer that is due."""
        lost = [s for s in self.streams if s.source is not None and s.source[0] in publishers]
        for stream in lost:
            stream.lose()
        if lost and self.autoupdate and self.negotiation.open:
            self.behind = True
            self.catch_up()

    def catch_up(self) -> None:
        """Offer without having been asked, if there is something new and no answer is due."""
        if self.behind and self.negotiation.open and not self.negotiation.waiting:
            data = {"videoroom": "updated", "room": self.room.id, "streams": self.listed()}
            self.handle.event(data, jsep=self.offer())


def event(room: VideoRoomRoom | None, **fields: Any) -> dict[str, Any]:
    """Return the data of a VideoRoom event."""
    return {"videoroom": "event", **({"room": room.id} if room is not None else {}), **fields}
