"""VideoRoom's synchronous requests: rooms, and who is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from janus_notebook.gateway.practice.plugins.parameters import Checker, RefusalError
from janus_notebook.gateway.practice.plugins.rooms import DEMO_ROOM, Rooms
from janus_notebook.gateway.practice.plugins.videoroom.rooms import (
    SMALLEST_BITRATE,
    Publisher,
    VideoRoomRoom,
    event,
)

__all__ = [
    "CHECKER",
    "INVALID_ELEMENT",
    "NOT_OFFERED",
    "NO_SUCH_FEED",
    "NO_SUCH_ROOM",
    "REQUESTS",
    "UNAUTHORIZED",
    "VideoRooms",
    "make_rooms",
]

NO_SUCH_ROOM = 426
ROOM_EXISTS = 427
NO_SUCH_FEED = 428
MISSING_ELEMENT = 429
INVALID_ELEMENT = 430
UNAUTHORIZED = 433
UNKNOWN_ERROR = 499
CHECKER = Checker(missing=MISSING_ELEMENT, invalid=INVALID_ELEMENT)

VideoRooms = Rooms[VideoRoomRoom]
Body = Mapping[str, Any]

CREATE = {
    "description": "string",
    "is_private": "boolean",
    "allowed": "array",
    "secret": "string",
    "pin": "string",
    "require_pvtid": "boolean",
    "signed_tokens": "boolean",
    "bitrate": "count",
    "bitrate_cap": "boolean",
    "fir_freq": "count",
    "publishers": "count",
    "audiocodec": "string",
    "videocodec": "string",
    "vp9_profile": "string",
    "h264_profile": "string",
    "opus_fec": "boolean",
    "opus_dtx": "boolean",
    "audiolevel_ext": "boolean",
    "audiolevel_event": "boolean",
    "audio_active_packets": "count",
    "audio_level_average": "count",
    "videoorient_ext": "boolean",
    "playoutdelay_ext": "boolean",
    "transport_wide_cc_ext": "boolean",
    "record": "boolean",
    "rec_dir": "string",
    "lock_record": "boolean",
    "permanent": "boolean",
    "notify_joining": "boolean",
    "require_e2ee": "boolean",
    "dummy_publisher": "boolean",
    "dummy_streams": "array",
    "threads": "count",
}
EDIT = {
    "secret": "string",
    "new_description": "string",
    "new_is_private": "boolean",
    "new_secret": "string",
    "new_pin": "string",
    "new_require_pvtid": "boolean",
    "new_bitrate": "count",
    "new_fir_freq": "count",
    "new_publishers": "count",
    "new_lock_record": "boolean",
    "new_rec_dir": "string",
    "permanent": "boolean",
}
# What ``list`` shows of a room that was created without naming it.
SETTINGS: dict[str, Any] = {
    "fir_freq": 0,
    "require_e2ee": False,
    "dummy_publisher": False,
    "opus_fec": True,
    "lock_record": False,
    "audiolevel_ext": True,
    "audiolevel_event": False,
    "videoorient_ext": True,
    "playoutdelay_ext": True,
    "transport_wide_cc_ext": True,
}
CODEC_CHOICE = {
    "audiocodec": "opus, isac32, isac16, pcmu, pcma or g722",
    "videocodec": "vp8, vp9, av1, h264 or h265",
}
# Media leaves or enters Janus by these: the practice gateway has none to give.
NOT_OFFERED = (
    "rtp_forward",
    "stop_rtp_forward",
    "publish_remotely",
    "unpublish_remotely",
    "listremotes",
    "add_remote_publisher",
    "update_remote_publisher",
    "remove_remote_publisher",
)


def make_rooms() -> VideoRooms:
    """Make a plugin's rooms, the demo room among them."""
    rooms = VideoRooms(
        checker=CHECKER, no_such_room=NO_SUCH_ROOM, room_exists=ROOM_EXISTS, unauthorized=UNAUTHORIZED
    )
    _create(rooms, {**DEMO_ROOM, "publishers": 6, "bitrate": 128_000, "fir_freq": 10})
    return rooms


def _create(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, CREATE)
    audiocodecs = _codecs(body, "audiocodec", "opus")
    videocodecs = _codecs(body, "videocodec", "vp8")
    room = rooms.create(body, VideoRoomRoom)
    room.audiocodecs, room.videocodecs = audiocodecs, videocodecs
    room.max_publishers = body.get("publishers", room.max_publishers)
    room.bitrate = _bitrate(body.get("bitrate", 0))
    room.notify_joining = body.get("notify_joining", False)
    room.require_pvtid = body.get("require_pvtid", False)
    room.record = body.get("record", False)
    room.settings = {name: body.get(name, default) for name, default in SETTINGS.items()}
    return {"videoroom": "created", "room": room.id, "permanent": body.get("permanent", False)}


def _codecs(body: Body, name: str, default: str) -> tuple[str, ...]:
    codecs = tuple(codec.strip().lower() for codec in body.get(name, default).split(","))
    known = CODEC_CHOICE[name].replace(" or ", ", ").split(", ")
    if not all(codec in known for codec in codecs):
        text = f"Invalid element ({name} can only be or contain {CODEC_CHOICE[name]})"
        raise RefusalError(INVALID_ELEMENT, text)
    return codecs


def _bitrate(value: int) -> int:
    return value if value == 0 else max(value, SMALLEST_BITRATE)


def _edit(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, EDIT)
    room = rooms.find(body, secret=True)
    rooms.edit(body, room)
    room.require_pvtid = body.get("new_require_pvtid", room.require_pvtid)
    room.bitrate = _bitrate(body.get("new_bitrate", room.bitrate))
    room.max_publishers = body.get("new_publishers", room.max_publishers)
    for name in ("fir_freq", "lock_record"):
        room.settings[name] = body.get(f"new_{name}", room.settings[name])
    return {"videoroom": "edited", "room": room.id, "permanent": body.get("permanent", False)}


def _destroy(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"secret": "string", "permanent": "boolean"})
    room = rooms.find(body, secret=True)
    del rooms.rooms[room.id]
    room.tell({"videoroom": "destroyed", "room": room.id})
    for publisher in list(room.publishers.values()):
        publisher.room = None  # its subscribers are not told
        publisher.negotiation.close("Close PC")
    room.publishers.clear()
    return {"videoroom": "destroyed", "room": room.id, "permanent": body.get("permanent", False)}


def _list(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    listed = [room.listed() for room in rooms.rooms.values() if not room.private]
    return {"videoroom": "success", "list": listed}


def _exists(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"room": "count!"})
    return {"videoroom": "success", "room": body["room"], "exists": body["room"] in rooms.rooms}


def _allowed(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    return {"videoroom": "success", **rooms.change_allowed(body)}


def _listparticipants(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    room = rooms.find(body)
    participants = []
    for publisher in room.publishers.values():
        one = publisher.named() | {"publisher": bool(publisher.streams)}
        participants.append(one | ({"talking": False} if publisher.streams else {}))
    return {"videoroom": "participants", "room": room.id, "participants": participants}


def _listforwarders(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    room = rooms.find(body, secret=True)
    return {"videoroom": "forwarders", "room": room.id, "publishers": []}


def _enable_recording(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"record": "boolean!"})
    room = rooms.find(body, secret=True)
    room.record = body["record"]
    return {"videoroom": "success", "record": room.record}


def _participant(rooms: VideoRooms, body: Body) -> tuple[VideoRoomRoom, Publisher]:
    """Return the room and the participant that a request names by ``room`` and ``id``."""
    room = rooms.find(body, secret=True)
    publisher = room.publishers.get(body["id"])
    if publisher is None:
        raise RefusalError(NO_SUCH_FEED, f"No such user {body['id']} in room {room.id}")
    return room, publisher


def _kick(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"secret": "string", "room": "count!", "id": "count!"})
    room, publisher = _participant(rooms, body)
    publisher.handle.event(event(room, leaving="ok", reason="kicked"))
    room.tell(event(room, kicked=publisher.id), but=publisher)
    del room.publishers[publisher.id]
    publisher.room = None
    publisher.streams = []
    publisher.negotiation.close("Close PC")
    return {"videoroom": "success"}


def _moderate(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    parameters = {"secret": "string", "mid": "string!", "mute": "boolean!", "room": "count!", "id": "count!"}
    CHECKER.check(body, parameters)
    room, publisher = _participant(rooms, body)
    stream = next((one for one in publisher.streams if one.mid == body["mid"]), None)
    if stream is None:
        raise RefusalError(NO_SUCH_FEED, f"No such stream {body['mid']}")
    stream.moderated = body["mute"]
    moderation = "muted" if stream.moderated else "unmuted"
    room.tell(event(room, id=publisher.id, mid=stream.mid, moderation=moderation))
    return {"videoroom": "success"}


def _not_offered(rooms: VideoRooms, body: Body) -> dict[str, Any]:
    text = f"The practice gateway has no media to forward; {body['request']} needs a real Janus"
    raise RefusalError(UNKNOWN_ERROR, text)


REQUESTS: dict[str, Callable[[VideoRooms, Body], dict[str, Any]]] = {
    "create": _create,
    "edit": _edit,
    "destroy": _destroy,
    "list": _list,
    "exists": _exists,
    "allowed": _allowed,
    "listparticipants": _listparticipants,
    "listforwarders": _listforwarders,
    "enable_recording": _enable_recording,
    "kick": _kick,
    "moderate": _moderate,
} | dict.fromkeys(NOT_OFFERED, _not_offered)
