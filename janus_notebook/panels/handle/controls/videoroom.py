"""VideoRoom's controls: those of somebody in a room, and those of a subscriber."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.panels.handle.controls.base import (
    BITRATE,
    LAYERS,
    SECRET,
    Button,
    Context,
    Controls,
    Field,
    Group,
    Row,
    flag,
    layer_name,
    one_of,
    optional_text,
    room_id,
    set_bitrate,
    text,
)

if TYPE_CHECKING:
    from janus_notebook.plugins.requests import Id
    from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin
    from janus_notebook.plugins.videoroom.parameters import ConfigureStream
    from janus_notebook.plugins.videoroom.replies import PublisherStream, SubscribedStream
    from janus_notebook.plugins.videoroom.room import Participant

__all__ = ["CONTROLS"]

LAYER_NAMES: Final = {
    "substream": "Simulcast",
    "temporal": "Frame rate",
    "spatial_layer": "SVC",
    "temporal_layer": "SVC rate",
}
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
        return [_subscription(plugin)]
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
                "Ask your sender for no more than this, while you publish: configure(bitrate=…). It need not "
                "obey: our own test video goes no lower than 250 kbit/s",
                fields=(BITRATE,),
            ),
            Button("leave", "Leave", "Leave the room; this handle cannot join again: leave()"),
        ),
    )


def _people(plugin: JanusVideoRoomPlugin) -> Group:
    return Group(
        f"Participants known ({len(plugin.view.participants)})",
        "Janus tells of others when they publish; of those who only listen, if the room has notify_joining. "
        "Refresh asks for all.",
        buttons=(Button("refresh", "Refresh", "Ask Janus anew who is in the room: listparticipants()"),),
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


def _subscription(plugin: JanusVideoRoomPlugin) -> Group:
    return Group(
        "Subscription",
        buttons=(
            Button("pause", "Pause all", "Let Janus send nothing until Resume: pause()"),
            Button("resume", "Resume all", "Let Janus send again: start()"),
            Button("keyframe", "Key frame", "Ask all feeds for a key frame: configure(keyframe=True)"),
            Button("leave", "Leave", "End the subscription; this handle cannot join again: leave()"),
        ),
        columns=("mid", "shows"),
        rows=tuple(_subscribed(stream) for stream in plugin.subscribed.values()),
    )


def _subscribed(stream: SubscribedStream) -> Row:
    shows = f"{stream.type} of {stream.feed_display or stream.feed_id}" if stream.active else "nothing now"
    switch = Button(
        "send",
        "Pause" if stream.send else "Resume",
        "Whether Janus relays this stream to us: configure(streams=[{mid, send}])",
        args={"mid": stream.mid, "on": not stream.send},
        off="" if stream.active else "it shows nothing",
    )
    layers = [
        Button(
            "layer",
            label,
            f"Which layer we get: configure(streams=[{{mid, {key}}}]). It matters only where the publisher "
            "sends several",
            "choice",
            None,
            LAYERS,
            args={"mid": stream.mid, "layer": key},
        )
        for key, label in LAYER_NAMES.items()
        if stream.type == "video" and (stream.svc if key.endswith("_layer") else not stream.svc)
    ]
    return Row(stream.mid, (stream.mid, f"{shows} {stream.codec}".strip()), (switch, *layers))


# -- what they do ------------------------------------------------------------------------------------


async def _join(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    room = room_id(arguments)
    display, pin = optional_text(arguments, "display"), optional_text(arguments, "pin")
    await plugin.join(room=room, display=display, pin=pin)
    return f"joined room {room}"


async def _publish(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.publish()
    return "the test pattern and the tone are published"


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


async def _refresh(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    view = await plugin.refresh()
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


async def _pause(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.pause()
    return "Janus sends nothing"


async def _resume(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.start()
    return "Janus sends again"


async def _keyframe(plugin: JanusVideoRoomPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.configure(keyframe=True)
    return "key frames were asked for"


async def _send(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    stream, on = one_of(arguments, "mid", plugin.subscribed), flag(arguments)
    await plugin.configure(streams=[{"mid": stream.mid, "send": on}])
    return f"mid {stream.mid} is {'relayed again' if on else 'paused'}"


async def _layer(plugin: JanusVideoRoomPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    stream, key, value = (
        one_of(arguments, "mid", plugin.subscribed),
        arguments.get("layer"),
        arguments.get("value"),
    )
    name = layer_name(value)
    if key not in LAYER_NAMES:
        raise JanusOptionError("choose a layer: low, medium or high")
    tuning: ConfigureStream = {"mid": stream.mid}
    tuning[key] = value  # type: ignore[literal-required]  # checked above; which of them is not known here
    await plugin.configure(streams=[tuning])
    return f"mid {stream.mid}: the {name} layer is asked for"


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
            "bitrate": ("cap the bitrate", set_bitrate),
            "leave": ("leave the room", _leave),
            "refresh": ("list the participants", _refresh),
            "moderate": ("mute or unmute", _moderate),
            "kick": ("kick", _kick),
            "pause": ("pause", _pause),
            "resume": ("resume", _resume),
            "keyframe": ("ask for a key frame", _keyframe),
            "send": ("pause or resume the stream", _send),
            "layer": ("choose the layer", _layer),
        },
    )
}
