"""One timer for any number of deadlines: a request then costs no timer of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from janus_notebook.errors import JanusOptionError

__all__ = ["Deadlines", "check_seconds"]


def check_seconds(name: str, value: object) -> float:
    """Return a timeout as a float.

    Raises:
        JanusOptionError: it is no number of seconds above 0, or not finite: every wait has an end.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < inf:
        raise JanusOptionError(f"{name} must be seconds above 0, and finite, not {value!r}")
    return float(value)


class Deadlines:
    """Calls `expire` when the earliest of its deadlines has come.

    Args:
        expire: given the time (of the loop's clock), ends what is due by then and returns the next
            deadline, ``inf`` for none. A deadline that is over by other means needs no word: the timer
            just comes too early once.
    """

    def __init__(self, expire: Callable[[float], float]) -> None:
        self._expire = expire
        self._timer: asyncio.TimerHandle | None = None
        self._when = inf

    def add(self, when: float, loop: asyncio.AbstractEventLoop) -> None:
        """Wake at `when` on the loop's clock, if not earlier."""
        if when < self._when:
            self.stop()
            self._when = when
            self._timer = loop.call_at(when, self._wake, loop)

    def stop(self) -> None:
        """Forget every deadline."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._when = None, inf

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._when = None, inf
        self.add(self._expire(loop.time()), loop)
