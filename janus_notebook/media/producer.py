"""The user's function, iterator or generator, asked for one thing after the other."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from janus_notebook.errors import JanusError, JanusMediaError
from janus_notebook.media.worker import Worker

__all__ = ["END", "Producer", "is_producer"]

END: Any = object()


def is_producer(given: object) -> bool:
    """Say whether `Producer` takes it."""
    return callable(given) or isinstance(given, (Iterator, AsyncIterator))


class Producer:
    """Asks a function of no arguments, an iterator, or what a (generator) function returns; async or not.

    What is not async runs in a thread of its own, so that it may take its time. What is async runs on the
    loop, and must not: it shares it with the session.

    Args:
        given: see above; a function that returns an iterator is asked for that one only.
        what: what it gives, for errors: ``"video"`` or ``"audio"``.
    """

    def __init__(self, given: Any, what: str) -> None:
        self._given = given
        self._what = what
        self._worker = Worker(f"source-{what}")

    async def next(self, convert: Callable[[Any], Any]) -> Any:
        """Return what `convert` makes of the next thing, or `END`; None counts as the end, too.

        Raises:
            JanusError: `convert` raised it.
            JanusMediaError: the function or iterator raised something, which is the cause.
        """
        if not _is_async(self._given):
            made = await self._worker.submit(lambda: self._made(convert))
            if not _is_async(made):
                return made
            # A function that returned something async: a coroutine, or an iterator for all further ones.
            if isinstance(made, AsyncIterator):
                self._given = made
            else:
                return await self._awaited(made, convert)
        if isinstance(self._given, AsyncIterator):
            return await self._awaited(anext(self._given, END), convert)
        asked = self._given()
        if isinstance(asked, AsyncIterator):
            self._given = asked
            return await self.next(convert)
        return await self._awaited(asked, convert)

    def close(self) -> None:
        """Ask no more; a call that is under way comes to its own end. Idempotent."""
        self._worker.close()

    async def _awaited(self, coming: Awaitable[Any], convert: Callable[[Any], Any]) -> Any:
        try:
            value = await coming
        except Exception as exc:
            raise self._raised(exc) from exc
        return END if value is None or value is END else convert(value)

    def _made(self, convert: Callable[[Any], Any]) -> Any:
        try:
            value = self._asked()
        except StopIteration:  # from a function that calls next(); a future could not carry it
            return END
        except Exception as exc:
            raise self._raised(exc) from exc
        if value is None or value is END:
            return END
        return value if _is_async(value) else convert(value)

    def _asked(self) -> Any:
        if isinstance(self._given, Iterator):
            return next(self._given, END)
        value = self._given()
        if isinstance(value, Iterator):
            self._given = value
            return next(value, END)
        return value

    def _raised(self, exc: Exception) -> JanusError:
        reason = f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__
        return JanusMediaError(f"the {self._what} source raised {reason}")


def _is_async(value: object) -> bool:
    return (
        isinstance(value, AsyncIterator)
        or inspect.isawaitable(value)
        or inspect.iscoroutinefunction(value)
        or inspect.isasyncgenfunction(value)
    )
