"""EchoTest's controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.handle.controls.base import (
    BITRATE,
    LAYERS,
    Button,
    Context,
    Controls,
    Group,
    flag,
    layer_name,
    set_bitrate,
)

if TYPE_CHECKING:
    from janus_notebook.plugins.echotest import JanusEchoTestPlugin

__all__ = ["CONTROLS"]

LAYER: Final = Button(
    "substream",
    "Layer",
    "Which of the sender's layers of the video is echoed: configure(substream=…)",
    "choice",
    None,
    LAYERS,
)


def _groups(plugin: JanusEchoTestPlugin, context: Context) -> list[Group]:
    settings = context.settings
    busy = "there is a connection already" if plugin.webrtc or plugin.state == "connected" else ""
    return [
        Group(
            "Echo",
            buttons=(
                Button(
                    "publish",
                    "Send test media",
                    "Send a moving test pattern and a tone from this notebook: publish()",
                    off=busy,
                    begins=True,
                ),
                Button(
                    "audio",
                    "Echo audio",
                    "Whether Janus sends the audio back, once media flow: configure(audio=…)",
                    "toggle",
                    settings.get("audio", True),
                ),
                Button(
                    "video",
                    "Echo video",
                    "Whether Janus sends the video back, once media flow: configure(video=…)",
                    "toggle",
                    settings.get("video", True),
                ),
                Button(
                    "record",
                    "Record",
                    "Record the media on the server, once they flow: configure(record=…, filename=…)",
                    "toggle",
                    bool(settings.get("record", False)),
                ),
                Button(
                    "bitrate",
                    "Cap bitrate",
                    "Ask the sender for no more than this, once media flow: configure(bitrate=…). Ours "
                    "obeys; another client need not",
                    fields=(BITRATE,),
                ),
                *((LAYER,) if context.layered else ()),
            ),
        )
    ]


async def _publish(plugin: JanusEchoTestPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.publish()
    return "the test pattern and the tone are sent"


async def _audio(plugin: JanusEchoTestPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.configure(audio=on)
    return f"audio is {'' if on else 'not '}echoed"


async def _video(plugin: JanusEchoTestPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.configure(video=on)
    return f"video is {'' if on else 'not '}echoed"


async def _record(plugin: JanusEchoTestPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.configure(record=on)
    if not on:
        return "the server no longer records"
    return "the server records: Janus names the files (echotest-….mjr) and puts them into its working folder"


async def _substream(plugin: JanusEchoTestPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    layer = arguments.get("value")
    name = layer_name(layer)
    await plugin.configure(substream=layer)
    return f"the {name} layer is echoed"


CONTROLS = {
    "janus.plugin.echotest": Controls(
        _groups,
        {
            "publish": ("send test media", _publish),
            "audio": ("switch the audio", _audio),
            "video": ("switch the video", _video),
            "record": ("switch the recording", _record),
            "bitrate": ("cap the bitrate", set_bitrate),
            "substream": ("choose the layer", _substream),
        },
    )
}
