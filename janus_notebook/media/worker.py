"""A thread of its own for what may take any time: a user's function, a file, a device, an encoder."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["Worker"]

T = TypeVar("T")

Order = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Worker:
    """Calls functions one after the other in one daemon thread, which starts with the first of them.

    asyncio's own pool has few threads, which the encoders need, and is waited for when Python exits: some
    functions that never return would fill it, and hold up the end of the process as well. The thread also
    ends when nobody holds the worker any more.

    Args:
        name: of the thread, after ``janus-notebook-``.
    """

    def __init__(self, name: str) -> None:
        self._name = f"janus-notebook-{name}"
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._end = weakref.finalize(self, self._orders.put, None)
        self._end.atexit = False

    def submit(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Have `function` called on the thread; the future, of the running loop, has its result or error.

        What is cancelled before its turn is not called; a call that has begun comes to its own end.
        """
        if not self._end.alive:
            raise RuntimeError(f"{self._name} is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(_seen)
        if self._thread is None:
            self._thread = threading.Thread(target=_work, args=(self._orders,), name=self._name, daemon=True)
            self._thread.start()
        self._orders.put((function, future, loop))
        return future

    def close(self) -> None:
        """Let the thread end after what it was given so far. Idempotent."""
        self._end()


def _work(orders: SimpleQueue[Order | None]) -> None:
    while (order := orders.get()) is not None:
        function, future, loop = order
        result, error = None, None
        if not future.cancelled():
            try:
                result = function()
            except BaseException as exc:  # noqa: BLE001 (raised where it is awaited)
                error = exc
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, future, result, error)
        del order, function, future, result, error  # or they live until the next one comes


def _settle(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _seen(future: asyncio.Future[Any]) -> None:
    """Whoever asked may have gone: an error is no news to the loop then."""
    if not future.cancelled():
        future.exception()
