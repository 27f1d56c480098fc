"""What VideoRoom says on its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from janus_notebook.plugins.requests import Id
from janus_notebook.plugins.videoroom.replies import Publisher, SubscribedStream, User
from janus_notebook.protocol.plugin_events import PluginDetail

__all__ = [
    "DETAILS",
    "RoomClosed",
    "RoomDisplay",
    "RoomEvent",
    "RoomJoining",
    "RoomKicked",
    "RoomLayer",
    "RoomLeaving",
    "RoomModeration",
    "RoomPublishers",
    "RoomSlowLink",
    "RoomStoppedTalking",
    "RoomTalking",
    "RoomUnpublished",
    "RoomUpdated",
    "detail",
]


class RoomEvent(PluginDetail, frozen=True, kw_only=True):
    """An event of a room. `room` is None where Janus does not say it."""

    room: Id | None = None


class RoomPublishers(RoomEvent, frozen=True, kw_only=True):
    """``publishers``: somebody publishes, or publishes something else; its PeerConnection is up."""

    name: ClassVar[str] = "publishers"

    publishers: tuple[Publisher, ...] = ()


class RoomJoining(RoomEvent, frozen=True, kw_only=True):
    """``joining``: somebody has joined, and does not publish yet (rooms with ``notify_joining``)."""

    name: ClassVar[str] = "joining"

    joining: User | None = None


class RoomUnpublished(RoomEvent, frozen=True, kw_only=True):
    """``unpublished``: somebody no longer publishes; ``"ok"`` means oneself. It may come twice."""

    name: ClassVar[str] = "unpublished"

    unpublished: Id = ""


class RoomLeaving(RoomEvent, frozen=True, kw_only=True):
    """``leaving``: somebody has left; ``"ok"`` means oneself, and then `reason` may be ``kicked``."""

    name: ClassVar[str] = "leaving"

    leaving: Id = ""
    reason: str = ""
    display: str = ""
    metadata: Any = None


class RoomKicked(RoomEvent, frozen=True, kw_only=True):
    """``kicked``: somebody else was thrown out."""

    name: ClassVar[str] = "kicked"

    kicked: Id = ""


class RoomUpdated(RoomEvent, frozen=True, kw_only=True):
    """``updated``: a subscription changed, as when a feed has gone; it brings an offer to answer."""

    name: ClassVar[str] = "updated"

    streams: tuple[SubscribedStream, ...] = ()


class RoomDisplay(RoomEvent, frozen=True, kw_only=True):
    """``display``: somebody has another name, or other metadata."""

    name: ClassVar[str] = "display"

    id: Id = ""
    display: str = ""
    metadata: Any = None


class RoomModeration(RoomEvent, frozen=True, kw_only=True):
    """``moderation``: a stream is ``muted`` for everybody, or ``unmuted``, as `moderation` says."""

    name: ClassVar[str] = "moderation"

    id: Id = ""
    mid: str = ""
    moderation: str = ""


class RoomTalking(RoomEvent, frozen=True, kw_only=True):
    """``talking``: somebody has begun to talk (rooms with ``audiolevel_event``).

    `audio_level_dbov_avg` is the average level, 127 (silence) to 0.
    """

    name: ClassVar[str] = "talking"

    id: Id = ""
    mindex: int = 0
    mid: str = ""
    audio_level_dbov_avg: float | None = msgspec.field(name="audio-level-dBov-avg", default=None)


class RoomStoppedTalking(RoomTalking, frozen=True, kw_only=True):
    """``stopped-talking``: somebody has stopped."""

    name: ClassVar[str] = "stopped-talking"


class RoomSlowLink(RoomEvent, frozen=True, kw_only=True):
    """``slow_link``: packets of ours are lost, and Janus has lowered the cap, in bits per second."""

    name: ClassVar[str] = "slow_link"

    current_bitrate: int | None = msgspec.field(name="current-bitrate", default=None)


class RoomLayer(RoomEvent, frozen=True, kw_only=True):
    """``layer``: another layer of a stream is relayed to us; what did not change is None.

    Attributes:
        mid: of the subscription.
        substream, temporal: simulcast layers, 0 (lowest) to 2.
        spatial_layer, temporal_layer: SVC layers.
    """

    name: ClassVar[str] = "layer"

    mid: str = ""
    substream: int | None = None
    temporal: int | None = None
    spatial_layer: int | None = None
    temporal_layer: int | None = None


class RoomClosed(RoomEvent, frozen=True, kw_only=True):
    """``destroyed``: the room is gone, and everybody is out of it."""

    name: ClassVar[str] = "destroyed"


# What the key `videoroom` says, where it does not say "event".
_BY_WORD: dict[str, type[RoomEvent]] = {
    each.name: each for each in (RoomUpdated, RoomTalking, RoomStoppedTalking, RoomSlowLink, RoomClosed)
}
# Else the key that is there says it; an event has one of them.
_BY_KEY: dict[str, type[RoomEvent]] = {
    each.name: each
    for each in (RoomPublishers, RoomJoining, RoomUnpublished, RoomLeaving, RoomKicked, RoomModeration)
} | dict.fromkeys(("substream", "temporal", "spatial_layer", "temporal_layer"), RoomLayer)

DETAILS: tuple[type[PluginDetail], ...] = (*_BY_WORD.values(), *dict.fromkeys(_BY_KEY.values()), RoomDisplay)


def detail(data: Mapping[str, Any]) -> type[PluginDetail]:
    """The class for an event's data."""
    word = data.get("videoroom")
    if word != "event":
        return _BY_WORD.get(word, PluginDetail) if isinstance(word, str) else PluginDetail
    for key, found in _BY_KEY.items():
        if key in data:
            return found
    return RoomDisplay if "id" in data and ("display" in data or "metadata" in data) else PluginDetail
