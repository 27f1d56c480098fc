"""VideoRoom's controls: those of somebody in a room. A subscriber's are in `subscription`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.errors import JanusError, JanusStateError
from janus_notebook.panels.handle.controls.base import (
    BITRATE,
    SECRET,
    Button,
    Context,
    Controls,
    Field,
    Group,
    Row,
    cap_text,
    flag,
    kilobits,
    one_of,
    optional_text,
    room_id,
    text,
)
from janus_notebook.panels.handle.controls.subscription import SUBSCRIPTION, subscription

if TYPE_CHECKING:
    from janus_notebook.plugins.requests import Id
    from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin
    from janus_notebook.plugins.videoroom.replies import ListedRoom, PublisherStream
    from janus_notebook.plugins.videoroom.room import Participant

__all__ = ["CONTROLS"]

ASK_SECONDS: Final = 4.0
OVER: Final = 1.1
"""How much more than a cap is more than it: a figure of a second or two is not exact."""
JOIN: Final = Button(
    "join",
    "Join",
    "Enter the room as a participant who may publish: join(room=…)",
    fields=(
        Field("room", "Room", "The room's number, such as 1234", value="1234"),
        Field("display", "Name", "The name that the others see", optional=True),
        Field("pin", "Pin", "The room's pin, if it has one; it stays in this page", "secret", optional=True),
    ),
    begins=True,
)


def _groups(plugin: JanusVideoRoomPlugin, context: Context) -> list[Group]:
    if plugin.subscribed:
        return [subscription(plugin)]
    view = plugin.view
    if view.state == "new":
        return [Group("Room", "In no room yet.", (JOIN,))]
    if view.state != "joined":
        return [
            Group("Room", f"This handle was in a room and is no longer ({view.state}): attach a new one.")
        ]
    return [_mine(plugin, context), _people(plugin)]


def _mine(plugin: JanusVideoRoomPlugin, context: Context) -> Group:
    live = plugin.state in ("negotiating", "connected")
    idle = "" if live else "nothing is published"
    name = f" “{plugin.view.description}”" if plugin.view.description else ""
    return Group(
        f"Room {plugin.view.room}{name}",
        _cap_note(plugin, context),
        buttons=(
            Button(
                "publish",
                "Publish test media",
                "Send a moving test pattern and a tone from this notebook: publish()",
                off="something is published already" if live else "",
                begins=True,
            ),
            Button("unpublish", "Unpublish", "Stop publishing and stay in the room: unpublish()", off=idle),
            Button(
                "audio",
                "Send audio",
                "Whether Janus relays your audio: configure(audio=…)",
                "toggle",
                context.settings.get("audio", True),
                off=idle,
            ),
            Button(
                "video",
                "Send video",
                "Whether Janus relays your video: configure(video=…)",
                "toggle",
                context.settings.get("video", True),
                off=idle,
            ),
            Button(
                "bitrate",
                "Cap bitrate",
                "Ask your sender for no more than this, while you publish: configure(bitrate=…). Ours "
                "obeys; another client need not. A room may allow less",
                fields=(BITRATE,),
            ),
            Button("leave", "Leave", "Leave the room; this handle cannot join again: leave()"),
        ),
    )


def _cap_note(plugin: JanusVideoRoomPlugin, context: Context) -> str:
    """How much the room lets one send, as far as it was asked; and that more comes, where it does."""
    room = _settings(plugin, context)
    if room is None:
        return ""
    own = context.settings.get("bitrate")
    cap = _effective(room, own if isinstance(own, int) else room.bitrate)
    if not room.bitrate:
        note = "The room caps nobody's bitrate."
    elif room.bitrate_cap:
        note = f"The room's cap: {_kbits(room.bitrate)} for each publisher; nobody can ask for more."
    else:
        note = f"The room's cap: {_kbits(room.bitrate)} for each publisher, who may ask for another."
    if cap and (context.sent_bps or 0) > OVER * cap:
        note += (
            f" More than {_kbits(cap)} is sent: Janus asks the sender for that, who need not obey, and drops "
            "nothing."
        )
    return note


def _effective(room: ListedRoom, bits: int) -> int:
    """The cap that counts when one asks for so much: 0 is none."""
    return min(bits or room.bitrate, room.bitrate) if room.bitrate_cap and room.bitrate else bits


def _settings(plugin: JanusVideoRoomPlugin, context: Context) -> ListedRoom | None:
    """The room's settings, if they were asked for."""
    listed: ListedRoom | None = context.known.get("room")
    return listed if listed is not None and listed.room == plugin.view.room else None


def _kbits(bits: int) -> str:
    return f"{bits / 1000:,.0f} kbit/s"


def _people(plugin: JanusVideoRoomPlugin) -> Group:
    return Group(
        f"Participants known ({len(plugin.view.participants)})",
        "Janus tells of others when they publish; of those who only listen, if the room has notify_joining. "
        "Refresh asks for all.",
        buttons=(
            Button(
                "refresh",
                "Refresh",
                "Ask Janus anew who is in the room, and for its cap: listparticipants(), list()",
            ),
        ),
        fields=(SECRET,),
        columns=("name", "id", "publishes"),
        rows=tuple(_person(each) for each in plugin.view.participants),
    )


def _person(each: Participant) -> Row:
    name = (each.display or "–") + (" (you)" if each.me else "") + (" · talking" if each.talking else "")
    streams = ", ".join(map(_stream_text, each.streams)) or ("yes" if each.publisher else "nothing")
    mutes = [
        Button(
            "moderate",
            f"{'Unmute' if stream.moderated else 'Mute'} {stream.type} (mid {stream.mid})",
            "Relay this stream to nobody, or again: moderate(mid=…); needs the room's secret if it has one",
            args={"id": str(each.id), "mid": stream.mid, "mute": not stream.moderated},
        )
        for stream in each.streams
        if each.publisher
    ]
    kick = Button(
        "kick",
        "Kick",
        "Throw this participant out of the room: kick(id=…); needs the room's secret if it has one",
        args={"id": str(each.id)},
        sure=f"Throw {each.display or each.id} out of the room?",
    )
    return Row(str(each.id), (name, str(each.id), streams), (*mutes, *([] if each.me else [kick])))


def _stream_text(stream: PublisherStream) -> str:
    layers = " simulcast" if stream.simulcast else " SVC" if stream.svc else ""
    notes = [*(["muted"] if stream.moderated else []), *(["off"] if stream.disabled else [])]
    noted = f" ({', '.join(notes)})" if notes else ""
    return f"{stream.type} {stream.mid} {stream.codec}".strip() + layers + noted


# -- what they do ------------------------------------------------------------------------------------


async def _learn(plugin: JanusVideoRoomPlugin, context: Context) -> None:
    """Ask for the room's settings. Without them, as of a private room, there is no note on its cap."""
    with suppress(JanusError):
        listed = await plugin.list(timeout=ASK_SECONDS)
        context.known["room"] = next((each for each in listed.rooms if each.room == plugin.view.room), None)


async def _join(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], context: Context) -> str:
    room = room_id(arguments)
    display, pin = optional_text(arguments, "display"), optional_text(arguments, "pin")
    await plugin.join(room=room, display=display, pin=pin)
    await _learn(plugin, context)
    return f"joined room {room}"


async def _publish(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], context: Context) -> str:
    await plugin.publish()
    await _learn(plugin, context)
    return "the test pattern and the tone are published"


async def _bitrate(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], context: Context) -> str:
    bits = kilobits(arguments)
    await plugin.configure(bitrate=bits)
    await _learn(plugin, context)
    room = _settings(plugin, context)
    if room is None or (cap := _effective(room, bits)) == bits:
        return cap_text(bits)
    return f"The room allows no more than {_kbits(cap)}, which is what Janus asks the sender for now"


async def _unpublish(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.unpublish()
    return "nothing is published any more"


async def _audio(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.configure(audio=on)
    return f"your audio is {'' if on else 'not '}relayed"


async def _video(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.configure(video=on)
    return f"your video is {'' if on else 'not '}relayed"


async def _leave(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.leave()
    return "left the room"


async def _refresh(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], context: Context) -> str:
    view = await plugin.refresh()
    await _learn(plugin, context)
    return f"{len(view.participants)} in the room"


async def _moderate(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    who, mute = _one(plugin, arguments), flag(arguments, "mute")
    mid = text(arguments, "mid")
    secret = optional_text(arguments, "secret")
    await plugin.moderate(room=_room(plugin), id=who.id, mid=mid, mute=mute, secret=secret)
    return f"mid {mid} of {who.display or who.id} is {'muted' if mute else 'heard again'}"


async def _kick(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    who = _one(plugin, arguments)
    await plugin.kick(room=_room(plugin), id=who.id, secret=optional_text(arguments, "secret"))
    return f"{who.display or who.id} was thrown out"


def _room(plugin: JanusVideoRoomPlugin) -> Id:
    if plugin.view.room is None:
        raise JanusStateError("in no room")
    return plugin.view.room


def _one(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any]) -> Participant:
    found: Participant = one_of(arguments, "id", {str(each.id): each for each in plugin.view.participants})
    return found


CONTROLS = {
    "janus.plugin.videoroom": Controls(
        _groups,
        {
            "join": ("join the room", _join),
            "publish": ("publish", _publish),
            "unpublish": ("stop publishing", _unpublish),
            "audio": ("switch the audio", _audio),
            "video": ("switch the video", _video),
            "bitrate": ("cap the bitrate", _bitrate),
            "leave": ("leave the room", _leave),
            "refresh": ("list the participants", _refresh),
            "moderate": ("mute or unmute", _moderate),
            "kick": ("kick", _kick),
            **SUBSCRIPTION,
        },
    )
}
