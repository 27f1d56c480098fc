"""The AudioBridge plugin.

Source: "AudioBridge plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusAudioBridgePlugin"]


class JanusAudioBridgePlugin(TypedPlugin):
    """A handle on AudioBridge (``janus.plugin.audiobridge``)."""

    plugin_name: ClassVar[str] = "janus.plugin.audiobridge"
