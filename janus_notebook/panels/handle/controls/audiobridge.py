"""AudioBridge's controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusStateError
from janus_notebook.panels.handle.controls.base import (
    SECRET,
    Button,
    Context,
    Controls,
    Field,
    Group,
    Row,
    flag,
    one_of,
    optional_text,
    room_id,
    whole,
)

if TYPE_CHECKING:
    from janus_notebook.plugins.audiobridge import AudioRoom, JanusAudioBridgePlugin
    from janus_notebook.plugins.audiobridge.objects import AudioParticipant
    from janus_notebook.plugins.requests import Id

__all__ = ["CONTROLS"]

JOIN = Button(
    "join",
    "Join with a tone",
    "Enter the room and send a test tone from this notebook: publish(room=…)",
    fields=(
        Field("room", "Room", "The room's number, such as 1234", value="1234"),
        Field("display", "Name", "The name that the others see", optional=True),
        Field("pin", "Pin", "The room's pin, if it has one; it stays in this page", "secret", optional=True),
    ),
    begins=True,
)


def _groups(plugin: JanusAudioBridgePlugin, _context: Context) -> list[Group]:
    room = plugin.room
    if room.id is None:
        return [Group("Room", f"In no room{f' ({room.ended})' if room.ended else ''}.", (JOIN,))]
    me = next((who for who in room.participants if who.id == room.me), None)
    mine = Group(
        f"Room {room.id}",
        buttons=(
            Button(
                "muted",
                "Mute me",
                "Whether the others hear you: configure(muted=…)",
                "toggle",
                bool(me is not None and me.muted),
            ),
            Button(
                "volume",
                "Set volume",
                "How loud you are in the mix, in percent; 100 is as it came: configure(volume=…)",
                fields=(
                    Field("volume", "percent", "0 to 1000; 100 is as it came", "number", "100", high=1000),
                ),
            ),
            Button("leave", "Leave", "Leave the room; the connection stays for the next one: leave()"),
        ),
    )
    people = Group(
        f"Participants ({len(room)})",
        buttons=(
            Button("refresh", "Refresh", "Ask Janus anew who is in the room: listparticipants()"),
            Button(
                "mute_room",
                "Mute the room",
                "Whether nobody is heard but those with the secret: mute_room(), unmute_room()",
                "toggle",
                bool(room.muted),
            ),
        ),
        fields=(SECRET,),
        columns=("name", "id", "state"),
        rows=tuple(_person(who, room) for who in room.participants),
    )
    return [mine, people]


def _person(who: AudioParticipant, room: AudioRoom) -> Row:
    name = (who.display or "–") + (" (you)" if who.id == room.me else "")
    notes = {
        "no media": not who.setup,
        "muted": who.muted,
        "talking": who.talking,
        "suspended": who.suspended,
    }
    state = ", ".join(note for note, holds in notes.items() if holds) or "connected"
    buttons = [
        Button(
            "mute",
            "Unmute" if who.muted else "Mute",
            "Whether this participant is heard: mute(id=…), unmute(id=…)",
            args={"id": str(who.id), "mute": not who.muted},
        )
    ]
    if who.id != room.me:
        buttons.append(
            Button(
                "kick",
                "Kick",
                "Throw this participant out: kick(id=…)",
                args={"id": str(who.id)},
                sure=f"Throw {who.display or who.id} out of the room?",
            )
        )
    return Row(str(who.id), (name, str(who.id), state), tuple(buttons))


async def _join(plugin: JanusAudioBridgePlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    room = room_id(arguments)
    display, pin = optional_text(arguments, "display"), optional_text(arguments, "pin")
    await plugin.publish(room=room, display=display, pin=pin)
    return f"joined room {room}; a tone is sent"


async def _muted(plugin: JanusAudioBridgePlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.configure(muted=on)
    return "you are muted" if on else "you are heard"


async def _volume(plugin: JanusAudioBridgePlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    volume = whole(arguments, "volume", 0, 1000)
    await plugin.configure(volume=volume)
    return f"your volume is {volume} %"


async def _leave(plugin: JanusAudioBridgePlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.leave()
    return "left the room"


async def _refresh(plugin: JanusAudioBridgePlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    return f"{len(await plugin.room.refresh())} in the room"


async def _mute_room(plugin: JanusAudioBridgePlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on, secret, room = flag(arguments), optional_text(arguments, "secret"), _room(plugin)
    await (plugin.mute_room if on else plugin.unmute_room)(room=room, secret=secret)
    return "the room is muted" if on else "the room is heard"


async def _mute(plugin: JanusAudioBridgePlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    who, on, room = _one(plugin, arguments), flag(arguments, "mute"), _room(plugin)
    secret = optional_text(arguments, "secret")
    await (plugin.mute if on else plugin.unmute)(room=room, id=who.id, secret=secret)
    return f"{who.display or who.id} is {'muted' if on else 'heard'}"


async def _kick(plugin: JanusAudioBridgePlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    who, room = _one(plugin, arguments), _room(plugin)
    await plugin.kick(room=room, id=who.id, secret=optional_text(arguments, "secret"))
    return f"{who.display or who.id} was thrown out"


def _room(plugin: JanusAudioBridgePlugin) -> Id:
    if plugin.room.id is None:
        raise JanusStateError("in no room")
    return plugin.room.id


def _one(plugin: JanusAudioBridgePlugin, arguments: Mapping[str, Any]) -> AudioParticipant:
    found: AudioParticipant = one_of(arguments, "id", {str(who.id): who for who in plugin.room.participants})
    return found


CONTROLS = {
    "janus.plugin.audiobridge": Controls(
        _groups,
        {
            "join": ("join the room", _join),
            "muted": ("mute or unmute", _muted),
            "volume": ("set the volume", _volume),
            "leave": ("leave the room", _leave),
            "refresh": ("list the participants", _refresh),
            "mute_room": ("mute or unmute the room", _mute_room),
            "mute": ("mute or unmute", _mute),
            "kick": ("kick", _kick),
        },
    )
}
