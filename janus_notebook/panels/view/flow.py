"""`Flow`: when the next picture may go to the pages that look.

A page says "here" when it is looked at, "away" when it is not, and confirms each picture that it has drawn.
At most `WINDOW` pictures are under way to any page, one while they take long: whatever is slow, the kernel,
the line or the page, lowers the rate, and no queue can form that would be late.

Where comms have no thread of their own (ipykernel 6, or subshells switched off) a kernel hears nothing of its
pages while a cell runs. Then pictures go blindly, by the clock: few enough for any page to follow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["Flow"]

WINDOW: Final = 2
LONG_SECONDS: Final = 0.25
"""A page that confirms later than this has one picture under way at a time."""
SILENT_SECONDS: Final = 3.0
"""A page that has not confirmed for so long is not waited for, until it says something."""
DEAF_SECONDS: Final = 1.0
"""The same while a running cell may keep the kernel from hearing it."""
BLIND_SECONDS: Final = 0.5
"""Between pictures that nobody can confirm; a lot more after a while, for nobody may be there at all."""
BLIND_LATER_SECONDS: Final = 5.0
BLIND_PATIENCE_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.25
VIEWERS: Final = 32


@dataclass
class _Viewer:
    heard: float
    away: bool = False  # so it has said
    lost: bool = False  # it confirms nothing, and says nothing
    under_way: dict[int, float] = field(default_factory=dict)  # pictures, with when they were sent
    takes: float = 0.0  # to confirm, smoothed


class Flow:
    """The accounts of one view. Times are `time.monotonic`'s.

    Attributes:
        fps: pictures a second, at most.
        most_under_way: the most that any page ever had to confirm.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self.most_under_way = 0
        self._viewers: dict[str, _Viewer] = {}
        self._sent_at = 0.0
        self._blind_since: float | None = None

    # -- what pages say --------------------------------------------------------------------------

    def here(self, viewer: str, now: float) -> None:
        """A page looks on. What it has not confirmed for long was lost on the way."""
        mine = self._viewer(viewer, now)
        mine.away = False
        mine.under_way = {n: at for n, at in mine.under_way.items() if now - at < DEAF_SECONDS}

    def away(self, viewer: str, now: float) -> None:
        """A page is hidden, or the view is out of sight."""
        mine = self._viewer(viewer, now)
        mine.away, mine.under_way = True, {}

    def gone(self, viewer: str) -> None:
        """A page has closed the view."""
        self._viewers.pop(viewer, None)

    def seen(self, viewer: str, number: int, now: float) -> bool:
        """A page has drawn a picture; those before it are done with. Return whether that was awaited."""
        mine = self._viewer(viewer, now)
        sent = mine.under_way.get(number)
        mine.under_way = {n: at for n, at in mine.under_way.items() if n > number}
        if sent is not None:
            mine.takes = 0.6 * mine.takes + 0.4 * (now - sent) if mine.takes else now - sent
        return sent is not None

    # -- what may be sent ------------------------------------------------------------------------

    def lookers(self, now: float, *, deaf: bool) -> bool:
        """Whether anybody looks. `deaf`: a running cell may keep the kernel from hearing its pages."""
        return bool(self._live(now, deaf))

    def wait(self, now: float, *, deaf: bool) -> float:
        """For how many seconds nothing may be sent; or when to ask again, if nobody knows. 0 is now."""
        live = self._live(now, deaf)
        if not live:
            return self._blind_wait(now) if deaf else LOOK_SECONDS
        self._blind_since = None
        if any(len(each.under_way) >= (1 if each.takes > LONG_SECONDS else WINDOW) for each in live):
            return LOOK_SECONDS  # or until one confirms
        # In the clock's next slot of 1/fps: views of one rate ask for pictures at the same moments.
        return max((int(self._sent_at * self.fps) + 1) / self.fps - now, 0.0)

    def sent(self, number: int, now: float, *, deaf: bool) -> None:
        """A picture has gone out."""
        self._sent_at = now
        for each in self._live(now, deaf):
            each.under_way[number] = now
            self.most_under_way = max(self.most_under_way, len(each.under_way))

    def _blind_wait(self, now: float) -> float:
        if self._blind_since is None:
            self._blind_since = now
        patient = now - self._blind_since < BLIND_PATIENCE_SECONDS
        return max(self._sent_at + (BLIND_SECONDS if patient else BLIND_LATER_SECONDS) - now, 0.0)

    def _live(self, now: float, deaf: bool) -> list[_Viewer]:
        before = now - (DEAF_SECONDS if deaf else SILENT_SECONDS)
        for each in self._viewers.values():
            if each.heard < before and min(each.under_way.values(), default=now) < before:
                each.lost, each.under_way = True, {}
        return [each for each in self._viewers.values() if not (each.away or each.lost)]

    def _viewer(self, name: str, now: float) -> _Viewer:
        mine = self._viewers.pop(name, None) or _Viewer(now)
        self._viewers[name] = mine  # the last now
        mine.heard, mine.lost = now, False
        while len(self._viewers) > VIEWERS:
            self._viewers.pop(next(iter(self._viewers)))
        return mine
