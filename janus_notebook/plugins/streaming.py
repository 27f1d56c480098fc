"""The Streaming plugin.

Source: "Streaming plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusStreamingPlugin"]


class JanusStreamingPlugin(TypedPlugin):
    """A handle on Streaming (``janus.plugin.streaming``)."""

    plugin_name: ClassVar[str] = "janus.plugin.streaming"
