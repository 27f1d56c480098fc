"""`Call`: waiting by await and by blocking, cancelling, errors, what it shows of itself."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.bridge import BackgroundLoop, Call
from janus_notebook.errors import JanusOptionError, JanusStateError, JanusTimeoutError
from tests.bridge.conftest import until

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Work:
    """Core work under the test's control; `go` lets it end."""

    def __init__(self, cleanup_seconds: float = 0.0) -> None:
        self.running = threading.Event()
        self.cancelled = threading.Event()
        self.cleaned = threading.Event()
        self.cleanup_seconds = cleanup_seconds
        self._go = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self) -> str:
        self._loop = asyncio.get_running_loop()
        self.running.set()
        try:
            await self._go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            await asyncio.sleep(self.cleanup_seconds)
            self.cleaned.set()
            raise
        return "value"

    def go(self) -> None:
        assert self.running.wait(5)
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._go.set)


async def waiting(call: Call[str]) -> asyncio.Future[str]:
    """A task that has begun to wait for the call."""
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0)
    assert call.waited_for
    return task


async def value() -> str:
    return "value"


async def fail() -> None:
    raise KeyError("lost")


async def gather(*calls: Call[Any]) -> list[Any]:
    return list(await asyncio.gather(*calls))


def test_a_value_by_result_and_by_await(loop: BackgroundLoop) -> None:
    call = loop.submit(value, name="verb")

    async def several_times() -> list[str]:
        return [await call, await call, await asyncio.wait_for(call, 5), await asyncio.shield(call)]

    assert call.result(5) == "value"
    assert asyncio.run(several_times()) == ["value"] * 4
    assert call.done()
    assert not call.cancelled()
    assert call.exception() is None


def test_await_from_several_loops_at_once(loop: BackgroundLoop) -> None:
    work = Work()
    call = loop.submit(work, name="verb")
    results: list[list[str]] = []

    async def wait() -> list[str]:
        return await gather(call, loop.submit(value, name="other"))

    threads = [threading.Thread(target=lambda: results.append(asyncio.run(wait()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: call._waiters == 3)
    work.go()
    for thread in threads:
        thread.join(5)
    assert results == [["value", "value"]] * 3


def test_await_on_the_background_loop_itself(loop: BackgroundLoop) -> None:
    inner = loop.submit(value, name="inner")

    async def outer() -> str:
        return await inner

    assert loop.submit(outer, name="outer").result(5) == "value"


def test_a_call_that_awaits_itself_is_refused(loop: BackgroundLoop) -> None:
    calls: list[Call[None]] = []
    ready = threading.Event()

    async def ouroboros() -> None:
        await asyncio.to_thread(ready.wait, 5)
        await calls[0]

    calls.append(loop.submit(ouroboros, name="verb"))
    ready.set()
    with pytest.raises(JanusStateError, match="verb awaits itself"):
        calls[0].result(5)


def test_left_alone_it_runs(loop: BackgroundLoop) -> None:
    ran = threading.Event()

    async def work() -> None:
        ran.set()

    loop.submit(work, name="verb")
    assert ran.wait(5)


def test_a_waiting_loop_is_woken_at_once(loop: BackgroundLoop) -> None:
    async def rounds() -> float:
        began = time.perf_counter()
        for _ in range(50):
            await loop.submit(asyncio.sleep(0.001), name="nap")
        return (time.perf_counter() - began) / 50

    assert asyncio.run(rounds()) < 0.1  # a wake by the slice would take 0.25


# Deadlines and refusals


def test_result_times_out_and_the_work_goes_on(loop: BackgroundLoop) -> None:
    work = Work()
    call = loop.submit(work, name="configure")
    with pytest.raises(JanusTimeoutError, match=r"configure did not finish within 0\.05 s") as caught:
        call.result(0.05)
    assert isinstance(caught.value, TimeoutError)
    with pytest.raises(JanusTimeoutError):
        call.exception(0)
    assert not work.cancelled.is_set()
    work.go()
    assert call.result(5) == "value"


def test_result_on_the_loops_own_thread_is_refused_before_waiting(loop: BackgroundLoop) -> None:
    call = loop.submit(Work(), name="verb")
    began = time.monotonic()
    with pytest.raises(JanusStateError, match="own thread"):
        loop.run_sync(call.result)
    assert time.monotonic() - began < 1
    assert not call.done()


def test_wait_for_that_expires_cancels_the_work(loop: BackgroundLoop) -> None:
    work = Work()

    async def wait() -> None:
        await asyncio.wait_for(loop.submit(work, name="verb"), 0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(wait())
    assert work.cleaned.is_set()


# Cancelling


def test_cancel(loop: BackgroundLoop) -> None:
    work = Work()
    call = loop.submit(work, name="verb")
    assert work.running.wait(5)
    assert call.cancel()
    with pytest.raises(asyncio.CancelledError):
        call.result(5)
    with pytest.raises(asyncio.CancelledError):
        call.exception()
    assert call.cancelled()
    assert not call.cancel()
    assert repr(call) == "<Call verb: cancelled>"


def test_cancel_before_the_work_began(loop: BackgroundLoop) -> None:
    began = threading.Event()

    async def work() -> None:
        began.set()

    def submit_and_cancel() -> Call[None]:  # on the loop's thread, so that nothing can start in between
        call = loop.submit(work, name="verb")
        call.cancel()
        return call

    with pytest.raises(asyncio.CancelledError):
        loop.run_sync(submit_and_cancel).result(5)
    assert not began.is_set()


def test_a_cancelled_waiter_cancels_the_work_and_sees_its_cleanup(loop: BackgroundLoop) -> None:
    work = Work(cleanup_seconds=0.1)

    async def wait() -> bool:
        task = await waiting(loop.submit(work, name="verb"))
        await asyncio.to_thread(work.running.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return work.cleaned.is_set()

    assert asyncio.run(wait())


def test_the_wait_for_the_cleanup_is_bounded(loop: BackgroundLoop) -> None:
    work = Work(cleanup_seconds=2)

    async def wait() -> float:
        task = await waiting(loop.submit(work, name="verb"))
        await asyncio.to_thread(work.running.wait, 5)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert 0.4 < asyncio.run(wait()) < 1.5
    assert work.cancelled.is_set()
    assert not work.cleaned.is_set()


def test_the_work_is_cancelled_with_its_last_waiter_only(loop: BackgroundLoop) -> None:
    work = Work()
    call = loop.submit(work, name="verb")

    async def wait() -> str:
        first, second = asyncio.ensure_future(call), asyncio.ensure_future(call)
        await asyncio.to_thread(work.running.wait, 5)
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert not work.cancelled.is_set()
        work.go()
        return await second

    assert asyncio.run(wait()) == "value"


def test_a_closed_awaiting_coroutine_cancels_the_work(loop: BackgroundLoop) -> None:
    work = Work()

    async def wait() -> None:
        coroutine: Coroutine[Any, Any, str] = loop.submit(work, name="verb")._wait()
        coroutine.send(None)
        assert work.running.wait(5)
        coroutine.close()

    asyncio.run(wait())
    assert work.cancelled.wait(5)


# Errors


def test_an_error_is_the_same_object_everywhere_and_its_traceback_does_not_grow(loop: BackgroundLoop) -> None:
    call = loop.submit(fail, name="verb")

    async def wait() -> None:
        await call

    depths = []
    errors: list[BaseException | None] = [call.exception(5)]
    for _ in range(3):
        with pytest.raises(KeyError) as caught:
            call.result(5)
        errors.append(caught.value)
        depths.append(len(traceback.extract_tb(caught.value.__traceback__)))
        with pytest.raises(KeyError) as caught:
            asyncio.run(wait())
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 1
    assert len(set(depths)) == 1
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[0] == "test_an_error_is_the_same_object_everywhere_and_its_traceback_does_not_grow"
    assert frames[-1] == "fail"


def test_a_failure_that_nobody_looks_at_is_reported_once(loop: BackgroundLoop, reported: list[Any]) -> None:
    call = loop.submit(fail, name="configure")
    until(lambda: reported)
    assert [(name, type(error)) for name, error in reported] == [("configure", KeyError)]
    with pytest.raises(KeyError):
        call.result(5)
    loop.stop()
    assert len(reported) == 1


def test_a_failure_that_somebody_saw_is_not_reported(loop: BackgroundLoop, reported: list[Any]) -> None:
    async def wait() -> None:
        await asyncio.gather(loop.submit(fail, name="awaited"), return_exceptions=True)

    asyncio.run(wait())
    assert isinstance(loop.submit(fail, name="asked").exception(5), KeyError)
    failed_first = loop.submit(fail, name="late")
    until(failed_first.done)
    with pytest.raises(KeyError):
        failed_first.result()
    loop.stop()  # reports at once what is unseen
    gc.collect()
    assert reported == []


def test_stop_reports_unseen_failures_without_delay(loop: BackgroundLoop, reported: list[Any]) -> None:
    until(loop.submit(fail, name="verb").done)
    loop.stop()
    assert [name for name, _ in reported] == ["verb"]


# What it shows


def test_reprs(loop: BackgroundLoop) -> None:
    work = Work()
    running = loop.submit(work, name="configure")
    assert repr(running) == "<Call configure: running>"
    assert pretty(running) == "<Call configure: running; `await` it or call .result()>"
    work.go()
    running.result(5)
    assert repr(running) == pretty(running) == "<Call configure: finished: str>"
    failed = loop.submit(fail, name="configure")
    assert isinstance(failed.exception(5), KeyError)
    assert repr(failed) == "<Call configure: failed: KeyError: 'lost'>"
    long = loop.submit(asyncio.sleep(0, "x" * 1000), name="long")
    long.result(5)
    assert len(repr(long)) < 100


def pretty(call: Call[Any]) -> str:
    from IPython.lib import pretty

    text: str = pretty.pretty(call)  # type: ignore[no-untyped-call]
    return text


def test_what_is_not_a_coroutine_is_refused(loop: BackgroundLoop) -> None:
    wrong: Any = lambda: 5  # noqa: E731 - the test is about just that
    with pytest.raises(JanusOptionError, match="verb: expected a coroutine"):
        loop.submit(wrong, name="verb")
