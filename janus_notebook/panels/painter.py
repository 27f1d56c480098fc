"""`Painter`: the one task that brings panels up to date, and the one writer of their live traits.

It runs on the loop of the sessions it shows, so it reads them without locks and goes on while a cell
computes.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TICK_SECONDS", "Paintable", "Painter"]

TICK_SECONDS: Final = 0.1
"""Each message of a panel costs it one tick, so it sends at most ten a second."""
RESTLESS_SECONDS: Final = 0.2
"""How often a panel is painted that has changed with every tick for a while, as in a flood of events: nobody
reads faster, and it leaves the kernel and the page twice the time for cells and clicks."""
RESTLESS_AFTER: Final = 10
"""So many paintings in a row with a change are a while."""
RESTING_SECONDS: Final = 1.0
"""How often panels are looked at whose session or handle has ended: it may be opened again."""


class Paintable(Protocol):
    """What the painter needs of a panel. All of it is called on the loop's thread."""

    @property
    def alive(self) -> bool:
        """Whether what it shows can still change by itself."""

    @property
    def orphaned(self) -> bool:
        """Whether what it shows no longer exists, so that nobody can show the panel again."""

    def paint(self, now: float) -> int:
        """Send what has changed; return how many messages that took."""

    def fail(self, error: Exception) -> None:
        """Report that painting raised."""

    def release(self) -> None:
        """Give the front end's resources back."""


@dataclass
class _Slot:
    due: float
    free: float  # when its messages so far allow the next one
    changes: int = 0  # how many paintings in a row have sent something


class Painter:
    """Paints panels while there are any.

    Its methods are called on the loop's thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._slots: dict[Paintable, _Slot] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    @property
    def panels(self) -> tuple[Paintable, ...]:
        """The panels that are painted."""
        return tuple(self._slots)

    @property
    def running(self) -> bool:
        """Whether the task runs."""
        return self._task is not None and not self._task.done()

    def add(self, panel: Paintable) -> None:
        """Paint `panel` from now on."""
        now = self._clock()
        self._slots.setdefault(panel, _Slot(due=now, free=now))
        if self.running:
            self._wake.set()
        else:
            self._wake = asyncio.Event()  # an event belongs to the loop that first waited for it
            # An empty context: what is sent belongs to the cell that runs then, not to the one that
            # happened to show the first panel.
            self._task = asyncio.get_running_loop().create_task(
                self._run(), name="janus-panels-painter", context=contextvars.Context()
            )

    def hurry(self, panel: Paintable) -> None:
        """Paint `panel` as soon as its rate allows: somebody has clicked."""
        if panel in self._slots:
            self._slots[panel].due = self._slots[panel].free
            self._wake.set()

    def discard(self, panel: Paintable) -> None:
        """Paint `panel` no more; the task ends with its last panel."""
        self._slots.pop(panel, None)
        self._wake.set()

    async def close(self) -> None:
        """Forget every panel and await the end of the task. Idempotent."""
        self._slots.clear()
        self._wake.set()
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait([task])

    async def _run(self) -> None:
        while self._slots:
            self._wake.clear()
            for panel in tuple(self._slots):
                self._step(panel)
            next_due = min((slot.due for slot in self._slots.values()), default=0.0)
            try:
                async with asyncio.timeout(max(next_due - self._clock(), 0.001)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _step(self, panel: Paintable) -> None:
        now, slot = self._clock(), self._slots.get(panel)
        if slot is None or now < slot.due:
            return
        if panel.orphaned:
            self.discard(panel)
            panel.release()
            return
        try:
            messages = panel.paint(now)
        except Exception as exc:  # noqa: BLE001 - a defect in one panel must not stop the others; it is reported
            self.discard(panel)
            panel.fail(exc)
            return
        now = self._clock()  # again: painting takes time, and its messages went out at some point of it
        slot.changes = slot.changes + 1 if messages else 0
        slot.free = now + messages * TICK_SECONDS
        slot.due = max(slot.free, now + self._pause(slot, panel))

    @staticmethod
    def _pause(slot: _Slot, panel: Paintable) -> float:
        if not panel.alive:
            return RESTING_SECONDS
        return RESTLESS_SECONDS if slot.changes >= RESTLESS_AFTER else TICK_SECONDS
