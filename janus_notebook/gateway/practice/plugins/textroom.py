"""TextRoom on the Janus API: rooms and signalling. The data channel, where people talk, is not there.

Source: "TextRoom plugin documentation" of the Janus documentation, and what Janus 1.1.2 answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from janus_notebook.gateway.practice.negotiation import Negotiation
from janus_notebook.gateway.practice.plugin import Answer, Done, Later, PracticePlugin, Refused
from janus_notebook.gateway.practice.plugins.parameters import Checker, RefusalError
from janus_notebook.gateway.practice.plugins.rooms import DEMO_ROOM, Room, Rooms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from janus_notebook.gateway.practice.plugin import PracticeHandle

__all__ = ["TextRoom"]

MISSING_ELEMENT = 413
INVALID_ELEMENT = 414
INVALID_REQUEST = 415
ALREADY_SETUP = 416
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
CHANNEL = [{"type": "data", "mid": "0"}]  # what `setup` offers
OK = {"textroom": "event", "result": "ok"}

Body = Mapping[str, Any]


@dataclass
class TextRoomRoom(Room):
    """A room; nobody is in it, as people come over the data channel."""

    history: int = 0


TextRooms = Rooms[TextRoomRoom]


class TextRoom(PracticePlugin):
    """``janus.plugin.textroom``, without its data channel.

    `setup` offers one, but nobody is behind the offer: ``webrtcup`` never comes, so that nobody can join,
    leave or talk. Rooms can be made and looked at.
    """

    package: ClassVar[str] = "janus.plugin.textroom"
    name: ClassVar[str] = "Practice TextRoom plugin"
    description: ClassVar[str] = "Text rooms of the practice gateway, without the data channel."

    def __init__(self) -> None:
        self._rooms = TextRooms(
            checker=CHECKER, no_such_room=NO_SUCH_ROOM, room_exists=ROOM_EXISTS, unauthorized=UNAUTHORIZED
        )
        _create(self._rooms, DEMO_ROOM)
        self._setups: dict[tuple[int, int], Setup] = {}

    def attached(self, handle: PracticeHandle) -> None:
        self._setups[handle.session_id, handle.id] = Setup(handle)

    def message(
        self,
        handle: PracticeHandle,
        transaction: str,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None,
    ) -> Answer:
        setup = self._setups[handle.session_id, handle.id]
        description = None if jsep is None else setup.negotiation.read(jsep)
        if isinstance(description, Refused):
            return description
        try:
            CHECKER.check(body, {"request": "string!"})
            request = body["request"]
            if request not in SIGNALLING and request not in MANAGEMENT:
                raise RefusalError(INVALID_REQUEST, f"Unknown request '{request}'")
        except RefusalError as refusal:
            return Done({"textroom": "event", "error_code": refusal.code, "error": refusal.reason})
        try:
            if request in SIGNALLING:
                return Later(Done(OK, SIGNALLING[request](setup)))
            return Done(MANAGEMENT[request](self._rooms, body))
        except RefusalError as refusal:
            error = Done({"textroom": "error", "error_code": refusal.code, "error": refusal.reason})
            return Later(error) if request in SIGNALLING else error

    def trickle(self, handle: PracticeHandle, candidates: Sequence[Mapping[str, Any]]) -> None:
        """There is nobody to reach."""

    def hangup(self, handle: PracticeHandle) -> bool:
        return self._setups[handle.session_id, handle.id].negotiation.close("Janus API")

    def detached(self, handle: PracticeHandle) -> None:
        del self._setups[handle.session_id, handle.id]


class Setup:
    """One handle's PeerConnection. It can be set up once, even when it has ended since."""

    def __init__(self, handle: PracticeHandle) -> None:
        self.negotiation = Negotiation(handle)
        self.done = False

    def setup(self) -> dict[str, Any]:
        if self.done:
            raise RefusalError(ALREADY_SETUP, "PeerConnection already setup")
        self.done = True
        return self.negotiation.offer(CHANNEL)

    def restart(self) -> dict[str, Any]:
        if not self.done:
            raise RefusalError(ALREADY_SETUP, "PeerConnection not setup")
        return self.negotiation.offer(CHANNEL, restart=True)

    def ack(self) -> None:
        """The answer was taken already; Janus does not mind if there is none."""


SIGNALLING: dict[str, Callable[[Setup], dict[str, Any] | None]] = {
    "setup": Setup.setup,
    "restart": Setup.restart,
    "ack": Setup.ack,
}


def _create(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, CREATE)
    room = rooms.create(body, TextRoomRoom)
    room.history = body.get("history", 0)
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
    return {"textroom": "destroyed", "room": room.id, "permanent": body.get("permanent", False)}


def _list(rooms: TextRooms, body: Body) -> dict[str, Any]:
    listed = [
        {
            "room": room.id,
            "description": room.description,
            "pin_required": room.pin is not None,
            "num_participants": 0,
            "history": room.history,
        }
        for room in rooms.rooms.values()
        if not room.private
    ]
    return {"textroom": "success", "list": listed}


def _listparticipants(rooms: TextRooms, body: Body) -> dict[str, Any]:
    return {"room": rooms.find(body).id, "participants": []}  # 1.1.2 has no "textroom" here


def _exists(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"room": "count!"})
    return {"textroom": "success", "room": body["room"], "exists": body["room"] in rooms.rooms}


def _allowed(rooms: TextRooms, body: Body) -> dict[str, Any]:
    return {"textroom": "success", **rooms.change_allowed(body)}


def _kick(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"secret": "string", "username": "string!"})
    room = rooms.find(body, secret=True)
    raise RefusalError(NO_SUCH_USER, f"No such user {body['username']} in room {room.id}")


def _announcement(rooms: TextRooms, body: Body) -> dict[str, Any]:
    CHECKER.check(body, {"secret": "string", "text": "string!"})
    rooms.find(body, secret=True)
    return {"textroom": "success"}  # nobody is there to hear it


MANAGEMENT: dict[str, Callable[[TextRooms, Body], dict[str, Any]]] = {
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
