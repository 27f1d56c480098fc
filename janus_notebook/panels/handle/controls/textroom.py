"""TextRoom's controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.panels.handle.controls.base import (
    Button,
    Context,
    Controls,
    Field,
    Group,
    Row,
    one_of,
    optional_text,
    room_id,
    text,
)

if TYPE_CHECKING:
    from janus_notebook.plugins.textroom import JanusTextRoomPlugin
    from janus_notebook.plugins.textroom.rooms import JoinedRoom

__all__ = ["CONTROLS"]

NEWEST = 5


def _groups(plugin: JanusTextRoomPlugin, _context: Context) -> list[Group]:
    live = plugin.state == "connected"
    setup = Button(
        "setup",
        "Open data channel",
        "Negotiate the connection that messages go over: setup()",
        off="it is open" if live else "",
    )
    join = Button(
        "join",
        "Join",
        "Enter a room under a name: join(room=…, username=…)",
        fields=(
            Field("room", "Room", "The room's number, such as 1234", value="1234"),
            Field("username", "User name", "Unique in the room", value="notebook"),
            Field(
                "pin", "Pin", "The room's pin, if it has one; it stays in this page", "secret", optional=True
            ),
        ),
        off="" if live else "open the data channel first",
    )
    return [Group("Text rooms", "", (setup, join)), *(_room(room) for room in plugin.rooms.values())]


def _room(room: JoinedRoom) -> Group:
    key = str(room.room)
    return Group(
        f"Room {key}: you are {room.username}, {len(room.participants)} in it",
        buttons=(
            Button(
                "message",
                "Send",
                "Write to everybody in the room: message(room=…, text=…)",
                args={"room": key},
                fields=(Field("text", "Message", "What to write"),),
            ),
            Button("leave", "Leave", "Leave this room: leave(room=…)", args={"room": key}),
        ),
        columns=("from", "newest messages") if room.messages else (),
        rows=tuple(Row(str(at), (said.sender, said.text)) for at, said in enumerate(room.messages[-NEWEST:])),
    )


async def _setup(plugin: JanusTextRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.setup()
    return "the data channel is open"


async def _join(plugin: JanusTextRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    room, name = room_id(arguments), text(arguments, "username")
    await plugin.join(room=room, username=name, pin=optional_text(arguments, "pin"))
    return f"joined room {room} as {name}"


async def _message(plugin: JanusTextRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    said = text(arguments, "text")
    await plugin.message(room=_one(plugin, arguments).room, text=said)
    return "sent"


async def _leave(plugin: JanusTextRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    room = _one(plugin, arguments).room
    await plugin.leave(room=room)
    return f"left room {room}"


def _one(plugin: JanusTextRoomPlugin, arguments: Mapping[str, Any]) -> JoinedRoom:
    found: JoinedRoom = one_of(arguments, "room", {str(key): room for key, room in plugin.rooms.items()})
    return found


CONTROLS = {
    "janus.plugin.textroom": Controls(
        _groups,
        {
            "setup": ("open the data channel", _setup),
            "join": ("join the room", _join),
            "message": ("send the message", _message),
            "leave": ("leave the room", _leave),
        },
    )
}
