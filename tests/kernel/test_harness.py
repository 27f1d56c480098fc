"""The kernel harness itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.kernel.harness import CHECKOUT, Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel(env={"GREETING": "hello"}) as kernel:
        yield kernel


def test_a_cell_gives_all_its_outputs(kernel: Kernel) -> None:
    result = kernel.run(
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\ndisplay('first')\n'last'"
    ).check()
    assert (result.stdout, result.stderr, result.text) == ("out\n", "err\n", "'last'")
    assert [display["text/plain"] for display in result.displays] == ["'first'", "'last'"]
    assert result.outputs[-1]["output_type"] == "execute_result"
    assert 0 < result.seconds < 10


def test_an_error_is_reported_and_the_next_cell_runs(kernel: Kernel) -> None:
    result = kernel.run("1 / 0")
    assert (result.error_name, result.error_value) == ("ZeroDivisionError", "division by zero")
    assert "1 / 0" in result.traceback
    assert "\x1b" not in result.traceback
    with pytest.raises(AssertionError, match="division by zero"):
        result.check()
    assert kernel.run("1").ok


def test_values_come_back(kernel: Kernel) -> None:
    kernel.run("import asyncio\nx = {'a': [1, 'two', None]}").check()
    assert kernel.value("x") == {"a": [1, "two", None]}
    assert kernel.value("await asyncio.sleep(0, 'slept')") == "slept"
    with pytest.raises(AssertionError, match="NameError"):
        kernel.value("nothing_here")


def test_the_environment_is_the_tests_own(kernel: Kernel) -> None:
    assert kernel.value("__import__('os').environ['GREETING']") == "hello"
    assert kernel.value("__import__('janus_notebook.errors').__path__[0]") == str(CHECKOUT / "janus_notebook")
    assert kernel.run("import warnings; warnings.filters").stderr == ""


def test_interrupt_ends_a_sleep(kernel: Kernel, tmp_path: Path) -> None:
    kernel.start_sleeping(tmp_path / "sleeping")
    began = time.monotonic()
    kernel.interrupt()
    result = kernel.finish(10)
    assert time.monotonic() - began < 5
    assert result.error_name == "KeyboardInterrupt"


def test_what_a_running_cell_prints_can_be_waited_for(kernel: Kernel) -> None:
    kernel.start("import time\nprint('one', flush=True)\ntime.sleep(0.2)\nprint('two')")
    kernel.wait_for_output("one")
    assert kernel.finish().stdout == "one\ntwo\n"


def test_restart_and_kill() -> None:
    with Kernel() as kernel:
        kernel.run("x = 1").check()
        first = kernel.pid
        kernel.restart()
        assert kernel.pid != first
        assert kernel.run("x").error_name == "NameError"
        kernel.kill()
        assert not kernel.alive()
