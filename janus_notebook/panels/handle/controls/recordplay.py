"""Record&Play's controls."""

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
    text,
)

if TYPE_CHECKING:
    from janus_notebook.plugins.recordplay import JanusRecordPlayPlugin, Recording

__all__ = ["CONTROLS"]


def _groups(plugin: JanusRecordPlayPlugin, context: Context) -> list[Group]:
    live = plugin.state in ("negotiating", "connected")
    idle, busy = ("", "it records or plays already") if live else ("nothing is recorded or played", "")
    recordings: dict[str, Recording] = context.known.get("recordings", {})
    return [
        Group(
            "Recordings",
            "" if "recordings" in context.known else "Press List to see what was recorded on this server.",
            (
                Button("list", "List", "Ask the server which recordings it has: list()"),
                Button(
                    "record",
                    "Record test media",
                    "Record a moving test pattern and a tone from this notebook: record_on_server(name=…)",
                    fields=(Field("name", "Name", "What the recording is to be called", value="test"),),
                    off=busy,
                ),
                Button("pause", "Pause", "Hold the recording or playing: pause()", off=idle),
                Button("resume", "Resume", "Go on with it: resume()", off=idle),
                Button("stop", "Stop", "End the recording or playing: stop()", off=idle),
            ),
            columns=("id", "name", "when", "media") if recordings else (),
            rows=tuple(_row(key, each, busy) for key, each in recordings.items()),
        )
    ]


def _row(key: str, each: Recording, busy: str) -> Row:
    media = ", ".join(kind for kind in ("audio", "video", "data") if getattr(each, kind))
    play = Button("play", "Play", "Receive it in the notebook: play(id=…)", args={"id": key}, off=busy)
    return Row(key, (key, each.name, each.date, media), (play,))


async def _list(plugin: JanusRecordPlayPlugin, _arguments: Mapping[str, Any], context: Context) -> str:
    recordings = (await plugin.list()).recordings
    context.known["recordings"] = {str(each.id): each for each in recordings}
    return f"{len(recordings)} recording{'' if len(recordings) == 1 else 's'}"


async def _record(plugin: JanusRecordPlayPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    name = text(arguments, "name")
    await plugin.record_on_server(name=name)
    return f"recording {name!r}"


async def _play(plugin: JanusRecordPlayPlugin, arguments: Mapping[str, Any], context: Context) -> str:
    each: Recording = one_of(arguments, "id", context.known.get("recordings", {}))
    await plugin.play(id=each.id)
    return f"playing {each.name!r}"


async def _pause(plugin: JanusRecordPlayPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.pause()
    return "paused"


async def _resume(plugin: JanusRecordPlayPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.resume()
    return "going on"


async def _stop(plugin: JanusRecordPlayPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.stop()
    return "stopped"


CONTROLS = {
    "janus.plugin.recordplay": Controls(
        _groups,
        {
            "list": ("list the recordings", _list),
            "record": ("record", _record),
            "play": ("play", _play),
            "pause": ("pause", _pause),
            "resume": ("resume", _resume),
            "stop": ("stop", _stop),
        },
    )
}
