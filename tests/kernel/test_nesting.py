"""``asyncio.run`` in a cell, with the hook that makes it possible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.kernel.harness import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kernel

HOOK = """
from janus_notebook.notebook.nesting import enable_for_source
enabled = []
def hook(info):
    enabled.append(enable_for_source(info.raw_cell, "auto"))
get_ipython().events.register("pre_run_cell", hook)
"""
SCRIPT = """
import asyncio

async def main():
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(0.01))
    return await asyncio.wait_for(asyncio.sleep(0.01, 42), 5)

print(asyncio.run(main()))
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        kernel.run(HOOK).check()
        yield kernel


def test_only_a_cell_that_needs_it_changes_asyncio() -> None:
    with Kernel() as kernel:
        assert kernel.run(SCRIPT).error_name == "RuntimeError"
        kernel.run(HOOK).check()
        kernel.run("await asyncio.sleep(0)").check()
        assert kernel.value("(enabled, hasattr(asyncio, '_nest_patched'))") == ([False], False)
        assert kernel.run(SCRIPT).check().stdout == "42\n"


def test_a_script_runs_again_and_again_between_awaits(kernel: Kernel) -> None:
    for _ in range(3):
        result = kernel.run(SCRIPT).check()
        assert (result.stdout, result.stderr) == ("42\n", "")
        result = kernel.run("print(await main())").check()
        assert (result.stdout, result.stderr) == ("42\n", "")
    assert kernel.value("enabled[-2:]") == [True, False]


def test_other_spellings(kernel: Kernel) -> None:
    kernel.run(SCRIPT).check()
    for line in (
        "from asyncio import run as go\nprint(go(main()))",
        "import asyncio as aio\nprint(aio.run(main()))",
        "print(asyncio.get_event_loop().run_until_complete(main()))",
        "%time print(asyncio.run(main()))",
    ):
        assert kernel.run(line).check().stdout.startswith("42\n"), line


def test_an_exception_comes_out_of_a_nested_run(kernel: Kernel) -> None:
    result = kernel.run("import asyncio\nasync def bad(): raise KeyError('x')\nasyncio.run(bad())")
    assert (result.error_name, result.error_value) == ("KeyError", "'x'")


SLOW = """
import asyncio
from janus_notebook.bridge import background
async def forever():
    await asyncio.sleep(60)
async def slow(work):
    # Printed by the loop, so the work is being awaited by then and an interrupt cannot come before it.
    asyncio.get_running_loop().call_later(0.05, lambda: print("slow", flush=True))
    try:
        await work
    finally:
        print("cleaned", flush=True)
"""


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("asyncio.run(slow(forever()))", "KeyboardInterrupt"),
        ("asyncio.run(slow(background().submit(forever, name='forever')))", "KeyboardInterrupt"),
        ("await slow(background().submit(forever, name='forever'))", "CancelledError"),
    ],
)
def test_interrupt_ends_a_nested_run_and_an_await(kernel: Kernel, code: str, error: str) -> None:
    kernel.run(SCRIPT).check()
    kernel.run(SLOW).check()
    kernel.start(code)
    kernel.wait_for_output("slow")
    began = time.monotonic()
    kernel.interrupt()
    result = kernel.finish(10)
    assert time.monotonic() - began < 4  # most of it is IPython's drawing of a long traceback
    assert (result.error_name, result.stdout) == (error, "slow\ncleaned\n")
    assert kernel.run(SCRIPT).check().stdout == "42\n"


def test_cells_that_arrive_during_a_nested_run_are_not_lost(kernel: Kernel) -> None:
    kernel.start("import asyncio\nprint('in', flush=True)\nasyncio.run(asyncio.sleep(0.5))")
    kernel.wait_for_output("in")
    assert kernel.value("6 * 7") == 42  # sent now, answered after the nested run
    kernel.finish().check()


def test_the_background_loop_works_within_and_after_nested_runs(kernel: Kernel) -> None:
    result = kernel.run("""
import asyncio
from janus_notebook.bridge import background
async def name():
    async with asyncio.timeout(5):
        await asyncio.sleep(0.01)
    return asyncio.current_task().get_name()
async def both():
    first, second = background().submit(name, name="first"), background().submit(name, name="second")
    return await asyncio.gather(first, asyncio.wait_for(second, 5))
print(asyncio.run(both()), await both(), background().submit(name, name="third").result(5))
""").check()
    assert result.stdout == "['first', 'second'] ['first', 'second'] third\n"
