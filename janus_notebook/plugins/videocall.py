"""The VideoCall plugin.

Source: "VideoCall plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusVideoCallPlugin"]


class JanusVideoCallPlugin(TypedPlugin):
    """A handle on VideoCall (``janus.plugin.videocall``)."""

    plugin_name: ClassVar[str] = "janus.plugin.videocall"
