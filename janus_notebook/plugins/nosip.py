"""The NoSIP plugin.

Source: "NoSIP plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusNoSipPlugin"]


class JanusNoSipPlugin(TypedPlugin):
    """A handle on NoSIP (``janus.plugin.nosip``)."""

    plugin_name: ClassVar[str] = "janus.plugin.nosip"
