"""`BackgroundLoop`: one asyncio loop on one daemon thread, and `background`, the process's own."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, TypeVarTuple

from janus_notebook.bridge.call import Call
from janus_notebook.bridge.switching import quick_switching
from janus_notebook.errors import JanusError, JanusOptionError, JanusStateError, JanusTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["BackgroundLoop", "ErrorHook", "background", "stop_background"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

ErrorHook: TypeAlias = "Callable[[str, BaseException], object]"
"""Called on the loop's thread with the name of what failed and the exception."""

GRACE_SECONDS: Final = 1.0
"""How long a failed call may stay unseen before the hooks hear of it: its ``await`` may be on its way."""

ABNORMAL_END_SECONDS: Final = 5.0
"""How long tasks may clean up when one of them has ended the loop with SystemExit."""

logger = logging.getLogger(__name__)


class BackgroundLoop:
    """One daemon thread that runs one asyncio loop; every method may be called from any thread.

    In a child made by ``fork`` the loop is not running: `start` begins a new one there, and
    what was submitted in the parent is refused.

    Attributes:
        on_error: hooks for what would else be silent: failed calls that nobody looks at, exceptions
            in callbacks and in tasks without an owner. With no hook at all they are logged.
    """

    def __init__(self, name: str = "janus-notebook") -> None:
        self.name = name
        self.on_error: list[ErrorHook] = []
        self._lock = threading.Lock()  # one start or stop at a time
        self._pid = os.getpid()
        self._run: _Run | None = None
        self._lost: list[_Run] = []  # of a parent process: closing their selectors would disturb it

    @property
    def running(self) -> bool:
        """Whether work can be submitted."""
        return self._current() is not None

    @property
    def thread(self) -> threading.Thread | None:
        """The loop's thread, or None when it is not running."""
        run = self._current()
        return run.thread if run is not None else None

    @property
    def on_thread(self) -> bool:
        """Whether the caller is on the loop's own thread."""
        return threading.current_thread() is self.thread

    def start(self, timeout: float = 10.0) -> None:
        """Start the thread and its loop; returns once it runs, does nothing if it does already.

        Raises:
            JanusTimeoutError: the thread did not come up within `timeout` seconds.
            Exception: what the start itself raised, such as OSError when no file can be opened.
        """
        if self._current() is not None:
            return
        with self._lock:
            if self._current() is None:
                run = _Run(self)
                run.begin(timeout)
                self._run = run

    def stop(self, timeout: float = 5.0) -> None:
        """Cancel what is left, await its end, close the loop, join the thread; idempotent.

        Calls that had not ended fail with JanusStateError.

        Raises:
            JanusTimeoutError: something did not end within `timeout` seconds. Tasks that ignored their
                cancellation are named, and dropped; a thread stuck in a callback is still there.
            JanusStateError: called on the loop's own thread.
        """
        if self.on_thread:
            raise JanusStateError("the background loop cannot be stopped from its own thread")
        self._forget_parent()
        with self._lock:
            run = self._run
            if run is not None:
                try:
                    run.end(timeout)
                finally:
                    if not run.thread.is_alive():
                        self._run = None

    def submit(
        self, work: Coroutine[Any, Any, T] | Callable[[], Coroutine[Any, Any, T]], *, name: str
    ) -> Call[T]:
        """Run a coroutine, or what a coroutine function without arguments makes, and return its `Call`.

        Raises:
            JanusOptionError: `work` is neither.
            JanusStateError: the loop is not running; the coroutine is closed.
        """
        coroutine = work if inspect.iscoroutine(work) else work() if callable(work) else work
        if not inspect.iscoroutine(coroutine):
            raise JanusOptionError(
                f"{name}: expected a coroutine or a coroutine function, not {type(work).__name__}"
            )
        run = self._current()
        call: Call[T] | None = run.submit(coroutine, name) if run is not None else None
        if call is None:
            coroutine.close()
            raise JanusStateError(f"{name}: the background loop is not running", hint="Call start() first.")
        return call

    def run_sync(self, function: Callable[[*Ts], T], *args: *Ts, timeout: float = 5.0) -> T:
        """Run a plain function on the loop's thread and return its result.

        On that thread already, it is simply called.

        Raises:
            JanusTimeoutError: no result within `timeout` seconds; if it had not begun, it never will.
            JanusStateError: the loop is not running.
            Exception: whatever the function raised.
        """
        if self.on_thread:
            return function(*args)

        async def once() -> T:
            return function(*args)

        call = self.submit(once, name=getattr(function, "__qualname__", repr(function)))
        try:
            return call.result(timeout)
        except JanusTimeoutError:
            call.cancel()
            raise

    def waited_for(self) -> list[Call[Any]]:
        """The calls that somebody waits for now."""
        run = self._current()
        return run.waited_for() if run is not None else []

    def report(self, name: str, error: BaseException) -> None:
        """Hand a failure to the hooks."""
        hooks = tuple(self.on_error)
        if not hooks:
            logger.error("%s failed", name, exc_info=error)
        for hook in hooks:
            try:
                hook(name, error)
            except Exception:
                logger.exception("an on_error hook failed on %s", name)

    def _current(self) -> _Run | None:
        self._forget_parent()
        run = self._run
        return run if run is not None and run.accepting else None

    def _forget_parent(self) -> None:
        """In a forked child: the thread does not exist here, and the lock may have been held."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._lock = threading.Lock()
            if self._run is not None:
                self._lost.append(self._run)
            self._run = None


class _Run:
    """One life of a background loop: from start to stop."""

    def __init__(self, owner: BackgroundLoop) -> None:
        self.owner = owner
        self.accepting = False
        self.thread = threading.Thread(target=self._main, name=owner.name, daemon=True)
        self.loop = asyncio.new_event_loop()  # here, so that its errors reach the caller
        self._lock = threading.Lock()  # guards accepting and the calls
        self._calls: set[Call[Any]] = set()
        self._unseen: dict[Call[Any], asyncio.TimerHandle] = {}
        self._started = threading.Event()
        self._stop_by: asyncio.Future[float] = self.loop.create_future()
        self._deadline = 0.0  # of the stop, by time.monotonic
        self._workers: list[threading.Thread] = []
        self._stuck: list[str] = []

    # On the caller's thread

    def begin(self, timeout: float) -> None:
        try:
            self.thread.start()
        except RuntimeError:  # the system gives no more threads
            self.loop.close()
            raise
        if not self._started.wait(timeout):
            raise JanusTimeoutError(f"the background loop did not start within {timeout} s")

    def end(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        self.post(self._request_stop, deadline)
        self.thread.join(timeout + 1.0)  # the loop keeps the deadline itself, unless it is stuck
        if self.thread.is_alive():
            raise JanusTimeoutError(
                f"the background loop did not stop within {timeout} s", hint="A callback blocks its thread."
            )
        if self._stuck:
            raise JanusTimeoutError(
                f"did not end within {timeout} s when the background loop stopped: {', '.join(self._stuck)}"
            )

    def post(self, function: Callable[[*Ts], object], *args: *Ts) -> bool:
        with self._lock:
            if self.accepting:
                self.loop.call_soon_threadsafe(function, *args)
            return self.accepting

    def submit(self, coroutine: Coroutine[Any, Any, T], name: str) -> Call[T] | None:
        call: Call[T] = Call(name, loop=self.loop, thread=self.thread, on_settled=self._settled)
        with self._lock:
            if not self.accepting:
                return None
            self._calls.add(call)
            self.loop.call_soon_threadsafe(call.start, coroutine)
        return call

    def waited_for(self) -> list[Call[Any]]:
        with self._lock:
            return [call for call in tuple(self._calls) if call.waited_for]

    # On the loop's thread

    def _main(self) -> None:
        executor = ThreadPoolExecutor(
            thread_name_prefix=f"{self.owner.name}-worker",
            initializer=lambda: self._workers.append(threading.current_thread()),
        )
        self.loop.set_default_executor(executor)
        self.loop.set_exception_handler(self._on_exception)
        asyncio.set_event_loop(self.loop)
        try:
            with quick_switching():
                self.loop.run_until_complete(self._serve())
        except BaseException as exc:  # noqa: BLE001 - a SystemExit of a task; a thread has no caller to get it
            self._deadline = time.monotonic() + ABNORMAL_END_SECONDS
            self.owner.report("background loop", exc)
        finally:
            with self._lock:
                self.accepting = False
            self.loop.run_until_complete(self._drain())
            self._join_workers(executor)
            asyncio.set_event_loop(None)
            self.loop.close()
            for call in tuple(self._calls):
                call.settle(error=call.cut_off)

    async def _serve(self) -> None:
        self.accepting = True
        self._started.set()
        self._deadline = await self._stop_by

    async def _drain(self) -> None:
        await asyncio.sleep(0)  # what was submitted in the last moment becomes a task
        for call in self._calls:
            call.cut_off = JanusStateError(f"{call.name} was cut off: the background loop has stopped")
        me = asyncio.current_task()
        while (left := asyncio.all_tasks() - {me}) and self._seconds_left() > 0:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=self._seconds_left())
        self._stuck += [task.get_name() for task in left]
        try:
            async with asyncio.timeout(self._seconds_left()):
                await self.loop.shutdown_asyncgens()
        except TimeoutError:
            self._stuck.append("an async generator")
        for call, timer in tuple(self._unseen.items()):
            timer.cancel()
            self._report_unseen(call)

    def _join_workers(self, executor: ThreadPoolExecutor) -> None:
        # The loop's own shutdown_default_executor has no deadline before Python 3.12, and from then on
        # cannot start the thread that it needs when the interpreter is exiting.
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.join(self._seconds_left())
            if worker.is_alive():
                self._stuck.append(f"a function on {worker.name}")

    def _seconds_left(self) -> float:
        return max(self._deadline - time.monotonic(), 0.0)

    def _request_stop(self, deadline: float) -> None:
        if not self._stop_by.done():
            self._stop_by.set_result(deadline)

    def _settled(self, call: Call[Any], error: BaseException | None) -> None:
        self._calls.discard(call)
        expected = error is None or error is call.cut_off or isinstance(error, asyncio.CancelledError)
        if not expected and not call.seen:
            self._unseen[call] = self.loop.call_later(GRACE_SECONDS, self._report_unseen, call)

    def _report_unseen(self, call: Call[Any]) -> None:
        self._unseen.pop(call, None)
        if not call.seen and (error := call.exception()) is not None:
            self.owner.report(call.name, error)

    def _on_exception(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        task = context.get("task") or context.get("future")
        name = task.get_name() if isinstance(task, asyncio.Task) else "background loop"
        self.owner.report(name, context.get("exception") or JanusError(context["message"]))


_shared: dict[str, BackgroundLoop] = {}


def background() -> BackgroundLoop:
    """Return the process's one background loop, running; made on first use, stopped at exit."""
    loop = _shared.get("loop")
    if loop is None:
        mine = BackgroundLoop()
        loop = _shared.setdefault("loop", mine)  # atomic: of two threads at once, one wins
        if loop is mine:
            atexit.register(loop.stop)
    loop.start()
    return loop


def stop_background() -> None:
    """Stop the process's loop, if it runs; the next `background` starts it again."""
    loop = _shared.get("loop")
    if loop is not None:
        loop.stop()
