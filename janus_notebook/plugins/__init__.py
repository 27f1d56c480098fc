"""Typed plugins: one module for each Janus plugin, found by the plugin's name."""

from __future__ import annotations

from importlib import import_module

from janus_notebook.client.plugin import JanusPlugin, full_plugin_name

__all__ = ["known_plugins", "load_plugins", "make_plugin", "plugin_class"]

# Package name to module and class; modules load when they are first used.
_CLASSES = {
    "janus.plugin.audiobridge": ("janus_notebook.plugins.audiobridge", "JanusAudioBridgePlugin"),
    "janus.plugin.echotest": ("janus_notebook.plugins.echotest", "JanusEchoTestPlugin"),
    "janus.plugin.nosip": ("janus_notebook.plugins.nosip", "JanusNoSipPlugin"),
    "janus.plugin.recordplay": ("janus_notebook.plugins.recordplay", "JanusRecordPlayPlugin"),
    "janus.plugin.sip": ("janus_notebook.plugins.sip", "JanusSipPlugin"),
    "janus.plugin.streaming": ("janus_notebook.plugins.streaming", "JanusStreamingPlugin"),
    "janus.plugin.textroom": ("janus_notebook.plugins.textroom", "JanusTextRoomPlugin"),
    "janus.plugin.videocall": ("janus_notebook.plugins.videocall", "JanusVideoCallPlugin"),
    "janus.plugin.videoroom": ("janus_notebook.plugins.videoroom", "JanusVideoRoomPlugin"),
}


def known_plugins() -> tuple[str, ...]:
    """The package names of the plugins that have a class of their own."""
    return tuple(_CLASSES)


def plugin_class(name: str) -> type[JanusPlugin]:
    """The class for a plugin (``echotest`` or ``janus.plugin.echotest``); `JanusPlugin` for others."""
    module_and_class = _CLASSES.get(full_plugin_name(name))
    if module_and_class is None:
        return JanusPlugin
    module, class_name = module_and_class
    found: type[JanusPlugin] = getattr(import_module(module), class_name)
    return found


def load_plugins() -> None:
    """Import every typed plugin, so that the events of all are read as what they are."""
    for module, _ in _CLASSES.values():
        import_module(module)


def make_plugin(name: str, *, opaque_id: str | None = None) -> JanusPlugin:
    """Make an unattached handle for a plugin by its name."""
    return plugin_class(name)(full_plugin_name(name), opaque_id=opaque_id)
