"""The SIP plugin.

Source: "SIP plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from typing import ClassVar

from janus_notebook.plugins.typed import TypedPlugin

__all__ = ["JanusSipPlugin"]


class JanusSipPlugin(TypedPlugin):
    """A handle on SIP (``janus.plugin.sip``)."""

    plugin_name: ClassVar[str] = "janus.plugin.sip"
