"""A thread of its own for what may take any time: a user's function, a file, a device, an encoder."""

from __future__ import annotations

import asyncio
import queue
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Worker"]

T = TypeVar("T")


class Worker:
    """Runs functions one after the other in one daemon thread, which starts with the first of them.

    asyncio's own pool has few threads, which the encoders need: some functions that never return would
    fill it, and hold up the end of the process as well.

    Args:
        name: of the thread, after ``janus-notebook-``.
    """

    def __init__(self, name: str) -> None:
        self._name = f"janus-notebook-{name}"
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._end = weakref.finalize(self, self._jobs.put, None)
        self._end.atexit = False

    async def run(self, function: Callable[[], T]) -> T:
        """Return what `function` returns, or raise what it raises.

        A call that is cancelled leaves the function to come to its own end.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._thread is None:
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put((function, future, loop))
        return await future

    def close(self) -> None:
        """Let the thread end after what it is doing. Idempotent."""
        self._end()


def _work(jobs: queue.SimpleQueue[Any]) -> None:
    while (job := jobs.get()) is not None:
        function, future, loop = job
        result, error = None, None
        if not future.cancelled():
            try:
                result = function()
            except BaseException as exc:  # noqa: BLE001 (raised where it is awaited)
                error = exc
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, future, result, error)
        del job, function, future, result, error  # or they live until the next one comes


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
