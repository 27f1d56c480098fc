"""The tasks of a plugin: its peers' negotiations, and their closing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from janus_notebook.gateway.practice.plugin import Done, PracticeHandle

__all__ = ["Work"]


class Work:
    """Owns a plugin's tasks. They are never cancelled, as aiortc leaves its sockets then; all end soon."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something; its error, if any, is reported to the loop."""
        task = asyncio.create_task(work, name="janus-practice-plugin")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def answer(self, handle: PracticeHandle, transaction: str, work: Coroutine[Any, Any, Done]) -> None:
        """Run something that gives a request's answer, and send it; to nobody, if the handle is gone."""

        async def answered() -> None:
            done = await work
            handle.event(done.data, transaction=transaction, jsep=done.jsep)

        self.begin(answered())

    async def wait(self) -> None:
        """Wait until all is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            context = {"message": "a practice plugin failed", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)
