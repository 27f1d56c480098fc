"""VideoRoom at signalling level: every answer and event of a conference, and no media.

Source: "VideoRoom plugin documentation" of the Janus documentation, and what Janus 1.1.2 answers.
"""

from __future__ import annotations

from janus_notebook.gateway.practice.plugins.videoroom.plugin import VideoRoom

__all__ = ["VideoRoom"]
