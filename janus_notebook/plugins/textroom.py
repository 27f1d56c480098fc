"""The TextRoom plugin.

Source: "TextRoom plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusTextRoomPlugin"]


class JanusTextRoomPlugin(TypedPlugin):
    """A handle on TextRoom (``janus.plugin.textroom``)."""

    plugin_name: ClassVar[str] = "janus.plugin.textroom"
