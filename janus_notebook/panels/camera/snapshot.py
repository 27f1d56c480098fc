"""What the camera panel shows, as small plain dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.panels.snapshot import NAME_LIMIT, clean, ident

if TYPE_CHECKING:
    from janus_notebook.plugins.browser.call import BrowserCall

__all__ = ["camera_snapshot"]

PLUGINS = {
    "janus.plugin.audiobridge": "AudioBridge",
    "janus.plugin.echotest": "EchoTest",
    "janus.plugin.recordplay": "Record&Play",
    "janus.plugin.streaming": "Streaming",
    "janus.plugin.textroom": "TextRoom",
    "janus.plugin.videocall": "VideoCall",
    "janus.plugin.videoroom": "VideoRoom",
}


def camera_snapshot(call: BrowserCall) -> dict[str, Any]:
    """The state of a call, and whom one sees."""
    handle, wants = call.handle, call.wants
    return {
        "head": {
            "title": f"In the browser: {PLUGINS.get(handle.name, clean(handle.name, NAME_LIMIT))}",
            "id": " ".join(filter(None, [clean(handle.label, NAME_LIMIT), ident(handle.id)])),
            "state": call.state,
            "reason": clean(call.reason, 400).rstrip("."),
            "page": clean(call.page, NAME_LIMIT),
        },
        "names": {clean(mid, 20): clean(name, 80) for mid, name in call.names.items()},
        "sends": ", ".join(filter(None, [wants.video, wants.audio])) or "nothing",
    }
