"""TextRoom: with the ``media`` extra people talk over data channels; without, rooms can only be managed.

Source: "TextRoom plugin documentation" of the Janus documentation, and what Janus 1.1.2 answers.
"""

from __future__ import annotations

from janus_notebook.gateway.practice.plugins.textroom.plugin import TextRoom

__all__ = ["TextRoom"]
