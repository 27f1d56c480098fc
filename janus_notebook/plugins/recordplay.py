"""The Record&Play plugin.

Source: "Record&Play plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusRecordPlayPlugin"]


class JanusRecordPlayPlugin(TypedPlugin):
    """A handle on Record&Play (``janus.plugin.recordplay``)."""

    plugin_name: ClassVar[str] = "janus.plugin.recordplay"
