"""When the next frame of a source is due."""

from __future__ import annotations

import asyncio

__all__ = ["Pacer"]


class Pacer:
    """Hands out time slots of equal length on the running loop's monotonic clock.

    Slot ``n`` begins ``n * period`` seconds after the first one, so rounding never adds up
    to a drift. A caller that comes too late gets the slot of the present moment: the missed ones
    are left out, not sent in a burst.

    Args:
        period: length of a slot in seconds.
        catch_up: how many missed slots may still be made up for, one at once after the other.
    """

    def __init__(self, period: float, catch_up: int = 0) -> None:
        self.period = period
        self.catch_up = catch_up
        self._start: float | None = None
        self._slot = 0

    async def next(self) -> int:
        """Wait for the next slot and return its number; the first is 0 and is due at once."""
        now = asyncio.get_running_loop().time()
        if self._start is None:
            self._start = now
            return 0
        slot = max(self._slot + 1, int((now - self._start) / self.period) - self.catch_up)
        delay = self._start + slot * self.period - now
        if delay > 0:
            await asyncio.sleep(delay)
        self._slot = slot
        return slot
