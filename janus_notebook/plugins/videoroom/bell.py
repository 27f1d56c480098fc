"""`Bell`: lets coroutines wait for the next change of something."""

from __future__ import annotations

import asyncio

__all__ = ["Bell"]


class Bell:
    """Counts changes, and wakes those who wait for one. It belongs to one event loop.

    Attributes:
        count: how many there have been.
    """

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something has changed."""
        self.count += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def wait(self, since: int) -> None:
        """Return as soon as there have been more than `since` changes; at once if there were."""
        while self.count <= since:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)
