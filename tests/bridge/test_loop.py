"""`BackgroundLoop`: start, stop, what it refuses, and who hears of errors."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.bridge import BackgroundLoop
from janus_notebook.errors import JanusError, JanusStateError, JanusTimeoutError
from tests.bridge.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def noop() -> None: ...


def test_start_and_stop_are_idempotent_and_it_can_start_again() -> None:
    loop = BackgroundLoop()

    def state() -> tuple[bool, threading.Thread | None]:
        return loop.running, loop.thread

    assert state() == (False, None)
    loop.stop()
    for _ in range(3):
        loop.start()
        running, thread = state()
        loop.start()
        assert running
        assert thread is not None
        assert state() == (True, thread)
        assert (thread.name, thread.daemon) == ("janus-notebook", True)
        assert loop.run_sync(threading.current_thread) is thread
        loop.stop()
        loop.stop()
        assert state() == (False, None)
        assert not thread.is_alive()


def test_an_error_while_starting_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> asyncio.AbstractEventLoop:
        raise OSError("too many open files")

    loop = BackgroundLoop()
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", broken)
        with pytest.raises(OSError, match="too many open files"):
            loop.start()
    assert not loop.running
    loop.start()
    loop.stop()


def test_many_threads_start_one_loop() -> None:
    loop = BackgroundLoop()
    barrier = threading.Barrier(8)
    seen = set()

    def start() -> None:
        barrier.wait()
        loop.start()
        seen.add(loop.thread)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 1
    loop.stop()


def test_stop_awaits_the_cleanup_of_what_it_cancels(loop: BackgroundLoop) -> None:
    steps = []

    async def work() -> None:
        steps.append("begin")
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            steps.append("cleaned")

    async def generator() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            steps.append("generator closed")

    kept: list[Any] = []

    async def half() -> None:
        kept.append(generator())
        await anext(kept[0])

    call = loop.submit(work, name="verb")
    loop.submit(half, name="half").result(5)
    until(lambda: steps)
    loop.stop()
    assert steps == ["begin", "cleaned", "generator closed"]
    with pytest.raises(JanusStateError, match="verb was cut off: the background loop has stopped"):
        call.result(0)


def test_an_error_of_the_cleanup_is_reported(loop: BackgroundLoop, reported: list[Any]) -> None:
    began = threading.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            raise KeyError("cleanup")

    loop.submit(work, name="verb")
    loop.submit(asyncio.sleep(60), name="well behaved")
    assert began.wait(5)
    loop.stop()
    assert [(name, type(error)) for name, error in reported] == [("verb", KeyError)]


def test_nobody_waits_for_ever_when_the_loop_stops(loop: BackgroundLoop) -> None:
    errors: list[BaseException | None] = []

    async def wait(call: Any) -> None:
        await call

    def block() -> None:
        errors.append(calls[0].exception(10))

    def run() -> None:
        with pytest.raises(JanusStateError) as caught:
            asyncio.run(wait(calls[1]))
        errors.append(caught.value)

    calls = [loop.submit(asyncio.sleep(60), name=f"verb {i}") for i in range(2)]
    threads = [threading.Thread(target=block), threading.Thread(target=run)]
    for thread in threads:
        thread.start()
    until(lambda: all(call._waiters for call in calls))
    loop.stop()
    for thread in threads:
        thread.join(5)
    assert [type(error) for error in errors] == [JanusStateError] * 2


def test_calls_submitted_while_it_stops_end(loop: BackgroundLoop) -> None:
    calls = []
    began = threading.Event()

    def submit_for_ever() -> None:
        try:
            while True:
                calls.append(loop.submit(asyncio.sleep(60), name="verb"))
                began.set()
        except JanusStateError:
            pass

    thread = threading.Thread(target=submit_for_ever)
    thread.start()
    assert began.wait(5)
    loop.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert {type(call.exception(1)) for call in calls} == {JanusStateError}


def test_a_task_that_ignores_its_cancellation_is_named(loop: BackgroundLoop, reported: list[Any]) -> None:
    release = threading.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    call = loop.submit(stubborn, name="stubborn")
    until(lambda: call._task is not None)
    with pytest.raises(JanusTimeoutError, match="stubborn"):
        loop.stop(0.2)
    assert isinstance(call.exception(1), JanusStateError)
    assert not loop.running
    release.set()


def test_a_blocked_thread_is_told_and_can_be_stopped_later(loop: BackgroundLoop) -> None:
    entered, release = threading.Event(), threading.Event()

    async def block() -> None:
        entered.set()
        release.wait(10)

    loop.submit(block, name="block")
    assert entered.wait(5)
    with pytest.raises(JanusTimeoutError, match="did not stop"):
        loop.stop(0.1)
    release.set()
    loop.stop()
    assert not loop.running


def test_worker_threads_are_joined(loop: BackgroundLoop) -> None:
    name = loop.submit(asyncio.to_thread(lambda: threading.current_thread().name), name="verb").result(5)
    assert name.startswith("janus-notebook-worker")
    assert name in {thread.name for thread in threading.enumerate()}
    loop.stop()
    assert name not in {thread.name for thread in threading.enumerate()}


def test_what_is_refused_when_it_does_not_run() -> None:
    loop = BackgroundLoop()
    with pytest.raises(JanusStateError, match="verb: the background loop is not running"):
        loop.submit(noop(), name="verb")  # a coroutine left open would warn, and fail this test
    with pytest.raises(JanusStateError, match="not running"):
        loop.run_sync(len, "abc")


def test_stop_on_its_own_thread_is_refused(loop: BackgroundLoop) -> None:
    with pytest.raises(JanusStateError, match="own thread"):
        loop.run_sync(loop.stop)
    assert loop.running


# run_sync


def test_run_sync(loop: BackgroundLoop) -> None:
    assert loop.run_sync(divmod, 7, 2) == (3, 1)
    assert (
        loop.run_sync(loop.run_sync, threading.current_thread) is loop.thread
    )  # on the thread: called directly
    assert loop.run_sync(lambda: loop.on_thread)
    assert not loop.on_thread
    with pytest.raises(ZeroDivisionError):
        loop.run_sync(divmod, 1, 0)


def test_run_sync_has_a_deadline_and_does_not_run_late(loop: BackgroundLoop) -> None:
    entered, release, ran = threading.Event(), threading.Event(), threading.Event()

    async def block() -> None:
        entered.set()
        release.wait(10)

    loop.submit(block, name="block")
    assert entered.wait(5)
    with pytest.raises(JanusTimeoutError, match="did not finish"):
        loop.run_sync(ran.set, timeout=0.05)
    release.set()
    loop.run_sync(noop().close)
    assert not ran.is_set()


# Who hears of errors


def test_errors_of_callbacks_and_tasks_reach_the_hooks(loop: BackgroundLoop, reported: list[Any]) -> None:
    async def fail() -> None:
        raise KeyError("task")

    async def orphan() -> None:
        asyncio.get_running_loop().call_soon(divmod, 1, 0)
        asyncio.get_running_loop().call_exception_handler({"message": "only words"})
        task = asyncio.create_task(fail(), name="orphan")
        await asyncio.wait([task])

    loop.submit(orphan, name="verb").result(5)
    until(lambda: len(reported) == 3)
    assert {(name, type(error)) for name, error in reported} == {
        ("background loop", ZeroDivisionError),
        ("background loop", JanusError),
        ("orphan", KeyError),
    }


def test_a_broken_hook_is_logged_and_the_others_are_called(
    loop: BackgroundLoop, caplog: pytest.LogCaptureFixture
) -> None:
    heard = []
    loop.on_error.extend((lambda name, error: 1 / 0, lambda name, error: heard.append(name)))
    with caplog.at_level(logging.ERROR):
        loop.report("verb", KeyError())
    assert heard == ["verb"]
    assert "ZeroDivisionError" in caplog.text


def test_without_a_hook_it_is_logged(loop: BackgroundLoop, caplog: pytest.LogCaptureFixture) -> None:
    loop.report("verb", KeyError("lost"))
    assert "verb failed" in caplog.text
    assert "KeyError: 'lost'" in caplog.text


def test_a_system_exit_in_a_task_ends_the_loop_and_its_calls(
    loop: BackgroundLoop, reported: list[Any]
) -> None:
    async def leave() -> None:
        raise SystemExit(3)

    other = loop.submit(asyncio.sleep(60), name="other")
    loop.submit(leave, name="leave")
    assert isinstance(other.exception(5), JanusStateError)
    until(lambda: not loop.running)
    loop.start()
    assert loop.run_sync(len, "abc") == 3


# Processes


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )


def test_the_shared_loop_is_one_and_stops_at_exit() -> None:
    done = python(
        "import threading, asyncio, janus_notebook.bridge as b\n"
        "assert threading.active_count() == 1\n"
        "async def work():\n"
        "    try: await asyncio.sleep(60)\n"
        "    finally: print('cleaned', flush=True)\n"
        "assert b.background() is b.background()\n"
        "b.background().submit(work, name='work')\n"
        "b.background().run_sync(int)\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("cleaned\n", "", 0)


def test_after_a_fork_the_child_starts_afresh_and_the_parent_goes_on() -> None:
    began = time.monotonic()
    done = python(
        "import os, asyncio, sys, warnings, janus_notebook.bridge as b\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"  # 3.12 warns of fork with threads
        "from janus_notebook.errors import JanusStateError\n"
        "loop = b.background()\n"
        "call = loop.submit(asyncio.sleep(0.3, 'slept'), name='nap')\n"
        "if (pid := os.fork()) == 0:\n"
        "    assert not loop.running\n"
        "    for wait in (call.result, call.cancel):\n"
        "        try: wait()\n"
        "        except JanusStateError as exc: assert 'parent' in str(exc)\n"
        "        else: sys.exit(4)\n"
        "    try: loop.submit(asyncio.sleep(0), name='x')\n"
        "    except JanusStateError: pass\n"
        "    else: sys.exit(5)\n"
        "    sys.exit(b.background().submit(asyncio.sleep(0, 7), name='child').result(5))\n"
        "assert call.result(5) == 'slept'\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), loop.run_sync(len, 'abc'))\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("7 3\n", "", 0)
    assert time.monotonic() - began < 10
