"""Tasks with an owner: whoever starts one here awaits its end, and hears of its error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from janus_notebook.errors import JanusError

__all__ = ["Tasks"]


class Tasks:
    """The background tasks of one object.

    Args:
        on_error: called with what a task raised; nobody awaits the task's result.
    """

    def __init__(self, on_error: Callable[[JanusError], None]) -> None:
        self._on_error = on_error
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Start a task."""
        task = asyncio.create_task(coroutine, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def settle(self, patience: float) -> None:
        """Await every task but the calling one; what has not ended after `patience` seconds is cancelled."""
        tasks = self._running - {asyncio.current_task()}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=patience)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, JanusError):
            self._on_error(error)
        elif error is not None:
            self._on_error(JanusError(f"{task.get_name()} failed: {type(error).__name__}: {error}"))
