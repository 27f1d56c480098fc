"""`Call` and the background loop in a real kernel: busy cells, the Stop button, restarts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.kernel.harness import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kernel.harness import Result

pytestmark = pytest.mark.kernel

SETUP = """
import asyncio, threading, time
from janus_notebook.bridge import background

count, log = 0, []

async def counter():
    global count
    while True:
        await asyncio.sleep(0.01)
        count += 1

async def work(seconds):
    log.append("begin")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        await asyncio.sleep(0.05)
        log.append("cancelled")
        raise
    return "value"

async def fail():
    raise KeyError("lost")

def submit(seconds=60):
    log.clear()
    return background().submit(lambda: work(seconds), name="work")

counting = background().submit(counter, name="counter")
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        kernel.run(SETUP).check()
        yield kernel


def test_await_result_and_display(kernel: Kernel) -> None:
    assert kernel.run("await submit(0.01)").check().text == "'value'"
    assert kernel.run("submit(0.01).result(5)").check().text == "'value'"
    assert kernel.run("call = submit()\ncall").check().text == (
        "<Call work: running; `await` it or call .result()>"
    )
    kernel.run("call.cancel()").check()
    assert kernel.run("await asyncio.gather(submit(0.01), submit(0.02))").check().text == "['value', 'value']"
    assert kernel.run("await background().submit(fail, name='fail')").error_name == "KeyError"


def test_a_busy_cell_does_not_stop_the_background_loop(kernel: Kernel) -> None:
    before, after = kernel.value("(count, time.sleep(1), count)")[::2]
    assert after - before > 50
    assert kernel.value("counting.done()") is False


def test_a_call_is_awaited_while_the_kernels_loop_runs_other_things(kernel: Kernel) -> None:
    result = kernel.run("""
ticks = 0
async def tick():
    global ticks
    while True:
        await asyncio.sleep(0.01)
        ticks += 1
ticking = asyncio.create_task(tick())
value = await submit(0.3)
ticking.cancel()
value, ticks > 10
""").check()
    assert result.text == "('value', True)"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("await call", "CancelledError"),
        ("await asyncio.wait_for(call, 60)", "CancelledError"),
        ("call.result()", "KeyboardInterrupt"),
        ("call.result(60)", "KeyboardInterrupt"),
    ],
)
def test_stop_cancels_the_work_within_a_second(kernel: Kernel, tmp_path: Path, code: str, error: str) -> None:
    seconds = []
    for attempt in range(3):
        result, took = stop_while_waiting(kernel, code, tmp_path / f"waiting-{attempt}")
        assert result.error_name == error
        seconds.append(took)
        # The waiter has seen the clean-up: nothing has to be polled for.
        assert kernel.value("log") == ["begin", "cancelled"]
    assert min(seconds) < 1  # drawing the traceback on a busy machine can take one attempt beyond it
    assert max(seconds) < 4
    assert kernel.run("await submit(0.01)").check().text == "'value'"


def test_stop_ends_a_gather(kernel: Kernel, tmp_path: Path) -> None:
    code = "await asyncio.gather(call, asyncio.sleep(60))"
    assert stop_while_waiting(kernel, code, tmp_path / "waiting")[0].error_name == "CancelledError"
    kernel.wait_until("log == ['begin', 'cancelled']")  # gather ends with its first child that does


def stop_while_waiting(kernel: Kernel, code: str, marker: Path) -> tuple[Result, float]:
    """Run a cell that waits for `call`, interrupt it when it certainly does; also the seconds that took."""
    kernel.start(f"""
call = submit()
async def announce():
    while not (log and call._waiters):
        await asyncio.sleep(0.01)
    open({str(marker)!r}, "x").close()
background().submit(announce, name="announce")
{code}
""")
    deadline = time.monotonic() + 10
    while not marker.exists():
        assert time.monotonic() < deadline, "the cell never waited"
        time.sleep(0.01)
    began = time.monotonic()
    kernel.interrupt()
    result = kernel.finish(10)
    return result, time.monotonic() - began


def test_stop_during_a_plain_sleep_leaves_the_background_alone(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run("call = submit(0.5)").check()
    kernel.start_sleeping(tmp_path / "sleeping")
    kernel.interrupt()
    assert kernel.finish(10).error_name == "KeyboardInterrupt"
    assert kernel.run("await call").check().text == "'value'"
    assert kernel.value("counting.done()") is False


def test_a_subshell_awaits_while_the_main_cell_is_busy(kernel: Kernel) -> None:
    # Nothing is displayed: the kernel has one display hook, which two cells at a time get mixed up.
    kernel.start("shared = submit(1)\nprint('in', flush=True)\ntime.sleep(1)\nfirst = await shared")
    kernel.wait_for_output("in")
    own = "background().submit(lambda: work(0.05), name='own')"
    name = "threading.current_thread().name"
    kernel.run_in_subshell(f"values = await {own}, {own}.result(5), {name}").check()
    kernel.run_in_subshell("second = await shared").check()
    kernel.finish().check()
    values = kernel.value("values")
    assert values[:2] == ("value", "value")
    assert values[2].startswith("subshell-")
    assert kernel.value("(first, second)") == ("value", "value")


def test_a_timeout_leaves_the_work_running(kernel: Kernel) -> None:
    result = kernel.run("call = submit(0.5)\ncall.result(0.1)")
    assert result.error_name == "JanusTimeoutError"
    assert result.error_value == "work did not finish within 0.1 s. It still runs; .cancel() stops it."
    assert kernel.run("await call").check().text == "'value'"


def test_an_error_that_nobody_saw_reaches_the_hook_and_no_cell(kernel: Kernel) -> None:
    kernel.run("heard = []\nbackground().on_error.append(lambda *report: heard.append(report))").check()
    result = kernel.run("background().submit(fail, name='fail');").check()
    assert (result.stdout, result.stderr) == ("", "")
    assert kernel.wait_until("[(name, type(error).__name__) for name, error in heard]") == [
        ("fail", "KeyError")
    ]


def test_restart_and_exit_are_prompt_with_work_in_flight() -> None:
    with Kernel() as kernel:
        kernel.run(SETUP).check()
        kernel.run("call = submit()").check()
        began = time.monotonic()
        kernel.restart()
        assert time.monotonic() - began < 10
        kernel.run("import threading").check()
        assert kernel.value("[t.name for t in threading.enumerate() if 'janus' in t.name]") == []
        kernel.run(SETUP).check()
        assert kernel.run("await submit(0.01)").check().text == "'value'"


def test_stop_leaves_no_thread(kernel: Kernel) -> None:
    kernel.run("await background().submit(lambda: asyncio.to_thread(int), name='worker')").check()
    kernel.run("background().stop()").check()
    assert kernel.value("[t.name for t in threading.enumerate() if 'janus' in t.name]") == []
    assert kernel.value("(counting.done(), type(counting.exception()).__name__)") == (True, "JanusStateError")
    kernel.run(SETUP).check()


def test_a_hundred_calls_take_little_time(kernel: Kernel) -> None:
    """One awaited call costs well under a millisecond; with a wake by the slice it would be 250."""
    kernel.run("""
async def noop(): pass
async def per_call(n):
    began = time.perf_counter()
    for _ in range(n):
        await background().submit(noop, name="noop")
    return (time.perf_counter() - began) / n
""").check()
    assert kernel.value("min([await per_call(100) for _ in range(5)])") < 0.005
