"""The VideoRoom plugin.

Source: "VideoRoom plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusVideoRoomPlugin"]


class JanusVideoRoomPlugin(TypedPlugin):
    """A handle on VideoRoom (``janus.plugin.videoroom``)."""

    plugin_name: ClassVar[str] = "janus.plugin.videoroom"
