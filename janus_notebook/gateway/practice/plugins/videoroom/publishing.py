"""VideoRoom's requests of a publisher."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice import sdp
from janus_notebook.gateway.practice.plugin import Done
from janus_notebook.gateway.practice.plugins.parameters import RefusalError
from janus_notebook.gateway.practice.plugins.videoroom.management import (
    CHECKER,
    INVALID_ELEMENT,
    NO_SUCH_ROOM,
    VideoRooms,
)
from janus_notebook.gateway.practice.plugins.videoroom.rooms import (
    Publisher,
    PublisherStream,
    VideoRoomRoom,
    event,
)

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.plugin import PracticeHandle

__all__ = ["REQUESTS", "join", "leave_for_good", "unpublish_by_core"]

PUBLISHERS_FULL = 432
ALREADY_PUBLISHED = 434
NOT_PUBLISHED = 435
ID_EXISTS = 436

JOIN = {"display": "string", "token": "string", "id": "count"}
PUBLISH = {
    "descriptions": "array",
    "audiocodec": "string",
    "videocodec": "string",
    "bitrate": "count",
    "keyframe": "boolean",
    "record": "boolean",
    "filename": "string",
    "display": "string",
    "secret": "string",
    "audio_active_packets": "count",
    "mid": "string",
    "send": "boolean",
    "min_delay": "integer",
    "max_delay": "integer",
    "audio": "boolean",
    "video": "boolean",
    "data": "boolean",
    "update": "boolean",
    "restart": "boolean",
    "streams": "array",
}

Body = Mapping[str, Any]
Offer = sdp.Description | None


def join(
    rooms: VideoRooms, handle: PracticeHandle, body: Body, offer: Offer, *, configure: bool
) -> tuple[Publisher, Done]:
    """Join a room as a publisher; with `configure`, publish in the same step.

    Raises:
        RefusalError: the room does not take this one.
    """
    room = rooms.find(body)
    rooms.admit(body, room)
    CHECKER.check(body, JOIN | (PUBLISH if configure else {}))
    wished = body.get("id", 0)
    if wished in room.publishers:
        raise RefusalError(ID_EXISTS, f"User ID {wished} already exists")
    while wished == 0 or wished in room.publishers:
        wished = secrets.randbelow(2**53)
    publisher = Publisher(handle, room, wished)
    publisher.display = body.get("display")
    data: dict[str, Any] = {
        "videoroom": "joined",
        "room": room.id,
        "description": room.description,
        "id": publisher.id,
        "private_id": publisher.private_id,
        "publishers": [one.listed(talking=True) for one in room.published()],
    }
    if room.notify_joining:
        data["attendees"] = [one.named() for one in room.publishers.values() if not one.streams]
    jsep = None
    if configure and offer is not None:
        described, jsep = _publish(publisher, room, body, offer)
        data |= described
    room.publishers[publisher.id] = publisher
    if room.notify_joining:
        room.tell(event(room, joining=publisher.named()), but=publisher)
    if publisher.streams:
        room.tell(event(room, publishers=[publisher.listed()]), but=publisher)
    return publisher, Done(data, jsep)


def _configure(publisher: Publisher, body: Body, offer: Offer) -> Done:
    room = _room(publisher)
    CHECKER.check(body, PUBLISH)
    if body["request"] == "publish" and publisher.streams:
        raise RefusalError(ALREADY_PUBLISHED, "Can't publish, already published")
    described: dict[str, Any] = {}
    jsep = None
    if offer is not None:
        described, jsep = _publish(publisher, room, body, offer)
    if "display" in body:
        publisher.display = body["display"]
        # Janus does not name the room here.
        room.tell(event(None, id=publisher.id, display=publisher.display), but=publisher)
    if offer is not None:
        room.tell(event(room, publishers=[publisher.listed()]), but=publisher)
    return Done(event(room, configured="ok", **described), jsep)


def _publish(
    publisher: Publisher, room: VideoRoomRoom, body: Body, offer: sdp.Description
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Negotiate; return what the answer says about it, and the answer's ``jsep``."""
    if not publisher.streams and len(room.published()) >= room.max_publishers:
        text = f"Maximum number of publishers ({room.max_publishers}) already reached"
        raise RefusalError(PUBLISHERS_FULL, text)
    wished = {"audio": room.audiocodecs, "video": room.videocodecs}
    for kind, codecs in wished.items():
        codec = body.get(f"{kind}codec")
        if codec is not None:
            if codec not in codecs:
                raise RefusalError(INVALID_ELEMENT, f"{kind.title()} codec unavailable in this room")
            wished[kind] = (codec,)
    described = _descriptions(body)
    streams = []
    for index, section in enumerate(offer.sections):
        mid = section.mid or str(index)
        kind = "data" if section.kind == "application" else section.kind
        codec, payload = sdp.picked(section, wished.get(kind)) or (None, "")
        if kind == "data" and not section.rejected:
            codec = ""
        stream = PublisherStream(kind, index, mid, codec, described.get(mid))
        if codec == "h264":
            stream.h264_profile = section.h264_profile(payload)
        streams.append(stream)
    jsep = publisher.negotiation.answer(offer, wished=wished, sends=False)
    publisher.streams = streams
    data: dict[str, Any] = {}
    for kind, codecs in wished.items():
        of_kind = [stream for stream in streams if stream.type == kind]
        if of_kind:
            # Of a rejected section Janus says the codec it would have taken.
            data[f"{kind}_codec"] = next((s.codec for s in of_kind if s.codec is not None), codecs[0])
    return data | {"streams": [stream.listed() for stream in streams]}, jsep


def _descriptions(body: Body) -> dict[str, str]:
    """Return the descriptions of a request by mid."""
    found = {}
    for one in body.get("descriptions", ()):
        if not isinstance(one, dict):
            raise RefusalError(INVALID_ELEMENT, "Invalid element type (descriptions should contain objects)")
        CHECKER.check(one, {"mid": "string!", "description": "string!"})
        found[one["mid"]] = one["description"]
    return found


def _unpublish(publisher: Publisher, body: Body, offer: Offer) -> Done:
    room = _room(publisher)
    if not publisher.streams:
        raise RefusalError(NOT_PUBLISHED, "Can't unpublish, not published")
    publisher.streams = []
    gone = event(room, unpublished=publisher.id)
    room.tell(gone, but=publisher)
    room.tell(gone, but=publisher)  # Janus says it again when the PeerConnection has ended
    publisher.negotiation.close("Close PC")
    return Done(event(room, unpublished="ok"))


def _leave(publisher: Publisher, body: Body, offer: Offer) -> Done:
    room = _room(publisher)
    del room.publishers[publisher.id]
    publisher.room = None
    room.tell(event(room, leaving=publisher.id))
    return Done(event(room, leaving="ok"))


def unpublish_by_core(publisher: Publisher) -> None:
    """The PeerConnection was closed by the core: tell the others."""
    publisher.streams = []
    if publisher.room is not None:
        publisher.room.tell(event(publisher.room, unpublished=publisher.id), but=publisher)


def leave_for_good(publisher: Publisher) -> None:
    """The handle is gone: tell the others, as Janus does, twice and once."""
    room, publisher.room, publisher.streams = publisher.room, None, []
    if room is not None:
        del room.publishers[publisher.id]
        for fields in (
            {"unpublished": publisher.id},
            {"unpublished": publisher.id},
            {"leaving": publisher.id},
        ):
            room.tell(event(room, **fields))


def _room(publisher: Publisher) -> VideoRoomRoom:
    if publisher.room is None:
        raise RefusalError(NO_SUCH_ROOM, "No such room")
    return publisher.room


REQUESTS = {
    "configure": _configure,
    "publish": _configure,
    "unpublish": _unpublish,
    "leave": _leave,
}
