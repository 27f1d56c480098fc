"""What people say on the data channel: JSON texts with ``textroom`` and ``transaction``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from janus_notebook.gateway.practice.plugins.parameters import RefusalError
from janus_notebook.gateway.practice.plugins.textroom import rooms as management
from janus_notebook.gateway.practice.plugins.textroom.rooms import (
    CHECKER,
    INVALID_REQUEST,
    Participant,
    TextRoomRoom,
    TextRooms,
    now,
)

__all__ = ["Talker"]

USERNAME_EXISTS = 420
ALREADY_IN_ROOM = 421
NOT_IN_ROOM = 422
JOIN = {
    "username": "string!",
    "pin": "string",
    "token": "string",
    "display": "string",
    "history": "boolean",
}
MESSAGE = {"text": "string!", "to": "string", "tos": "array", "ack": "boolean"}
MANAGED = ("created", "edited", "destroyed")  # on the data channel these are "success"

Body = Mapping[str, Any]


class Talker:
    """One data channel, and the rooms that it has joined.

    Args:
        rooms: the plugin's.
        send: sends a text over the channel.
    """

    def __init__(self, rooms: TextRooms, send: Callable[[str], None]) -> None:
        self._rooms = rooms
        self._send_text = send
        self._joined: dict[int, Participant] = {}

    def hear(self, text: str) -> None:
        """Take a text; one that is not JSON is dropped without a word, as by Janus."""
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            return
        transaction = None
        try:
            body = body if isinstance(body, dict) else {}
            CHECKER.check(body, {"textroom": "string!", "transaction": "string!"})
            transaction = body["transaction"]
            reply = self._request(body)
        except RefusalError as refusal:
            reply = {"textroom": "error", "error_code": refusal.code, "error": refusal.reason}
        if reply is not None:
            self.send(reply if transaction is None else {**reply, "transaction": transaction})

    def send(self, data: Body) -> None:
        self._send_text(json.dumps(data))

    def gone(self) -> None:
        """The channel has ended: leave every room."""
        for room_id in list(self._joined):
            room = self._rooms.rooms.get(room_id)
            if room is not None and self._in(room):
                self._out(room)
        self._joined.clear()

    def destroyed(self, room_id: int) -> None:
        """A room was destroyed at the request of this handle: Janus tells it, also if it was in the room."""
        self.send({"textroom": "destroyed", "room": room_id})

    def _request(self, body: Body) -> dict[str, Any] | None:
        verb = body["textroom"]
        if verb in TALK:
            return TALK[verb](self, body)
        if verb not in management.REQUESTS:
            raise RefusalError(INVALID_REQUEST, f"Unsupported request {verb}")
        reply = management.REQUESTS[verb](self._rooms, body)
        if verb == "destroy":
            self.destroyed(reply["room"])
        return reply | ({"textroom": "success"} if reply.get("textroom") in MANAGED else {})

    def _join(self, body: Body) -> dict[str, Any]:
        CHECKER.check(body, JOIN)
        room = self._rooms.find(body)
        self._rooms.admit(body, room)
        if self._in(room):
            raise RefusalError(ALREADY_IN_ROOM, f"Already in room {room.id}")
        username, display = body["username"], body.get("display")
        if username in room.participants:
            raise RefusalError(USERNAME_EXISTS, "Username already taken")
        if body.get("history", True):
            for message in room.history:
                self.send(message)
        others = [one.listed() for one in room.participants.values()]
        participant = Participant(username, display, self.send)
        room.participants[username] = self._joined[room.id] = participant
        room.tell({"textroom": "join", "room": room.id, **participant.listed()})
        return {"textroom": "success", "participants": others}

    def _leave(self, body: Body) -> dict[str, Any]:
        room = self._own(body)
        participant = self._joined[room.id]
        self._out(room)
        participant.send({"textroom": "leave", "room": room.id, "username": participant.username})
        return {"textroom": "success"}

    def _message(self, body: Body) -> dict[str, Any] | None:
        CHECKER.check(body, MESSAGE)
        CHECKER.texts(body, "tos")  # 1.1.2 crashes if one of them is no text
        room = self._own(body)
        sender = self._joined[room.id]
        message: dict[str, Any] = {
            "textroom": "message",
            "room": room.id,
            "from": sender.username,
            "date": now(),
            "text": body["text"],
        }
        reply: dict[str, Any] = {"textroom": "success"}
        if "to" in body or "tos" in body:
            named = [body["to"]] if "to" in body else body["tos"]
            reply["sent"] = {name: name in room.participants for name in named}
            for name in named:
                if name in room.participants:
                    room.participants[name].send(message | {"whisper": True})
        else:
            display = {"display": sender.display} if sender.display is not None else {}
            room.history.append(message | display)
            room.tell(message)
        return reply if body.get("ack", True) else None

    def _in(self, room: TextRoomRoom) -> bool:
        """Whether this channel is still in a room: it may have been kicked."""
        participant = self._joined.get(room.id)
        return participant is not None and room.participants.get(participant.username) is participant

    def _own(self, body: Body) -> TextRoomRoom:
        room = self._rooms.find(body)
        if not self._in(room):
            raise RefusalError(NOT_IN_ROOM, f"Not in room {room.id}")
        return room

    def _out(self, room: TextRoomRoom) -> None:
        """Leave a room, and tell those who stay."""
        username = self._joined.pop(room.id).username
        del room.participants[username]
        room.tell({"textroom": "leave", "room": room.id, "username": username})


TALK: dict[str, Callable[[Talker, Body], dict[str, Any] | None]] = {
    "join": Talker._join,
    "leave": Talker._leave,
    "message": Talker._message,
}
