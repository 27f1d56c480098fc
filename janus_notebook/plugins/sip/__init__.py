"""The SIP plugin.

Source: "SIP plugin documentation" of the Janus documentation; RFC 3261 (SIP), 3515 (REFER), 3428 (MESSAGE).
"""

from __future__ import annotations

from janus_notebook.plugins.sip.plugin import JanusSipPlugin
from janus_notebook.plugins.sip.replies import JanusSipError

__all__ = ["JanusSipError", "JanusSipPlugin"]
