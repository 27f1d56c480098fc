"""The controls of the handle panel: for each plugin a small table of what it offers.

They call the typed methods of the handle. A plugin without a table, an untyped handle and a recording have
none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.plugins import plugin_class

if TYPE_CHECKING:
    from janus_notebook.panels.handle.controls.base import Controls

__all__ = ["controls_for"]

_MODULES: Final = {
    "janus.plugin.audiobridge": "audiobridge",
    "janus.plugin.echotest": "echotest",
    "janus.plugin.nosip": "calls",
    "janus.plugin.recordplay": "recordplay",
    "janus.plugin.sip": "calls",
    "janus.plugin.streaming": "streaming",
    "janus.plugin.textroom": "textroom",
    "janus.plugin.videocall": "calls",
    "janus.plugin.videoroom": "videoroom",
}


def controls_for(handle: Any) -> Controls | None:
    """The controls of a handle's plugin, or None."""
    module = _MODULES.get(handle.name)
    if module is None or not isinstance(handle, JanusPlugin) or type(handle) is JanusPlugin:
        return None
    if not isinstance(handle, plugin_class(handle.name)):
        return None
    tables: dict[str, Controls] = import_module(f"{__name__}.{module}").CONTROLS
    return tables[handle.name]
