"""Which rooms a handle is in, and who else is: followed from what comes over the data channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from janus_notebook.client.requests import Id
from janus_notebook.plugins.textroom.events import (
    TextDestroyed,
    TextJoin,
    TextKicked,
    TextLeave,
    TextMessage,
)
from janus_notebook.plugins.textroom.replies import TextJoined, TextParticipant
from janus_notebook.protocol.messages import Message
from janus_notebook.protocol.plugin_events import PluginDetail
from janus_notebook.protocol.typed import Record

__all__ = ["JoinedRoom", "JoinedRooms"]


# How many messages of a room are kept.
MOST_MESSAGES = 1000


class JoinedRoom(Record, frozen=True, kw_only=True):
    """A room that this handle is in, as it is now.

    Attributes:
        room: its id.
        username: our own name in it.
        participants: who is in it, we among them, by user name.
        messages: what was written to all or whispered to us, the newest last, and at most the last 1000;
            with what the room has kept from before we joined. Neither announcements nor what we whisper.
    """

    room: Id
    username: str
    participants: Mapping[str, TextParticipant]
    messages: tuple[TextMessage, ...] = ()


class JoinedRooms:
    """The rooms that a handle is in.

    Attributes:
        now: by id; never changed in place, so that it can be read from any thread.
    """

    def __init__(self) -> None:
        self.now: Mapping[Id, JoinedRoom] = {}
        # Each `join` under way, and what has happened in its room since: that comes before the answer
        # that says who was there.
        self._joining: dict[str, tuple[Mapping[str, Any], list[PluginDetail]]] = {}

    def asked(self, request: Mapping[str, Any]) -> None:
        """A request was sent."""
        if request["textroom"] == "join":
            self._joining[request["transaction"]] = (request, [])

    def answered(self, request: Mapping[str, Any], reply: Message | None) -> None:
        """The request was answered, in time or not; `reply` is None if it was refused."""
        _, happened = self._joining.pop(request["transaction"], (None, []))
        if reply is None:
            return
        if request["textroom"] == "leave":
            self._drop(request["room"])
        elif request["textroom"] == "join":
            others = TextJoined.from_message(reply).participants
            me = TextParticipant(username=request["username"], display=request.get("display"))
            people = {one.username: one for one in (*others, me)}
            room = JoinedRoom(room=request["room"], username=me.username, participants=people)
            self.now = {**self.now, room.room: room}
            for detail in happened:
                self._follow(detail)

    def heard(self, detail: PluginDetail) -> None:
        """Something has happened in a room."""
        for request, happened in self._joining.values():
            if getattr(detail, "room", None) != request["room"]:
                continue
            if getattr(detail, "username", None) == request["username"]:
                # What came before may be of an earlier stay; but the room's history comes before our join.
                kept = [one for one in happened if isinstance(one, TextMessage)]
                happened[:] = kept if isinstance(detail, TextJoin) else []
            happened.append(detail)
        self._follow(detail)

    def end(self) -> None:
        """The data channel is closed, and with it Janus has left every room."""
        self.now = {}
        self._joining.clear()

    def _follow(self, detail: PluginDetail) -> None:
        match detail:
            case TextJoin():
                one = TextParticipant(username=detail.username, display=detail.display)
                self._change(detail.room, one.username, one)
            case TextLeave() | TextKicked():
                self._change(detail.room, detail.username, None)
            case TextDestroyed():
                self._drop(detail.room)
            case TextMessage() if room := self.now.get(detail.room):
                messages = (*room.messages, detail)[-MOST_MESSAGES:]
                self.now = {**self.now, room.room: msgspec.structs.replace(room, messages=messages)}

    def _change(self, room_id: Id, username: str, one: TextParticipant | None) -> None:
        room = self.now.get(room_id)
        if room is None:
            return
        if one is None and username == room.username:
            self._drop(room_id)
            return
        others = {name: other for name, other in room.participants.items() if name != username}
        people = others if one is None else {**others, username: one}
        self.now = {**self.now, room_id: msgspec.structs.replace(room, participants=people)}

    def _drop(self, room_id: Id) -> None:
        self.now = {key: room for key, room in self.now.items() if key != room_id}
