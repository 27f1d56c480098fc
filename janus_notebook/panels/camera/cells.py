"""Whether the kernel runs a cell, and whether it hears a page meanwhile.

An older kernel handles what a page sends between two cells only. A newer one, with a front end that opens a
subshell for widgets, hears it at once. Which of the two it is shows itself with the first message that comes
while a cell runs.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Cells"]


class Cells:
    """The cells of this kernel, from now on. Made within a cell, as a rule: that one counts as running."""

    def __init__(self) -> None:
        from IPython.core.getipython import get_ipython

        self._hears = False
        shell: Any = get_ipython()
        self._running = shell is not None
        if shell is not None:
            shell.events.register("pre_run_cell", self._begin)
            shell.events.register("post_run_cell", self._end)

    def _begin(self, *_: object) -> None:
        self._running = True

    def _end(self, *_: object) -> None:
        self._running = False

    def heard(self) -> None:
        """A message has come, on whatever thread."""
        self._hears = self._hears or self._running

    def deaf(self) -> bool:
        """Whether nothing can be heard now."""
        return self._running and not self._hears

    def close(self) -> None:
        """Follow no more. Idempotent."""
        from IPython.core.getipython import get_ipython

        shell: Any = get_ipython()
        for name, callback in (("pre_run_cell", self._begin), ("post_run_cell", self._end)):
            if shell is not None and callback in shell.events.callbacks.get(name, ()):
                shell.events.unregister(name, callback)
