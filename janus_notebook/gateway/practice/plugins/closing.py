"""Peers that are being closed: the plugin is asked synchronously, and a close takes a moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.peer import PracticePeer

__all__ = ["Closing"]


class Closing:
    """Owns the tasks that close a plugin's peers."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, peer: PracticePeer) -> None:
        """Close a peer."""
        task = asyncio.create_task(peer.close(), name="janus-practice-peer-close")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until all are closed."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
