"""A thread for work that may take long, or for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["Worker"]

T = TypeVar("T")

Order = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Worker:
    """Does one thing after the other on a thread of its own, for one event loop.

    A pool of `concurrent.futures` is waited for when Python exits. This one is not: what it does may be a
    user's function that never returns.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: asyncio.Future[Any] | None = None
        self._closed = False

    def submit(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Have `function` called on the thread; the future has its result, on the running loop."""
        if self._closed:
            raise RuntimeError(f"{self._name} is closed")
        loop = asyncio.get_running_loop()
        self._last = future = loop.create_future()
        future.add_done_callback(_seen)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._orders.put((function, future, loop))
        return future

    def close(self) -> None:
        """Let the thread end after what it does now; its result is for nobody. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._last is not None:
            self._last.cancel()
        self._orders.put(None)

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            function, future, loop = order
            try:
                result, error = function(), None
            except BaseException as exc:  # noqa: BLE001 - it is the future's: whoever waits for it raises it
                result, error = None, exc
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_settle, future, result, error)
            del order, function, future, result, error  # nothing of them is kept until the next


def _settle(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _seen(future: asyncio.Future[Any]) -> None:
    """Whoever asked may have gone: an error is no news to the loop then."""
    if not future.cancelled():
        future.exception()
