"""TextRoom's rooms, and the requests about them that both dialects have."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from janus_notebook.gateway.practice.plugins.parameters import Checker, RefusalError
from janus_notebook.gateway.practice.plugins.rooms import DEMO_ROOM, Room, Rooms

__all__ = [
    "CHECKER",
    "INVALID_ELEMENT",
    "INVALID_REQUEST",
    "REQUESTS",
    "Participant",
    "TextRoomRoom",
    "TextRooms",
    "make_rooms",
    "now",
]

MISSING_ELEMENT = 413
INVALID_ELEMENT = 414
INVALID_REQUEST = 415
NO_SUCH_ROOM = 417
ROOM_EXISTS = 418
UNAUTHORIZED = 419
NO_SUCH_USER = 423
CHECKER = Checker(missing=MISSING_ELEMENT, invalid=INVALID_ELEMENT)
CREATE = {
    "description": "string",
    "secret": "string",
    "pin": "string",
    "post": "string",
    "is_private": "boolean",
    "history": "count",
    "allowed": "array",
    "permanent": "boolean",
}
EDIT = {
    "secret": "string",
    "new_description": "string",
    "new_secret": "string",
    "new_pin": "string",
    "new_post": "string",
    "new_is_private": "boolean",
    "permanent": "boolean",
}

Body = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Participant:
    """Somebody in a room; `send` reaches their data channel."""

    username: str
    display: str | None
    send: Send = field(repr=False)

    def listed(self) -> dict[str, Any]:
        return {"username": self.username} | ({"display": self.display} if self.display is not None else {})


@dataclass
class TextRoomRoom(Room):
    """A room.

    Attributes:
        participants: by user name.
        history: the newest messages and announcements, for those who come later.
    """

    participants: dict[str, Participant] = field(default_factory=dict)
    history: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=0))

    def tell(self, data: Mapping[str, Any]) -> None:
        """Send an event to everybody in the room."""
        for participant in list(self.participants.values()):
            participant.send(data)

    def listed(self) -> dict[str, Any]:
        return {
            "room": self.id,
            "description": self.description,
            "pin_required": self.pin is not None,
            "num_participants": len(self.participants),
            "history": self.history.maxlen,
        }


TextRooms = Rooms[TextRoomRoom]


def make_rooms() -> TextRooms:
    """Make a plugin's rooms, the demo room among them."""
    rooms = TextRooms(
        checker=CHECKER, no_such_room=NO_SUCH_ROOM, room_exists=ROOM_EXISTS, unauthorized=UNAUTHORIZED
    )
    _create(rooms, DEMO_ROOM)
    return rooms


def now() -> str:
    """The time as Janus writes it, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _create(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, CREATE)
    room = rooms.create(body, TextRoomRoom)
    room.history = deque(maxlen=body.get("history", 0))
    return {"textroom": "created", "room": room.id, "permanent": body.get("permanent", False)}


def _edit(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, EDIT)
    room = rooms.find(body, secret=True)
    rooms.edit(body, room)
    return {"textroom": "edited", "room": room.id, "permanent": body.get("permanent", False)}


def _destroy(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"permanent": "boolean"})
    room = rooms.find(body, secret=True)
    del rooms.rooms[room.id]
    room.tell({"textroom": "destroyed", "room": room.id})
    room.participants.clear()
    return {"textroom": "destroyed", "room": room.id, "permanent": body.get("permanent", False)}


def _list(rooms: TextRooms, body: Body) -> dict[str, Any]:
    listed = [room.listed() for room in rooms.rooms.values() if not room.private]
    return {"textroom": "success", "list": listed}


def _listparticipants(rooms: TextRooms, body: Body) -> dict[str, Any]:
    room = rooms.find(body)
    # 1.1.2 has no "textroom" here.
    return {"room": room.id, "participants": [one.listed() for one in room.participants.values()]}


def _exists(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"room": "count!"})
    return {"textroom": "success", "room": body["room"], "exists": body["room"] in rooms.rooms}


def _allowed(rooms: TextRooms, body: Body) -> dict[str, Any]:
    return {"textroom": "success", **rooms.change_allowed(body)}


def _kick(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"secret": "string", "username": "string!"})
    room = rooms.find(body, secret=True)
    username = body["username"]
    if username not in room.participants:
        raise RefusalError(NO_SUCH_USER, f"No such user {username} in room {room.id}")
    room.tell({"textroom": "kicked", "room": room.id, "username": username})
    del room.participants[username]
    return {"textbridge": "success"}  # 1.1.2 misspells its key


def _announcement(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"secret": "string", "text": "string!"})
    room = rooms.find(body, secret=True)
    announcement = {"textroom": "announcement", "room": room.id, "date": now(), "text": body["text"]}
    room.history.append(announcement)
    room.tell(announcement)
    return {"textroom": "success"}


REQUESTS: dict[str, Callable[[TextRooms, Body], dict[str, Any]]] = {
    "list": _list,
    "listparticipants": _listparticipants,
    "exists": _exists,
    "create": _create,
    "edit": _edit,
    "destroy": _destroy,
    "allowed": _allowed,
    "kick": _kick,
    "announcement": _announcement,
}
