"""`Call`: work that runs on the background loop, seen from any other thread or loop."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from janus_notebook.errors import JanusStateError, JanusTimeoutError
from janus_notebook.texts import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterator
    from types import TracebackType

__all__ = ["Call"]

T = TypeVar("T")

WAKE_SECONDS: Final = 0.25
"""How often an awaiting loop wakes by itself: it notices an interrupt only then."""
CLEANUP_SECONDS: Final = 0.5
"""How long an interrupted waiter waits for the cancelled work to clean up."""

AFTER_WAIT: Final[list[Callable[[], object]]] = []
"""Called when a wait for any call is over, on the thread that waited, before it goes on."""


class NotAwaitedError(JanusStateError, AttributeError):
    """A call was used as if it were its value."""


class Call(Generic[T]):
    """Work that runs on the background loop whether or not anybody waits for it.

    ``await call`` gives its value in any asyncio loop, as often as wanted and from several loops;
    ``call.result(timeout)`` gives it by blocking the thread. An exception of the work comes out
    of both as the same object.

    Interrupting or cancelling a waiter cancels the work if it was the *last* waiter: while another
    task or thread still waits, the work goes on. `cancel` always cancels. A waiter that has
    cancelled the work stays up to 0.5 s for its clean-up, so that what the work used can
    be used again.

    A failure that nobody looks at within a second goes to the background loop's ``on_error`` hooks.

    Calls are made by `BackgroundLoop.submit`.
    """

    def __init__(
        self,
        name: str,
        *,
        loop: asyncio.AbstractEventLoop,
        thread: threading.Thread,
        on_settled: Callable[[Call[Any], BaseException | None], None],
    ) -> None:
        self.name = name
        self._loop = loop
        self._thread = thread
        self._on_settled = on_settled
        self._pid = os.getpid()
        self._lock = threading.Lock()  # guards _waiters and _wakers, and the moment of completion
        self._completed = threading.Event()
        self._waiters = 0
        self._wakers: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}
        self._seen = False
        self._task: asyncio.Task[T] | None = None
        self._cancel_requested = False
        self.cut_off: BaseException | None = None  # the error to end with when the loop is being stopped
        self._value: T
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None

    # What everybody may call, from any thread

    def done(self) -> bool:
        """Whether the work has ended: with a value, an error, or cancelled."""
        return self._completed.is_set()

    def cancelled(self) -> bool:
        """Whether the work ended by being cancelled."""
        return self.done() and isinstance(self._error, asyncio.CancelledError)

    def cancel(self) -> bool:
        """Ask the work to stop; False if it has ended already. Does not wait."""
        if self.done():
            return False
        self._refuse_after_fork()
        self._cancel_requested = True
        with suppress(RuntimeError):  # the loop has closed, and the owner has failed this call
            self._loop.call_soon_threadsafe(self._cancel_task)
        return True

    def result(self, timeout: float | None = None) -> T:
        """Block this thread until the work has ended and return its value.

        Args:
            timeout: seconds to wait, or None for as long as the work takes.

        Raises:
            JanusTimeoutError: not finished within `timeout`; the work goes on.
            JanusStateError: called on the background loop's own thread, where waiting is a deadlock.
            asyncio.CancelledError: the work was cancelled.
            KeyboardInterrupt: at once; the work is cancelled.
            Exception: whatever the work raised.
        """
        self._block(timeout)
        return self._outcome()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Block until the work has ended and return its exception, or None; waits as `result` does."""
        self._block(timeout)
        self._seen = True
        if isinstance(self._error, asyncio.CancelledError):
            raise self._error.with_traceback(self._traceback)
        return self._error

    def __await__(self) -> Generator[Any, None, T]:
        return self._wait().__await__()

    async def __aenter__(self) -> Any:
        """``async with connect() as session:`` waits for the value and enters it."""
        value: Any = await self
        return await value.__aenter__()

    async def __aexit__(self, *exc_info: object) -> Any:
        value: Any = self.result(0)
        return await value.__aexit__(*exc_info)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)  # what IPython and others probe for
        raise NotAwaitedError(
            f"{self.name}() gave a Call, which has no {name!r}",
            hint="Use its value: `await` it, or .result().",
        )

    def __repr__(self) -> str:
        return f"<Call {self.name}: {self._status()}>"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """IPython's display of a call that was not awaited."""
        hint = "" if self.done() else "; `await` it or call .result()"
        printer.text(f"<Call {self.name}: {self._status()}{hint}>")

    def _status(self) -> str:
        if not self.done():
            return "running"
        if self._error is None:
            # Not the value itself: it may hold a secret, and this module can't tell.
            return "finished" if self._value is None else f"finished: {type(self._value).__name__}"
        if isinstance(self._error, asyncio.CancelledError):
            return "cancelled"
        return clean(f"failed: {type(self._error).__name__}: {self._error}", 200)

    # Waiting

    def _outcome(self) -> T:
        self._seen = True
        if self._error is not None:
            # Raising adds frames to the traceback; each time it starts anew from where the work failed.
            raise self._error.with_traceback(self._traceback)
        return self._value

    def _block(self, timeout: float | None) -> None:
        if self.done():
            return
        if threading.current_thread() is self._thread:
            raise JanusStateError(
                f"{self.name}: waiting on the background loop's own thread would never end",
                hint="In a coroutine, use `await`.",
            )
        self._refuse_after_fork()
        with self._lock:
            self._waiters += 1
        try:
            completed = self._completed.wait(timeout)
        except BaseException as reason:
            self._shorten(reason)
            if self._leave() and self.cancel():
                self._completed.wait(CLEANUP_SECONDS)
            raise
        self._leave()
        if not completed:
            raise JanusTimeoutError(
                f"{self.name} did not finish within {timeout} s", hint="It still runs; .cancel() stops it."
            )

    async def _wait(self) -> T:
        if self.done():
            return self._outcome()
        self._refuse_after_fork()
        if self._task is not None and asyncio.current_task() is self._task:
            raise JanusStateError(f"{self.name} awaits itself, which would never end")
        with self._lock:
            self._waiters += 1
        try:
            with _waking(asyncio.get_running_loop()):
                await self._completion()
        except BaseException as reason:
            self._shorten(reason)
            cancelling = self._leave() and self.cancel()
            if cancelling and not isinstance(reason, GeneratorExit):  # a closed generator may not await
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLEANUP_SECONDS):
                        await self._completion()
            raise
        self._leave()
        return self._outcome()

    def _shorten(self, reason: BaseException) -> None:
        """Let an interrupted cell show one line in IPython, not the way through this module."""
        if isinstance(reason, asyncio.CancelledError | KeyboardInterrupt):
            reason._render_traceback_ = self._interrupted  # type: ignore[union-attr] # IPython looks for it

    def _interrupted(self) -> list[str]:
        # Asked when the cell has ended: by then it is known how the work did.
        how = "it was cancelled" if self.cancelled() else "it had finished" if self.done() else "it goes on"
        return [f"Interrupted while waiting for {self.name}; {how}."]

    async def _completion(self) -> None:
        """Wait in the running loop; woken by the background loop at the moment the work ends."""
        loop = asyncio.get_running_loop()
        waker = loop.create_future()
        with self._lock:
            if self.done():
                return
            self._wakers[waker] = loop
        try:
            await waker
        finally:
            with self._lock:
                self._wakers.pop(waker, None)

    def _leave(self) -> bool:
        """Count one waiter less; True if it was the last."""
        with self._lock:
            self._waiters -= 1
            last = self._waiters == 0
        for hook in tuple(AFTER_WAIT):
            hook()
        return last

    def _refuse_after_fork(self) -> None:
        if self._pid != os.getpid():
            raise JanusStateError(
                f"{self.name} runs in the parent of this process", hint="Make a new call after the fork."
            )

    @property
    def waited_for(self) -> bool:
        """Whether anybody waits for the end."""
        return self._waiters > 0

    @property
    def seen(self) -> bool:
        """Whether anybody waited for the end or has asked for the outcome."""
        return self._seen

    # For `BackgroundLoop`, which owns the work; on its thread

    def start(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(work, name=self.name)
        self._task.add_done_callback(self._finish)
        if self._cancel_requested:
            self._task.cancel()

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _finish(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            cut_off = None if self._cancel_requested else self.cut_off
            self.settle(error=cut_off or asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self.settle(error=error)
        else:
            self._value = task.result()
            self.settle(error=None)

    def settle(self, *, error: BaseException | None) -> None:
        """Record how it ended and wake every waiter; the first time counts."""
        with self._lock:
            if self.done():
                return
            self._error = error
            self._traceback = error.__traceback__ if error is not None else None
            self._seen = self._seen or self._waiters > 0
            self._completed.set()
            wakers, self._wakers = self._wakers, {}
        for waker, loop in wakers.items():
            with suppress(RuntimeError):  # that loop has closed, so nobody waits there
                loop.call_soon_threadsafe(_wake, waker)
        self._on_settled(self, error)


@contextmanager
def _waking(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let `loop` wake every `WAKE_SECONDS`.

    ipykernel's SIGINT handler queues the cancellation of the cell without waking the loop, so
    it lands when the loop wakes for something else.
    """

    timer: asyncio.TimerHandle

    def tick() -> None:
        nonlocal timer
        timer = loop.call_later(WAKE_SECONDS, tick)

    timer = loop.call_later(WAKE_SECONDS, tick)
    try:
        yield
    finally:
        timer.cancel()


def _wake(waker: asyncio.Future[None]) -> None:
    if not waker.done():
        waker.set_result(None)
