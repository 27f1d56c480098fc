"""One background asyncio loop, and the `Call` that carries its results to any thread or loop.

Nothing here knows what Janus is.
"""

from __future__ import annotations

from janus_notebook.bridge.call import Call
from janus_notebook.bridge.loop import BackgroundLoop, ErrorHook, background, stop_background

__all__ = ["BackgroundLoop", "Call", "ErrorHook", "background", "stop_background"]
