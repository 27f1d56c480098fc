"""What a live view has shown: rates of the last seconds, and counts since it began."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Any, Final

__all__ = ["Figures"]

WINDOW_SECONDS: Final = 3.0
LEAST_SECONDS: Final = 0.5


class Figures:
    """The counts of one view. Times are POSIX seconds.

    A picture is shown when the first page has confirmed it. Its latency is from the moment its frame was
    decoded until that word arrived: what a person waits, and a little more.

    Attributes:
        shown: pictures that a page has drawn.
        left_out: frames that came while the view was playing and were not shown: it shows the newest only.
        worst: the longest latency so far, in seconds.
    """

    def __init__(self) -> None:
        self.shown = 0
        self.left_out = 0
        self.worst = 0.0
        self._sent: deque[tuple[float, int]] = deque()
        self._under_way: dict[int, float] = {}
        self._seen: deque[tuple[float, float]] = deque()

    def sent(self, number: int, arrived: float, size: int, skipped: int, now: float) -> None:
        """A picture has gone out, with so many frames left out before it."""
        self.left_out += skipped
        self._sent.append((now, size))
        self._under_way[number] = arrived
        while len(self._under_way) > 100:  # nobody confirms
            self._under_way.pop(next(iter(self._under_way)))

    def seen(self, number: int, now: float) -> None:
        """A page has confirmed a picture in time."""
        arrived = self._under_way.pop(number, None)
        if arrived is not None:
            self.shown += 1
            self._seen.append((now, now - arrived))
            self.worst = max(self.worst, now - arrived)

    def now(self, now: float) -> dict[str, Any]:
        """The rates: ``fps``, ``kilobytes`` a second, ``latency`` in milliseconds, or None."""
        for kept in (self._sent, self._seen):
            while kept and now - kept[0][0] > WINDOW_SECONDS:
                kept.popleft()
        span = now - self._seen[0][0] if self._seen else 0.0
        return {
            # Two that are confirmed in one breath say nothing of a rate.
            "fps": round((len(self._seen) - 1) / span, 1) if span > LEAST_SECONDS else 0.0,
            "kilobytes": round(sum(size for _, size in self._sent) / WINDOW_SECONDS / 1000),
            "latency": round(median(took for _, took in self._seen) * 1000) if self._seen else None,
        }
