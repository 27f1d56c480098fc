"""VideoRoom's controls of a subscriber: what comes, and in which layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.errors import JanusOptionError
from janus_notebook.panels.handle.controls.base import (
    LAYERS,
    Button,
    Context,
    Group,
    Row,
    Run,
    flag,
    layer_name,
    one_of,
)

if TYPE_CHECKING:
    from janus_notebook.plugins.videoroom import JanusVideoRoomPlugin
    from janus_notebook.plugins.videoroom.parameters import ConfigureStream
    from janus_notebook.plugins.videoroom.replies import SubscribedStream

__all__ = ["SUBSCRIPTION", "subscription"]

LAYER_NAMES: Final = {
    "substream": "Simulcast",
    "temporal": "Frame rate",
    "spatial_layer": "SVC",
    "temporal_layer": "SVC rate",
}


def subscription(plugin: JanusVideoRoomPlugin) -> Group:
    """The controls of a subscriber."""
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
            f"Which of the publisher's layers we get: configure(streams=[{{mid, {key}}}])",
            "choice",
            None,
            LAYERS,
            args={"mid": stream.mid, "layer": key},
        )
        for key, label in LAYER_NAMES.items()
        if stream.type == "video" and (stream.svc if key.endswith("_layer") else stream.simulcast)
    ]
    return Row(stream.mid, (stream.mid, f"{shows} {stream.codec}".strip()), (switch, *layers))


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


SUBSCRIPTION: Final[dict[str, tuple[str, Run]]] = {
    "pause": ("pause", _pause),
    "resume": ("resume", _resume),
    "keyframe": ("ask for a key frame", _keyframe),
    "send": ("pause or resume the stream", _send),
    "layer": ("choose the layer", _layer),
}
