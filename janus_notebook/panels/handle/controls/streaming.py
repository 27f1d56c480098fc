"""Streaming's controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.panels.handle.controls.base import Button, Context, Controls, Group, Row, one_of

if TYPE_CHECKING:
    from janus_notebook.plugins.streaming import JanusStreamingPlugin
    from janus_notebook.plugins.streaming.replies import Mountpoint

__all__ = ["CONTROLS"]


def _groups(plugin: JanusStreamingPlugin, context: Context) -> list[Group]:
    live = plugin.state in ("negotiating", "connected")
    idle = "" if live else "nothing is watched"
    mountpoints: dict[str, Mountpoint] = context.known.get("mountpoints", {})
    return [
        Group(
            "Mountpoints",
            "" if "mountpoints" in context.known else "Press List to see what this server streams.",
            (
                Button("list", "List", "Ask the server which mountpoints it has: list()"),
                Button("pause", "Pause", "Send nothing to this viewer until Resume: pause()", off=idle),
                Button("resume", "Resume", "Send again: start()", off=idle),
                Button("stop", "Stop", "Stop watching and close the connection: stop()", off=idle),
            ),
            columns=("id", "what", "media") if mountpoints else (),
            rows=tuple(_row(key, each, live) for key, each in mountpoints.items()),
        )
    ]


def _row(key: str, each: Mountpoint, live: bool) -> Row:
    media = ", ".join(f"{medium.type} {medium.codec or ''}".strip() for medium in each.media)
    what = f"{each.description or '–'} ({each.type}{'' if each.enabled else ', disabled'})"
    button = (
        Button(
            "switch",
            "Switch to it",
            "Watch this one over the same connection: switch(id=…)",
            args={"id": key},
        )
        if live
        else Button("watch", "Watch", "Receive this one in the notebook: watch(id=…)", args={"id": key})
    )
    return Row(key, (key, what, media or "–"), (button,))


async def _list(plugin: JanusStreamingPlugin, _arguments: Mapping[str, Any], context: Context) -> str:
    mountpoints = (await plugin.list()).mountpoints
    context.known["mountpoints"] = {str(each.id): each for each in mountpoints}
    return f"{len(mountpoints)} mountpoint{'' if len(mountpoints) == 1 else 's'}"


async def _watch(plugin: JanusStreamingPlugin, arguments: Mapping[str, Any], context: Context) -> str:
    each: Mountpoint = one_of(arguments, "id", context.known.get("mountpoints", {}))
    await plugin.watch(id=each.id)
    return f"mountpoint {each.id} is watched"


async def _switch(plugin: JanusStreamingPlugin, arguments: Mapping[str, Any], context: Context) -> str:
    each: Mountpoint = one_of(arguments, "id", context.known.get("mountpoints", {}))
    await plugin.switch(id=each.id)
    return f"switched to mountpoint {each.id}"


async def _pause(plugin: JanusStreamingPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.pause()
    return "paused"


async def _resume(plugin: JanusStreamingPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.start()
    return "going on"


async def _stop(plugin: JanusStreamingPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.stop()
    return "stopped"


CONTROLS = {
    "janus.plugin.streaming": Controls(
        _groups,
        {
            "list": ("list the mountpoints", _list),
            "watch": ("watch", _watch),
            "switch": ("switch", _switch),
            "pause": ("pause", _pause),
            "resume": ("resume", _resume),
            "stop": ("stop", _stop),
        },
    )
}
